//! How numbers and their names look: a hue for each role, a sign always written, sums that add up as printed.

use crate::text::{self, bar};
use crate::ui::{BOLD, CYAN, GREEN, MAGENTA, RED, YELLOW, paint};
use anstyle::Style;
use deltarule::explain::{Factor, Role, Symbol, Term};

/// Columns of a line.
pub(super) const WIDTH: usize = 100;

/// The hue of a symbol: a, w and δ and what belongs to each.
fn hue(role: Role) -> Style {
    match role {
        Role::Activation => CYAN,
        Role::Weight | Role::Bias | Role::InputScale => YELLOW,
        Role::Delta => MAGENTA,
        Role::WeightGradient | Role::BiasGradient | Role::InputScaleGradient => BOLD,
        _ => Style::new(),
    }
}

/// The name of a number in the hue of its role.
pub(super) fn symbol(symbol: Symbol) -> String {
    in_hue(symbol.role, symbol)
}

pub(super) fn in_hue(role: Role, text: impl std::fmt::Display) -> String {
    paint(hue(role), text)
}

/// A number within a product or a sum: in brackets where it is negative.
fn operand(x: f64) -> String {
    if x.is_sign_negative() && x != 0.0 { format!("({})", text::number(x)) } else { text::number(x) }
}

/// `w·δ`
pub(super) fn names(factors: &[Factor]) -> String {
    factors.iter().map(|factor| symbol(factor.symbol)).collect::<Vec<_>>().join("·")
}

/// `0.5·(−0.04)`
pub(super) fn numbers(factors: &[Factor]) -> String {
    factors.iter().map(|factor| operand(factor.value)).collect::<Vec<_>>().join("·")
}

/// The terms of a sum with a plus or a minus between them.
pub(super) fn joined(terms: &[Term], shown: fn(&[Factor]) -> String) -> String {
    let mut text = String::new();
    for (n, term) in terms.iter().enumerate() {
        text += match (n, term.sign < 0.0) {
            (0, false) => "",
            (0, true) => "−",
            (_, false) => " + ",
            (_, true) => " − ",
        };
        text += &shown(&term.factors);
    }
    text
}

/// A bar for a magnitude, in the hue of its sign.
pub(super) fn signed_bar(value: f64, share: f64, width: usize) -> String {
    if value == 0.0 {
        return String::new();
    }
    paint(if value < 0.0 { RED } else { GREEN }, bar(share.max(0.125 / width as f64), width))
}

/// With its sign, plus too.
pub(crate) fn signed(x: f64) -> String {
    let text = text::number(x);
    if x > 0.0 { format!("+{text}") } else { text }
}

/// A short number for a step or an error: `2.2e−10`, `1e−3`.
pub(crate) fn short(x: f64) -> String {
    format!("{x:.1e}").replace(".0e", "e").replace('-', "−")
}

/// Numbers rounded to a common place so that they add up, digit for digit, to their total.
#[derive(Debug, PartialEq)]
pub(super) struct AddingUp {
    pub(super) parts: Vec<String>,
    pub(super) total: String,
}

/// Rounds `parts`, which add up to `total`. What rounding leaves goes to `rest`, and where there is none of that to the
/// parts that were rounded furthest, a unit of the last place each.
pub(super) fn adding_up(parts: &[f64], rest: Option<usize>, total: f64) -> AddingUp {
    let largest = parts.iter().chain([&total]).fold(0.0, |most: f64, x| most.max(x.abs()));
    if !largest.is_finite() || largest == 0.0 {
        return AddingUp { parts: parts.iter().map(|&x| signed(x)).collect(), total: text::number(total) };
    }
    let magnitude = |x: f64| x.abs().log10().floor() as i32;
    let exponent = if (1e-4..1e6).contains(&largest) { 0 } else { magnitude(largest) };
    // Six digits of the largest, and up to four more where the terms nearly cancel.
    let of_largest = 5 - (magnitude(largest) - exponent);
    let of_total = if total == 0.0 { of_largest } else { 4 - (magnitude(total) - exponent) };
    let decimals = of_largest.max(of_total.min(of_largest + 4)).clamp(0, 14);
    let unit = 10_f64.powi(decimals - exponent);
    let mut units: Vec<i64> = parts.iter().map(|x| (x * unit).round() as i64).collect();
    let sum = (total * unit).round() as i64;
    let mut left = sum - units.iter().sum::<i64>();
    match rest {
        Some(rest) => units[rest] += left,
        None => {
            let off = |i: &usize, units: &[i64]| parts[*i] * unit - units[*i] as f64;
            let mut order: Vec<usize> = (0..parts.len()).collect();
            order.sort_by(|i, j| off(j, &units).total_cmp(&off(i, &units)));
            if left < 0 {
                order.reverse();
            }
            for &i in order.iter().cycle().take(left.unsigned_abs() as usize) {
                units[i] += left.signum();
                left -= left.signum();
            }
        }
    }
    let shown = |n: i64| {
        let scaled = format!("{:.*}", decimals as usize, n.abs() as f64 / 10_f64.powi(decimals));
        if exponent == 0 { scaled } else { format!("{scaled}e{exponent}").replace('-', "−") }
    };
    let with_sign = |n: i64| format!("{}{}", if n < 0 { "−" } else { "+" }, shown(n));
    AddingUp {
        parts: units.into_iter().map(with_sign).collect(),
        total: format!("{}{}", if sum < 0 { "−" } else { "" }, shown(sum)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_takes_what_rounding_leaves() {
        // Rounded alone, the parts are 1.00000 and the rest 0.33333: one unit short of the total.
        let shown = adding_up(&[0.999_996, 0.333_334_6], Some(1), 1.333_330_6);
        assert_eq!(shown.parts, ["+1.00000", "+0.33333"]);
        assert_eq!(shown.total, "1.33333");
        let shown = adding_up(&[0.400_004, 0.300_004, 0.300_004], Some(2), 1.000_012);
        assert_eq!(shown.parts, ["+0.40000", "+0.30000", "+0.30001"]);
        assert_eq!(shown.total, "1.00001");
    }

    #[test]
    fn without_a_rest_the_part_rounded_furthest_gives_way() {
        let shown = adding_up(&[1.000_004, 1.000_003, -0.5], None, 1.500_007);
        assert_eq!(shown.parts, ["+1.00001", "+1.00000", "−0.50000"]);
        assert_eq!(shown.total, "1.50001");
    }

    #[test]
    fn small_numbers_share_an_exponent_and_cancelling_ones_keep_digits() {
        let shown = adding_up(&[2.5e-9, -1e-9], None, 1.5e-9);
        assert_eq!(shown.parts, ["+2.50000e−9", "−1.00000e−9"]);
        assert_eq!(shown.total, "1.50000e−9");
        let shown = adding_up(&[1.0, -0.999_99], None, 0.000_01);
        assert_eq!(shown.parts, ["+1.000000000", "−0.999990000"]);
        assert_eq!(shown.total, "0.000010000");
    }
}
