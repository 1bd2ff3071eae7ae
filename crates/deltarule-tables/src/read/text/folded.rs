//! One spelling of a cell for the readers of numerals and dates.

use std::borrow::Cow;

/// Bytes of the longest cell that is looked at: an `f64` in all its digits, and a unit.
const LONGEST: usize = 400;

/// The cell without blanks around it and without the `="…"` that keeps spreadsheets from guessing; digits of other
/// scripts and full-width characters are the ASCII characters that they stand for. Nothing where there is no digit.
pub(super) fn folded(cell: &str) -> Option<Cow<'_, str>> {
    /// First bytes of digits that are not ASCII.
    const OTHERS: [u8; 4] = [0xd9, 0xdb, 0xe0, 0xef];
    let may_be_digit = |byte: u8| byte.is_ascii_digit() || OTHERS.contains(&byte);
    if cell.len() > LONGEST || !cell.bytes().any(may_be_digit) {
        return None;
    }
    let mut cell = cell.trim_matches(is_margin);
    if let Some(quoted) = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        cell = quoted.trim_matches(is_margin);
    }
    let folded = if cell.is_ascii() || !cell.chars().any(|c| ascii(c) != c) {
        Cow::Borrowed(cell)
    } else {
        Cow::Owned(cell.chars().map(ascii).collect())
    };
    folded.bytes().any(|byte| byte.is_ascii_digit()).then_some(folded)
}

/// Blanks of all kinds, and marks that show nothing.
fn is_margin(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{61c}' | '\u{202a}'..='\u{202e}')
}

fn ascii(c: char) -> char {
    /// The zeros of the Arabic, Persian, Devanagari and Bengali digits.
    const ZEROS: [u32; 4] = [0x660, 0x6f0, 0x966, 0x9e6];
    let code = c as u32;
    let shifted = |by: u32| char::from_u32(code - by).unwrap_or(c);
    match c {
        '\u{ff01}'..='\u{ff5e}' => shifted(0xfee0),
        '￥' => '¥',
        '￦' => '₩',
        '￡' => '£',
        '٫' => '.',
        '٬' => ',',
        '٪' => '%',
        _ => match ZEROS.iter().find(|&&zero| (zero..zero + 10).contains(&code)) {
            Some(zero) => shifted(zero - u32::from(b'0')),
            None => c,
        },
    }
}

/// Whether a character is written for a minus.
pub(super) fn is_minus(c: char) -> bool {
    matches!(c, '-' | '\u{2212}' | '\u{2010}'..='\u{2014}' | '\u{fe63}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike_is_alike() {
        let folded = |cell| folded(cell).unwrap();
        assert_eq!(folded("\u{a0} 12 \u{200e}"), "12");
        assert_eq!(folded("=\" 007 \""), "007");
        assert_eq!(folded("＄１，２３４．５％"), "$1,234.5%");
        assert_eq!(folded("٣٫٥"), "3.5");
        assert_eq!(folded("४२"), "42");
        assert!(matches!(folded(" 5 € "), Cow::Borrowed("5 €")));
        for cell in ["", "Köln", "-", "=\"\"", &"1 ".repeat(300)] {
            assert_eq!(super::folded(cell), None, "{cell}");
        }
    }
}
