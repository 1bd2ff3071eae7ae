//! The layout in which weights are kept, so that no product has to pack them.

use crate::buffer::Buffer;
use crate::lanes::Real;
use std::fmt;

/// The weights w of one layer, `w[j][k]` from input neuron k to output neuron j, stored as panels
/// `[j / width][k][j % width]` whose lanes run along the outputs j.
///
/// A panel is two cache lines wide, and the last one is a single line wide when that suffices. Lanes past the last output
/// are zero and stay zero. The products read a panel from front to back; the tile of ∂C/∂w that BP4 computes has the
/// same layout, so that an update runs in its epilogue.
///
/// Few outputs would leave lanes unused. Up to sixteen of them, where there are more inputs, swap roles with the
/// inputs: `[k / width][j][k % width]`, the layout of the transposed weights. Such weights are called narrow.
#[derive(Clone, PartialEq)]
pub struct Panels<T: Real> {
    values: Buffer<T>,
    outputs: usize,
    inputs: usize,
}

/// The most outputs of narrow weights.
const NARROW: usize = 16;

/// One panel: where it starts, and how it is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Panel {
    /// Index of its first value in the storage.
    pub(crate) start: usize,
    /// Which of the layer's lanes is its first.
    pub(crate) first: usize,
    /// Lanes: those of one or two cache lines.
    pub(crate) width: usize,
}

impl<T: Real> Panels<T> {
    /// Lanes of a full panel: 32 for `f32`, 16 for `f64`.
    pub const WIDTH: usize = 2 * T::PER_LINE;

    /// All weights zero.
    pub fn zeros(outputs: usize, inputs: usize) -> Self {
        let mut panels = Self { values: Buffer::zeros(0), outputs, inputs };
        let (lanes, rows) = panels.lanes_and_rows();
        let len = lanes.next_multiple_of(T::PER_LINE).checked_mul(rows);
        panels.values = Buffer::zeros(len.expect("weights larger than the address space"));
        panels
    }

    /// The weights `value(j, k)`, computed output by output.
    pub fn from_fn(outputs: usize, inputs: usize, mut value: impl FnMut(usize, usize) -> T) -> Self {
        let mut panels = Self::zeros(outputs, inputs);
        for j in 0..outputs {
            for k in 0..inputs {
                panels.set(j, k, value(j, k));
            }
        }
        panels
    }

    /// Number of output neurons j.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Number of input neurons k.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Whether there are so few outputs that the lanes run along the inputs.
    pub(crate) fn are_narrow(&self) -> bool {
        self.outputs <= NARROW && self.inputs > NARROW
    }

    /// How many lanes the panels have in all, without padding, and how many rows each: outputs and inputs, or inputs and
    /// outputs where they are narrow.
    pub(crate) fn lanes_and_rows(&self) -> (usize, usize) {
        if self.are_narrow() { (self.inputs, self.outputs) } else { (self.outputs, self.inputs) }
    }

    /// Panel `p` of panels that have `lanes` lanes in all and `rows` rows each.
    #[inline]
    pub(crate) fn panel_of(p: usize, lanes: usize, rows: usize) -> Panel {
        let first = p * Self::WIDTH;
        let width = if lanes - first > T::PER_LINE { Self::WIDTH } else { T::PER_LINE };
        Panel { start: first * rows, first, width }
    }

    fn index(&self, j: usize, k: usize) -> usize {
        assert!(
            j < self.outputs && k < self.inputs,
            "weight ({j}, {k}) of {} × {}",
            self.outputs,
            self.inputs
        );
        let (lane, row) = if self.are_narrow() { (k, j) } else { (j, k) };
        let (lanes, rows) = self.lanes_and_rows();
        let panel = Self::panel_of(lane / Self::WIDTH, lanes, rows);
        panel.start + row * panel.width + (lane - panel.first)
    }

    /// w_jk.
    pub fn get(&self, j: usize, k: usize) -> T {
        self.storage()[self.index(j, k)]
    }

    /// Sets w_jk.
    pub fn set(&mut self, j: usize, k: usize, value: T) {
        let index = self.index(j, k);
        self.storage_mut()[index] = value;
    }

    /// The same weights with the roles of j and k exchanged, as BP2 needs them.
    pub fn transposed(&self) -> Self {
        Self::from_fn(self.inputs, self.outputs, |j, k| self.get(k, j))
    }

    /// The weights output by output: w_00, w_01, …, w_10, ….
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        (0..self.outputs).flat_map(move |j| (0..self.inputs).map(move |k| self.get(j, k)))
    }

    /// All panels one after the other, padding lanes included.
    pub fn storage(&self) -> &[T] {
        self.values.as_slice()
    }

    /// All panels one after the other; the padding lanes must stay zero.
    pub(crate) fn storage_mut(&mut self) -> &mut [T] {
        self.values.as_mut_slice()
    }
}

impl<T: Real> fmt::Debug for Panels<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let output = |j| (0..self.inputs).map(|k| self.get(j, k)).collect::<Vec<_>>();
        f.debug_list().entries((0..self.outputs).map(output)).finish()
    }
}
