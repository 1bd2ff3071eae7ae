//! Cells that do not fit what their column was taken for: counted, and the first few different ones kept to be shown.

/// A cell and the row it stands in, counted from zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) row: u64,
    pub(crate) text: String,
}

/// A cell that does not fit, where it first stands, and how often it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stray {
    pub(crate) first: Sample,
    pub(crate) count: u64,
}

/// What does not fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Strays {
    count: u64,
    examples: Vec<Stray>,
}

impl Strays {
    /// Different cells that are kept.
    const KEPT: usize = 8;

    pub(crate) fn add(&mut self, text: &str, row: u64) {
        self.count += 1;
        if let Some(known) = self.examples.iter_mut().find(|known| known.first.text == text) {
            known.count += 1;
        } else if self.examples.len() < Self::KEPT {
            self.examples.push(Stray { first: Sample { row, text: text.to_owned() }, count: 1 });
        }
    }

    /// Adds `count` cells, of which one may be shown.
    pub(crate) fn add_many(&mut self, first: Option<Sample>, count: u64) {
        self.count += count;
        let Some(first) = first else { return };
        if let Some(known) = self.examples.iter_mut().find(|known| known.first.text == first.text) {
            known.count += count;
            known.first.row = known.first.row.min(first.row);
        } else if self.examples.len() < Self::KEPT {
            self.examples.push(Stray { first, count });
        }
    }

    /// Adds those of a later part of the column, whose rows begin at `first_row`.
    pub(crate) fn merge(&mut self, later: Self, first_row: u64) {
        let known: u64 = later.examples.iter().map(|example| example.count).sum();
        self.count += later.count - known;
        for Stray { first, count } in later.examples {
            self.add_many(Some(Sample { row: first.row + first_row, ..first }), count);
        }
    }

    /// How many cells do not fit.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Whether this holds of all that were kept, of which there is one at least.
    pub(crate) fn all_shown(&self, of: impl Fn(&str) -> bool) -> bool {
        !self.examples.is_empty() && self.examples.iter().all(|example| of(&example.first.text))
    }

    /// The first one that was kept.
    pub(crate) fn first(&self) -> Option<&Sample> {
        self.examples.iter().map(|example| &example.first).min_by_key(|first| first.row)
    }

    /// The most frequent one of those that were kept.
    pub(crate) fn most(&self) -> Option<&Stray> {
        self.examples.iter().max_by_key(|example| (example.count, std::cmp::Reverse(example.first.row)))
    }

    /// Up to three of them in words: `"n.a." (12 times), "-" (twice)`.
    pub(crate) fn shown(&self) -> String {
        const SHOWN: usize = 3;
        let mut examples: Vec<_> = self.examples.iter().collect();
        examples.sort_by_key(|example| (std::cmp::Reverse(example.count), example.first.row));
        let word = |stray: &&Stray| {
            let text = crate::error::shown(&stray.first.text);
            match stray.count {
                1 => text,
                2 => format!("{text} (twice)"),
                count => format!("{text} ({count} times)"),
            }
        };
        let words: Vec<_> = examples.iter().take(SHOWN).map(word).collect();
        let told: u64 = examples.iter().take(SHOWN).map(|example| example.count).sum();
        let more = if told < self.count { ", …" } else { "" };
        words.join(", ") + more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_a_few_are_kept_in_their_order() {
        let mut early = Strays::default();
        early.add("-", 4);
        early.add("n.a.", 5);
        early.add("-", 7);
        let mut late = Strays::default();
        for row in 0..20 {
            late.add(&format!("x{row}"), row);
        }
        late.add("x0", 20);
        early.merge(late, 100);
        assert_eq!(early.count(), 24);
        let kept: Vec<_> =
            early.examples.iter().map(|e| (e.first.row, e.first.text.as_str(), e.count)).collect();
        assert_eq!(kept[..3], [(4, "-", 2), (5, "n.a.", 1), (100, "x0", 2)]);
        assert_eq!(kept.len(), Strays::KEPT);
        assert_eq!(early.first().map(|first| first.row), Some(4));
        assert_eq!(early.shown(), "\"-\" (twice), \"x0\" (twice), \"n.a.\", …");
    }
}
