//! Files that are not what they should be: each is refused with a message, quickly, and within little memory.

mod common;

use deltarule_tables::TableError;
use deltarule_tables::arrow::array::{
    ArrayRef, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
};
use deltarule_tables::arrow::datatypes::{DataType, Field, Int64Type};
use deltarule_tables::arrow::ipc::CompressionType;
use deltarule_tables::arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use deltarule_tables::read::{CellType, Format, Header, ReadOptions, Source};
use parquet::arrow::ArrowWriter;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A file of this name and content, with options to read it.
struct Case {
    file: &'static str,
    bytes: Vec<u8>,
    options: ReadOptions,
}

fn case(file: &'static str, bytes: impl Into<Vec<u8>>) -> Case {
    Case { file, bytes: bytes.into(), options: ReadOptions::default() }
}

fn with(file: &'static str, bytes: impl Into<Vec<u8>>, options: ReadOptions) -> Case {
    Case { file, bytes: bytes.into(), options }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn text_cases() -> Vec<Case> {
    let million = || (0..1_000_000).map(|i| format!("c{i}")).collect::<Vec<_>>().join(",") + "\n";
    let number =
        |name: &str| ReadOptions { types: vec![(name.to_owned(), CellType::Number)], ..Default::default() };
    vec![
        case("empty.csv", ""),
        case("header-only.csv", "a,b\n"),
        case("blank.csv", "\n\n  \n"),
        case("quote-never-closed.csv", "a,b\n1,2\n3,\"four\n5,6\n7,8\n"),
        case("short-row.csv", "a,b,c\n1,2,3\n\n4,5\n"),
        case("long-row.csv", "a,b\n1,2\n3,4,5\n"),
        with(
            "long-row-without-header.csv",
            "1,2\n3,4,5\n",
            ReadOptions { header: Header::Absent, ..Default::default() },
        ),
        case("nul.csv", "a,b\n1,2\n3,\u{0}4\n"),
        case("utf-16.csv", [&[0xff, 0xfe][..], &utf16("a,b\n1,2\n")].concat()),
        case("utf-16-without-mark.csv", utf16("a,b\n1,2\n")),
        case("latin-1.csv", b"name,x\nM\xfcller,1\n"),
        case("too-large.csv", "x,y\n1,2\n1e400,3\n"),
        case("text-among-numbers.csv", "age,city\n31,Ulm\n42,Bonn\nforty, Köln\n"),
        case("text-among-numbers-later.csv", "city,age\n\"Bad\nTölz\",31\n\"Köln\", 42\n\"Köln\",  x1\n"),
        with("declared-a-number.csv", "a,b\nx,1\ny,2\n", number("a")),
        case("infinite.csv", "a\n1\n2\ninf\n"),
        case("duplicate-header.csv", "a,b,a\n1,2,3\n"),
        case("numeric-header.csv", "1,2,3\n4,5,6\n"),
        case("long-line.csv", [b"a,b\n1,".to_vec(), vec![b'x'; 17 << 20]].concat()),
        case("million-columns.csv", million()),
        case("list.json", "[{\"a\": 1}]\n"),
        case("bad-line.jsonl", "{\"a\": 1}\n{\"a\": }\n"),
        case("two-objects.jsonl", "{\"a\": 1}\n{\"a\": 2} {\"a\": 3}\n"),
        case("cut.jsonl", "{\"a\": 1}\n{\"a\": \"x"),
        case("nested.jsonl", "{\"a\": 1, \"b\": 2}\n{\"a\": 1, \"b\": {\"c\": 2}}\n"),
        case("deep.jsonl", format!("{{\"a\": {}", "[".repeat(1 << 20))),
        case("key-twice.jsonl", "{\"a\": 1}\n{\"a\": 1, \"a\": 2}\n"),
        case("word-among-numbers.jsonl", "{\"a\": 1}\n{\"a\": 2}\n{\"a\": \"three\"}\n"),
        case("too-large.jsonl", "{\"a\": 1}\n{\"a\": 1e400}\n"),
        case("order.libsvm", "1 1:0.5 3:1\n-1 3:1 2:4\n"),
        case("index.libsvm", "1 1:0.5\n1 99999999999:1\n"),
        case("value.libsvm", "1 1:0.5\n1 2:x\n"),
        case("no-label.libsvm", "1 1:1\n1:1 2:3\n"),
        case("query.libsvm", "1 qid:3 1:0.5\n"),
        case("cut-short.csv.gz", {
            let packed = gzip("a,b\n1,2\n".repeat(1000).as_bytes());
            packed[..packed.len() - 12].to_vec()
        }),
        case("bomb.csv.gz", gzip(&vec![b'1'; 1 << 20]).repeat(80)),
        case("bomb.csv.zst", zstd::encode_all(&vec![b'1'; 80 << 20][..], 1).unwrap()),
        case("cut-short.csv.zst", {
            let packed = zstd::encode_all("a,b\n1,2\n".repeat(1000).as_bytes(), 1).unwrap();
            packed[..packed.len() - 5].to_vec()
        }),
        case("model.pkl", b"\x80\x04\x95anything"),
        case("book.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ]
}

fn batch() -> RecordBatch {
    let numbers = Arc::new(Int64Array::from_iter_values(0..1000)) as ArrayRef;
    let words = Arc::new(StringArray::from_iter_values((0..1000).map(|i| format!("word {}", i % 10))));
    RecordBatch::try_from_iter([("n", numbers), ("w", words as ArrayRef)]).unwrap()
}

fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// The bytes with others at this place.
fn patched(mut bytes: Vec<u8>, at: usize, with: &[u8]) -> Vec<u8> {
    bytes[at..at + with.len()].copy_from_slice(with);
    bytes
}

fn parquet_cases() -> Vec<Case> {
    let whole = parquet(&batch());
    let footer = whole.len() - 8;
    let record = StructArray::from(vec![(
        Arc::new(Field::new("street", DataType::Int64, false)),
        Arc::new(Int64Array::from(vec![1])) as ArrayRef,
    )]);
    let list = ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1)])]);
    let nested = |name, column| parquet(&RecordBatch::try_from_iter([(name, column)]).unwrap());
    // Thrift's compact protocol: a field of type i32 is 0x15 with its value zigzag; 2^31 − 1 is fe ff ff ff 0f.
    let page = [0x15, 0x00, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 0x14, 0x00];
    let dictionary = [
        0x15, 0x04, 0x15, 0x80, 0x7d, 0x15, 0x80, 0x7d, 0x4c, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 0x00,
        0x00, 0x00,
    ];
    vec![
        case("cut-short.parquet", &whole[..whole.len() / 2]),
        case("eight-bytes.parquet", b"PAR1PAR1"),
        case("footer-too-long.parquet", patched(whole.clone(), footer, &(1_u32 << 30).to_le_bytes())),
        case("footer-of-nothing.parquet", patched(whole.clone(), footer, &0_u32.to_le_bytes())),
        case("footer-of-noise.parquet", {
            let length = u32::from_le_bytes(whole[footer..footer + 4].try_into().unwrap()) as usize;
            patched(whole.clone(), footer - length, &vec![0xa5; length])
        }),
        case("page-of-2-gib.parquet", patched(whole.clone(), 4, &page)),
        case("dictionary-of-2-gib.parquet", patched(whole.clone(), 4, &dictionary)),
        case("page-of-noise.parquet", patched(whole.clone(), 4, &[0xa5; 16])),
        case("nested.parquet", nested("address", Arc::new(record))),
        case("lists.parquet", nested("scores", Arc::new(list))),
        case("encrypted.parquet", b"PAREsomethingPARE"),
        case("encrypted-columns.parquet", patched(whole.clone(), footer + 4, b"PARE")),
        case("no-rows.parquet", parquet(&batch().slice(0, 0))),
    ]
}

fn npy(descr: &str, fortran: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), values].concat()
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut archive = zip::ZipWriter::new(&mut bytes);
    for (name, content) in members {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap();
    bytes.into_inner()
}

fn array_cases() -> Vec<Case> {
    let (batch, mut file, mut stream, mut packed) = (batch(), Vec::new(), Vec::new(), Vec::new());
    let mut writer = FileWriter::try_new(&mut file, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    let mut writer = StreamWriter::try_new(&mut stream, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    let zstd = IpcWriteOptions::default().try_with_compression(Some(CompressionType::ZSTD)).unwrap();
    let mut writer = StreamWriter::try_new_with_options(&mut packed, &batch.schema(), zstd).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    // The body of the batch begins with the compressed numbers, 8000 bytes as they say in front.
    let body = packed.windows(8).rposition(|bytes| bytes == 8000_i64.to_le_bytes()).unwrap();
    let one = npy("'<f8'", "False", "(1,)", &[0; 8]);
    let mut bad_member = zipped(&[("x.npy", &npy("'<f8'", "False", "(1000,)", &[7; 8000]))]);
    let middle = bad_member.len() / 2;
    bad_member[middle] ^= 0xff;
    let mut cases = vec![
        case("cut-short.arrow", &file[..file.len() - 100]),
        case("cut-short-stream.arrow", &stream[..stream.len() / 2]),
        case("footer-too-long.arrow", patched(file.clone(), file.len() - 10, &i32::MAX.to_le_bytes())),
        case("message-too-long.arrow", patched(stream.clone(), 4, &i32::MAX.to_le_bytes())),
        case("message-of-noise.arrow", patched(stream.clone(), 8, &[0xa5; 64])),
        case("buffer-of-2-eib.arrow", patched(packed.clone(), body, &i64::MAX.to_le_bytes())),
        case("feather-1.feather", b"FEA1something"),
        case("overflow.npy", npy("'<f8'", "False", "(4294967296, 4294967296)", &[0; 8])),
        case("more-than-the-file.npy", npy("'<f8'", "False", "(1000000000, 8)", &[0; 8])),
        case("objects.npy", npy("'|O'", "False", "(3,)", b"pickle")),
        case("records.npy", npy("[('a', '<f8'), ('b', '<i4')]", "False", "(3,)", &[0; 36])),
        case("complex.npy", npy("'<c16'", "False", "(3,)", &[0; 48])),
        case("number.npy", npy("'<f8'", "False", "()", &[0; 8])),
        case("no-rows.npy", npy("'<f8'", "False", "(0, 3)", &[])),
        case("wide.npy", npy("'|i1'", "False", "(1, 100000)", &[0; 100_000])),
        case("header-too-long.npy", b"\x93NUMPY\x01\x00\xff\xff{}"),
        case("header-of-brackets.npy", npy(&"(".repeat(10_000), "False", "()", &[])),
        case("no-shape.npy", b"\x93NUMPY\x01\x00\x15\x00{'descr': '<f8', }   "),
        case("surrogate.npy", npy("'<U1'", "False", "(1,)", &0xd800_u32.to_le_bytes())),
        case("lengths.npz", zipped(&[("x.npy", &one), ("y.npy", &npy("'<f8'", "False", "(2,)", &[0; 16]))])),
        case("member.npz", zipped(&[("readme.txt", b"hello")])),
        case("damaged-member.npz", bad_member),
        case("empty.npz", zipped(&[])),
        case("book.xlsx", zipped(&[("[Content_Types].xml", b"<Types/>")])),
        case("bomb.npz", zipped(&[("x.npy", &npy("'|i1'", "False", "(83886080,)", &vec![0; 80 << 20]))])),
    ];
    cases.push(with(
        "format.csv",
        "a,b\n",
        ReadOptions { format: Some(Format::Parquet), ..Default::default() },
    ));
    cases
}

/// Opens and reads it all.
fn read(paths: &[impl AsRef<Path>], options: &ReadOptions) -> Result<(), TableError> {
    let source = Source::open(paths, options)?;
    source.batches(None)?.try_for_each(|batch| batch.map(|_| ()))
}

/// Notes what is said of the files, which are called by their names within `folder`.
fn note(notes: &mut String, folder: &Path, title: &str, read: impl FnOnce() -> Result<(), TableError>) {
    let start = Instant::now();
    let Err(error) = read() else { panic!("{title} is read as if nothing were wrong") };
    let taken = start.elapsed();
    // A second, and leave for a machine that does other things and for code that is hardly optimised.
    assert!(taken < Duration::from_secs(5), "{title} takes {taken:?}");
    let message = common::told(&error).replace(&format!("{}/", folder.display()), "");
    writeln!(notes, "{title}\n  {}\n", message.replace('\n', "\n  ")).unwrap();
}

#[test]
fn messages() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut notes = String::new();
    for case in [text_cases(), parquet_cases(), array_cases()].into_iter().flatten() {
        let path = folder.join(case.file);
        std::fs::write(&path, &case.bytes).unwrap();
        note(&mut notes, folder, case.file, || read(&[&path], &case.options));
    }
    let path = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let options = ReadOptions::default();
    let (a, b) = (path("a.csv", "x,y\n1,a\n"), path("b.csv", "x,z\n1,b\n"));
    let (c, d) = (path("c.csv", "x,y\nu,a\n"), path("d.csv", "x,y,z\n1,2,3\n"));
    note(&mut notes, folder, "files with columns of other names", || read(&[&a, &b], &options));
    note(&mut notes, folder, "files with columns of other types", || read(&[&a, &c], &options));
    note(&mut notes, folder, "files with more columns", || read(&[&a, &d], &options));
    std::fs::create_dir(folder.join("sub")).unwrap();
    note(&mut notes, folder, "a folder", || read(&[folder.join("sub")], &options));
    note(&mut notes, folder, "a pattern that nothing matches", || read(&[folder.join("*.tsv")], &options));
    note(&mut notes, folder, "no file", || read(&[folder.join("missing.csv")], &options));
    let pipe = folder.join("pipe");
    if std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
        note(&mut notes, folder, "a named pipe", || read(&[&pipe], &options));
    }
    insta::assert_snapshot!(notes);
}

/// Whatever single byte is wrong, reading ends with a table or with a message: the content of a binary file is
/// nothing that a decoder may rely on.
#[test]
fn any_byte_may_be_wrong() {
    let (mut file, mut packed) = (Vec::new(), Vec::new());
    let small = batch().slice(0, 50);
    let mut writer = FileWriter::try_new(&mut file, &small.schema()).unwrap();
    writer.write(&small).unwrap();
    writer.finish().unwrap();
    let lz4 = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME)).unwrap();
    let mut writer = StreamWriter::try_new_with_options(&mut packed, &small.schema(), lz4).unwrap();
    writer.write(&small).unwrap();
    writer.finish().unwrap();
    let array = npy("'<f8'", "False", "(10, 5)", &[1; 400]);
    let wholes = [parquet(&small), file, packed, zipped(&[("x.npy", &array)]), array];
    let path = tempfile::NamedTempFile::new().unwrap();
    let options = ReadOptions { threads: 1, ..Default::default() };
    let (mut refused, mut state) = (0, 1_u64);
    for whole in &wholes {
        for _ in 0..300 {
            // Knuth's multiplicative generator.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (state >> 33) as usize % whole.len();
            let bytes = patched(whole.clone(), at, &[whole[at] ^ ((state >> 20) as u8 | 1)]);
            std::fs::write(path.path(), bytes).unwrap();
            refused += u32::from(read(&[path.path()], &options).is_err());
        }
    }
    assert!(refused > 300, "{refused} of 1500");
}

/// The same again in a process that may not have more than 1 GiB of address space.
#[cfg(target_os = "linux")]
#[test]
fn messages_within_a_gibibyte() {
    let this: PathBuf = std::env::current_exe().unwrap();
    let status = std::process::Command::new("sh")
        .args(["-c", "ulimit -v 1048576; exec \"$0\" --exact messages any_byte_may_be_wrong"])
        .arg(this)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
}
