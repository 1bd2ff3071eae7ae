//! Enumerations that users name: the names written once for reading, writing and suggesting.

/// Gives an enumeration without fields its names: `NAMES`, `name`, `Display`, `FromStr`, and what serde's
/// `try_from = "String", into = "&'static str"` needs.
macro_rules! names {
    ($type:ident, $what:literal, $($name:literal => $variant:ident),+ $(,)?) => {
        impl $type {
            /// The names that [`FromStr`](std::str::FromStr) knows.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// The name, as [`FromStr`](std::str::FromStr) reads it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::Error;

            fn from_str(text: &str) -> $crate::Result<Self> {
                match text.trim() {
                    $($name => Ok(Self::$variant),)+
                    _ => Err($crate::Error::unknown($what, text, Self::NAMES)),
                }
            }
        }

        impl TryFrom<String> for $type {
            type Error = $crate::Error;

            fn try_from(text: String) -> $crate::Result<Self> {
                text.parse()
            }
        }

        impl From<$type> for &'static str {
            fn from(value: $type) -> Self {
                value.name()
            }
        }
    };
}

pub(crate) use names;
