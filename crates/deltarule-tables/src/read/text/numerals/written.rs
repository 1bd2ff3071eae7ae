//! A numeral taken apart: sign, digits with what stands between them, exponent, unit.

use super::super::folded::is_minus;
use super::currency::currency;

/// What a numeral consists of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Written<'a> {
    pub(super) negative: bool,
    /// Digits and the characters between them; may begin or end with a point or a comma.
    pub(super) body: &'a str,
    /// Sign and digits of a power of ten.
    pub(super) exponent: &'a str,
    /// The unit before the number, and the one behind it.
    pub(super) before: &'a str,
    pub(super) after: &'a str,
}

impl<'a> Written<'a> {
    /// Takes a [folded](super::super::folded::folded) cell apart, unless it is no numeral.
    pub(super) fn read(cell: &'a str) -> Option<Self> {
        let mut rest = Rest { text: cell, sign: None, bracketed: false };
        let before = rest.prefix()?;
        let body = rest.body()?;
        let exponent = rest.exponent();
        let after = rest.suffix(before)?;
        Some(Self { negative: rest.sign == Some('-'), body, exponent, before, after })
    }
}

/// What is still to be read.
struct Rest<'a> {
    text: &'a str,
    /// A minus is one also where parentheses stand for it.
    sign: Option<char>,
    /// A parenthesis is open.
    bracketed: bool,
}

impl<'a> Rest<'a> {
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.text.split_at(bytes);
        self.text = rest;
        taken
    }

    /// Sign, parenthesis and unit, in any order, up to the first digit or decimal mark.
    fn prefix(&mut self) -> Option<&'a str> {
        let mut unit = "";
        loop {
            self.text = self.text.trim_start();
            let first = self.text.chars().next()?;
            if first.is_ascii_digit() || matches!(first, '.' | ',') {
                return Some(unit);
            } else if (is_minus(first) || first == '+') && self.sign.is_none() {
                self.sign = Some(if first == '+' { '+' } else { '-' });
                self.take(first.len_utf8());
            } else if first == '(' && self.sign.is_none() {
                (self.sign, self.bracketed) = (Some('-'), true);
                self.take(1);
            } else if unit.is_empty() {
                let bytes = if first == '%' { 1 } else { currency(self.text)? };
                unit = self.take(bytes);
            } else {
                return None;
            }
        }
    }

    /// Digits, and separators with a digit behind them. A decimal mark may end them: `5.`, and `5.-` for no cents.
    fn body(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        let digit_at = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let mut end = 0;
        for (at, c) in self.text.char_indices() {
            if c.is_ascii_digit() {
                end = at + 1;
            } else if !(is_separator(c) && digit_at(at + c.len_utf8())) {
                break;
            }
        }
        let mut behind = self.text[end..].chars();
        let (mut body_end, mut skipped) = (end, 0);
        if let Some(mark @ ('.' | ',')) = behind.next() {
            let dashes: Vec<char> = behind.clone().take_while(|&c| is_minus(c)).collect();
            let rest = behind.as_str().trim_start_matches(is_minus);
            let no_cents = matches!(dashes.len(), 1 | 2) && !rest.starts_with(|c: char| c.is_ascii_digit());
            let plain = mark == '.' && behind.as_str().is_empty();
            if !(no_cents || plain) {
                return None;
            }
            body_end += 1;
            skipped = dashes.iter().map(|dash| dash.len_utf8()).sum();
        }
        let body = self.take(body_end);
        self.take(skipped);
        (end > 0).then_some(body)
    }

    /// `e5`, `D+03`: a letter with digits right behind it, and no letter behind those.
    fn exponent(&mut self) -> &'a str {
        let Some(power) = self.text.strip_prefix(['e', 'E', 'd', 'D']) else { return "" };
        let digits = power.strip_prefix(|c: char| c == '+' || is_minus(c)).unwrap_or(power);
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        if !(1..=4).contains(&count) || digits[count..].starts_with(char::is_alphanumeric) {
            return "";
        }
        let bytes = power.len() - digits.len() + count;
        self.take(1);
        self.take(bytes)
    }

    /// The closing parenthesis, a minus and the unit, in any order, up to the end.
    fn suffix(&mut self, before: &str) -> Option<&'a str> {
        let mut unit = "";
        loop {
            self.text = self.text.trim_start();
            let Some(first) = self.text.chars().next() else { break };
            if first == ')' && self.bracketed {
                self.bracketed = false;
                self.take(1);
            } else if is_minus(first) && self.sign.is_none() {
                self.take(first.len_utf8());
                self.sign = Some('-');
                // More than a currency behind it is the rest of a code: 12-A.
                let rest = self.text.trim_start();
                if !rest.is_empty() && (!unit.is_empty() || currency(rest) != Some(rest.len())) {
                    return None;
                }
            } else if unit.is_empty() {
                let mut end = if self.bracketed { self.text.find(')')? } else { self.text.len() };
                if self.sign.is_none() {
                    end = self.text[..end].trim_end_matches(is_minus).len();
                }
                unit = self.take(end).trim_end();
                if !is_unit(unit, before) {
                    return None;
                }
            } else {
                return None;
            }
        }
        (!self.bracketed).then_some(unit)
    }
}

/// What may stand between two digits of a number.
fn is_separator(c: char) -> bool {
    matches!(c, '.' | ',') || is_apostrophe(c) || is_blank(c)
}

pub(super) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | '´' | '`')
}

pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() && !c.is_control()
}

/// Whether this can be the unit of the number that it follows: `kg`, `km/h`, `°C`, `m²`, `kWh/m2`, `sq ft`; behind
/// another one also `/month`.
fn is_unit(text: &str, before: &str) -> bool {
    const LONGEST: usize = 16;
    /// What is no unit behind digits: of a time of day, of an ordinal, of one length times another.
    const OTHERS: [&str; 9] = ["am", "pm", "st", "nd", "rd", "th", "x", "bis", "o"];
    let marks = |c: char| {
        c.is_alphabetic() || "°%‰′″\"µ·".contains(c) || currency(c.encode_utf8(&mut [0; 4])).is_some()
    };
    let first = text.chars().next().unwrap_or(' ');
    if !(marks(first) || first == '/' && !before.is_empty()) || text.chars().count() > LONGEST {
        return false;
    }
    let word: String = text.chars().filter(|&c| c != '.').take_while(|c| c.is_alphabetic()).collect();
    if OTHERS.contains(&word.to_lowercase().as_str()) || text.split_whitespace().count() > 3 {
        return false;
    }
    let characters: Vec<char> = text.chars().collect();
    characters.iter().enumerate().all(|(i, &c)| {
        let (last, next) = (i.checked_sub(1).map(|i| characters[i]), characters.get(i + 1));
        let raised = |last: char| last.is_alphabetic() || last == '^' || is_minus(last);
        match c {
            // A power: m2, s^-1.
            '1'..='4' => last.is_some_and(raised) && !next.is_some_and(|c| c.is_alphanumeric()),
            '^' => next.is_some(),
            _ if is_minus(c) => next.is_some_and(char::is_ascii_digit),
            '/' => next.is_some_and(|c| c.is_alphabetic()),
            '.' | '*' | '²' | '³' | '⁻' | '¹' => true,
            _ => marks(c) || is_blank(c),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::mark::DecimalMark;
    use super::*;

    fn parts(cell: &str) -> Option<(bool, &str, &str, String)> {
        let w = Written::read(cell)?;
        Some((w.negative, w.body, w.exponent, [w.before, w.after].join("|")))
    }

    #[test]
    fn signs_units_and_exponents_stand_where_people_put_them() {
        let cases = [
            ("1,234.50", false, "1,234.50", "", "|"),
            ("-$5", true, "5", "", "$|"),
            ("$-5", true, "5", "", "$|"),
            ("$ − 5", true, "5", "", "$|"),
            ("(5)", true, "5", "", "|"),
            ("($5.00)", true, "5.00", "", "$|"),
            ("$(5)", true, "5", "", "$|"),
            ("(5) €", true, "5", "", "|€"),
            ("(5 kg)", true, "5", "", "|kg"),
            ("5-", true, "5", "", "|"),
            ("5,00- €", true, "5,00", "", "|€"),
            ("5,00 €-", true, "5,00", "", "|€"),
            ("+5", false, "5", "", "|"),
            ("–5", true, "5", "", "|"),
            ("5.", false, "5.", "", "|"),
            ("CHF 5.-", false, "5.", "", "CHF|"),
            ("5,-- €", false, "5,", "", "|€"),
            (".5", false, ".5", "", "|"),
            ("1.5D+03", false, "1.5", "+03", "|"),
            ("1,5e-7", false, "1,5", "-7", "|"),
            ("5 eV", false, "5", "", "|eV"),
            ("5d", false, "5", "", "|d"),
            ("12.5%", false, "12.5", "", "|%"),
            ("%12,5", false, "12,5", "", "%|"),
            ("1 234", false, "1 234", "", "|"),
            ("1’234", false, "1’234", "", "|"),
            ("9.81 m/s^2", false, "9.81", "", "|m/s^2"),
            ("3 kg m-3", false, "3", "", "|kg m-3"),
            ("$5/month", false, "5", "", "$|/month"),
            ("-3°C", true, "3", "", "|°C"),
            ("2022년", false, "2022", "", "|년"),
            ("5 EUR", false, "5", "", "|EUR"),
        ];
        for (cell, negative, body, exponent, units) in cases {
            assert_eq!(parts(cell), Some((negative, body, exponent, units.to_owned())), "{cell}");
        }
    }

    #[test]
    fn what_only_begins_like_a_number_is_none() {
        for cell in [
            "",
            "-",
            "kg",
            "1-5",
            "1–5",
            "10 - 20",
            "14:05",
            "2 PM",
            "5pm",
            "1st",
            "7th grade",
            "3x2",
            "2022-01-13",
            "1/2",
            "13/01/2022",
            "555-1234",
            "(555) 123-4567",
            "+-5",
            "--5",
            "((5))",
            "(5",
            "5)",
            "(-5)",
            "12-A",
            "5,",
            "A5",
            "v1.5",
            "#5",
            "<5",
            "65+",
            "~5",
            "10 of 20",
            "6'2\"",
            "52°31'",
            "5 %%%1",
            "$5 $6",
            "12 Main Street, Town",
            "5..",
            "1:2",
            "0x1F",
            "5 very long unit indeed",
            "2022년 1월",
            "€",
            "1..5",
        ] {
            let fits =
                |w: &Written<'_>| DecimalMark::ALL.iter().any(|mark| mark.fits(w.body, w.exponent).is_some());
            assert!(!Written::read(cell).is_some_and(|w| fits(&w)), "{cell}: {:?}", parts(cell));
        }
    }
}
