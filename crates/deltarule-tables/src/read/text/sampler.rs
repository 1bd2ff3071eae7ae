//! How long to look for numbers or dates in a column that seems to have none.

/// Counts the cells of a part of a column. After many that were not what is sought only one in a few is looked at, so
/// that columns of words cost next to nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sampler {
    endless: bool,
    looked_at: u64,
    fitting: u64,
    passed_over: u64,
    /// Which one of a few the next cell is.
    turn: u64,
}

impl Sampler {
    /// Cells that are looked at in any case.
    const MANY: u64 = 1024;
    /// Of this many cells one at least has to fit for all of them to be looked at, and else one is.
    const ONE_IN: u64 = 16;

    /// Looks at every cell.
    pub(super) fn endless() -> Self {
        Self { endless: true, ..Self::default() }
    }

    /// Whether the next cell is to be looked at.
    pub(super) fn picks_next(&mut self) -> bool {
        if self.endless || self.looked_at < Self::MANY || self.fitting * Self::ONE_IN >= self.looked_at {
            return true;
        }
        self.turn = (self.turn + 1) % Self::ONE_IN;
        self.passed_over += u64::from(self.turn != 0);
        self.turn == 0
    }

    /// Learns what came of a look.
    pub(super) fn learn(&mut self, fits: bool) {
        self.looked_at += 1;
        self.fitting += u64::from(fits);
    }

    /// Adds those of another part of the column.
    pub(super) fn merge(&mut self, other: &Self) {
        self.looked_at += other.looked_at;
        self.fitting += other.fitting;
        self.passed_over += other.passed_over;
    }

    /// About how many of the cells that were passed over would fit.
    pub(super) fn missed(&self) -> u64 {
        let share = self.fitting as f64 / self.looked_at.max(1) as f64;
        (share * self.passed_over as f64).ceil() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked_at(sampler: &mut Sampler, cells: u64, fits: impl Fn(u64) -> bool) -> u64 {
        let mut count = 0;
        for cell in 0..cells {
            if sampler.picks_next() {
                sampler.learn(fits(cell));
                count += 1;
            }
        }
        count
    }

    #[test]
    fn words_wear_it_out_and_numbers_bring_it_back() {
        let mut sampler = Sampler::default();
        assert_eq!(looked_at(&mut sampler, 1024, |_| false), 1024);
        assert_eq!(sampler.passed_over, 0);
        assert_eq!(looked_at(&mut sampler, 16_000, |_| false), 1000);
        assert_eq!((sampler.passed_over, sampler.missed()), (15_000, 0));
        let found = looked_at(&mut sampler, 10_000, |_| true);
        assert!((7000..9000).contains(&found), "{found}");
        assert!(sampler.missed() > 0);
        assert_eq!(looked_at(&mut Sampler::default(), 5000, |cell| cell % 16 == 0), 5000);
        assert_eq!(looked_at(&mut Sampler::endless(), 5000, |_| false), 5000);
    }
}
