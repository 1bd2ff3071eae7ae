//! `name` or `name:parameter`: how an activation or a cost is written.

use crate::error::{Error, Result};

/// A name with its parameter, if one was given and not yet asked for.
pub(crate) struct Spec<'a> {
    what: &'static str,
    pub(crate) name: &'a str,
    parameter: Option<&'a str>,
}

impl<'a> Spec<'a> {
    pub(crate) fn parse(what: &'static str, text: &'a str) -> Self {
        match text.trim().split_once(':') {
            Some((name, parameter)) => Self { what, name: name.trim(), parameter: Some(parameter.trim()) },
            None => Self { what, name: text.trim(), parameter: None },
        }
    }

    /// The parameter, or `usual` where none was given.
    pub(crate) fn parameter_or(&mut self, usual: f64) -> Result<f64> {
        let Some(text) = self.parameter.take() else { return Ok(usual) };
        text.parse().map_err(|_| {
            Error::setting(
                format!("{} {}", self.what, self.name),
                "a number after the colon",
                format!("`{text}`"),
            )
            .with_hint(format!("as in {}:{usual}", self.name))
        })
    }

    /// Refuses a parameter that nobody asked for.
    pub(crate) fn finish(self) -> Result<()> {
        match self.parameter {
            None => Ok(()),
            Some(text) => Err(Error::setting(
                format!("{} {}", self.what, self.name),
                "no parameter",
                format!("`{text}`"),
            )),
        }
    }
}
