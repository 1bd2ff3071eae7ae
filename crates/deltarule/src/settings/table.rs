//! A table of settings: each is written once, and all that a front end needs to know of it follows.

use super::setting::Setting;
use super::value::Value;
use crate::error::{Error, Result};
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use std::fmt;
use std::marker::PhantomData;

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
            let names = self.table().iter().flat_map(|setting| setting.names());
            let names: Vec<_> = names.collect();
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
/// documentation in Korean, and what else there is to say of it: see the methods of [`Setting`].
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
