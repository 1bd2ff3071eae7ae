//! The settings of a run: flags over a TOML file over defaults.

use crate::args::{DataArgs, LearningArgs, TrainingDataArgs};
use crate::failure::{Failure, Outcome};
use deltarule::Settings;
use deltarule::error::nearest;
use deltarule_pipeline::settings::{Config, DataSettings, Held};
use std::path::Path;

/// Flags over the file that they name over nothing; defaults are filled in later, by whoever knows the data.
pub(crate) fn resolve(
    source: &[String],
    data: &DataArgs,
    training: &TrainingDataArgs,
    learning: &LearningArgs,
) -> Outcome<Config> {
    let file = learning.config.as_deref().map(read).transpose()?.unwrap_or_default();
    let flags = from_flags(source, data, training, learning)?;
    Ok(flags.or(file))
}

/// A settings file.
pub(crate) fn read(path: &Path) -> Outcome<Config> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::io("read", path, &e))?;
    toml::from_str(&text).map_err(|error| {
        let place = error.span().map_or(String::new(), |span| {
            let before = &text[..span.start.min(text.len())];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            format!(":{line}:{column}")
        });
        let failure =
            Failure::usage(format_args!("{}{place}: {}", path.display(), error.message().trim_end()));
        match suggestion(error.message()) {
            Some(name) => failure.hint(format_args!("did you mean `{name}`?")),
            None => failure,
        }
    })
}

fn from_flags(
    source: &[String],
    data: &DataArgs,
    training: &TrainingDataArgs,
    learning: &LearningArgs,
) -> Outcome<Config> {
    let held = |flag: &str, text: &Option<String>| {
        let parsed = text.as_deref().map(str::parse::<Held>).transpose();
        parsed.map_err(|message| Failure::usage(format_args!("{flag}: {message}")))
    };
    let list = |names: &Option<Vec<String>>| names.clone().unwrap_or_default();
    Ok(Config {
        preset: learning.preset.as_deref().map(str::parse).transpose()?,
        precision: learning.precision.as_deref().map(str::parse).transpose()?,
        threads: learning.threads,
        data: DataSettings {
            source: source.to_vec(),
            target: list(&data.target),
            task: data.task.clone(),
            numeric: list(&data.numeric),
            categorical: list(&data.categorical),
            drop: list(&data.drop),
            weights: data.weights.clone(),
            class_weights: data.class_weights.clone(),
            validation: held("--validation", &training.validation)?,
            test: held("--test", &training.test)?,
            delimiter: data.delimiter,
            no_header: data.no_header,
            header: data.header,
            max_columns: data.max_columns,
            decimal_comma: data.decimal_comma,
            missing: list(&data.missing),
            stream: training.stream,
            shuffle_buffer: training.shuffle_buffer,
        },
        training: training_from_flags(learning)?,
    })
}

/// The flags go through the same door as the file, so that both are understood and refused alike.
fn training_from_flags(flags: &LearningArgs) -> Outcome<Settings> {
    let mut table = toml::Table::new();
    let mut put = |key: &str, value: Option<toml::Value>| {
        if let Some(value) = value {
            table.insert(key.to_owned(), value);
        }
    };
    let text = |value: &Option<String>| value.clone().map(toml::Value::from);
    let number = |value: Option<f64>| value.map(toml::Value::from);
    let whole = |value: Option<usize>| value.map(|n| toml::Value::from(i64::try_from(n).unwrap_or(i64::MAX)));
    put("hidden", flags.hidden.as_deref().map(widths).transpose()?);
    put("activation", text(&flags.activation));
    put("output", text(&flags.output));
    put("cost", cost(flags)?);
    put("init", text(&flags.init));
    put("optimizer", text(&flags.optimizer));
    put("eta", number(flags.eta));
    put("schedule", text(&flags.schedule));
    put("momentum", number(flags.momentum));
    put("batch", whole(flags.batch));
    put("epochs", flags.epochs.map(toml::Value::from));
    put("patience", flags.patience.map(toml::Value::from));
    put("metric", text(&flags.metric));
    put("l2", number(flags.l2));
    put("l1", number(flags.l1));
    put("decay", number(flags.weight_decay));
    put("dropout", number(flags.dropout));
    put("clip", number(flags.clip));
    put("seed", flags.seed.map(seed).transpose()?);
    table.try_into().map_err(|error: toml::de::Error| Failure::usage(error.message().trim_end()))
}

fn seed(seed: u64) -> Outcome<toml::Value> {
    let seed = i64::try_from(seed);
    seed.map(toml::Value::from).map_err(|_| Failure::usage("--seed: expected a whole number below 2^63"))
}

/// `100,100` as a list; `none` as the empty one.
fn widths(text: &str) -> Outcome<toml::Value> {
    if text == "none" {
        return Ok(toml::Value::Array(Vec::new()));
    }
    let width = |part: &str| {
        let width = part.trim().parse::<u32>().map(|width| toml::Value::from(i64::from(width)));
        width.map_err(|_| {
            Failure::usage(format_args!(
                "--hidden: expected widths such as 100,100, or `none`, found `{text}`"
            ))
        })
    };
    text.split(',').map(width).collect::<Outcome<Vec<_>>>().map(toml::Value::Array)
}

/// The cost with `--smoothing` put into it.
fn cost(flags: &LearningArgs) -> Outcome<Option<toml::Value>> {
    let Some(smoothing) = flags.smoothing else {
        return Ok(flags.cost.clone().map(toml::Value::from));
    };
    match flags.cost.as_deref() {
        None | Some("softmax-cross-entropy") => {
            Ok(Some(toml::Value::from(format!("softmax-cross-entropy:{smoothing}"))))
        }
        Some(other) => Err(Failure::usage(format_args!(
            "--smoothing: expected --cost softmax-cross-entropy with it, found {other}"
        ))),
    }
}

/// For an unknown key, the known one that looks most like it. The message lists them, each between backticks.
fn suggestion(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("unknown field `")?;
    let (found, rest) = rest.split_once('`')?;
    let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
    nearest(found, &known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Outcome<Config> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("c.toml");
        std::fs::write(&path, text).expect("a settings file");
        read(&path)
    }

    #[test]
    fn a_key_that_does_not_exist_gets_the_nearest_suggested() {
        let failure = read_text("[training]\nepochs = 3\nhiden = [10]\n").expect_err("an unknown key");
        assert!(failure.message.contains("c.toml:3:1: unknown field `hiden`"), "{}", failure.message);
        assert_eq!(failure.hint.as_deref(), Some("did you mean `hidden`?"));
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named_with_its_place() {
        let failure = read_text("[training]\nactivation = \"sigmiod\"\n").expect_err("an unknown name");
        assert!(failure.message.contains("c.toml:2:14: unknown activation `sigmiod`"), "{}", failure.message);
    }

    #[test]
    fn flags_go_before_the_file_and_both_survive_being_written() {
        let file =
            read_text("[data]\nvalidation = 0.2\n[training]\nepochs = 3\nseed = 7\n").expect("settings");
        let flags = LearningArgs {
            epochs: Some(5),
            hidden: Some("8, 4".to_owned()),
            smoothing: Some(0.1),
            ..LearningArgs::default()
        };
        let flags =
            from_flags(&["digits".to_owned()], &DataArgs::default(), &TrainingDataArgs::default(), &flags)
                .expect("flags");
        let config = flags.or(file);
        assert_eq!(config.training.epochs, Some(5));
        assert_eq!(config.training.seed, Some(7));
        assert_eq!(config.training.hidden, Some(vec![8, 4]));
        assert_eq!(config.data.validation, Some(Held::Fraction(0.2)));
        assert_eq!(read_text(&config.to_toml()).expect("what was written"), config);
    }
}
