//! Which cells stand for a missing value, whatever the format they come in.

use super::options::ReadOptions;
use crate::arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use crate::arrow::compute::{cast, nullif};
use crate::arrow::datatypes::{DataType, Float64Type, Int64Type};
use crate::cells;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The markers of missing values.
#[derive(Debug, Clone)]
pub(crate) struct Missing {
    usual: Vec<String>,
    /// Shared by those who read parts of one file.
    said: Arc<Vec<Said>>,
    /// Whether a word for a missing value begins with this byte: most cells need no further look.
    may_begin: [bool; 256],
    /// Whether a number that was said is one of them.
    numbers: bool,
}

/// A marker that the user said.
#[derive(Debug)]
struct Said {
    text: String,
    /// What it is as a number and as a moment, if it is one: `-999` is `-999.00`, too.
    number: Option<f64>,
    moment: Option<i64>,
    met: AtomicBool,
}

impl Missing {
    pub(crate) fn new(options: &ReadOptions) -> Self {
        let mut may_begin = [false; 256];
        for first in
            options.missing.iter().chain(&options.usual_missing).filter_map(|word| word.bytes().next())
        {
            may_begin[usize::from(first)] = true;
        }
        let said = |text: &String| Said {
            text: text.clone(),
            number: cells::number(text).or_else(|| cells::number(&text.replacen(',', ".", 1))),
            moment: cells::moment(text),
            met: AtomicBool::new(false),
        };
        let said: Vec<Said> = options.missing.iter().map(said).collect();
        let numbers = said.iter().any(|said| said.number.is_some());
        Self { usual: options.usual_missing.clone(), said: Arc::new(said), may_begin, numbers }
    }

    /// Whether a cell without blanks around it stands for a missing value by its letters.
    #[inline]
    pub(crate) fn is_word(&self, text: &str) -> bool {
        match text.as_bytes().first() {
            None => true,
            Some(&first) => self.may_begin[usize::from(first)] && self.is_among_words(text),
        }
    }

    fn is_among_words(&self, text: &str) -> bool {
        self.meets(|said| said.text == text) || self.usual.iter().any(|word| word == text)
    }

    /// Whether a number stands for a missing value.
    #[inline]
    pub(crate) fn is_number(&self, number: f64) -> bool {
        self.numbers && self.meets(|said| said.number == Some(number))
    }

    /// Whether text that is not read as a number stands for a missing value, as a word or as a number.
    #[inline]
    pub(crate) fn is_text(&self, text: &str) -> bool {
        self.is_word(text)
            || (self.numbers && cells::number(text).is_some_and(|number| self.is_number(number)))
    }

    /// Whether one of the markers that were said is such; notes that it has been met.
    fn meets(&self, is: impl Fn(&Said) -> bool) -> bool {
        let found = self.said.iter().find(|said| is(said));
        found.is_some_and(|said| {
            said.met.store(true, Ordering::Relaxed);
            true
        })
    }

    /// The column with missing values where its cells stand for them.
    pub(crate) fn strip(&self, array: &ArrayRef) -> ArrayRef {
        let missing = match array.data_type() {
            DataType::Utf8 => {
                let texts = array.as_string::<i32>();
                // Blank text is left to those who read it.
                let is = |text: &str| !text.is_empty() && self.is_text(text);
                marks(texts.iter().map(|text| text.is_some_and(|text| is(text.trim()))))
            }
            DataType::Int64 | DataType::Float32 | DataType::Float64 if self.numbers => {
                let Ok(numbers) = cast(array, &DataType::Float64) else { return Arc::clone(array) };
                let numbers = numbers.as_primitive::<Float64Type>();
                marks(numbers.iter().map(|number| number.is_some_and(|number| self.is_number(number))))
            }
            DataType::Date32 | DataType::Timestamp(..)
                if self.said.iter().any(|said| said.moment.is_some()) =>
            {
                let Ok(micros) = cast(array, &super::cell_format::TIMESTAMP) else {
                    return Arc::clone(array);
                };
                let Ok(micros) = cast(&micros, &DataType::Int64) else { return Arc::clone(array) };
                let micros = micros.as_primitive::<Int64Type>();
                let is = |micros: i64| self.meets(|said| said.moment == Some(micros));
                marks(micros.iter().map(|micros| micros.is_some_and(is)))
            }
            _ => None,
        };
        match missing {
            Some(missing) => nullif(array, &missing).unwrap_or_else(|_| Arc::clone(array)),
            None => Arc::clone(array),
        }
    }

    /// The markers that were said and that no cell has been so far.
    pub(crate) fn unmet(&self) -> Vec<&str> {
        let unmet = self.said.iter().filter(|said| !said.met.load(Ordering::Relaxed));
        unmet.map(|said| said.text.as_str()).collect()
    }
}

/// Where a column has missing values, if it has any.
fn marks(missing: impl Iterator<Item = bool>) -> Option<BooleanArray> {
    let missing: Vec<bool> = missing.collect();
    missing.contains(&true).then(|| BooleanArray::from(missing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrow::array::{Date32Array, Float32Array, Int64Array, StringArray};

    fn missing(said: &[&str]) -> Missing {
        let said = said.iter().map(|&text| text.to_owned()).collect();
        Missing::new(&ReadOptions { missing: said, ..ReadOptions::default() })
    }

    #[test]
    fn a_marker_is_the_same_in_every_spelling_and_type() {
        let missing = missing(&["-999", "n.a.", "1900-01-01"]);
        for text in ["-999", "-999.0", "-9.99e2", "n.a.", "NA", "", "None"] {
            assert!(missing.is_text(text), "{text}");
        }
        for text in ["-9990", "999", "n.a", "none", "na"] {
            assert!(!missing.is_text(text), "{text}");
        }
        let nulls = |array: ArrayRef| missing.strip(&array).null_count();
        assert_eq!(nulls(Arc::new(Int64Array::from(vec![-999, 3, -999]))), 2);
        assert_eq!(nulls(Arc::new(Float32Array::from(vec![-999.0, 3.5]))), 1);
        assert_eq!(
            nulls(Arc::new(StringArray::from(vec![Some("-999.00"), None, Some("x"), Some(" n.a. ")]))),
            3
        );
        assert_eq!(nulls(Arc::new(Date32Array::from(vec![-25_567, 0]))), 1);
    }

    #[test]
    fn what_no_cell_was_is_remembered() {
        let missing = missing(&["-999", "n.a.", "-1"]);
        assert!(missing.is_number(-999.0));
        assert_eq!(missing.unmet(), ["n.a.", "-1"]);
        assert!(missing.clone().is_word("n.a."));
        assert_eq!(missing.unmet(), ["-1"]);
    }

    #[test]
    fn numbers_cost_nothing_where_none_was_said() {
        let usual = missing(&[]);
        let numbers = Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef;
        assert!(Arc::ptr_eq(&usual.strip(&numbers), &numbers));
    }
}
