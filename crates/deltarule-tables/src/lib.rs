//! Files and data frames to matrices and back.
