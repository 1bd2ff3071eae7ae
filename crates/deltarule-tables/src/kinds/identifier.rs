//! Which columns name the rows rather than describe them: by name and by content.

use crate::arrow::datatypes::Field;
use crate::row_names::RowNames;

/// What the name of a column says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// It identifies: `id`, `customer_id`, `Unnamed: 0`, the index of a data frame.
    Identifies,
    /// It may number the rows: a first column called `X`, `no`, `#`.
    MayNumber,
    /// Neither.
    Describes,
}

impl Name {
    /// What the name of the column at this position says, or the file about it.
    pub(super) fn of(field: &Field, position: usize) -> Self {
        if RowNames::of(field).is_some() || identifies(field.name()) {
            Self::Identifies
        } else if position == 0 && may_number(field.name()) {
            Self::MayNumber
        } else {
            Self::Describes
        }
    }
}

/// Names that index and key columns have: those that people give, and those that pandas, R and readr make up.
fn identifies(name: &str) -> bool {
    const WORDS: [&str; 15] = [
        "",
        "id",
        "uuid",
        "guid",
        "index",
        "rowid",
        "rownames",
        "rowname",
        "rownumber",
        "rownum",
        "rowno",
        "level0",
        "...1",
        "caseid",
        "objectid",
    ];
    let name = name.trim();
    let lower = name.to_lowercase();
    let joined: String = lower.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).collect();
    WORDS.contains(&joined.trim_end_matches('.'))
        || WORDS.contains(&joined.as_str())
        || joined == "row.names"
        || ["_id", "-id", " id", ".id"].iter().any(|end| lower.ends_with(end))
        || is_made_up(&lower)
        || name
            .strip_suffix("Id")
            .or(name.strip_suffix("ID"))
            .is_some_and(|stem| stem.ends_with(|last: char| last.is_lowercase() || last.is_ascii_digit()))
}

/// `Unnamed: 0`, `Unnamed: 0.1`, `__index_level_0__`.
fn is_made_up(lower: &str) -> bool {
    let numbered =
        |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    lower.strip_prefix("unnamed: ").is_some_and(numbered)
        || lower.strip_prefix("__index_level_").and_then(|rest| rest.strip_suffix("__")).is_some_and(numbered)
}

/// Names that a first column has when it numbers the rows, and others, too.
fn may_number(name: &str) -> bool {
    // What R and readr call a first column without a name.
    const MADE_UP: [&str; 3] = ["X", "X1", "V1"];
    const WORDS: [&str; 19] = [
        "no", "nr", "#", "n°", "№", "num", "number", "n", "row", "rows", "obs", "case", "entry", "sn", "sno",
        "slno", "lfd", "lfdnr", "serial",
    ];
    const KOREAN: [&str; 3] = ["번호", "순번", "연번"];
    let name = name.trim();
    let joined: String =
        name.to_lowercase().chars().filter(|c| !matches!(c, '.' | '_' | '-' | ' ')).collect();
    MADE_UP.contains(&name) || WORDS.contains(&joined.as_str()) || KOREAN.contains(&name)
}

/// Whether whole numbers are those of a range, each once, in whatever order: held as a sum over mixed values, which two
/// different sets of numbers share with a chance of 2⁻⁶⁴.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbering {
    sum: u64,
}

impl Numbering {
    pub(super) fn see(&mut self, number: f64) {
        self.sum = self.sum.wrapping_add(mixed(number as i64));
    }

    /// Whether `count` whole numbers from `least` to `greatest` were all of that range.
    pub(super) fn is_range(&self, count: u64, least: f64, greatest: f64) -> bool {
        const EXACT: f64 = (1_u64 << 53) as f64;
        if least.abs() >= EXACT || greatest.abs() >= EXACT || greatest - least + 1.0 != count as f64 {
            return false;
        }
        let range = least as i64..=greatest as i64;
        range.fold(0, |sum: u64, number| sum.wrapping_add(mixed(number))) == self.sum
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
fn mixed(number: i64) -> u64 {
    let mut z = (number as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrow::datatypes::DataType;

    #[test]
    fn names_of_keys_are_told_from_names_of_features() {
        let of = |name: &str, position| Name::of(&Field::new(name, DataType::Int64, true), position);
        for name in [
            "id",
            "ID",
            "customer_id",
            "PassengerId",
            "row names",
            "rownames",
            "row.names",
            "index",
            "Unnamed: 0",
            "Unnamed: 0.1",
            "__index_level_0__",
            "level_0",
            "...1",
            "row_id",
            "RowID",
            "Row-Number",
            "",
        ] {
            assert_eq!(of(name, 3), Name::Identifies, "{name}");
        }
        for name in ["X", "V1", "No", "No.", "nr", "#", "N°", "번호", "Lfd. Nr.", "S.No."] {
            assert_eq!(of(name, 0), Name::MayNumber, "{name}");
            assert_eq!(of(name, 1), Name::Describes, "{name}");
        }
        for name in ["x", "age", "paid", "humid", "GRID", "unnamed: weight", "v1", "idea", "level_1"] {
            assert_eq!(of(name, 0), Name::Describes, "{name}");
        }
    }

    #[test]
    fn a_range_is_told_in_any_order_and_nothing_else_is() {
        let is_range = |numbers: &[f64]| {
            let mut numbering = Numbering::default();
            numbers.iter().for_each(|&number| numbering.see(number));
            let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
            let greatest = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            numbering.is_range(numbers.len() as u64, least, greatest)
        };
        assert!(is_range(&[3.0, 1.0, 2.0, 0.0, -1.0]));
        assert!(!is_range(&[0.0, 1.0, 1.0, 3.0]));
        assert!(!is_range(&[0.0, 2.0, 2.0, 2.0, 4.0]));
        assert!(!is_range(&[0.0, 1.0, 3.0]));
    }
}
