//! IDX files written here and read back, malformed ones, and MNIST where its files are.

mod common;

use deltarule_tables::idx::{ElementType, Files, Idx, Pair, find};
use deltarule_tables::{ErrorKind, TableError};
use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn idx(code: u8, dims: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, code, dims.len() as u8];
    dims.iter().for_each(|dim| bytes.extend(dim.to_be_bytes()));
    bytes.extend(elements);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The message without the folder's path.
    fn message(&self, error: &TableError) -> String {
        common::told(error).replace(&format!("{}/", self.path().display()), "")
    }

    fn read_error(&self, bytes: &[u8]) -> String {
        let error = Idx::read(&self.put("file", bytes)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data);
        self.message(&error)
    }
}

#[test]
fn every_kind_of_element_is_read() {
    fn big<const N: usize>(values: &[[u8; N]]) -> Vec<u8> {
        values.concat()
    }
    let cases: [(u8, ElementType, Vec<u8>, [f32; 4]); 6] = [
        (0x08, ElementType::U8, vec![0, 1, 128, 255], [0.0, 1.0, 128.0, 255.0]),
        (0x09, ElementType::I8, vec![0, 1, 128, 255], [0.0, 1.0, -128.0, -1.0]),
        (
            0x0B,
            ElementType::I16,
            big(&[-2_i16, 258, i16::MIN, i16::MAX].map(i16::to_be_bytes)),
            [-2.0, 258.0, -32768.0, 32767.0],
        ),
        (
            0x0C,
            ElementType::I32,
            big(&[-2_i32, 16_909_060, i32::MIN, 7].map(i32::to_be_bytes)),
            [-2.0, 16_909_060.0, -2_147_483_648.0, 7.0],
        ),
        (
            0x0D,
            ElementType::F32,
            big(&[-0.5_f32, 0.1, 1e30, 7.0].map(f32::to_be_bytes)),
            [-0.5, 0.1, 1e30, 7.0],
        ),
        (
            0x0E,
            ElementType::F64,
            big(&[-0.5_f64, 0.1, 1e30, 7.0].map(f64::to_be_bytes)),
            [-0.5, 0.1, 1e30, 7.0],
        ),
    ];
    let folder = Folder::new();
    for (code, kind, elements, values) in cases {
        for bytes in [idx(code, &[2, 1, 2], &elements), gzip(&idx(code, &[2, 1, 2], &elements))] {
            let read = Idx::read(&folder.put("file", &bytes)).unwrap();
            assert_eq!((read.kind(), read.dims(), read.len(), read.width()), (kind, &[2, 1, 2][..], 2, 2));
            let x = read.matrix(1.0);
            assert_eq!([x.row(0), x.row(1)].concat(), values, "{kind:?}");
            let scaled = read.matrix(255.0);
            assert_eq!(
                [scaled.row(0), scaled.row(1)].concat(),
                values.map(|value| value / 255.0),
                "{kind:?}"
            );
        }
    }
}

#[test]
fn what_is_not_an_idx_file_says_where_and_why() {
    let folder = Folder::new();
    let magic = "expected an IDX magic number: 00 00, a type from 08 to 0e, a number of dimensions";
    let hint = "hint: files of images start with 00 00 08 03, of labels with 00 00 08 01";
    assert_eq!(
        folder.read_error(b"sepal_length,"),
        format!("file: byte 0: {magic}, found 73 65 70 61\n{hint}")
    );
    assert_eq!(
        folder.read_error(&[0, 0, 0x0A, 1, 0]),
        format!("file: byte 0: {magic}, found 00 00 0a 01\n{hint}")
    );
    assert_eq!(
        folder.read_error(b""),
        "file: byte 0: expected the four bytes that start an IDX file, found an empty file"
    );
    assert_eq!(folder.read_error(&[0, 0, 8, 0]), "file: byte 3: expected from 1 to 8 dimensions, found 0");
    assert_eq!(
        folder.read_error(&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0]),
        "file: byte 10: expected dimension 2 of 3, found the end of the file"
    );
}

#[test]
fn a_file_of_another_length_than_its_header_says_is_refused() {
    let folder = Folder::new();
    let whole = idx(8, &[3, 2, 2], &[7; 12]);
    assert_eq!(
        folder.read_error(&whole[..20]),
        "file: byte 20: expected 12 bytes of elements, as the header says, found the end of the file after 4 of them\n\
         hint: the file was cut short; fetch it again"
    );
    let longer = [&whole[..], &[1]].concat();
    let behind = "file: byte 28: expected the end of the file, found more bytes\n\
                  hint: the header's dimensions are too small, or the file was changed";
    assert_eq!(folder.read_error(&longer), behind);
    assert_eq!(folder.read_error(&gzip(&longer)), behind);
    let short = folder.read_error(&gzip(&whole[..20]));
    assert!(short.starts_with("file: byte 20: expected 12 bytes of elements"), "{short}");
}

/// Each header claims far more than any machine holds: an allocation of that size would end the test.
#[test]
fn a_header_that_claims_too_much_allocates_nothing() {
    let folder = Folder::new();
    for dims in [&[u32::MAX, u32::MAX, u32::MAX, u32::MAX][..], &[1 << 20, 1 << 20], &[u32::MAX]] {
        for bytes in [idx(0x0E, dims, &[0; 8]), gzip(&idx(0x0E, dims, &[0; 8]))] {
            let message = folder.read_error(&bytes);
            assert!(message.contains("expected dimensions whose elements fit in the file"), "{message}");
        }
    }
    // What a gzip of this size could just hold is believed, but has to arrive.
    let message = folder.read_error(&gzip(&idx(8, &[20_000], &[0; 8])));
    assert!(message.contains("expected 20000 bytes of elements, as the header says"), "{message}");
}

#[test]
fn a_damaged_gzip_is_refused() {
    let folder = Folder::new();
    let elements: Vec<u8> = (0..4000_u32).map(|i| (i * i % 251) as u8).collect();
    let packed = gzip(&idx(8, &[10, 20, 20], &elements));
    for cut in [3, 12, packed.len() / 2, packed.len() - 9, packed.len() - 1] {
        let message = folder.read_error(&packed[..cut]);
        assert!(
            message.contains("gzip stream that ends too early\nhint: the file was cut short"),
            "{cut}: {message}"
        );
    }
    for place in [packed.len() / 2, packed.len() - 8, packed.len() - 1] {
        let mut damaged = packed.clone();
        damaged[place] ^= 0x10;
        let message = folder.read_error(&damaged);
        assert!(message.contains("gzip") || message.contains("expected"), "{place}: {message}");
    }
    let mut trailing = packed.clone();
    trailing.extend(b"not a member of gzip");
    assert!(folder.read_error(&trailing).contains("damaged gzip stream"));
}

#[test]
fn what_is_no_regular_file_is_refused() {
    let folder = Folder::new();
    let error = Idx::read(folder.path()).unwrap_err();
    assert!(error.to_string().ends_with("expected an IDX file, found something that is not a regular file"));
    let error = Idx::read(&folder.path().join("absent")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::System);
}

fn pair_of(folder: &Folder, images: &[u8], labels: &[u8]) -> Result<Pair, TableError> {
    Pair::read(&Files { images: folder.put("images", images), labels: folder.put("labels", labels) })
}

#[test]
fn pairs_become_labelled_samples() {
    let folder = Folder::new();
    let images = idx(8, &[3, 2, 2], &[0, 51, 102, 255, 1, 2, 3, 4, 5, 6, 7, 8]);
    let data = pair_of(&folder, &images, &gzip(&idx(8, &[3], &[9, 4, 9]))).unwrap().labelled(255.0);
    assert_eq!(data.x.row(0), [0.0, 0.2, 0.4, 1.0]);
    assert_eq!((data.labels, data.classes), (vec![1, 0, 1], vec!["4".to_owned(), "9".to_owned()]));
    assert_eq!(data.features, ["pixel_0_0", "pixel_0_1", "pixel_1_0", "pixel_1_1"]);
    let image = data.image.unwrap();
    assert_eq!((image.height, image.width, image.white), (2, 2, 1.0));
}

#[test]
fn pairs_that_do_not_fit_are_refused() {
    let folder = Folder::new();
    let images = idx(8, &[3, 2, 2], &[0; 12]);
    let message =
        |images: &[u8], labels: &[u8]| folder.message(&pair_of(&folder, images, labels).unwrap_err());
    assert_eq!(
        message(&images, &idx(8, &[2], &[0; 2])),
        "labels: byte 4: expected 3 labels, one for each image of images, found 2 labels\n\
         hint: do the two files belong to the same set?"
    );
    let swapped = message(&idx(8, &[3], &[0; 3]), &idx(8, &[3], &[0; 3]));
    assert!(swapped.starts_with("images: byte 3: expected images: two dimensions or more"), "{swapped}");
    let swapped = message(&images, &images);
    assert!(
        swapped.starts_with("labels: byte 3: expected labels: one dimension, found 3 × 2 × 2"),
        "{swapped}"
    );
    let halves: Vec<u8> = [1.0_f32, 2.5, 0.0].iter().flat_map(|value| value.to_be_bytes()).collect();
    assert_eq!(
        message(&images, &idx(0x0D, &[3], &halves)),
        "labels: byte 12: expected labels that are whole numbers, found 2.5 as label 1"
    );
    let nan: Vec<u8> = [f32::NAN; 3].iter().flat_map(|value| value.to_be_bytes()).collect();
    assert!(message(&images, &idx(0x0D, &[3], &nan)).contains("found NaN as label 0"));
}

#[test]
fn files_are_found_by_their_usual_names() {
    let cases: [(&[&str], &str, &str, Option<&str>); 5] = [
        (
            &[
                "train-images-idx3-ubyte.gz",
                "train-labels-idx1-ubyte.gz",
                "t10k-images-idx3-ubyte.gz",
                "t10k-labels-idx1-ubyte.gz",
                "README.md",
            ],
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
            Some("t10k-images-idx3-ubyte.gz"),
        ),
        // The plain file is preferred, and the dot is as good as the dash.
        (
            &["train-images.idx3-ubyte", "train-images.idx3-ubyte.gz", "train-labels.idx1-ubyte"],
            "train-images.idx3-ubyte",
            "train-labels.idx1-ubyte",
            None,
        ),
        (
            &[
                "emnist-letters-train-images-idx3-ubyte",
                "emnist-letters-train-labels-idx1-ubyte.gz",
                "emnist-letters-test-images-idx3-ubyte.gz",
                "emnist-letters-test-labels-idx1-ubyte.gz",
                "emnist-letters-mapping.txt",
            ],
            "emnist-letters-train-images-idx3-ubyte",
            "emnist-letters-train-labels-idx1-ubyte.gz",
            Some("emnist-letters-test-images-idx3-ubyte.gz"),
        ),
        (&["images-idx3-ubyte", "labels-idx1-ubyte"], "images-idx3-ubyte", "labels-idx1-ubyte", None),
        (&["train-images.idx", "train-labels.idx"], "train-images.idx", "train-labels.idx", None),
    ];
    for (names, images, labels, test) in cases {
        let folder = Folder::new();
        names.iter().for_each(|name| {
            folder.put(name, b"");
        });
        let found = find(folder.path()).unwrap();
        let train = Files { images: folder.path().join(images), labels: folder.path().join(labels) };
        assert_eq!(found.train, train);
        assert_eq!(found.test.map(|files| files.images), test.map(|name| folder.path().join(name)));
        let alone = find(&folder.path().join(images)).unwrap();
        assert_eq!((alone.train, alone.test), (train, None));
    }
}

#[test]
fn what_cannot_be_found_is_said() {
    let message = |names: &[&str]| {
        let folder = Folder::new();
        names.iter().for_each(|name| {
            folder.put(name, b"");
        });
        let error = find(folder.path()).unwrap_err().to_string();
        error.replace(&folder.path().display().to_string(), "DIR")
    };
    assert_eq!(
        message(&[]),
        "DIR: expected train-images-idx3-ubyte and train-labels-idx1-ubyte, each plain or .gz, found an empty folder"
    );
    assert!(message(&["a.csv", "b.csv"]).ends_with("found 2 files, a.csv, b.csv"));
    assert_eq!(
        message(&["train-images-idx3-ubyte.gz"]),
        "DIR/train-images-idx3-ubyte.gz: expected train-labels-idx1-ubyte beside it, plain or .gz, found no such file"
    );
    let two = message(&[
        "emnist-digits-train-images-idx3-ubyte",
        "emnist-digits-train-labels-idx1-ubyte",
        "emnist-letters-train-images-idx3-ubyte",
        "emnist-letters-train-labels-idx1-ubyte",
    ]);
    assert!(two.contains("expected one data set, found 2: emnist-digits-train"), "{two}");
    assert!(find(Path::new("no/such.csv")).unwrap_err().to_string().contains("found `such.csv`"));
}

fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn mnist_is_read_as_published() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/mnist");
    if !folder.is_dir() {
        println!("skipped: MNIST is not in {}", folder.display());
        return;
    }
    let found = find(&folder).unwrap();
    for (files, count, images_md5, labels_md5) in [
        (found.train, 60_000, "6bbc9ace898e44ae57da46a324031adb", "a25bea736e30d166cdddb491f175f624"),
        (found.test.unwrap(), 10_000, "2646ac647ad5339dbf082846283269ea", "27ae3e4e09519cfbb04c329615203637"),
    ] {
        let pair = Pair::read(&files).unwrap();
        let raw = pair.images.matrix(1.0);
        assert_eq!((raw.rows(), raw.cols()), (count, 784));
        // The sums are of whole files: header and elements, written again from what was read.
        let mut images = idx(8, &[count as u32, 28, 28], &[]);
        (0..count).for_each(|i| images.extend(raw.row(i).iter().map(|&value| value as u8)));
        assert_eq!(md5(&images), images_md5);
        let labels: Vec<u8> = pair.labels.iter().map(|&label| label as u8).collect();
        assert_eq!(md5(&idx(8, &[count as u32], &labels)), labels_md5);
    }
}
