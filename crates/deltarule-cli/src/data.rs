//! From what the user names to data sets: built-in sets, IDX images and tables.

use crate::failure::{Failure, Outcome, in_flags};
use crate::pipeline::Pipeline;
use deltarule::split::split;
use deltarule::{Dataset, Matrix, Real, Samples, Task};
use deltarule_pipeline::settings::{Config, DataSettings, Held, Preset};
use deltarule_tables::builtin::Builtin;
use deltarule_tables::idx::{self, Idx, Pair};
use deltarule_tables::read::{CellType, Header, ReadOptions, Source};
use deltarule_tables::table::{self, InMemory, Table};
use deltarule_tables::{Images, Labelled, Loaded, Style, TableOptions, Validation, load};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The seed of what a built-in set or a table holds out for its final figures: the same whatever the seed of the
/// training, so that runs can be compared.
const TEST_SEED: u64 = 0;

/// Memory for the rows that a streamed epoch shuffles, unless the user says how many.
const BUFFER_BYTES: usize = 256 << 20;

/// Some samples of a data set.
#[derive(Clone, Debug)]
pub(crate) struct Part<T: Real> {
    pub(crate) data: Arc<Dataset<T>>,
    pub(crate) rows: Option<Vec<u32>>,
}

impl<T: Real> Part<T> {
    pub(crate) fn whole(data: Dataset<T>) -> Self {
        Self { data: Arc::new(data), rows: None }
    }

    pub(crate) fn samples(&self) -> Samples<'_, T> {
        match &self.rows {
            Some(rows) => self.data.picked(rows),
            None => self.data.samples(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.as_ref().map_or(self.data.len(), Vec::len)
    }
}

/// A table whose training rows are read anew for each epoch.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) source: Source,
    pub(crate) plan: table::Plan,
    /// Rows that are in memory to be shuffled.
    pub(crate) buffer: usize,
}

/// Data made ready for training.
#[derive(Debug)]
pub(crate) struct Ready<T: Real> {
    /// Empty where the training rows are streamed.
    pub(crate) train: Part<T>,
    pub(crate) stream: Option<Stream>,
    pub(crate) validation: Option<Part<T>>,
    pub(crate) test: Option<Part<T>>,
    pub(crate) pipeline: Pipeline,
    /// What was found in the columns of a table, as lines to print.
    pub(crate) overview: Option<String>,
    pub(crate) notices: Vec<String>,
}

impl<T: Real> Ready<T> {
    pub(crate) fn task(&self) -> Task {
        self.pipeline.task()
    }

    /// Number of samples that train.
    pub(crate) fn training_rows(&self) -> usize {
        let streamed = |stream: &Stream| usize::try_from(stream.plan.training_rows()).unwrap_or(usize::MAX);
        self.stream.as_ref().map_or(self.train.len(), streamed)
    }
}

/// What the words on the command line stand for.
#[derive(Debug)]
pub(crate) enum Named {
    Builtin(Builtin),
    Images(PathBuf),
    Tables(Vec<PathBuf>),
}

impl Named {
    pub(crate) fn of(words: &[String]) -> Outcome<Self> {
        let [word] = words else {
            if words.is_empty() {
                return Err(Failure::usage("no data: expected a built-in set, a folder or a file")
                    .hint("`deltarule train digits` needs no file"));
            }
            return Ok(Self::Tables(words.iter().map(PathBuf::from).collect()));
        };
        let path = Path::new(word);
        if Builtin::is_named_by(word) && !path.exists() {
            return Ok(Self::Builtin(Builtin::parse(word)?));
        }
        if path.is_dir() || starts_like_idx(path) {
            return Ok(Self::Images(path.to_owned()));
        }
        let looks_like_a_name = !word.contains(['.', '/', '\\', '*', '?', '[']) && word != "-";
        if looks_like_a_name && !path.exists() {
            let parsed = Builtin::parse(word).map(Self::Builtin);
            return parsed.map_err(|error| {
                let failure = Failure::from(error);
                Failure { message: format!("no file `{word}`, and {failure}"), ..failure }
            });
        }
        Ok(Self::Tables(vec![path.to_owned()]))
    }

    /// A name for the run: that of the set, or of the file without its endings.
    pub(crate) fn short_name(&self) -> String {
        let path = match self {
            Self::Builtin(set) => return set.name().to_owned(),
            Self::Images(path) => std::fs::canonicalize(path).unwrap_or_else(|_| path.clone()),
            Self::Tables(paths) => paths[0].clone(),
        };
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let stem = file.split('.').next().unwrap_or_default();
        let plain: String =
            stem.chars().map(|c| if c.is_alphanumeric() || "-_".contains(c) { c } else { '-' }).collect();
        match plain.trim_matches('-') {
            "" => "stdin".to_owned(),
            name => name.to_owned(),
        }
    }
}

fn starts_like_idx(path: &Path) -> bool {
    let mut head = Vec::new();
    let Ok(file) = std::fs::File::open(path) else { return false };
    if !path.is_file() || file.take(64).read_to_end(&mut head).is_err() {
        return false;
    }
    Idx::starts(&head)
}

/// Reads the data that `config` names and parts it. What the user left open in `config.data` is filled in.
pub(crate) fn prepare<T: Real>(config: &mut Config) -> Outcome<Ready<T>> {
    let named = Named::of(&config.data.source)?;
    if config.data.shuffle_buffer.is_some() && !config.data.stream {
        return Err(Failure::usage("--shuffle-buffer is for --stream: a table in memory is shuffled whole"));
    }
    let usual_validation = config.data.validation.is_none();
    let preset = fill_in(config, &named);
    let seed = *config.training.seed.get_or_insert(0);
    match &named {
        Named::Builtin(set) => {
            let samples = set.load();
            match Images::of(&samples) {
                Some(images) => {
                    let held_out = samples.split(TEST_SEED);
                    image_parts(config, images, samples, held_out.train, Some(held_out.held_out), None, seed)
                }
                None => {
                    builtin_table(&mut config.data, set.name())?;
                    config.data.test.get_or_insert(Held::Fraction(0.2));
                    tables(config, &samples.table(set.name()), preset, seed)
                }
            }
        }
        Named::Images(path) => {
            let found = idx::find(path)?;
            let samples = Pair::read(&found.train)?.labelled(255.0);
            let test =
                found.test.map(|files| Pair::read(&files)).transpose()?.map(|pair| pair.labelled(255.0));
            let images = Images::of(&samples).ok_or_else(|| {
                Failure::bad_data(format_args!("{}: expected images of bytes", path.display()))
            })?;
            let all = (0..samples.len() as u32).collect();
            image_parts(config, images, samples, all, None, test, seed)
        }
        Named::Tables(paths) => {
            let source = Source::open(paths, &read_options(&config.data))?;
            match config.data.stream {
                true => streamed(config, source, preset, seed, usual_validation),
                false => tables(config, &source, preset, seed),
            }
        }
    }
}

/// The preset, and what is held out for validation, where the user was silent.
pub(crate) fn fill_in(config: &mut Config, named: &Named) -> Preset {
    let usual = match named {
        Named::Tables(_) => Preset::Tabular,
        _ => Preset::Plain,
    };
    let preset = *config.preset.get_or_insert(usual);
    config.data.validation.get_or_insert(Held::Fraction(match preset {
        Preset::Plain => 0.1,
        Preset::Tabular => 0.2,
    }));
    preset
}

/// What is known of a table inside the program; refuses what would have no effect on it.
pub(crate) fn builtin_table(data: &mut DataSettings, set: &str) -> Outcome {
    only_for_files(data, set)?;
    data.target = vec!["class".to_owned()];
    data.task.get_or_insert_with(|| Task::Classes.to_string());
    Ok(())
}

fn image_parts<T: Real>(
    config: &mut Config,
    images: Images,
    samples: Labelled,
    train: Vec<u32>,
    kept_back: Option<Vec<u32>>,
    test: Option<Labelled>,
    seed: u64,
) -> Outcome<Ready<T>> {
    only_for_tables(&config.data)?;
    let labels = |rows: &[u32]| -> Vec<u32> { rows.iter().map(|&i| samples.labels[i as usize]).collect() };
    let part = |flag: &str, rows: Vec<u32>, share: f64, seed: u64| -> Outcome<(Vec<u32>, Vec<u32>)> {
        let count = held_out(flag, share, rows.len())?;
        let parts = split(rows.len(), count, Some(&labels(&rows)), seed, 0);
        let of = |places: Vec<u32>| -> Vec<u32> { places.into_iter().map(|p| rows[p as usize]).collect() };
        Ok((of(parts.train), of(parts.held_out)))
    };
    let (train, kept_back, test) = match (&config.data.test, kept_back, test) {
        (None, kept_back, test) => (train, kept_back, test),
        (Some(Held::Fraction(share)), _, _) => {
            let all = (0..samples.len() as u32).collect();
            let (train, kept_back) = part("--test", all, *share, TEST_SEED)?;
            (train, Some(kept_back), None)
        }
        (Some(Held::File(path)), _, _) => {
            let found = idx::find(path)?;
            let files = found.test.unwrap_or(found.train);
            let all = (0..samples.len() as u32).collect();
            (all, None, Some(Pair::read(&files)?.labelled(255.0)))
        }
        (Some(Held::Column(_)), _, _) => return Err(no_columns("--test")),
    };
    let (train, validation) = match config.data.validation.as_ref().expect("filled in") {
        Held::Fraction(share) => part("--validation", train, *share, seed)?,
        Held::File(_) | Held::Column(_) => return Err(no_columns("--validation")),
    };
    let data = Arc::new(images.dataset(&samples)?);
    let picked = |rows: Vec<u32>| Part { data: Arc::clone(&data), rows: Some(rows) };
    let test = match test {
        Some(test) => Some(Part::whole(images.dataset(&test)?)),
        None => kept_back.map(&picked),
    };
    let validation = (!validation.is_empty()).then(|| picked(validation));
    let pipeline = Pipeline::images(config.data.clone(), images);
    let test = test.filter(|test| test.len() > 0);
    Ok(Ready {
        train: picked(train),
        validation,
        test,
        pipeline,
        overview: None,
        notices: Vec::new(),
        stream: None,
    })
}

fn no_columns(flag: &str) -> Failure {
    Failure::usage(format_args!("{flag}: expected a fraction for images, found something for tables"))
}

/// Refuses what has no meaning for images.
pub(crate) fn only_for_tables(data: &DataSettings) -> Outcome {
    let said = [
        ("--target", !data.target.is_empty()),
        ("--numeric", !data.numeric.is_empty()),
        ("--categorical", !data.categorical.is_empty()),
        ("--drop", !data.drop.is_empty()),
        ("--weights", data.weights.is_some()),
        ("--class-weights", data.class_weights.is_some()),
        ("--task", data.task.is_some()),
    ];
    match said.iter().chain(&about_files(data)).find(|(_, said)| *said) {
        Some((flag, _)) => {
            Err(Failure::usage(format_args!("{flag} is for tables, and these data are images")))
        }
        None => Ok(()),
    }
}

/// Refuses what has no meaning for a table inside the program.
fn only_for_files(data: &DataSettings, set: &str) -> Outcome {
    if let Some((flag, _)) = about_files(data).iter().find(|(_, said)| *said) {
        return Err(Failure::usage(format_args!("{flag} is for files, and {set} is inside the program")));
    }
    match &data.target[..] {
        [] => Ok(()),
        [target] if target == "class" => Ok(()),
        other => Err(Failure::usage(format_args!(
            "--target: expected class, which {set} has been made for, found {}",
            other.join(",")
        ))),
    }
}

/// What says how a file is read, and whether it was said.
fn about_files(data: &DataSettings) -> [(&'static str, bool); 8] {
    [
        ("--delimiter", data.delimiter.is_some()),
        ("--header", data.header),
        ("--no-header", data.no_header),
        ("--max-columns", data.max_columns.is_some()),
        ("--decimal-comma", data.decimal_comma),
        ("--missing", !data.missing.is_empty()),
        ("--stream", data.stream),
        ("--shuffle-buffer", data.shuffle_buffer.is_some()),
    ]
}

fn tables<T: Real>(config: &mut Config, source: &dyn Table, preset: Preset, seed: u64) -> Outcome<Ready<T>> {
    let mut options = table_options(&config.data, preset, seed)?;
    let validation = match &config.data.validation {
        Some(Held::File(path)) => Some(Source::open(&[path], &read_options(&config.data))?),
        _ => None,
    };
    let validation = validation.as_ref().map(|source| source as &dyn Table);
    let (loaded, test_table) = match &config.data.test {
        None => (load(source, validation, &options)?, None),
        Some(Held::Fraction(0.0)) => (load(source, validation, &options)?, None),
        Some(Held::File(path)) => {
            let test = InMemory::read(
                path.display().to_string(),
                &Source::open(&[path], &read_options(&config.data))?,
            )?;
            (load(source, validation, &options)?, Some(test))
        }
        Some(Held::Fraction(share)) => {
            let whole = table::Plan::new(source, &options)?;
            leave_out(&mut options, &whole);
            let (train, test) = parted(source, *share)?;
            (load(&train, validation, &options)?, Some(test))
        }
        Some(Held::Column(_)) => {
            return Err(Failure::usage("--test: expected a fraction or a file, found a column"));
        }
    };
    let Loaded { train, validation, preparation, overview, notices } = loaded;
    let mut notices: Vec<String> = notices.iter().map(in_flags).collect();
    let mut tally = deltarule_tables::prepare::Tally::default();
    let test = test_table.map(|table| preparation.dataset(&table, &mut tally)).transpose()?;
    notices.extend(tally.warnings().into_iter().map(|notice| in_flags(&notice.of("test"))));
    Ok(Ready {
        train: Part::whole(train),
        validation: validation.map(Part::whole),
        test: test.map(|(data, _)| Part::whole(data)),
        pipeline: Pipeline::table(config.data.clone(), preparation),
        overview: Some(overview.to_string()),
        notices,
        stream: None,
    })
}

/// A table that is not loaded: its statistics are learned here, its rows read while training.
fn streamed<T: Real>(
    config: &mut Config,
    source: Source,
    preset: Preset,
    seed: u64,
    usual_validation: bool,
) -> Outcome<Ready<T>> {
    if config.data.shuffle_buffer == Some(0) {
        return Err(Failure::usage("--shuffle-buffer: expected 1 row or more, found 0"));
    }
    let mut options = table_options(&config.data, preset, seed)?;
    let mut plan = table::Plan::new(&source, &options)?;
    let buffer = *config.data.shuffle_buffer.get_or_insert_with(|| plan.buffer_rows::<T>(BUFFER_BYTES));
    let mut fewer = None;
    let most = buffer.max(plan.buffer_rows::<T>(BUFFER_BYTES)) as u64;
    let smaller = smaller_share(plan.training_rows(), plan.validation_rows(), most);
    if let Some(share) = smaller.filter(|_| usual_validation) {
        options.validation = Validation::Fraction(share);
        config.data.validation = Some(Held::Fraction(share));
        plan = table::Plan::new(&source, &options)?;
        fewer = Some(format!(
            "{} rows are held out for validation, which lie in memory; --validation holds out another fraction",
            crate::text::count(plan.validation_rows() as usize)
        ));
    }
    let mut notices: Vec<String> = plan.notices.iter().map(in_flags).collect();
    notices.extend(fewer);
    let loaded = |name: &'static str, path: &Path, notices: &mut Vec<String>| -> Outcome<Part<T>> {
        let table = Source::open(&[path], &read_options(&config.data))?;
        let mut tally = deltarule_tables::prepare::Tally::default();
        let (data, _) = plan.preparation.dataset(&table, &mut tally)?;
        notices.extend(tally.warnings().into_iter().map(|notice| in_flags(&notice.of(name))));
        Ok(Part::whole(data))
    };
    let validation = match &config.data.validation {
        Some(Held::File(path)) => Some(loaded("validation", path, &mut notices)?),
        _ => plan.validation(&source)?.map(Part::whole),
    };
    let test = match &config.data.test {
        None => None,
        Some(Held::File(path)) => Some(loaded("test", path, &mut notices)?),
        Some(_) => {
            return Err(Failure::usage("--test: expected a file where the table is streamed"));
        }
    };
    let none = |columns| Matrix::zeros(0, columns);
    let train = Dataset::new(none(plan.preparation.width()), none(plan.preparation.target.outputs()), None)?;
    Ok(Ready {
        train: Part::whole(train),
        validation,
        test,
        pipeline: Pipeline::table(config.data.clone(), plan.preparation.clone()),
        overview: Some(plan.overview.to_string()),
        notices,
        stream: Some(Stream { source, plan, buffer }),
    })
}

/// How many of `n` samples such a share is.
fn held_out(flag: &str, share: f64, n: usize) -> Outcome<usize> {
    let count = (share * n as f64).round() as usize;
    if count < n {
        return Ok(count);
    }
    Err(Failure::usage(format_args!(
        "{flag}: expected a share that leaves samples to train on, found {share} of {n}, which is {count} of them"
    )))
}

/// The fraction for validation that keeps to `most` rows, where the usual one takes more: the rows that are held out lie
/// in memory. A buffer that holds all training rows has room for the usual fraction, so that the run is still the one
/// in memory.
fn smaller_share(training: u64, validation: u64, most: u64) -> Option<f64> {
    (validation > most).then(|| most as f64 / (training + validation) as f64)
}

/// The rows of a table parted in two, by the seed of tests.
pub(crate) fn parted(source: &dyn Table, share: f64) -> Outcome<(InMemory, InMemory)> {
    let all = InMemory::read(source.name(), source)?;
    let n = all.rows();
    let rows = split(n, held_out("--test", share, n)?, None, TEST_SEED, 0);
    Ok((all.picked(&rows.train), all.picked(&rows.held_out)))
}

/// What is left out of the whole table is left out of its parts, where row numbers are harder to tell: they have gaps.
pub(crate) fn leave_out(options: &mut TableOptions, whole: &table::Plan) {
    for dropped in &whole.preparation.dropped {
        if !options.drop.contains(&dropped.column) {
            options.drop.push(dropped.column.clone());
        }
    }
}

/// How the files of the data are read.
pub(crate) fn read_options(data: &DataSettings) -> ReadOptions {
    let mut options = ReadOptions { decimal_comma: data.decimal_comma, ..ReadOptions::default() };
    options.delimiter = data.delimiter.and_then(|c| u8::try_from(c).ok());
    options.missing.extend(data.missing.iter().cloned());
    options.types = data.categorical.iter().map(|name| (name.clone(), CellType::Any)).collect();
    options.unneeded.clone_from(&data.drop);
    if data.stream {
        options.keep_bytes = 0;
    }
    if data.no_header {
        options.header = Header::Absent;
    } else if data.header {
        options.header = Header::Present;
    }
    if let Some(most) = data.max_columns {
        options.max_columns = most;
    }
    options
}

pub(crate) fn table_options(data: &DataSettings, preset: Preset, seed: u64) -> Outcome<TableOptions> {
    if data.delimiter.is_some_and(|c| !c.is_ascii()) {
        return Err(Failure::usage("--delimiter: expected an ASCII character"));
    }
    Ok(TableOptions {
        target: data.target.clone(),
        task: data.task.as_deref().map(str::parse).transpose().map_err(Failure::usage)?,
        categorical: data.categorical.clone(),
        numeric: data.numeric.clone(),
        drop: data.drop.clone(),
        weight: data.weights.clone(),
        class_weights: data.class_weights.as_deref().map(class_weights).transpose()?,
        validation: match &data.validation {
            Some(Held::Fraction(share)) if *share > 0.0 => Validation::Fraction(*share),
            Some(Held::Column(name)) => Validation::Column(name.clone()),
            _ => Validation::None,
        },
        style: match preset {
            Preset::Plain => Style::Plain,
            Preset::Tabular => Style::Tabular,
        },
        seed,
        ..TableOptions::default()
    })
}

/// `balanced`, or `yes=2,no=1`.
fn class_weights(text: &str) -> Outcome<deltarule_tables::ClassWeights> {
    if text == "balanced" {
        return Ok(deltarule_tables::ClassWeights::Balanced);
    }
    let pair = |part: &str| {
        let (label, weight) = part.rsplit_once('=')?;
        Some((label.trim().to_owned(), weight.trim().parse::<f64>().ok()?))
    };
    let given = text.split(',').map(pair).collect::<Option<_>>();
    given.map(deltarule_tables::ClassWeights::Given).ok_or_else(|| {
        Failure::usage(format_args!(
            "--class-weights: expected `balanced` or `label=weight,…`, found `{text}`"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stream_holds_out_is_bounded_unless_the_run_is_the_one_in_memory() {
        assert_eq!(smaller_share(800, 200, 100), Some(0.1));
        assert_eq!(smaller_share(800, 200, 200), None);
        assert_eq!(smaller_share(800, 200, 800), None);
    }
}
