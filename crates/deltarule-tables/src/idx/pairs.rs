//! Which IDX file holds the labels of which images.

use super::{ElementType, Idx, SWAPPED, broken};
use crate::error::TableError;
use crate::labelled::{Image, Labelled, pixel_names};
use std::path::{Path, PathBuf};

/// Two files that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The images.
    pub images: PathBuf,
    /// Their labels.
    pub labels: PathBuf,
}

/// The pairs that a path stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What to train on.
    pub train: Files,
    /// The test set beside it, where there is one.
    pub test: Option<Files>,
}

/// Finds images and labels by the names that MNIST, Fashion-MNIST, Kuzushiji-MNIST and EMNIST use: an optional set
/// name, `train`, `t10k` or `test`, then `images-idx3-ubyte` and `labels-idx1-ubyte`, `.` in place of any `-`, and an
/// optional `.gz`. A plain file is preferred to its gzip.
///
/// `path` is a folder, or one file of images, which then is the only pair.
///
/// # Errors
/// When the folder cannot be read, holds no such pair, images without labels, or more than one set.
pub fn find(path: &Path) -> Result<Found, TableError> {
    if path.is_dir() {
        return in_folder(path);
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Some((FileRole::Images, stem)) = role_and_stem(&name) else {
        let expected = "a file of images by its usual name, such as train-images-idx3-ubyte";
        let hint = "give the folder that holds images and labels";
        return Err(TableError::data(path, expected, format!("`{name}`")).hint(hint));
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let labels = names_in(folder)?.into_iter().find(|other| {
        role_and_stem(other).is_some_and(|(part, other)| part == FileRole::Labels && other == stem)
    });
    match labels {
        Some(labels) => {
            Ok(Found { train: Files { images: path.to_owned(), labels: folder.join(labels) }, test: None })
        }
        None => Err(without_labels(path, &stem)),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileRole {
    Images,
    Labels,
}

/// What a file of this name holds, and the part of the name that says of which samples: `train` of
/// `train-images.idx3-ubyte.gz`.
fn role_and_stem(name: &str) -> Option<(FileRole, String)> {
    let name = name.to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name).replace('.', "-");
    [(FileRole::Images, "images"), (FileRole::Labels, "labels")].into_iter().find_map(|(part, word)| {
        let (stem, rest) = name.split_once(word)?;
        let known = rest.strip_prefix("-idx").is_some_and(|rest| rest.is_empty() || rest.ends_with("-ubyte"));
        known.then(|| (part, stem.trim_end_matches('-').to_owned()))
    })
}

/// Names of the regular files, plain ones before compressed ones, else by the alphabet.
fn names_in(folder: &Path) -> Result<Vec<String>, TableError> {
    let failed = |error| TableError::system(folder, "a readable folder", &error);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.path().is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort_by_key(|name| (name.ends_with(".gz"), name.clone()));
    Ok(names)
}

fn in_folder(folder: &Path) -> Result<Found, TableError> {
    let names = names_in(folder)?;
    let known: Vec<(FileRole, String, &String)> =
        names.iter().filter_map(|name| role_and_stem(name).map(|(part, stem)| (part, stem, name))).collect();
    let mut train: Vec<(String, Files)> = Vec::new();
    let mut test = Vec::new();
    for (_, stem, images) in known.iter().filter(|(part, ..)| *part == FileRole::Images) {
        let (pairs, set) =
            match (stem.strip_suffix("train"), stem.strip_suffix("t10k").or(stem.strip_suffix("test"))) {
                (_, Some(set)) => (&mut test, set),
                (Some(set), None) => (&mut train, set),
                (None, None) => (&mut train, stem.as_str()),
            };
        if pairs.iter().any(|(other, _)| other == set) {
            continue; // the gzip of a plain file
        }
        let labels = known.iter().find(|(part, other, _)| *part == FileRole::Labels && other == stem);
        let Some((.., labels)) = labels else {
            return Err(without_labels(&folder.join(images), stem));
        };
        pairs.push((set.to_owned(), Files { images: folder.join(images), labels: folder.join(labels) }));
    }
    if train.len() > 1 {
        let names =
            train.iter().map(|(_, files)| files.images.file_name().unwrap_or_default().to_string_lossy());
        let found = format!("{}: {}", train.len(), names.collect::<Vec<_>>().join(", "));
        return Err(TableError::data(folder, "one data set", found).hint("give the file of images itself"));
    }
    match train.pop() {
        Some((set, train)) => {
            let test = test.into_iter().find(|(other, _)| *other == set).map(|(_, files)| files);
            Ok(Found { train, test })
        }
        None => {
            let found = match names.len() {
                0 => "an empty folder".to_owned(),
                n => format!("{n} files, {}{}", names[..n.min(3)].join(", "), if n > 3 { ", …" } else { "" }),
            };
            let expected = "train-images-idx3-ubyte and train-labels-idx1-ubyte, each plain or .gz";
            Err(TableError::data(folder, expected, found))
        }
    }
}

fn without_labels(images: &Path, stem: &str) -> TableError {
    let dash = if stem.is_empty() { "" } else { "-" };
    let expected = format!("{stem}{dash}labels-idx1-ubyte beside it, plain or .gz");
    TableError::data(images, expected, "no such file")
}

/// Images and the label of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Labelled of one or more dimensions.
    pub images: Idx,
    /// As many labels.
    pub labels: Vec<i64>,
}

impl Pair {
    /// Reads both files at once.
    ///
    /// # Errors
    /// Those of [`Idx::read`]; labels that are not whole numbers; more or fewer labels than images.
    pub fn read(files: &Files) -> Result<Self, TableError> {
        let (images, labels) = std::thread::scope(|scope| {
            let labels = scope.spawn(|| Idx::read(&files.labels)?.labels(&files.labels));
            (Idx::read(&files.images), labels.join().expect("reading labels does not panic"))
        });
        let (images, labels) = (images?, labels?);
        if images.dims().len() < 2 {
            let found = format!("{} elements in one dimension", images.len());
            return Err(broken(&files.images, 3, "images: two dimensions or more", &found).hint(SWAPPED));
        }
        if images.len() != labels.len() {
            let expected =
                format!("{} labels, one for each image of {}", images.len(), files.images.display());
            let found = format!("{} labels", labels.len());
            let hint = "do the two files belong to the same set?";
            return Err(broken(&files.labels, 4, &expected, &found).hint(hint));
        }
        Ok(Self { images, labels })
    }

    /// The images as rows, each element divided by `divisor` (255 for bytes brings them into [0, 1]); the distinct
    /// labels in rising order are the classes.
    pub fn labelled(&self, divisor: f32) -> Labelled {
        let mut classes = self.labels.clone();
        classes.sort_unstable();
        classes.dedup();
        let class_of = |label: &i64| classes.binary_search(label).expect("every label is a class") as u32;
        let (height, width) = match self.images.dims() {
            [_, height, width] => (*height, *width),
            _ => (1, self.images.width()),
        };
        let image = (height > 1 && self.images.kind() == ElementType::U8).then(|| Image {
            height,
            width,
            white: 255.0 / divisor,
        });
        Labelled {
            x: self.images.matrix(divisor),
            labels: self.labels.iter().map(class_of).collect(),
            classes: classes.iter().map(i64::to_string).collect(),
            features: pixel_names(height, width),
            image,
        }
    }
}
