//! Micro-panels: panels cut to the width of a tile.

use crate::lanes::Real;
use crate::lanes::vector::Vector;
use crate::panels::Panels;
use std::ops::Range;

/// One or two vectors' width of a panel, from its first row to its last: what one tile of a product reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MicroPanel {
    /// Index of its first value in the storage of the panels.
    pub(crate) start: usize,
    /// Values from one row to the next.
    pub(crate) pitch: usize,
    /// Which of the layer's lanes is its first.
    pub(crate) first: usize,
    /// Lanes in use; the others are padding.
    pub(crate) used: usize,
    /// Width in vectors: one or two.
    pub(crate) vectors: usize,
}

impl MicroPanel {
    /// The indices of the micro-panels that these panels have on vectors `V`.
    pub(crate) fn of_panels<V: Vector>(panels: Range<usize>, lanes: usize) -> Range<usize> {
        let each = Panels::<V::Real>::WIDTH / (2 * V::COUNT);
        panels.start * each..(panels.end * each).min(lanes.div_ceil(2 * V::COUNT))
    }

    /// Micro-panel `n` of panels that have `lanes` lanes in all and `rows` rows each.
    pub(crate) fn nth<V: Vector>(n: usize, lanes: usize, rows: usize) -> Self {
        let first = n * 2 * V::COUNT;
        let panel = Panels::<V::Real>::panel_of(first / Panels::<V::Real>::WIDTH, lanes, rows);
        let used = (lanes - first).min(2 * V::COUNT);
        Self {
            start: panel.start + (first - panel.first),
            pitch: panel.width,
            first,
            used,
            // Vectors shorter than a cache line always come in pairs, which a line has room for.
            vectors: if V::COUNT == V::Real::PER_LINE { used.div_ceil(V::COUNT) } else { 2 },
        }
    }

    /// The pitch of a micro-panel of `C` vectors: a constant where a micro-panel is a whole panel.
    #[inline(always)]
    pub(crate) fn pitch_of<V: Vector, const C: usize>(self) -> usize {
        if const { V::COUNT == V::Real::PER_LINE } { C * V::COUNT } else { self.pitch }
    }

    /// Lanes, padding included.
    pub(crate) fn lanes<V: Vector>(self) -> usize {
        self.vectors * V::COUNT
    }
}
