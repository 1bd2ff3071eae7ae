//! Numbers and the ways to write them.

use super::super::DecimalMark;
use proptest::prelude::*;
use proptest::sample::select;

/// A number as its digits.
#[derive(Debug, Clone)]
pub(super) struct Number {
    negative: bool,
    whole: String,
    fraction: String,
}

impl Number {
    pub(super) fn plain(&self) -> String {
        let point = if self.fraction.is_empty() { "" } else { "." };
        format!("{}{}{point}{}", if self.negative { "-" } else { "" }, self.whole, self.fraction)
    }
}

pub(super) fn number(fraction: &'static str) -> impl Strategy<Value = Number> {
    let whole = prop_oneof![Just("0".to_owned()), "[1-9][0-9]{0,3}", "[1-9][0-9]{0,12}"];
    (any::<bool>(), whole, fraction).prop_map(|(negative, whole, fraction)| Number {
        negative,
        whole,
        fraction,
    })
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Minus {
    Sign(&'static str),
    Behind,
    Parentheses,
}

/// A way to write numbers.
#[derive(Debug, Clone)]
pub(super) struct Style {
    pub(super) decimal: DecimalMark,
    group: &'static str,
    indian: bool,
    before: &'static str,
    after: &'static str,
    minus: Minus,
    plus: bool,
    quoted: bool,
    wide: bool,
}

impl Style {
    fn grouped(&self, whole: &str) -> String {
        let mut out = String::new();
        for (i, digit) in whole.chars().enumerate() {
            let left = whole.len() - i;
            let starts_group =
                if self.indian && left > 3 { (left - 3).is_multiple_of(2) } else { left.is_multiple_of(3) };
            if i > 0 && starts_group {
                out += self.group;
            }
            out.push(digit);
        }
        out
    }

    pub(super) fn write(&self, number: &Number) -> String {
        let mut text = self.grouped(&number.whole);
        if !number.fraction.is_empty() {
            text.push(if self.decimal == DecimalMark::Point { '.' } else { ',' });
            text += &number.fraction;
        }
        let text = match (number.negative, self.minus) {
            (true, Minus::Sign(sign)) => format!("{sign}{}{text}{}", self.before, self.after),
            (true, Minus::Behind) => format!("{}{text}-{}", self.before, self.after),
            (true, Minus::Parentheses) => format!("({}{text}{})", self.before, self.after),
            (false, _) => format!("{}{}{text}{}", if self.plus { "+" } else { "" }, self.before, self.after),
        };
        let widened = |c: char| match c {
            '0'..='9' | '.' | ',' | '%' | '(' | ')' | '+' => char::from_u32(c as u32 + 0xfee0).unwrap(),
            c => c,
        };
        let text = if self.wide { text.chars().map(widened).collect() } else { text };
        if self.quoted { format!("=\"{text}\"") } else { text }
    }

    pub(super) fn unit(&self) -> String {
        [self.before.trim(), self.after.trim()].concat()
    }
}

pub(super) fn style() -> impl Strategy<Value = Style> {
    let locale = select(vec![
        (DecimalMark::Point, ""),
        (DecimalMark::Point, ","),
        (DecimalMark::Point, "'"),
        (DecimalMark::Point, "’"),
        (DecimalMark::Point, " "),
        (DecimalMark::Point, "\u{a0}"),
        (DecimalMark::Comma, ""),
        (DecimalMark::Comma, "."),
        (DecimalMark::Comma, " "),
        (DecimalMark::Comma, "\u{202f}"),
        (DecimalMark::Comma, "'"),
    ]);
    let unit = select(vec![
        ("", ""),
        ("$", ""),
        ("€ ", ""),
        ("", " €"),
        ("", "€"),
        ("USD ", ""),
        ("EUR", ""),
        ("", "\u{a0}EUR"),
        ("kr ", ""),
        ("", " kr."),
        ("R$ ", ""),
        ("US$", ""),
        ("₩", ""),
        ("£", ""),
        ("", "円"),
        ("", "%"),
        ("", " %"),
        ("%", ""),
        ("", " kg"),
        ("", "°C"),
        ("", " km/h"),
        ("", " m²"),
        ("", " kWh/m2"),
        ("", " years"),
        ("CHF ", ""),
        ("$", "/month"),
        ("$", " USD"),
    ]);
    let minus = select(vec![
        Minus::Sign("-"),
        Minus::Sign("−"),
        Minus::Sign("–"),
        Minus::Sign("- "),
        Minus::Behind,
        Minus::Parentheses,
    ]);
    let rare = || proptest::bool::weighted(0.1);
    (locale, unit, minus, rare(), rare(), rare(), rare()).prop_map(
        |((decimal, group), (before, after), minus, indian, plus, quoted, wide)| {
            let indian = indian && group == ",";
            // Behind a minus there is a currency or nothing.
            let minus = match minus {
                Minus::Behind if !after.is_empty() => Minus::Sign("-"),
                minus => minus,
            };
            Style { decimal, group, indian, before, after, minus, plus, quoted, wide }
        },
    )
}
