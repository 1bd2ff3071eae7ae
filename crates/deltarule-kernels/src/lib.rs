//! Matrix products with epilogues and elementwise functions, the same to the last bit on every instruction set.
//!
//! Backpropagation is four equations, and each is one matrix product with something done to the result before
//! it is stored. This crate is those products; it knows no networks. Everything `unsafe` of the project is here.
//!
//! # Layout
//!
//! A batch is a [`Matrix`] with one sample a row; rows start on cache lines, are padded with zeros, and are read where
//! they lie, through their numbers where a batch is shuffled ([`Rows`]). Weights are [`Panels`]: strips two cache lines
//! wide whose lanes run along the outputs, `[panel][input][lane]`. A product reads a panel from its first value to its
//! last, so no weights are ever packed; BP2 reads a second copy with the roles exchanged, which the update keeps equal to
//! the first, block by block, while a block is in the first-level cache. The gradient's tile comes out in the panels'
//! own layout, so the optimizer's running values line up with it and the update runs in the store.
//!
//! # One loop
//!
//! Forward, BP2 and BP4 are the same microkernel (`tile::accumulate`): sums of a tile in registers, R rows by two
//! vectors; a step reads two vectors, broadcasts R values and does 2 R fused multiply-adds. For forward and BP2 the steps
//! are the inputs, `multiply.rs`; for BP4 they are the rows of the batch, `descend.rs`. R is at most 14 with AVX-512
//! (28 sums in 32 registers), 6 with AVX2 (12 in 16) and 12 with NEON; rows are cut into tiles of even size, so that no
//! short remnant is left whose few sums would wait for each other. BP4 takes 10 rows (6 on shorter vectors), and leaves the
//! other registers to the optimizer: with many samples it works on the tile before while the next is summed, so that
//! quotients and waits for memory go on beside the multiplications; with few, each tile goes into the store at once.
//!
//! Weights of up to sixteen outputs are kept the other way round, lanes along the inputs, since outputs would leave lanes
//! unused: BP4 then has x in the place of δ and δ in that of x, the transposed copy is the same panels once more, and
//! forward takes samples as its lanes (`multiply/narrow.rs`). Sums keep their order, and so their bits.
//!
//! BP4 reads the rows of x where they lie, their places looked up once for all tiles. Only where they are so many or so far
//! apart that their pages would not be found without delay are they copied side by side, a block of inputs for eight
//! strips at a time (`descend/blocks.rs`). Large matrices ask for huge pages for the same reason.
//!
//! Where the panels of a product fit the second-level cache beside the rows, tiles are taken row by row; else panel by
//! panel, 512 steps at a time, the sums resting in the result in between. Lines that will be written, and values of
//! x that no hardware foresees, are fetched ahead.
//!
//! # One result
//!
//! Every sum has one order, whatever the instruction set, the blocks and the threads: it starts at the bias or at zero,
//! runs over the inputs, outputs or rows in order, and adds each product with one fused multiply-add. Lanes never
//! add up across a vector, a sum that rests is stored unrounded in its own type, and a result belongs to one thread.
//! [`naive`] has the same products as plain loops, and the tests compare bits.
//!
//! # Instructions
//!
//! Algorithms are written over [`Lanes`]. The vector types of each instruction set stay private: code outside meets them
//! only as a type parameter inside a product, which is entered through one function per set that has its features
//! enabled, and only with an [`Isa`] that was detected. Everything on the way from there to a vector operation is
//! `#[inline(always)]`, the functions of an [`Elementwise`] included. Tiles and stores are compiled in this crate, once;
//! only epilogues are compiled where their function is known.
//!
//! # Threads
//!
//! A [`ThreadPool`] shares the parts of a product: panels, or blocks of rows where panels are few. Each thread has a pile of parts,
//! the same from product to product, and takes from the others' when its own is done; one that wakes too late finds nothing
//! left and is not waited for. Products of
//! fewer than half a million multiplications are computed by the caller alone. Subnormal numbers are zero inside
//! products ([`FlushToZero`]), on every thread alike.

mod biases;
mod descend;
pub mod elementwise;
pub mod flush;
mod huge_pages;
mod isa;
pub mod lanes;
pub mod math;
pub mod matrix;
mod mirror;
mod multiply;
pub mod naive;
pub mod panels;
pub mod peak;
pub mod products;
pub mod real;
pub mod thread_pool;
mod tile;
pub mod update;

pub use elementwise::{Elementwise, Source};
pub use flush::FlushToZero;
pub use isa::{Isa, IsaError};
pub use lanes::Lanes;
pub use matrix::{Matrix, Rows};
pub use panels::Panels;
pub use products::{Biases, Gradient, Weights};
pub use real::Real;
pub use thread_pool::ThreadPool;
pub use update::{Moments, Step, UpdateRule};
