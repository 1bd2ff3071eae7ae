//! What a setting can hold, and how text and files say it.

use super::setting::{Choice, Kind};
use crate::error::{Error, Result};
use crate::variants::Variants;
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;

/// A setting's value as a file or a program hands it over.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Whole(i128),
    /// Any other number.
    Number(f64),
    /// A text or a name.
    Text(String),
    /// Several of them.
    List(Vec<Value>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Whole(number) => write!(f, "{number}"),
            Self::Number(number) if (f64::MIN_POSITIVE..1e-4).contains(number) => write!(f, "{number:e}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::List(values) if values.is_empty() => f.write_str("none"),
            Self::List(values) => {
                let values: Vec<_> = values.iter().map(Self::to_string).collect();
                f.write_str(&values.join(","))
            }
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            // The widest that JSON and TOML have.
            Self::Whole(number) => match (i64::try_from(*number), u64::try_from(*number)) {
                (Ok(number), _) => serializer.serialize_i64(number),
                (_, Ok(number)) => serializer.serialize_u64(number),
                _ => serializer.serialize_i128(*number),
            },
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(values) => serializer.collect_seq(values),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a truth value, a number, a text or a list of them")
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
                Ok(Value::Flag(flag))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
                Ok(Value::Whole(number.into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
                Ok(Value::Whole(number.into()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
                Ok(Value::Number(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Value, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = all.next_element()? {
                    match value {
                        Value::List(_) => return Err(A::Error::custom("expected no list within a list")),
                        value => values.push(value),
                    }
                }
                Ok(Value::List(values))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

impl Value {
    /// As a message quotes it: a text between backticks.
    fn quoted(&self) -> String {
        match self {
            Self::Text(text) => format!("`{text}`"),
            Self::Flag(_) | Self::Whole(_) | Self::Number(_) | Self::List(_) => self.to_string(),
        }
    }
}

/// A type that a setting can have.
pub trait SettingValue: Sized {
    /// Which kind its values are of.
    const KIND: Kind;

    /// The value of the setting `name`.
    ///
    /// # Errors
    /// [`Error::Setting`] or [`Error::UnknownName`] where it is none of this type.
    fn from_value(name: &str, value: &Value) -> Result<Self>;

    /// The value to write down.
    fn to_value(&self) -> Value;
}

fn refused<T>(name: &str, expected: impl ToString, found: &Value) -> Result<T> {
    Err(Error::setting(name, expected, found.quoted()))
}

impl SettingValue for bool {
    const KIND: Kind = Kind::Flag;

    fn from_value(name: &str, value: &Value) -> Result<Self> {
        match value {
            Value::Flag(flag) => Ok(*flag),
            other => refused(name, "true or false", other),
        }
    }

    fn to_value(&self) -> Value {
        Value::Flag(*self)
    }
}

impl SettingValue for f64 {
    const KIND: Kind = Kind::Number;

    fn from_value(name: &str, value: &Value) -> Result<Self> {
        match value {
            Value::Number(number) => Ok(*number),
            Value::Whole(number) => Ok(*number as f64),
            other => refused(name, "a number", other),
        }
    }

    fn to_value(&self) -> Value {
        Value::Number(*self)
    }
}

/// Types of whole numbers.
macro_rules! whole {
    ($($type:ty),+) => {
        $(impl SettingValue for $type {
            const KIND: Kind = Kind::Whole;

            fn from_value(name: &str, value: &Value) -> Result<Self> {
                match value {
                    Value::Whole(number) => match <$type>::try_from(*number) {
                        Ok(number) => Ok(number),
                        Err(_) if *number < 0 => refused(name, "a whole number from 0 up", value),
                        Err(_) => refused(name, format!("a whole number up to {}", <$type>::MAX), value),
                    },
                    other => refused(name, "a whole number from 0 up", other),
                }
            }

            fn to_value(&self) -> Value {
                // No type here is wider than 64 bits.
                Value::Whole(*self as i128)
            }
        })+
    };
}

whole!(u32, u64, usize);

impl SettingValue for String {
    const KIND: Kind = Kind::Text;

    fn from_value(name: &str, value: &Value) -> Result<Self> {
        match value {
            Value::Text(text) => Ok(text.clone()),
            other => refused(name, "text", other),
        }
    }

    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl SettingValue for char {
    const KIND: Kind = Kind::Text;

    fn from_value(name: &str, value: &Value) -> Result<Self> {
        let text = String::from_value(name, value)?;
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => Ok(character),
            _ => refused(name, "a single character", value),
        }
    }

    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl SettingValue for Vec<String> {
    const KIND: Kind = Kind::Names;

    fn from_value(name: &str, value: &Value) -> Result<Self> {
        match value {
            Value::List(values) => values.iter().map(|value| String::from_value(name, value)).collect(),
            one => Ok(vec![String::from_value(name, one)?]),
        }
    }

    fn to_value(&self) -> Value {
        Value::List(self.iter().map(String::to_value).collect())
    }
}

impl SettingValue for Vec<usize> {
    const KIND: Kind = Kind::Widths;

    fn from_value(name: &str, value: &Value) -> Result<Self> {
        let width = |value: &Value| usize::from_value(name, value);
        match value {
            Value::List(values) => values.iter().map(width).collect(),
            Value::Whole(_) => Ok(vec![width(value)?]),
            other => refused(name, "widths such as 100,100, or `none`", other),
        }
    }

    fn to_value(&self) -> Value {
        Value::List(self.iter().map(usize::to_value).collect())
    }
}

impl<V: Variants> SettingValue for V {
    const KIND: Kind = Kind::Choice(Choice::of::<V>());

    fn from_value(name: &str, value: &Value) -> Result<Self> {
        match value {
            Value::Text(text) => text.parse(),
            other => refused(name, format!("the name of a {}", V::WHAT), other),
        }
    }

    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Activation;

    fn said<T: SettingValue>(text: &str) -> Result<T, String> {
        T::from_value("it", &T::KIND.read(text)).map_err(|error| error.to_string())
    }

    #[test]
    fn words_become_values_or_say_what_was_expected() {
        assert_eq!(said("true"), Ok(true));
        assert_eq!(said("1e-3"), Ok(0.001));
        assert_eq!(said("12"), Ok(12_u32));
        assert_eq!(said("8, 4"), Ok(vec![8_usize, 4]));
        assert_eq!(said("none"), Ok(Vec::<usize>::new()));
        assert_eq!(said("a,b c"), Ok(vec!["a".to_owned(), "b c".to_owned()]));
        assert_eq!(said(";"), Ok(';'));
        assert_eq!(said("elu:2"), Ok(Activation::Elu { alpha: 2.0 }));
        for (refused, expected) in [
            (said::<bool>("yes").err(), "it: expected true or false, found `yes`"),
            (said::<f64>("ten").err(), "it: expected a number, found `ten`"),
            (said::<usize>("-1").err(), "it: expected a whole number from 0 up, found -1"),
            (said::<usize>("1.5").err(), "it: expected a whole number from 0 up, found `1.5`"),
            (
                said::<u32>("99999999999").err(),
                "it: expected a whole number up to 4294967295, found 99999999999",
            ),
            (said::<Vec<usize>>("ten").err(), "it: expected widths such as 100,100, or `none`, found `ten`"),
            (said::<char>("ab").err(), "it: expected a single character, found `ab`"),
        ] {
            assert_eq!(refused.as_deref(), Some(expected));
        }
        assert!(said::<Activation>("sigmiod").unwrap_err().starts_with("unknown activation `sigmiod`"));
    }

    #[test]
    fn values_survive_being_written() {
        let values = [
            Value::Flag(true),
            Value::Whole(3),
            Value::Whole(-3),
            Value::Whole(u64::MAX.into()),
            Value::Number(0.1),
            Value::Text("a".to_owned()),
            Value::List(vec![Value::Whole(8), Value::Whole(4)]),
        ];
        for value in values {
            let json = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value, "{json}");
        }
    }
}
