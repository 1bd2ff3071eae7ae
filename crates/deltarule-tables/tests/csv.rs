//! CSV files, small and real.

use deltarule_tables::Place;
use deltarule_tables::arrow::array::{Array, AsArray, RecordBatch};
use deltarule_tables::arrow::compute::concat_batches;
use deltarule_tables::arrow::datatypes::{DataType, Float64Type, Int64Type};
use deltarule_tables::read::{CellType, Header, ReadOptions, Source};
use std::path::PathBuf;

fn table(text: &[u8], options: &ReadOptions) -> (Source, RecordBatch) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let source = Source::open(&[file.path()], options).unwrap();
    let batches: Vec<_> = source.batches(None).unwrap().map(Result::unwrap).collect();
    let all = concat_batches(source.schema(), &batches).unwrap();
    (source, all)
}

fn types(batch: &RecordBatch) -> Vec<DataType> {
    batch.schema().fields().iter().map(|field| field.data_type().clone()).collect()
}

#[test]
fn columns_take_the_type_of_all_their_cells() {
    let (_, all) = table(
        b"a, b, c, d\n1, 0.5, x y, \n?, NA, \"x, \"\"y\"\"\", \n\n3, 2e-1, null, \n",
        &Default::default(),
    );
    assert_eq!(types(&all), [DataType::Int64, DataType::Float64, DataType::Utf8, DataType::Float64]);
    let a = all.column(0).as_primitive::<Int64Type>();
    assert_eq!(a.iter().collect::<Vec<_>>(), [Some(1), None, Some(3)]);
    let b = all.column(1).as_primitive::<Float64Type>();
    assert_eq!(b.iter().collect::<Vec<_>>(), [Some(0.5), None, Some(0.2)]);
    let c = all.column(2).as_string::<i32>();
    assert_eq!(c.iter().collect::<Vec<_>>(), [Some("x y"), Some("x, \"y\""), None]);
    assert_eq!(all.column(3).null_count(), 3);
}

#[test]
fn blocks_of_any_size_give_the_same_table() {
    let text = b"\xef\xbb\xbfn;text\r\n1;\"one\r\nline; two\"\r\n2; \"two\"\r\n\r\n3;three\r\n4;\"\"\r\n5;f\xc3\xbcnf";
    let whole = table(text, &ReadOptions { threads: 1, ..Default::default() }).1;
    assert_eq!(whole.num_rows(), 5);
    for block_bytes in 1..40 {
        for threads in [1, 3] {
            let options = ReadOptions { block_bytes, threads, ..Default::default() };
            let (source, all) = table(text, &options);
            assert_eq!(all, whole, "{block_bytes} bytes");
            let chunks: u64 = source.chunks().iter().map(|chunk| chunk.rows).sum();
            assert_eq!(chunks, 5);
        }
    }
}

#[test]
fn a_cell_is_found_again_in_its_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "\na,b\n1,\"x\ny\"\n\n2, \"z\"\n").unwrap();
    for block_bytes in [1, 1000] {
        let source =
            Source::open(&[file.path(), file.path()], &ReadOptions { block_bytes, ..Default::default() })
                .unwrap();
        let place = |row, column| source.locate(row, column).1;
        assert_eq!(place(0, Some(1)), Place::Line { line: 3, column: Some(3) });
        assert_eq!(place(1, Some(1)), Place::Line { line: 6, column: Some(4) });
        assert_eq!(place(3, None), Place::Line { line: 6, column: None });
        let chunks = source.chunks().len();
        let last: Vec<_> = source.chunk(chunks - 1, Some(&[1])).unwrap().map(Result::unwrap).collect();
        assert_eq!(last.last().unwrap().column(0).as_string::<i32>().iter().last(), Some(Some("z")));
    }
}

#[test]
fn without_a_header_the_columns_are_numbered() {
    let options = ReadOptions { header: Header::Absent, ..Default::default() };
    let (source, all) = table(b"1\t2\n3\t4\n", &options);
    assert_eq!(source.schema().field(1).name(), "c2");
    assert_eq!(all.num_rows(), 2);
}

#[test]
fn a_word_among_numbers_is_no_mistake_where_it_is_said() {
    let text = b"a,b,c\n1,1,1\n2,2,2\n3,x,x\n4,4,4\n";
    let any = |name: &str| (name.to_owned(), CellType::Any);
    let options =
        ReadOptions { types: vec![any("a"), any("b")], unneeded: vec!["c".to_owned()], ..Default::default() };
    let (_, all) = table(text, &options);
    assert_eq!(types(&all), [DataType::Int64, DataType::Utf8, DataType::Utf8]);
    assert_eq!(all.column(1).as_string::<i32>().value(2), "x");
}

#[test]
fn what_is_kept_from_the_first_look_is_what_is_in_the_file() {
    // Of the blocks, one has words in the column `a`, one a fraction in `b`, some nothing in `c`.
    let mut text = "a,b,c,d\n".to_owned();
    for i in 0..200 {
        let a = if i == 150 || i == 151 || i >= 180 { format!("w{i}") } else { format!("{i:03}") };
        let b = if i == 90 { "0.5".to_owned() } else { i.to_string() };
        let c = if i > 120 { "7" } else { "" };
        text += &format!("{a},{b},{c},\"{i}, {i}\"\n");
    }
    let read = |keep_bytes| {
        table(text.as_bytes(), &ReadOptions { block_bytes: 256, keep_bytes, ..Default::default() }).1
    };
    let nothing = read(0);
    assert_eq!(types(&nothing), [DataType::Utf8, DataType::Float64, DataType::Int64, DataType::Utf8]);
    assert_eq!(nothing.column(0).as_string::<i32>().value(7), "007");
    for keep_bytes in [1, 3000, 1 << 30] {
        assert_eq!(read(keep_bytes), nothing, "{keep_bytes} bytes");
    }
}

#[test]
fn adult_is_read_as_its_authors_describe_it() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/tables/adult-train.csv");
    if !path.exists() {
        println!("skipped: {} is absent", path.display());
        return;
    }
    let source = Source::open(&[&path], &ReadOptions::default()).unwrap();
    assert_eq!(source.rows(), 32_561);
    let workclass = source.schema().index_of("workclass").unwrap();
    let missing: usize =
        source.batches(Some(&[workclass])).unwrap().map(|batch| batch.unwrap().column(0).null_count()).sum();
    assert_eq!(missing, 1_836);
    let numeric =
        source.schema().fields().iter().filter(|field| *field.data_type() == DataType::Int64).count();
    assert_eq!(numeric, 6);
}
