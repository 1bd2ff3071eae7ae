//! Columns that name the rows of a table, where its file says so itself.

use crate::arrow::datatypes::Field;

/// What a file says of a column that names its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowNames {
    /// Its metadata declare the column to be the index of a data frame.
    Declared,
    /// It is the first column and has no name, as data frames write their index to text.
    Nameless,
}

/// The key under which the metadata of an Arrow field say it.
const KEY: &str = "deltarule:row-names";

impl RowNames {
    const ALL: [(&'static str, Self); 2] = [("declared", Self::Declared), ("nameless", Self::Nameless)];

    /// What the file of this column says.
    pub(crate) fn of(field: &Field) -> Option<Self> {
        let said = field.metadata().get(KEY)?;
        Self::ALL.iter().find(|(word, _)| word == said).map(|(_, names)| *names)
    }

    /// The column with this said of it.
    pub(crate) fn mark(self, field: Field) -> Field {
        let word = Self::ALL.iter().find(|(_, names)| *names == self).map_or("", |(word, _)| word);
        let mut metadata = field.metadata().clone();
        metadata.insert(KEY.to_owned(), word.to_owned());
        field.with_metadata(metadata)
    }
}

/// The columns that pandas declares to be the index of the frame that it wrote, by the metadata it leaves under its name.
pub(crate) fn pandas_index(metadata: &str) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Pandas {
        /// A name, or the description of a range that no column holds.
        index_columns: Vec<serde_json::Value>,
    }
    let declared = serde_json::from_str::<Pandas>(metadata).map(|pandas| pandas.index_columns);
    let name = |index: serde_json::Value| index.as_str().map(str::to_owned);
    declared.unwrap_or_default().into_iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrow::datatypes::DataType;

    #[test]
    fn a_mark_comes_back() {
        let field = Field::new("x", DataType::Int64, true);
        assert_eq!(RowNames::of(&field), None);
        for (_, names) in RowNames::ALL {
            assert_eq!(RowNames::of(&names.mark(field.clone())), Some(names));
        }
    }

    #[test]
    fn pandas_names_its_index() {
        let range = r#"{"index_columns": [{"kind": "range", "start": 0}], "columns": []}"#;
        assert!(pandas_index(range).is_empty());
        assert_eq!(
            pandas_index(r#"{"index_columns": ["day", "__index_level_1__"]}"#),
            ["day", "__index_level_1__"]
        );
        assert!(pandas_index("{").is_empty());
    }
}
