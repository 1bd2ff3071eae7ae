//! JSON lines: one flat object a line. `serde_json` tells the values apart; each is then a cell like those of CSV
//! files, so that numbers, missing values and messages are the same.

use super::blocks::Block;
use super::cells::{CellCounts, CellRules};
use super::column::ColumnReader;
use super::dialect::Dialect;
use super::row_format::{RowFormat, Survey, SurveyedColumn};
use crate::arrow::array::ArrayRef;
use crate::arrow::datatypes::Field;
use crate::error::{Place, TableError, shown};
use crate::read::options::ReadOptions;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// A file of JSON lines.
pub(crate) struct JsonLines {
    file: PathBuf,
    rules: CellRules,
    unneeded: Vec<String>,
}

/// What is wrong with a line: the character in it (from one), the column, and the rest.
struct LineError {
    character: u64,
    column: Option<String>,
    expected: String,
    found: String,
    hint: Option<&'static str>,
}

/// One value of a line.
struct Value<'a> {
    name: Cow<'a, str>,
    content: Content<'a>,
    raw: &'a str,
}

enum Content<'a> {
    Missing,
    Number(&'a str),
    Text(Cow<'a, str>),
    /// An object or a list.
    Nested,
}

impl JsonLines {
    pub(crate) fn new(file: &Path, options: &ReadOptions) -> Self {
        let unneeded = options.unneeded.clone();
        Self { file: file.to_owned(), rules: CellRules::new(options), unneeded }
    }

    fn is_refused(&self, value: &Value<'_>) -> bool {
        matches!(value.content, Content::Nested) && !self.unneeded.iter().any(|name| *name == value.name)
    }

    /// Calls `see` with the number of each line that is not blank and its values.
    fn lines(
        &self,
        block: &Block,
        mut see: impl FnMut(u64, &str, &[Value<'_>]) -> Result<(), LineError>,
    ) -> Result<u64, TableError> {
        let mut rows = 0;
        for (i, line) in lines_of(&block.bytes) {
            let seen = values(line).and_then(|(line, values)| {
                match values.iter().find(|value| self.is_refused(value)) {
                    Some(value) => Err(nested(line, value)),
                    None => see(rows, line, &values),
                }
            });
            if let Err(error) = seen {
                let mut wrong = TableError::data(&self.file, error.expected, error.found)
                    .at_line(block.line + i, Some(error.character));
                if let Some(column) = error.column {
                    wrong = wrong.in_column(column);
                }
                return Err(match error.hint {
                    Some(hint) => wrong.hint(hint),
                    None => wrong,
                });
            }
            rows += 1;
        }
        Ok(rows)
    }
}

/// The lines of a block that are not blank, with their numbers from zero.
fn lines_of(text: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    (0..).zip(text.split(|&b| b == b'\n')).filter(|(_, line)| !line.trim_ascii().is_empty())
}

/// The text of one line, and its values in order.
fn values(line: &[u8]) -> Result<(&str, Vec<Value<'_>>), LineError> {
    let plain = |character: usize, expected: &str, found: String| LineError {
        character: character as u64,
        column: None,
        expected: expected.to_owned(),
        found,
        hint: None,
    };
    let line = std::str::from_utf8(line).map_err(|e| {
        plain(e.valid_up_to() + 1, "text in UTF-8", format!("the byte 0x{:02x}", line[e.valid_up_to()]))
    })?;
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let entries =
        deserializer.deserialize_map(Entries).and_then(|entries| deserializer.end().map(|()| entries));
    let entries = entries.map_err(|e| {
        let reason = e.to_string();
        // The place stands in front of the whole message already.
        let reason = reason.split(" at line ").next().unwrap_or(&reason).to_owned();
        let hint = line
            .trim_ascii_start()
            .starts_with('[')
            .then_some("a list of objects becomes lines by: jq -c '.[]'");
        LineError { hint, ..plain(e.column().max(1), "one JSON object a line", reason) }
    })?;
    let mut values = Vec::with_capacity(entries.len());
    for (name, raw) in entries {
        let raw = raw.get();
        let content = match raw.as_bytes().first() {
            Some(b'n') => Content::Missing,
            Some(b't' | b'f') => Content::Text(Cow::Borrowed(raw)),
            Some(b'"') => match serde_json::from_str::<Text<'_>>(raw) {
                Ok(text) => Content::Text(text.0),
                Err(e) => return Err(plain(character(line, raw), "a string", e.to_string())),
            },
            Some(b'{' | b'[') => Content::Nested,
            _ => Content::Number(raw),
        };
        values.push(Value { name, content, raw });
    }
    Ok((line, values))
}

/// The character of `line`, from one, at which its part `raw` begins.
fn character(line: &str, raw: &str) -> usize {
    let offset = (raw.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
    line.get(..offset).map_or(0, |before| before.chars().count()) + 1
}

/// The names and the raw values of an object.
struct Entries;

impl<'a> Visitor<'a> for Entries {
    type Value = Vec<(Cow<'a, str>, &'a RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries: Self::Value = Vec::new();
        while let Some((name, raw)) = map.next_entry::<Text<'a>, &RawValue>()? {
            entries.push((name.0, raw));
        }
        Ok(entries)
    }
}

/// A string, borrowed where it holds no escapes.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl RowFormat for JsonLines {
    fn dialect(&self) -> Option<Dialect> {
        None
    }

    fn rules(&self) -> &CellRules {
        &self.rules
    }

    fn survey(&self, block: &Block, _: bool) -> Result<Survey, TableError> {
        let mut columns: Vec<SurveyedColumn> = Vec::new();
        let mut positions: HashMap<String, (usize, u64)> = HashMap::new();
        let rows = self.lines(block, |row, line, values| {
            for (i, value) in values.iter().enumerate() {
                // Most lines have their values in the same order.
                let same = columns.get(i).is_some_and(|column| column.name == value.name);
                let at = match positions.get_mut(value.name.as_ref()) {
                    Some((_, last)) if *last == row => return Err(twice(line, value)),
                    Some((at, last)) => {
                        *last = row;
                        if same { i } else { *at }
                    }
                    None => {
                        positions.insert(value.name.clone().into_owned(), (columns.len(), row));
                        columns.push(SurveyedColumn {
                            name: value.name.clone().into_owned(),
                            counts: CellCounts::default(),
                        });
                        columns.len() - 1
                    }
                };
                let counts = &mut columns[at].counts;
                match &value.content {
                    Content::Missing | Content::Nested => counts.missing += 1,
                    Content::Number(number) => counts.add(self.rules.read(number), number, row),
                    Content::Text(text) if self.rules.missing.is_text(text) => counts.missing += 1,
                    Content::Text(text) => counts.add_text(text, row),
                }
            }
            Ok(())
        })?;
        Ok(Survey { rows, columns, arrays: vec![], indices: None })
    }

    fn read(&self, block: &Block, columns: &[(usize, Field)]) -> Result<Vec<ArrayRef>, TableError> {
        let positions: HashMap<&str, usize> =
            columns.iter().enumerate().map(|(i, (_, field))| (field.name().as_str(), i)).collect();
        let mut arrays: Vec<ColumnReader> =
            columns.iter().map(|(_, field)| ColumnReader::new(field, 0)).collect();
        let mut lengths = vec![0; columns.len()];
        self.lines(block, |row, line, values| {
            for value in values {
                let Some(&at) = positions.get(value.name.as_ref()) else { continue };
                lengths[at] = row + 1;
                let pushed = match &value.content {
                    Content::Missing | Content::Nested => {
                        arrays[at].push_missing();
                        Ok(())
                    }
                    Content::Number(text) => arrays[at].push(text, &self.rules),
                    Content::Text(text) => arrays[at].push(text, &self.rules),
                };
                pushed.map_err(|error| LineError {
                    character: character(line, value.raw) as u64,
                    column: Some(value.name.clone().into_owned()),
                    expected: error.expected().to_owned(),
                    found: shown(value.raw),
                    hint: None,
                })?;
            }
            for (array, length) in arrays.iter_mut().zip(&mut lengths) {
                if *length <= row {
                    array.push_missing();
                    *length = row + 1;
                }
            }
            Ok(())
        })?;
        Ok(arrays.into_iter().map(ColumnReader::finish).collect())
    }

    fn place(&self, block: &Block, row: u64, column: Option<&str>) -> Place {
        let Some((i, line)) = lines_of(&block.bytes).nth(usize::try_from(row).unwrap_or(usize::MAX)) else {
            return Place::Whole;
        };
        let Ok((text, values)) = values(line) else {
            return Place::Line { line: block.line + i, column: None };
        };
        let value = column.and_then(|column| values.iter().find(|value| value.name == column));
        Place::Line { line: block.line + i, column: value.map(|value| character(text, value.raw) as u64) }
    }
}

fn nested(line: &str, value: &Value<'_>) -> LineError {
    LineError {
        character: character(line, value.raw) as u64,
        column: Some(value.name.clone().into_owned()),
        expected: "one value a cell".to_owned(),
        found: if value.raw.starts_with('{') { "an object".to_owned() } else { "a list".to_owned() },
        hint: Some(
            "flatten the objects first, for example with jq, or {drop} the column in training; {keep} cannot write it",
        ),
    }
}

fn twice(line: &str, value: &Value<'_>) -> LineError {
    LineError {
        character: character(line, value.raw) as u64,
        column: None,
        expected: "names that differ".to_owned(),
        found: format!("{} twice", shown(&value.name)),
        hint: None,
    }
}
