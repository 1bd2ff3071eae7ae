//! A table of settings: each is written once, and all that a front end needs to know of it follows.

use super::value::{Kind, Value};
use crate::error::{Error, Result};
use crate::interval::Interval;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Bound;

/// One setting, as its line in the table says.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name: a key in files, a flag behind two dashes.
    pub name: &'static str,
    /// Other names that users of the field know it by.
    pub aliases: &'static [&'static str],
    /// What it holds.
    pub kind: Kind,
    /// The numbers that it can take.
    pub range: Option<Interval>,
    /// Its value where the user is silent, if it is the same for every task and preset.
    pub default: Option<fn() -> Value>,
    /// What happens without it where no value stands for that, in English and Korean.
    pub otherwise: Option<[&'static str; 2]>,
    /// What it counts or measures.
    pub unit: Option<&'static str>,
    /// How a value is written, for usage lines: `COLUMNS`.
    pub form: &'static str,
    /// Whether a value may begin with a dash though it is no number.
    pub dashes: bool,
    /// The choice without which it has no meaning.
    pub need: Option<Need>,
    /// What it is, in a line of English.
    pub en: &'static str,
    /// The same in Korean.
    pub ko: &'static str,
    /// What it belongs to.
    pub group: Group,
}

/// Settings that are listed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its heading in English.
    pub en: &'static str,
    /// Its heading in Korean.
    pub ko: &'static str,
}

/// A setting of the same table that must have one of some values.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    /// The other setting, which comes before.
    pub setting: &'static str,
    /// Its values, without their parameters.
    pub values: &'static [&'static str],
}

impl Need {
    /// The other setting's value, where it is not one of those that are needed.
    fn missed(&self, table: &dyn SettingsTable) -> Option<String> {
        let value = table.get(self.setting).map_or(String::new(), |value| value.to_string());
        let name = value.split(':').next().unwrap_or_default();
        (!self.values.contains(&name)).then_some(value)
    }
}

impl Setting {
    /// A setting of which no more is known. The methods that follow add the rest.
    pub const fn new(
        name: &'static str,
        kind: Kind,
        group: Group,
        en: &'static str,
        ko: &'static str,
    ) -> Self {
        let form = match kind {
            Kind::Flag => "true|false",
            Kind::Whole => "N",
            Kind::Number => "NUMBER",
            Kind::Text => "TEXT",
            Kind::Names => "NAMES",
            Kind::Widths => "WIDTHS",
            Kind::Choice(_) => "NAME",
        };
        Self {
            name,
            aliases: &[],
            kind,
            range: None,
            default: None,
            otherwise: None,
            unit: None,
            form,
            dashes: false,
            need: None,
            en,
            ko,
            group,
        }
    }

    /// With other names.
    pub const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// With the numbers that it can take.
    pub const fn range(self, range: Interval) -> Self {
        Self { range: Some(range), ..self }
    }

    /// With the value that it has where the user is silent.
    pub const fn default(self, default: fn() -> Value) -> Self {
        Self { default: Some(default), ..self }
    }

    /// With what happens without it, in English and Korean.
    pub const fn otherwise(self, en: &'static str, ko: &'static str) -> Self {
        Self { otherwise: Some([en, ko]), ..self }
    }

    /// With what it counts or measures.
    pub const fn unit(self, unit: &'static str) -> Self {
        Self { unit: Some(unit), ..self }
    }

    /// With how a value is written.
    pub const fn form(self, form: &'static str) -> Self {
        Self { form, ..self }
    }

    /// With values that may begin with a dash though they are no numbers.
    pub const fn dashes(self) -> Self {
        Self { dashes: true, ..self }
    }

    /// With the setting that must have one of these values.
    pub const fn need(self, setting: &'static str, values: &'static [&'static str]) -> Self {
        Self { need: Some(Need { setting, values }), ..self }
    }

    /// Whether it goes by this name.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }

    /// Whether the value lies in the range.
    ///
    /// # Errors
    /// [`Error::Setting`] that names the range.
    pub fn check(&self, value: &Value) -> Result<()> {
        let Some(range) = self.range else { return Ok(()) };
        match value {
            Value::Number(number) if !range.contains(*number) => {
                Err(Error::setting(self.name, range, number))
            }
            Value::Whole(number) if !range.contains(*number as f64) => {
                Err(Error::setting(self.name, self.range_in_words(range), number))
            }
            Value::List(values) => {
                let outside = |value: &Value| matches!(value, Value::Whole(n) if !range.contains(*n as f64));
                match values.iter().position(outside) {
                    Some(i) => Err(Error::setting(
                        self.name,
                        format!("widths of {}", self.range_in_words(range)),
                        format!("{} for hidden layer {}", values[i], i + 1),
                    )),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// The range, of whole numbers in fewer words.
    fn range_in_words(&self, range: Interval) -> String {
        match (self.kind, range.low(), range.high()) {
            (Kind::Whole | Kind::Widths, Bound::Included(low), Bound::Unbounded) => format!("{low} or more"),
            (Kind::Whole, Bound::Included(low), Bound::Excluded(high)) => {
                format!("a whole number from {low} to below {}", high as i128)
            }
            _ => range.to_string(),
        }
    }
}

/// A struct whose fields are settings, all optional. [`settings!`](crate::settings!) implements it.
pub trait SettingsTable {
    /// All settings, in the order in which they are listed.
    fn table(&self) -> &'static [Setting];

    /// What was said of a setting.
    fn get(&self, name: &str) -> Option<Value>;

    /// Says a setting by one of its names.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a name that no setting has, and what [`from_value`](super::SettingValue::from_value) refuses.
    fn set(&mut self, name: &str, value: &Value) -> Result<()>;

    /// The setting of this name.
    ///
    /// # Errors
    /// [`Error::UnknownName`] that suggests the nearest one.
    fn find(&self, name: &str) -> Result<&'static Setting> {
        let found = self.table().iter().find(|setting| setting.is_called(name));
        found.ok_or_else(|| {
            let names: Vec<_> = self.table().iter().map(|setting| setting.name).collect();
            Error::unknown("field", name, &names)
        })
    }

    /// Whether every value that was said lies in its range.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first that does not.
    fn check(&self) -> Result<()> {
        self.table().iter().try_for_each(|setting| match self.get(setting.name) {
            Some(value) => setting.check(&value),
            None => Ok(()),
        })
    }

    /// Takes from `usual` what is still open, where it has a meaning beside the other settings.
    ///
    /// # Errors
    /// [`Error::Setting`] for a value outside its range and for one that the other settings have no use for.
    fn complete(&mut self, usual: &Self) -> Result<()>
    where
        Self: Sized,
    {
        for setting in self.table() {
            let said = self.get(setting.name);
            if let Some((need, found)) = setting.need.and_then(|need| Some((need, need.missed(self)?))) {
                if let Some(value) = said {
                    let without = match need.values {
                        ["true"] => format!("nothing without {}", need.setting),
                        _ => format!("nothing with {} {found}", need.setting),
                    };
                    return Err(Error::setting(setting.name, without, value));
                }
                continue;
            }
            if let Some(value) = said.or_else(|| usual.get(setting.name)) {
                setting.check(&value)?;
                self.set(setting.name, &value)?;
            }
        }
        Ok(())
    }
}

/// Writes a struct of settings and its table together.
///
/// Each line has the documentation in English, the field with its type and its default if that is always the same, the
/// documentation in Korean, and what else there is to say of it: see the methods of [`Setting`](crate::settings::Setting).
///
/// ```
/// use deltarule::settings::{Group, SettingsTable};
/// use deltarule::{Activation, Interval};
///
/// const TEA: Group = Group { en: "Tea", ko: "차" };
///
/// deltarule::settings! {
///     /// How tea is made.
///     pub struct Brewing {
///         TEA {
///             /// Time in the water
///             steep_for: f64 = 180.0, "우리는 시간", range(Interval::above(0.0)), unit("seconds");
///             /// How sweetness acts
///             sweetness: Activation, "단맛의 작용";
///         }
///     }
/// }
///
/// let mut said = Brewing { steep_for: Some(0.0), ..Brewing::default() };
/// assert_eq!(said.check().unwrap_err().to_string(), "steep-for: expected a finite number above 0, found 0");
/// said = Brewing::default().or(Brewing::defaults());
/// assert_eq!(said.steep_for, Some(180.0));
/// assert_eq!(serde_json::to_string(&said)?, r#"{"steep-for":180.0}"#);
/// assert_eq!(Brewing::TABLE[0].unit, Some("seconds"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! settings {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $table:ident {
            $($group:ident {
                $(
                    #[doc = $en:literal]
                    $(#[$more:meta])*
                    $field:ident: $type:ty $(= $default:expr)?, $ko:literal
                        $(, $column:ident($($value:expr),*))*;
                )+
            })+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, Default, PartialEq)]
        $visibility struct $table {
            $($(
                #[doc = $en]
                $(#[$more])*
                pub $field: Option<$type>,
            )+)+
        }

        impl $table {
            /// Every setting, in the order in which they are listed.
            pub const TABLE: &'static [$crate::settings::Setting] = &[$($(
                $crate::settings::Setting::new(
                    $crate::setting_name!($field),
                    <$type as $crate::settings::SettingValue>::KIND,
                    $group,
                    $en.trim_ascii(),
                    $ko,
                )
                $(.default(|| <$type as $crate::settings::SettingValue>::to_value(&$default)))?
                $(.$column($($value),*))*,
            )+)+];

            /// The defaults that are the same for every task and preset; the rest is silent.
            pub fn defaults() -> Self {
                Self {
                    $($($field: [$(Some::<$type>($default),)? None].into_iter().next().flatten(),)+)+
                }
            }

            /// These settings, and those of `base` where these are silent.
            #[must_use]
            pub fn or(self, base: Self) -> Self {
                Self {
                    $($($field: self.$field.or(base.$field),)+)+
                }
            }
        }

        impl $crate::settings::SettingsTable for $table {
            fn table(&self) -> &'static [$crate::settings::Setting] {
                Self::TABLE
            }

            fn get(&self, name: &str) -> Option<$crate::settings::Value> {
                let name = self.find(name).ok()?.name;
                $($(if name == $crate::setting_name!($field) {
                    return self.$field.as_ref().map($crate::settings::SettingValue::to_value);
                })+)+
                None
            }

            fn set(&mut self, name: &str, value: &$crate::settings::Value) -> $crate::Result<()> {
                let name = self.find(name)?.name;
                $($(if name == $crate::setting_name!($field) {
                    self.$field = Some($crate::settings::SettingValue::from_value(name, value)?);
                })+)+
                Ok(())
            }
        }

        impl $crate::settings::serde::Serialize for $table {
            fn serialize<S: $crate::settings::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::settings::serialize(self, serializer)
            }
        }

        impl<'de> $crate::settings::serde::Deserialize<'de> for $table {
            fn deserialize<D: $crate::settings::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::settings::deserialize(deserializer)
            }
        }
    };
}

/// `eta_biases` as `eta-biases`.
#[doc(hidden)]
#[macro_export]
macro_rules! setting_name {
    ($field:ident) => {{
        const LENGTH: usize = stringify!($field).len();
        const BYTES: [u8; LENGTH] = $crate::settings::dashed(stringify!($field));
        const NAME: &str = match std::str::from_utf8(&BYTES) {
            Ok(name) => name,
            Err(_) => panic!("a name is UTF-8 with dashes, too"),
        };
        NAME
    }};
}

#[doc(hidden)]
pub const fn dashed<const LENGTH: usize>(name: &str) -> [u8; LENGTH] {
    let (bytes, mut dashed, mut i) = (name.as_bytes(), [b'-'; LENGTH], 0);
    while i < LENGTH {
        if bytes[i] != b'_' {
            dashed[i] = bytes[i];
        }
        i += 1;
    }
    dashed
}

/// What was said, as a map in the order of the table.
#[doc(hidden)]
pub fn serialize<S: Serializer>(table: &dyn SettingsTable, serializer: S) -> Result<S::Ok, S::Error> {
    let said = |setting: &Setting| Some((setting.name, table.get(setting.name)?));
    let said: Vec<_> = table.table().iter().filter_map(said).collect();
    let mut map = serializer.serialize_map(Some(said.len()))?;
    said.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
    map.end()
}

#[doc(hidden)]
pub fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: SettingsTable + Default,
    D: Deserializer<'de>,
{
    struct Said<T>(PhantomData<T>);

    impl<'de, T: SettingsTable + Default> Visitor<'de> for Said<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("settings by name")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
            let mut table = T::default();
            while let Some((name, value)) = map.next_entry::<String, Value>()? {
                table.set(&name, &value).map_err(A::Error::custom)?;
            }
            Ok(table)
        }
    }

    deserializer.deserialize_map(Said(PhantomData))
}
