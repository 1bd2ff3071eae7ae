//! What the user should know of a table that can be used all the same.

use deltarule::Hint;
use deltarule::hint::Advised;
use std::fmt;

/// Something that was assumed, left out or met for the first time: it stops nothing, but a user should know.
///
/// ```
/// use deltarule_tables::Notice;
///
/// let notice = Notice::new("column `id` numbers the rows and is left out")
///     .in_column("id")
///     .hint("{numeric=id} uses it");
/// assert_eq!(notice.to_string(), "column `id` numbers the rows and is left out; numeric = id uses it");
/// let flags = notice.worded(|setting| format!("--{}", setting.name));
/// assert_eq!(flags, "column `id` numbers the rows and is left out; --numeric uses it");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    table: Option<&'static str>,
    column: Option<String>,
    message: String,
    hint: Option<Hint>,
}

impl Notice {
    /// Says this, a sentence without its full stop.
    pub fn new(message: impl Into<String>) -> Self {
        Self { table: None, column: None, message: message.into(), hint: None }
    }

    /// The same notice, about the column of this name.
    #[must_use]
    pub fn in_column(mut self, name: impl Into<String>) -> Self {
        self.column = Some(name.into());
        self
    }

    /// The same notice, with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Hint>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same notice, about a table other than the one that trains: `validation`, `test`.
    #[must_use]
    pub fn of(mut self, table: &'static str) -> Self {
        self.table = Some(table);
        self
    }

    /// The table it is about, where that is not the one that trains.
    pub fn table(&self) -> Option<&'static str> {
        self.table
    }

    /// The name of the column it is about, where it is about one.
    pub fn column(&self) -> Option<&str> {
        self.column.as_deref()
    }

    /// What it says.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What can be done, where something can.
    pub fn advice(&self) -> Option<&Hint> {
        self.hint.as_ref()
    }

    /// The whole of it in one line, with every setting as `word` spells it.
    pub fn worded(&self, word: impl Fn(&Advised) -> String) -> String {
        let table = self.table.map(|table| format!("{table}: ")).unwrap_or_default();
        let hint = self.hint.as_ref().map(|hint| format!("; {}", hint.worded(word))).unwrap_or_default();
        format!("{table}{}{hint}", self.message)
    }
}

/// In one line, with settings as a settings file has them.
impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(table) = self.table {
            write!(f, "{table}: ")?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}
