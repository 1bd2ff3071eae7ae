"""Writes the cases of `tests/reference.rs`: small files, and what pandas and pyarrow read from them.

    pip install numpy pandas pyarrow scikit-learn
    python3 make_cases.py

The files of CSV and JSON lines are written out below; the others come from the libraries. `expected.json` has, for
each file, the columns in order: name, kind ("integer", "number", "text", "boolean", "date", "time") and values, as
strings that tell numbers exactly, null where a value is missing.
"""

import datetime
import json
import pathlib

import numpy
import pandas
import pyarrow
import pyarrow.feather
import pyarrow.parquet
import sklearn.datasets

MISSING = ["", "?", "NA", "N/A", "NaN", "nan", "null", "NULL"]
FOLDER = pathlib.Path(__file__).parent / "cases"

CSV = {
    "plain.csv": "a,b,c\n1,0.5,x\n2,1e-3,y z\n,,\n-4,-.25,\n",
    "blanks.csv": "age, job, pay\n39, State-gov, 77516\n50, ?, 83311\n38, Private, 215646.5\n",
    "quotes.csv": 'id,text\n1,"a, b"\n2,"say ""hi"""\n3,"two\nlines"\n4,5" pipe\n5,""\n',
    "quotes-after-blanks.csv": 'id, text\n1, "a, b"\n2, "c"\n3,  "d ""e"", f"\n',
    "missing.csv": "a,b,c\nNA,?,nan\n1,x,NaN\nnull,N/A,2.5\n",
    "numbers.csv": "i,big,f,mixed\n+7,9223372036854775807,5.,1\n-0,-9223372036854775808,.5,2.0\n007,0,1E+2,3\n",
    "digits.csv": "x\n0.1\n0.30000000000000004\n1.7976931348623157e308\n5e-324\n123456789.123456789\n2.2250738585072011e-308\n"
    "9007199254740993\n0.1e-400\n",
    "tabs.tsv": "a\tb\n1\tx y\n\tz,w\n",
    "semicolons.csv": "a;b\n1;x,y\n2;z\n",
    "windows.csv": "a,b\r\n1,x\r\n\r\n2,y\r\n",
    "unicode.csv": "\ufeffname,값\nMüller,1\n김,2\n🙂,3\n",
    "no-line-end.csv": "a,b\n1,2\n3,4",
    "one-column.csv": "a\n1\n\n2\n",
}

JSON = {
    "plain.jsonl": '{"a": 1, "b": "x", "c": 0.1}\n{"b": null, "c": 1e-7, "a": 2}\n{"a": 3, "b": "z\\u20ac\\n", "c": null}\n',
}


def kind_and_values(column):
    """A pandas column as kind and strings."""
    values = [None if pandas.isna(value) else value for value in column]
    present = [value for value in values if value is not None]
    if all(isinstance(value, (bool, numpy.bool_)) for value in present) and present:
        return "boolean", [None if v is None else str(bool(v)).lower() for v in values]
    if all(isinstance(value, pandas.Timestamp) for value in present) and present:
        utc = [v if v is None or v.tzinfo is None else v.tz_convert("UTC").tz_localize(None) for v in values]
        epoch = pandas.Timestamp(0)
        return "time", [None if v is None else str((v - epoch) // pandas.Timedelta(microseconds=1)) for v in utc]
    if all(isinstance(value, datetime.date) for value in present) and present:
        return "date", [None if v is None else str((v - datetime.date(1970, 1, 1)).days) for v in values]
    if all(isinstance(value, (int, numpy.integer)) for value in present) and present:
        return "integer", [None if v is None else str(int(v)) for v in values]
    if all(isinstance(value, (int, float, numpy.number)) for value in present):
        single = present and all(isinstance(value, numpy.float32) for value in present)
        return "number", [None if v is None else (str(v) if single else repr(float(v))) for v in values]
    return "text", [v if v is None else str(v) for v in values]


def described(frame):
    return [[str(name), *kind_and_values(frame[name])] for name in frame.columns]


def main():
    FOLDER.mkdir(exist_ok=True)
    expected = {}
    for name, text in CSV.items():
        (FOLDER / name).write_bytes(text.encode())
        delimiter = {"tabs.tsv": "\t", "semicolons.csv": ";"}.get(name, ",")
        frame = pandas.read_csv(
            FOLDER / name,
            sep=delimiter,
            skipinitialspace=True,
            na_values=MISSING,
            keep_default_na=False,
            dtype_backend="numpy_nullable",
            encoding="utf-8-sig",
        )
        expected[name] = described(frame)
    for name, text in JSON.items():
        (FOLDER / name).write_bytes(text.encode())
        expected[name] = described(
            pandas.read_json(FOLDER / name, lines=True, dtype_backend="numpy_nullable", precise_float=True)
        )

    table = pyarrow.table(
        {
            "i": pyarrow.array([1, None, -(2**62)], pyarrow.int64()),
            "small": pyarrow.array([1, 2, None], pyarrow.int8()),
            "f": pyarrow.array([0.1, None, 1e300]),
            "single": pyarrow.array([0.1, 2.5, None], pyarrow.float32()),
            "b": pyarrow.array([True, None, False]),
            "s": pyarrow.array(["x", "", None]),
            "large": pyarrow.array(["x", None, "김"], pyarrow.large_string()),
            "category": pyarrow.array(["u", "v", "u"]).dictionary_encode(),
            "date": pyarrow.array([datetime.date(2024, 2, 29), None, datetime.date(1969, 12, 31)]),
            "time": pyarrow.array([1_700_000_000_123, None, -1], pyarrow.timestamp("ms")),
            "zoned": pyarrow.array([1_700_000_000, 0, None], pyarrow.timestamp("s", "Asia/Seoul")),
        }
    )
    described_table = described(table.to_pandas(types_mapper=None, integer_object_nulls=True, date_as_object=True))
    writers = {
        "default.parquet": {},
        "pages-2.parquet": {"data_page_version": "2.0", "compression": "zstd", "use_dictionary": False},
        "gzip.parquet": {"compression": "gzip", "version": "1.0"},
        "brotli.parquet": {"compression": "brotli", "row_group_size": 2},
        "lz4.parquet": {"compression": "lz4", "data_page_size": 1},
        "split.parquet": {
            "use_dictionary": False,
            "column_encoding": {"f": "BYTE_STREAM_SPLIT", "i": "DELTA_BINARY_PACKED", "s": "DELTA_BYTE_ARRAY"},
        },
    }
    for name, options in writers.items():
        pyarrow.parquet.write_table(table, FOLDER / name, **options)
        expected[name] = described_table
    for compression in ["uncompressed", "lz4", "zstd"]:
        name = f"{compression}.feather"
        pyarrow.feather.write_feather(table, FOLDER / name, compression=compression, chunksize=2)
        expected[name] = described_table
    with pyarrow.ipc.new_stream(FOLDER / "stream.arrows", table.schema) as stream:
        for batch in table.to_batches(max_chunksize=2):
            stream.write_batch(batch)
    expected["stream.arrows"] = described_table

    values = numpy.array([[1.5, numpy.nan, -0.25], [2.0, 3.0, 1e-300]])
    for name, array in {
        "c.npy": values,
        "fortran.npy": numpy.asfortranarray(values),
        "big-endian.npy": values.astype(">f8"),
        "single.npy": values.astype("f4"),
        "half.npy": values.astype("f2"),
        "cube.npy": numpy.asfortranarray(numpy.arange(24, dtype=">i2").reshape(2, 3, 4)),
        "words.npy": numpy.array([["x", "zwei"], ["김", "🙂"]]),
        "bytes.npy": numpy.array([b"x", b"two"]),
        "bools.npy": numpy.array([True, False]),
        "times.npy": numpy.array(["2024-02-29", "NaT", "1969-12-31"], dtype="M8[D]"),
        "long.npy": numpy.array([1, 2**63], dtype="u8"),
    }.items():
        numpy.save(FOLDER / name, array)
        flat = array.reshape(len(array), -1)
        if array.dtype.kind == "S":
            flat = flat.astype("U")
        if name == "long.npy":
            flat = flat.astype("f8")
        expected[name] = described(pandas.DataFrame(flat, columns=[f"x{i}" for i in range(flat.shape[1])]))
    numpy.savez(FOLDER / "plain.npz", x=values, y=numpy.array([3, 4]))
    numpy.savez_compressed(FOLDER / "packed.npz", x=values, y=numpy.array([3, 4]))
    both = pandas.DataFrame(values, columns=["x0", "x1", "x2"]).assign(y=[3, 4])
    expected["plain.npz"] = expected["packed.npz"] = described(both)

    matrix = numpy.array([[0, 1.5, 0], [2.0, 0, -1e-7], [0, 0, 0.1]])
    for name, zero_based in {"one.svm": False, "zero.svm": True}.items():
        path = str(FOLDER / name)
        sklearn.datasets.dump_svmlight_file(matrix, [1, -1, 1], path, zero_based=zero_based)
        dense, labels = sklearn.datasets.load_svmlight_file(path, zero_based=zero_based)
        first = 0 if zero_based else 1
        frame = pandas.DataFrame(dense.toarray(), columns=[f"x{i + first}" for i in range(3)])
        frame.insert(0, "label", labels.astype(int))
        expected[name] = described(frame)

    (FOLDER / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
