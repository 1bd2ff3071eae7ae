//! What a model file keeps beside the network: where its data came from, and how data become inputs.

use crate::data::{Named, Part, parted, read_options};
use crate::failure::{Failure, Outcome, in_flags};
use deltarule::{Matrix, Network, Real, Task};
use deltarule_pipeline::settings::{DataSettings, Held};
use deltarule_tables::builtin::Builtin;
use deltarule_tables::idx::{self, Idx, Pair};
use deltarule_tables::prepare::Tally;
use deltarule_tables::read::Source;
use deltarule_tables::table::Table;
use deltarule_tables::{Image, Images, Labelled, Preparation};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How data become inputs, and outputs answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pipeline {
    /// What it was trained on.
    pub(crate) data: DataSettings,
    /// For images.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    images: Option<Images>,
    /// For tables.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    table: Option<Preparation>,
    /// The probability from which the second of two classes is predicted, where it was tuned.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) threshold: Option<f64>,
    /// What the weighted inputs of the output layer are divided by, where it was tuned.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) temperature: Option<f64>,
}

/// Which of the two a pipeline prepares.
pub(crate) enum Kind<'a> {
    Images(&'a Images),
    Table(&'a Preparation),
}

impl Pipeline {
    pub(crate) fn images(data: DataSettings, images: Images) -> Self {
        Self { data, images: Some(images), table: None, threshold: None, temperature: None }
    }

    pub(crate) fn table(data: DataSettings, table: Preparation) -> Self {
        Self { data, images: None, table: Some(table), threshold: None, temperature: None }
    }

    pub(crate) fn kind(&self) -> Kind<'_> {
        match (&self.images, &self.table) {
            (Some(images), _) => Kind::Images(images),
            (None, Some(table)) => Kind::Table(table),
            (None, None) => unreachable!("checked when the model was read"),
        }
    }

    /// What a model file kept.
    pub(crate) fn read(value: &serde_json::Value) -> Outcome<Self> {
        let foreign = |what: &dyn std::fmt::Display| {
            Failure::bad_data(format_args!(
                "the model's preprocessing is not what this program writes: {what}"
            ))
            .hint("was it trained by another program, or by a newer version?")
        };
        let pipeline: Self = serde_json::from_value(value.clone()).map_err(|e| foreign(&e))?;
        match (&pipeline.images, &pipeline.table) {
            (Some(images), None) => images.check().map_err(|e| foreign(&e))?,
            (None, Some(table)) => table.check().map_err(|e| foreign(&e))?,
            _ => return Err(foreign(&"expected images or table, and not both")),
        }
        Ok(pipeline)
    }

    /// Refuses a network that has not as many inputs and outputs as this prepares.
    pub(crate) fn check_fits<T: Real>(&self, network: &Network<T>) -> Outcome {
        let outputs = self.labels().len();
        if network.inputs() == self.inputs() && network.outputs() == outputs {
            return Ok(());
        }
        Err(Failure::bad_data(format_args!(
            "the model's network and its preprocessing do not fit: expected {} inputs and {outputs} outputs, found {} and {}",
            self.inputs(),
            network.inputs(),
            network.outputs()
        )))
    }

    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("plain values")
    }

    pub(crate) fn task(&self) -> Task {
        match self.kind() {
            Kind::Images(_) => Task::Classes,
            Kind::Table(table) => table.target.task(),
        }
    }

    /// Names of the classes, or of the outputs.
    pub(crate) fn labels(&self) -> Vec<String> {
        match self.kind() {
            Kind::Images(images) => images.classes.clone(),
            Kind::Table(table) => table.target.output_names().into_iter().map(str::to_owned).collect(),
        }
    }

    /// Number of inputs of the network.
    pub(crate) fn inputs(&self) -> usize {
        match self.kind() {
            Kind::Images(images) => images.pixels(),
            Kind::Table(table) => table.width(),
        }
    }

    /// The samples that the network was trained on and what was held out of them, in their order.
    pub(crate) fn own_samples<T: Real>(&self, warnings: &mut Vec<String>) -> Outcome<Part<T>> {
        self.samples_of(&self.data.source, Pairs::Train, warnings)
    }

    /// Samples with their targets from the data that the user names, in their order. Of a folder of images with a test
    /// pair these are its test images.
    pub(crate) fn samples<T: Real>(&self, words: &[String], warnings: &mut Vec<String>) -> Outcome<Part<T>> {
        self.samples_of(words, Pairs::Test, warnings)
    }

    fn samples_of<T: Real>(
        &self,
        words: &[String],
        pairs: Pairs,
        warnings: &mut Vec<String>,
    ) -> Outcome<Part<T>> {
        match (Named::of(words)?, self.kind()) {
            (named, Kind::Images(images)) => Ok(Part::whole(images.dataset(&labelled(&named, pairs)?)?)),
            (Named::Builtin(set), Kind::Table(table)) => {
                self.of_table(table, &set.load().table(set.name()), warnings)
            }
            (Named::Tables(paths), Kind::Table(table)) => {
                self.of_table(table, &Source::open(&paths, &read_options(&self.data))?, warnings)
            }
            (Named::Images(path), Kind::Table(_)) => Err(Failure::bad_data(format_args!(
                "{}: expected a table with the columns that the network was trained on, found images",
                path.display()
            ))),
        }
    }

    fn of_table<T: Real>(
        &self,
        preparation: &Preparation,
        table: &dyn Table,
        warnings: &mut Vec<String>,
    ) -> Outcome<Part<T>> {
        let mut tally = Tally::default();
        let (data, left_out) = preparation.dataset(table, &mut tally)?;
        warnings.extend(tally.warnings().iter().map(in_flags));
        if left_out > 0 {
            warnings.push(format!("{left_out} rows have no target and are left out"));
        }
        Ok(Part::whole(data))
    }

    /// What was held out for the final figures when the network was trained, and what to call it.
    pub(crate) fn held_out<T: Real>(&self, warnings: &mut Vec<String>) -> Outcome<(Part<T>, String)> {
        let named = Named::of(&self.data.source)?;
        let nothing = || {
            Failure::usage("nothing was held out for a test when this network was trained")
                .hint("name the data: deltarule eval RUN DATA")
        };
        let source = self.data.source.join(" ");
        match (&self.data.test, named, self.kind()) {
            (Some(Held::File(path)), ..) => {
                let words = [path.display().to_string()];
                Ok((self.samples(&words, warnings)?, words[0].clone()))
            }
            (None, Named::Images(path), Kind::Images(images)) => {
                let test = idx::find(&path)?.test.ok_or_else(nothing)?;
                let samples = Pair::read(&test)?.labelled(255.0);
                Ok((Part::whole(images.dataset(&samples)?), format!("the test images of {source}")))
            }
            (None, Named::Builtin(set), Kind::Images(images)) => {
                let samples = set.load();
                let rows = samples.split(0).held_out;
                let data = Arc::new(images.dataset(&samples)?);
                Ok((Part { data, rows: Some(rows) }, format!("the held-out fifth of {source}")))
            }
            (Some(Held::Fraction(share)), named, Kind::Table(table)) if *share > 0.0 => {
                let (_, test) = match named {
                    Named::Builtin(set) => parted(&set.load().table(set.name()), *share)?,
                    Named::Tables(paths) => {
                        parted(&Source::open(&paths, &read_options(&self.data))?, *share)?
                    }
                    Named::Images(_) => return Err(nothing()),
                };
                let name = format!(
                    "the held-out {} of {source}",
                    format_args!("{} %", crate::text::number(100.0 * share))
                );
                Ok((self.of_table(table, &test, warnings)?, name))
            }
            _ => Err(nothing()),
        }
    }

    /// The inputs of images, for which no label is needed.
    pub(crate) fn image_inputs<T: Real>(&self, images: &Images, named: &Named) -> Outcome<Matrix<T>> {
        match named {
            Named::Images(path) if path.is_file() => {
                let idx = Idx::read(path)?;
                let &[count, height, width] = idx.dims() else {
                    return Err(Failure::bad_data(format_args!(
                        "{}: expected images in three dimensions, found {}",
                        path.display(),
                        idx.dims().len()
                    )));
                };
                let unlabelled = Labelled {
                    x: idx.matrix(255.0),
                    labels: vec![0; count],
                    classes: images.classes.clone(),
                    features: Vec::new(),
                    image: Some(Image { height, width, white: 1.0 }),
                };
                Ok(images.inputs(&unlabelled)?)
            }
            named => Ok(images.inputs(&labelled(named, Pairs::Test)?)?),
        }
    }
}

/// Which pair of a folder that has both.
#[derive(Clone, Copy)]
enum Pairs {
    Train,
    Test,
}

fn labelled(named: &Named, pairs: Pairs) -> Outcome<Labelled> {
    match named {
        Named::Builtin(set @ Builtin::Digits) => Ok(set.load()),
        Named::Builtin(set) => Err(Failure::usage(format_args!("expected images, found {}", set.name()))),
        Named::Images(path) => {
            let found = idx::find(path)?;
            let files = match (pairs, found.test) {
                (Pairs::Test, Some(test)) => test,
                _ => found.train,
            };
            Ok(Pair::read(&files)?.labelled(255.0))
        }
        Named::Tables(paths) => Err(Failure::bad_data(format_args!(
            "{}: expected IDX images, as the network was trained on, found something else",
            paths[0].display()
        ))),
    }
}

/// What to call the data that the user names: a folder of images may have only some of its images used.
pub(crate) fn name_of(words: &[String]) -> Outcome<String> {
    let source = words.join(" ");
    match Named::of(words)? {
        Named::Images(path) if path.is_dir() && idx::find(&path)?.test.is_some() => {
            Ok(format!("the test images of {source}"))
        }
        _ => Ok(source),
    }
}
