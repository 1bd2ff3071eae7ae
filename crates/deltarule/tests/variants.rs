//! Every enumeration that users name: its table is complete, and what it writes it reads.

use deltarule::init::Init;
use deltarule::optimizer::Parametrisation;
use deltarule::selection::Keep;
use deltarule::{Activation, Cost, Metric, OptimizerName, ScheduleName, Task, Variants};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashSet;
use std::fmt::Debug;

fn check<V: Variants + Debug + Serialize + DeserializeOwned>() {
    let names = V::names();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "{}: a name twice", V::WHAT);
    for (value, variant) in V::all().zip(V::VARIANTS) {
        let name = variant.name;
        assert_eq!((value.name(), value.variant().name), (name, name));
        assert_eq!(value.parameter(), variant.parameter.map(|parameter| parameter.usual), "{name}");
        value.check().unwrap();
        assert_eq!(format!(" {name} ").parse::<V>().unwrap(), value);
        for value in [value, value.with_parameter(0.25)] {
            assert_eq!(value.to_string().parse::<V>().unwrap(), value);
            let json = serde_json::to_string(&value).unwrap();
            assert_eq!(json, format!("\"{value}\""));
            assert_eq!(serde_json::from_str::<V>(&json).unwrap(), value);
        }
        assert!(value.to_string().starts_with(name));
        for line in [variant.en, variant.ko] {
            assert!(!line.is_empty() && line.trim() == line && !line.contains(['\n', '`']), "{name}: {line}");
        }
        // A line of help is not a sentence.
        assert!(!variant.en.ends_with('.') && !variant.ko.ends_with('.'), "{name}");
        let message = format!("{name}:x").parse::<V>().unwrap_err().to_string();
        let expected = if variant.parameter.is_some() { "a number after the colon" } else { "no parameter" };
        assert!(message.contains(&format!("{name}: expected {expected}")), "{message}");
        let beyond = value.with_parameter(f64::NAN);
        assert_eq!(beyond.check().is_err(), variant.parameter.is_some(), "{name}");
    }
    let message = "no-such-name".parse::<V>().unwrap_err().to_string();
    assert!(message.starts_with(&format!("unknown {} `no-such-name`", V::WHAT)), "{message}");
    assert!(message.contains(&names.join(", ")), "{message}");
}

#[test]
fn every_table_is_complete_and_read_back() {
    check::<Activation>();
    check::<Cost>();
    check::<Init>();
    check::<Keep>();
    check::<Metric>();
    check::<OptimizerName>();
    check::<Parametrisation>();
    check::<ScheduleName>();
    check::<Task>();
}

#[test]
fn a_parameter_that_is_off_is_not_written() {
    assert_eq!(Cost::SoftmaxCrossEntropy { smoothing: 0.0 }.to_string(), "softmax-cross-entropy");
    assert_eq!(Cost::SoftmaxCrossEntropy { smoothing: 0.1 }.to_string(), "softmax-cross-entropy:0.1");
    assert_eq!(Activation::LeakyRelu { slope: 0.0 }.to_string(), "leaky-relu:0");
    assert_eq!(Cost::Huber { delta: 1.0 }.to_string(), "huber:1");
    assert_eq!(format!("[{:>6}]", Init::Zero), "[  zero]");
}
