//! Numbers as JSON that come back to the last bit, also those that JSON has no word for.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Number {
    Finite(f64),
    Word(Word),
}

#[derive(Serialize, Deserialize)]
enum Word {
    #[serde(rename = "NaN")]
    NotANumber,
    #[serde(rename = "inf")]
    Infinity,
    #[serde(rename = "-inf")]
    MinusInfinity,
}

pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    let number = match *value {
        value if value.is_nan() => Number::Word(Word::NotANumber),
        f64::INFINITY => Number::Word(Word::Infinity),
        f64::NEG_INFINITY => Number::Word(Word::MinusInfinity),
        value => Number::Finite(value),
    };
    number.serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(match Number::deserialize(deserializer)? {
        Number::Finite(value) => value,
        Number::Word(Word::NotANumber) => f64::NAN,
        Number::Word(Word::Infinity) => f64::INFINITY,
        Number::Word(Word::MinusInfinity) => f64::NEG_INFINITY,
    })
}

#[cfg(test)]
mod tests {
    #[derive(Debug, serde::Serialize, serde::Deserialize)]
    struct Kept(#[serde(with = "super")] f64);

    #[test]
    fn every_number_comes_back() {
        for value in [0.1 + 0.2, -0.0, 5e-324, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 3.0] {
            let text = serde_json::to_string(&Kept(value)).unwrap();
            let Kept(found) = serde_json::from_str(&text).unwrap();
            assert!(found.to_bits() == value.to_bits(), "{value} as {text}");
        }
        assert!(serde_json::from_str::<Kept>("\"infinity\"").is_err());
        assert!(serde_json::from_str::<Kept>("null").is_err());
    }
}
