//! What the digits of a numeral mean with a decimal point, and what with a decimal comma.

use super::written::{is_apostrophe, is_blank};

deltarule::variants! {
    /// What stands before the fraction of a number.
    #[derive(Eq)]
    pub enum DecimalMark: "decimal mark" {
        /// A point, as in 1,234.5
        Point = "point", "1,234.5처럼 점";
        /// A comma, as in 1.234,5
        Comma = "comma", "1.234,5처럼 쉼표";
    }
}

impl DecimalMark {
    pub(crate) const ALL: [Self; 2] = [Self::Point, Self::Comma];

    pub(super) fn other(self) -> Self {
        match self {
            Self::Point => Self::Comma,
            Self::Comma => Self::Point,
        }
    }

    pub(super) fn character(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }

    /// The digits before and behind this mark, where the rest of the separators group them rightly. Nothing behind is
    /// `None` where there is no mark.
    fn split(self, body: &str) -> Option<(&str, Option<&str>)> {
        let (whole, fraction) = match body.split_once(self.character()) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (body, None),
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let whole_fits = digits(whole) || is_grouped(whole, self);
        let empty = whole.is_empty() && fraction.is_none_or(str::is_empty);
        (whole_fits && fraction.is_none_or(digits) && !empty).then_some((whole, fraction))
    }

    /// Writes the number as plain digits with a point, if the body is a number with this mark. One with an exponent is
    /// not grouped.
    pub(super) fn write(self, body: &str, exponent: &str, out: &mut String) -> bool {
        let Some((whole, fraction)) = self.split(body) else { return false };
        let start = out.len();
        out.extend(whole.chars().filter(char::is_ascii_digit));
        if !exponent.is_empty() && out.len() - start < whole.len() {
            return false;
        }
        if let Some(fraction) = fraction {
            out.push('.');
            out.push_str(fraction);
        }
        true
    }

    /// Whether the body is a number with this mark, and if so, whether a whole one that an `i64` holds.
    pub(super) fn fits(self, body: &str, exponent: &str) -> Option<bool> {
        const DIGITS: usize = 18;
        let (whole, fraction) = self.split(body)?;
        let count = whole.bytes().filter(u8::is_ascii_digit).count();
        if !exponent.is_empty() && count < whole.len() {
            return None;
        }
        Some(fraction.is_none() && exponent.is_empty() && count <= DIGITS)
    }
}

/// What groups the digits of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    Point,
    Comma,
    Apostrophe,
    Blank,
}

impl Separator {
    pub(super) fn of(c: char) -> Option<Self> {
        match c {
            '.' => Some(Self::Point),
            ',' => Some(Self::Comma),
            _ if is_apostrophe(c) => Some(Self::Apostrophe),
            _ if is_blank(c) => Some(Self::Blank),
            _ => None,
        }
    }
}

/// Whether digits are grouped by one kind of separator: threes from the right, or, with commas, three and then twos as in
/// India. A group of zeros first would be the code of something.
fn is_grouped(whole: &str, mark: DecimalMark) -> bool {
    let Some(separator) = whole.chars().find_map(Separator::of) else { return false };
    let mark_groups = match mark {
        DecimalMark::Point => separator == Separator::Point,
        DecimalMark::Comma => separator == Separator::Comma,
    };
    if mark_groups || whole.starts_with('0') {
        return false;
    }
    let (mut groups, mut last, mut threes, mut twos) = (0, "", true, true);
    for group in whole.split(|c| Separator::of(c) == Some(separator)) {
        if group.is_empty() || !group.bytes().all(|byte| byte.is_ascii_digit()) {
            return false;
        }
        let least = if groups == 0 { 1 } else { 3 };
        threes &= (least..=3).contains(&group.len());
        // Twos are held against the group before the one that was just found to be the last.
        if groups > 0 {
            let least = if groups == 1 { 1 } else { 2 };
            twos &= (least..=2).contains(&last.len());
        }
        (groups, last) = (groups + 1, group);
    }
    threes || (separator == Separator::Comma && twos && last.len() == 3 && groups > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(mark: DecimalMark, body: &str) -> Option<String> {
        let mut out = String::new();
        mark.write(body, "", &mut out).then_some(out)
    }

    #[test]
    fn groups_are_counted() {
        let cases = [
            ("1234", Some("1234"), Some("1234")),
            ("1,234", Some("1234"), Some("1.234")),
            ("1.234", Some("1.234"), Some("1234")),
            ("1,234,567", Some("1234567"), None),
            ("1.234.567", None, Some("1234567")),
            ("1.234.567,8", None, Some("1234567.8")),
            ("1,234.5", Some("1234.5"), None),
            ("1'234.5", Some("1234.5"), None),
            ("1 234", Some("1234"), Some("1234")),
            ("1\u{202f}234,5", None, Some("1234.5")),
            ("1,23,456", Some("123456"), None),
            ("12,34,567.5", Some("1234567.5"), None),
            ("1,23", None, Some("1.23")),
            ("12,34", None, Some("12.34")),
            ("0,123", None, Some("0.123")),
            ("001,234", None, Some("001.234")),
            ("1234,567", None, Some("1234.567")),
            (",5", None, Some(".5")),
            ("5,", None, Some("5.")),
            ("1.2.3", None, None),
            ("192.168.1.1", None, None),
            ("1,234 567", None, None),
            ("1 234'567", None, None),
            ("030 123 456", None, None),
            ("12.05.2022", None, None),
            ("1,2345", None, Some("1.2345")),
            ("12,345,67", None, None),
            ("1,23,45,678", Some("12345678"), None),
            ("1,234,56,789", None, None),
            ("123 45", None, None),
        ];
        for (body, point, comma) in cases {
            assert_eq!(plain(DecimalMark::Point, body).as_deref(), point, "{body}");
            assert_eq!(plain(DecimalMark::Comma, body).as_deref(), comma, "{body}");
            for mark in DecimalMark::ALL {
                assert_eq!(mark.fits(body, "").is_some(), plain(mark, body).is_some(), "{body}");
            }
        }
    }

    #[test]
    fn nothing_is_grouped_beside_an_exponent() {
        assert_eq!(DecimalMark::Point.fits("1,234", "5"), None);
        assert_eq!(DecimalMark::Comma.fits("1,234", "5"), Some(false));
        assert_eq!(DecimalMark::Point.fits("1,234", ""), Some(true));
    }
}
