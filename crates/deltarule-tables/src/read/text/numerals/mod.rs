//! Numbers in the ways people write them, and how to tell which way a column has.
//!
//! # For whoever reads a file
//! The plain reader takes `1234.5`, `-3` and `1e5`. Whatever it refuses goes through here, column by column:
//!
//! 1. For each column one [`Evidence`]. [`Evidence::add`] is given each cell that the plain reader refuses (not the missing
//!    ones; of words it looks at a few only), [`Evidence::add_plain`] the count of those that it took. Parts of a file are looked at apart and put together with
//!    [`Evidence::merge`], in their order.
//! 2. [`second_look`] names the columns that were looked at too hastily: words that turn out to be numbers after all, and in
//!    files of decimal commas plain fractions, since there a plain `1.234` may be a thousand. It is empty for nearly every
//!    file. For each column that it names a new [`Evidence::of_all_cells`] takes *every* cell with a value, plain or not,
//!    through [`Evidence::add`].
//! 3. [`resolve()`] takes all columns of the file, since they testify for each other, and gives a [`Decision`] on each:
//!    - [`Plain`](Decision::Plain): nothing to do.
//!    - [`Numerals`](Decision::Numerals): the column is read anew, each cell through [`NumeralFormat::plain`] and then the
//!      plain reader. [`note`](resolve::Numerals::note) is shown to the user; it names the setting `decimal` (`point`, `comma`) where the
//!      column left a doubt. The format belongs to the model: later files are read by it.
//!    - [`MostlyNumbers`](Decision::MostlyNumbers): never to be taken for words in silence. An error with
//!      [`advice`](resolve::Mixture::advice) for a target always, and for a feature where it
//!      [is of numbers](resolve::Mixture::is_of_numbers); else a warning with the same words, and the column is one of
//!      words. With `categorical`, or the strays as missing values, there is nothing left to say.
//!    - [`NotNumbers`](Decision::NotNumbers): words, as before.
//!
//! # What is read
//! Decimal point or comma; groups of three digits by `,` `.` `'` `’` or a blank of any kind, with commas also the Indian
//! groups of two; a currency before or behind; `%` and other units behind *every* value of the column, the value being
//! the number that stands there (12.5 for `12.5%`); a minus before or behind, U+2212 or a dash, or parentheses; a plus;
//! exponents with `e`, `E`, `d` or `D`; `="…"`; full-width and Arabic, Persian, Devanagari and Bengali digits.
//!
//! Not read as numbers: what has zeros in front and no fraction anywhere in its column (`="007"`), versions, addresses,
//! telephone numbers, ranges, fractions, dates, times, ordinals.
//!
//! # What decides between point and comma
//! With a decimal comma `1,234` is about one, with a decimal point a thousand. A column decides by its own cells where one
//! of the two makes more of them numbers. Else the setting decides, else the columns of the file that did decide, by
//! majority, else a `;` between the cells (comma), else the point. Where but a few of many cells need the mark that all
//! other columns speak against, they are strays, not a proof.

mod currency;
mod evidence;
mod mark;
mod resolve;
#[cfg(test)]
mod tests;
mod written;

pub(crate) use evidence::Evidence;
pub use mark::DecimalMark;
pub(crate) use resolve::{Decision, resolve, second_look};

use super::cell::Cell;
use super::decimal::short_decimal;
use super::folded::folded;
use evidence::same_unit;
use serde::{Deserialize, Serialize};
use written::Written;

/// How the numbers of a column are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct NumeralFormat {
    /// What stands before the fraction.
    pub decimal: DecimalMark,
    /// All that stands before and behind every number; empty for nothing.
    pub unit: String,
}

impl NumeralFormat {
    /// The number of a cell in plain digits, such as `-1234.5e-3`, written to the buffer; `None` where the cell is no
    /// number of this format. What it says is exactly what the cell says, so that a reader of plain numbers finds the
    /// same number in both.
    pub(crate) fn plain<'b>(&self, cell: &str, buffer: &'b mut String) -> Option<&'b str> {
        let text = folded(cell)?;
        let written = Written::read(&text)?;
        let unit = [written.before, written.after];
        if self.unit.strip_prefix(unit[0]) != Some(unit[1]) && !same_unit(&unit.concat(), &self.unit) {
            return None;
        }
        buffer.clear();
        if written.negative {
            buffer.push('-');
        }
        if !self.decimal.write(written.body, written.exponent, buffer) {
            return None;
        }
        if !written.exponent.is_empty() {
            buffer.push('e');
            buffer.extend(written.exponent.chars().map(|c| if super::folded::is_minus(c) { '-' } else { c }));
        }
        Some(buffer)
    }

    /// What groups the digits of a cell.
    fn separator(&self, cell: &str) -> Option<char> {
        let text = folded(cell)?;
        let separates = |c: &char| !c.is_ascii_digit() && *c != self.decimal.character();
        Written::read(&text)?.body.chars().find(separates)
    }

    /// The number of a cell: a whole one, or the nearest `f64`; `None` where the cell is no number of this format.
    #[inline]
    pub(crate) fn read(&self, cell: &str, buffer: &mut String) -> Option<Cell> {
        // Most are as plain as can be.
        let short = if self.unit.is_empty() {
            short_decimal(cell.as_bytes(), self.decimal.character() as u8)
        } else {
            None
        };
        short.or_else(|| {
            let plain = self.plain(cell, buffer)?;
            short_decimal(plain.as_bytes(), b'.').or_else(|| {
                if let Ok(integer) = plain.parse() {
                    return Some(Cell::Integer(integer));
                }
                let number: f64 = plain.parse().ok()?;
                Some(if number.is_finite() { Cell::Number(number) } else { Cell::TooLarge })
            })
        })
    }
}
