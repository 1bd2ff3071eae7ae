//! What a user can do about an error, in words that every front end can put into its own.

use std::fmt;

/// Advice that names settings without saying how they are spelled.
///
/// In a template a setting stands between braces, with a value where one is advised: `{eta}`, `{validation=0.1}`. The
/// program words these as flags, Python as keywords; [`Display`](fmt::Display) writes them as a settings file has them.
///
/// ```
/// use deltarule::Hint;
///
/// let hint = Hint::new("{validation=0.1} holds a tenth out");
/// assert_eq!(hint.to_string(), "validation = 0.1 holds a tenth out");
///
/// let flags = hint.worded(|setting| match &setting.value {
///     Some(value) => format!("--{} {value}", setting.name),
///     None => format!("--{}", setting.name),
/// });
/// assert_eq!(flags, "--validation 0.1 holds a tenth out");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    parts: Vec<Part>,
}

/// A setting that a [`Hint`] names, and the value that it advises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advised {
    /// The setting's name in the table of settings.
    pub name: &'static str,
    /// The value to give it, where one is advised.
    pub value: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Setting(Advised),
}

impl Hint {
    /// The advice that `template` gives.
    ///
    /// # Panics
    /// When a brace has no counterpart.
    pub fn new(template: &'static str) -> Self {
        Self { parts: Vec::new() }.and(template)
    }

    /// The same advice, and what `template` adds.
    ///
    /// # Panics
    /// When a brace has no counterpart.
    #[must_use]
    pub fn and(mut self, template: &'static str) -> Self {
        let mut rest = template;
        while let Some((text, after)) = rest.split_once('{') {
            let (setting, after) = after.split_once('}').expect("a setting ends with a brace");
            self.parts.push(Part::Text(text.to_owned()));
            let (name, value) = match setting.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (setting, None),
            };
            self.parts.push(Part::Setting(Advised { name, value }));
            rest = after;
        }
        self.parts.push(Part::Text(rest.to_owned()));
        self
    }

    /// The same advice, and words that are taken as they are: a name from the user's data, a list of what there is.
    #[must_use]
    pub fn text(mut self, text: impl fmt::Display) -> Self {
        self.parts.push(Part::Text(text.to_string()));
        self
    }

    /// The same advice, and a setting with a value that is known only now.
    #[must_use]
    pub fn setting(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.parts.push(Part::Setting(Advised { name, value: Some(value.to_string()) }));
        self
    }

    /// The settings that it names, in order.
    pub fn settings(&self) -> impl Iterator<Item = &Advised> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Setting(advised) => Some(advised),
        })
    }

    /// The advice with every setting as `word` spells it.
    pub fn worded(&self, word: impl Fn(&Advised) -> String) -> String {
        let spelled = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Setting(advised) => word(advised),
        };
        self.parts.iter().map(spelled).collect()
    }
}

impl From<&'static str> for Hint {
    fn from(template: &'static str) -> Self {
        Self::new(template)
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.worded(|advised| match &advised.value {
            Some(value) => format!("{} = {value}", advised.name),
            None => advised.name.to_owned(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_settings_come_back_in_their_order() {
        let hint = Hint::new("choose {target}, or ").setting("drop", "a b").and("; see {task}");
        assert_eq!(hint.to_string(), "choose target, or drop = a b; see task");
        let names: Vec<_> = hint.settings().map(|advised| advised.name).collect();
        assert_eq!(names, ["target", "drop", "task"]);
        assert_eq!(Hint::new("no setting").text(" {at all}").to_string(), "no setting {at all}");
    }
}
