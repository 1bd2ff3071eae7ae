//! Where data come from: a set inside the program, images, tables, or a data frame in memory.

use crate::error::{Error, Result};
use crate::prepare::suited;
use crate::reading::read_options;
use crate::samples::Which;
use crate::settings::DataSettings;
use deltarule_tables::arrow::array::RecordBatch;
use deltarule_tables::builtin::Builtin;
use deltarule_tables::idx::{self, Idx, Pair};
use deltarule_tables::read::{ReadOptions, Source};
use deltarule_tables::table::{InMemory, Table};
use deltarule_tables::{Images, Labelled, TableError};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The byte of a fully lit pixel.
const WHITE: f32 = 255.0;

/// Where data come from.
///
/// ```
/// use deltarule_pipeline::DataSource;
///
/// assert_eq!(DataSource::parse(&["moons:n=500"])?.short_name(), "moons");
/// let error = DataSource::parse(&["digts"]).unwrap_err();
/// assert!(error.to_string().starts_with("no file `digts`, and expected a built-in data set"));
/// # Ok::<(), deltarule_pipeline::Error>(())
/// ```
#[derive(Clone, Debug)]
pub enum DataSource {
    /// A set inside the program.
    Builtin(Builtin),
    /// A folder or file of IDX images.
    Images(PathBuf),
    /// Files with the same columns, one after another; `-` for standard input.
    Tables(Vec<PathBuf>),
    /// A data frame in memory.
    Frame(InMemory),
}

/// What a source holds, once it is open.
pub(crate) enum Content {
    /// Images with their classes.
    Images(Images, Labelled),
    /// Rows and columns.
    Table(Box<dyn Table>),
}

impl DataSource {
    /// What these words stand for: one word for a built-in set, a folder or a file, several for several tables.
    ///
    /// # Errors
    /// When there is no word, or a single one that names nothing.
    pub fn parse<S: AsRef<str>>(words: &[S]) -> Result<Self> {
        let [word] = words else {
            if words.is_empty() {
                return Err(Error::NoData);
            }
            return Ok(Self::Tables(words.iter().map(|word| PathBuf::from(word.as_ref())).collect()));
        };
        let word = word.as_ref();
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
            return parsed.map_err(|error| Error::UnknownData { word: word.to_owned(), error });
        }
        Ok(Self::Tables(vec![path.to_owned()]))
    }

    /// A data frame: batches of rows with the same columns. `name` is what messages call it.
    ///
    /// # Errors
    /// When there is no batch, or when their columns differ.
    pub fn frame(name: &str, batches: Vec<RecordBatch>) -> Result<Self> {
        let Some(first) = batches.first() else { return Err(Error::NoData) };
        let schema = first.schema();
        Ok(Self::Frame(InMemory::new(name, schema, batches)?))
    }

    /// Words that [`DataSource::parse`] takes for the same source; none for a data frame, which has no name to be found by.
    pub fn words(&self) -> Vec<String> {
        match self {
            Self::Builtin(set) => vec![set.to_string()],
            Self::Images(path) => vec![path.display().to_string()],
            Self::Tables(paths) => paths.iter().map(|path| path.display().to_string()).collect(),
            Self::Frame(_) => Vec::new(),
        }
    }

    /// A name for a run on it: that of the set, or of the file without its endings.
    pub fn short_name(&self) -> String {
        let name = match self {
            Self::Builtin(set) => return set.name().to_owned(),
            Self::Images(path) => file_name(&std::fs::canonicalize(path).unwrap_or_else(|_| path.clone())),
            Self::Tables(paths) => file_name(&paths[0]),
            Self::Frame(table) => table.name(),
        };
        let stem = name.split('.').next().unwrap_or_default();
        let plain: String =
            stem.chars().map(|c| if c.is_alphanumeric() || "-_".contains(c) { c } else { '-' }).collect();
        match plain.trim_matches('-') {
            "" => "stdin".to_owned(),
            name => name.to_owned(),
        }
    }

    /// Opens it for training. What the source itself decides is filled in, and settings that it has no use for are
    /// refused.
    pub(crate) fn open(&self, settings: &mut DataSettings) -> Result<Content> {
        let content = match self {
            Self::Builtin(set) => {
                let samples = set.load();
                match Images::of(&samples) {
                    Some(images) => Content::Images(images, samples),
                    None => {
                        suited::to_builtin_table(settings, set.name())?;
                        settings.target = Some(vec!["class".to_owned()]);
                        settings.task.get_or_insert(deltarule::Task::Classes);
                        Content::Table(Box::new(samples.table(set.name())))
                    }
                }
            }
            Self::Images(path) => {
                let samples = self.labelled()?;
                match Images::of(&samples) {
                    Some(images) => Content::Images(images, samples),
                    None => return Err(TableError::data(path, "images of bytes", "other numbers").into()),
                }
            }
            Self::Tables(_) => Content::Table(self.table(&read_options(settings))?),
            Self::Frame(_) => {
                suited::to_frame(settings)?;
                Content::Table(self.table(&read_options(settings))?)
            }
        };
        if let Content::Images(..) = content {
            suited::to_images(settings)?;
        }
        Ok(content)
    }

    /// It as a table.
    pub(crate) fn table(&self, options: &ReadOptions) -> Result<Box<dyn Table>> {
        match self {
            Self::Builtin(set) => Ok(Box::new(set.load().table(set.name()))),
            Self::Tables(paths) => Ok(Box::new(Source::open(paths, options)?)),
            Self::Frame(table) => Ok(Box::new(table.clone())),
            Self::Images(path) => Err(no_table(path)),
        }
    }

    /// It as images, for a network that was trained on some: of a folder those to train on.
    pub(crate) fn labelled(&self) -> Result<Labelled> {
        match self {
            Self::Builtin(set @ Builtin::Digits) => Ok(set.load()),
            Self::Builtin(set) => Err(TableError::usage("images", set.name()).into()),
            Self::Images(path) => Ok(Pair::read(&idx::find(path)?.train)?.labelled(WHITE)),
            Self::Tables(paths) => Err(no_images(&paths[0])),
            Self::Frame(table) => Err(no_images(Path::new(&table.name()))),
        }
    }

    /// The test images that stand beside those to train on.
    pub(crate) fn test_images(&self) -> Result<Option<Labelled>> {
        match self {
            Self::Images(path) => {
                let test = idx::find(path)?.test.map(|files| Pair::read(&files)).transpose()?;
                Ok(test.map(|pair| pair.labelled(WHITE)))
            }
            _ => Ok(None),
        }
    }

    /// Its test images, or all images where there is but one pair.
    pub(crate) fn test_images_or_all(&self) -> Result<(Labelled, Which)> {
        match self.test_images()? {
            Some(test) => Ok((test, Which::TestImages)),
            None => Ok((self.labelled()?, Which::All)),
        }
    }

    /// The pixels of images for which no label is needed, as `images` has them.
    pub(crate) fn unlabelled(&self, images: &Images) -> Result<Labelled> {
        let path = match self {
            Self::Images(path) if path.is_file() => path,
            _ => return Ok(self.test_images_or_all()?.0),
        };
        let idx = Idx::read(path)?;
        let &[count, height, width] = idx.dims() else {
            let found = idx.dims().len().to_string();
            return Err(TableError::data(path, "images in three dimensions", found).into());
        };
        Ok(Labelled {
            x: idx.matrix(WHITE),
            labels: vec![0; count],
            classes: images.classes.clone(),
            features: Vec::new(),
            image: Some(deltarule_tables::Image { height, width, white: 1.0 }),
        })
    }
}

/// Images where a table is wanted.
pub(crate) fn no_table(path: &Path) -> Error {
    TableError::data(path, "a table with the columns that the network was trained on", "images").into()
}

fn no_images(path: &Path) -> Error {
    TableError::data(path, "IDX images, as the network was trained on", "something else").into()
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn starts_like_idx(path: &Path) -> bool {
    let mut head = Vec::new();
    let Ok(file) = std::fs::File::open(path) else { return false };
    if !path.is_file() || file.take(64).read_to_end(&mut head).is_err() {
        return false;
    }
    Idx::starts(&head)
}
