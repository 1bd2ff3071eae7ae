//! Matrix products with epilogues and elementwise functions, the same to the last bit on every instruction set.
//!
//! Backpropagation is four equations, and each is one matrix product with an epilogue: something done to the result
//! before it is stored. This crate is those products; it knows no networks. It holds all `unsafe` code of the project.
//!
//! # Layout
//!
//! A batch is a [`Matrix`] with one sample a row. Rows start on cache lines, are padded with zeros, and are read where they
//! lie, by index where a batch is shuffled ([`Rows`]). Weights are [`Panels`], two cache lines wide, whose lanes run along
//! the outputs: `[panel][input][lane]`. A product reads a panel from front to back, so weights are never packed. BP2 reads a
//! transposed copy, which an update keeps equal to the weights block by block, while a block is in the first-level cache. The
//! tile of a gradient has the same layout as the panels, and so have the optimizer's moments: an update runs
//! in the epilogue.
//!
//! # One loop
//!
//! Forward, BP2 and BP4 are the same microkernel (`microkernel::accumulate`): the sums of a tile in registers, R rows by two
//! vectors. A step reads two vectors, broadcasts R values and does 2 R fused multiply-adds. The steps of forward and BP2 are
//! the inputs (`multiply.rs`); those of BP4 are the rows of the batch (`weight_gradient.rs`). R is at most 14 with AVX-512 (28
//! sums in 32 registers), 6 with AVX2 (12 in 16) and 12 with NEON. Rows are cut into tiles of even size, since the few sums of
//! a short last tile would wait for each other.
//!
//! BP4 takes 10 rows (6 on shorter vectors) and leaves the other registers to the optimizer. In a large batch the optimizer
//! works on one tile while the next is summed, so that divisions and waits for memory go on beside the multiplications; in a
//! small one, each tile goes through the epilogue at once.
//!
//! Layers of up to sixteen outputs have narrow weights, with lanes along the inputs, since outputs would leave lanes unused. In
//! BP4, x and δ then swap places, and the transposed copy has the layout of the weights; forward takes samples as
//! its lanes (`multiply/narrow.rs`). Sums keep their order, and so their bits.
//!
//! BP4 reads the rows of x where they lie and looks up their addresses once for all tiles. Only where they are too many, or so
//! far apart that the processor could not translate their addresses without delay, are they copied side by side, a block of
//! inputs for eight micro-panels at a time (`weight_gradient/blocks.rs`). Large matrices ask for huge pages for the same
//! reason.
//!
//! Where the panels of a product fit the second-level cache beside the rows, tiles are taken row by row. Otherwise they are
//! taken panel by panel, 512 steps at a time, and the sums wait in the result in between. Lines that will be written, and
//! values of x that the processor does not foresee, are fetched ahead.
//!
//! # One result
//!
//! Every sum has one order, whatever the instruction set, the blocks and the threads: it starts at the bias or at zero,
//! runs over the inputs, outputs or rows in order, and adds each product with one fused multiply-add. Lanes are never added
//! across a vector, a sum that waits in memory is stored unrounded in its own type, and each result belongs to one thread.
//! `tests/naive` has the same products as plain loops, and the tests compare bits.
//!
//! # Instructions
//!
//! Algorithms are written over [`Lanes`]. The vector types of each instruction set stay private: code outside meets them
//! only as a type parameter inside a product. A product is entered through one function for each instruction set, which has
//! the set's features enabled, and only with an [`Isa`] that was detected. Everything on the way from there to an operation
//! on vectors is `#[inline(always)]`, the methods of an [`Elementwise`] included. Tiles and updates are compiled in this crate,
//! once; only the epilogues of forward and BP2 are compiled where their function is known.
//!
//! # Threads
//!
//! A [`ThreadPool`] shares the tasks of a product: panels, or blocks of rows where panels are few. Each thread has a queue, which
//! gets the same tasks from product to product, and takes tasks from other queues when its own is empty. A thread that wakes
//! too late finds nothing left, and nobody waits for it. The caller alone computes products of fewer than half a million
//! multiplications. Subnormal numbers are zero inside products ([`FlushToZero`]), on every thread alike.
//!
//! # Floors
//!
//! No file imports one that stands above it, lowest first: instruction sets, caches and pages; [`Lanes`] and
//! [`Real`]; the vectors of each instruction set and the elementary functions; memory, matrices and panels; the microkernel;
//! epilogues; the products of a block; [`products`]. The exception is `sealed.rs`: through it `f32` and `f64` know the
//! products that are compiled for them.

mod bias_gradient;
mod buffer;
pub mod elementwise;
pub mod flush;
mod huge_pages;
mod isa;
pub mod lanes;
mod map;
pub mod math;
pub mod matrix;
mod micro_panel;
mod microkernel;
mod multiply;
pub mod panels;
pub mod peak;
mod prefetch;
pub mod products;
mod raw;
mod sealed;
pub mod thread_pool;
pub mod update;
mod weight_gradient;

pub use elementwise::{Elementwise, Source};
pub use flush::FlushToZero;
pub use isa::{Isa, IsaError};
pub use lanes::{Lanes, Real};
pub use matrix::{Matrix, Rows};
pub use panels::Panels;
pub use products::{Biases, Gradient, Weights};
pub use thread_pool::ThreadPool;
pub use update::{Moments, Step, UpdateRule};
