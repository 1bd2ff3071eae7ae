"""How fast deltarule, pyarrow and pandas read the same tables: they take turns, each reading in a process of its own.

    python3 xtask/python/read_throughput.py READER MIB [ROUNDS]

READER is the example `read_throughput` of deltarule-tables, which also writes the tables. Each process reads a table
twice, whole, into memory; the better time counts, and of the rounds the median. `cargo xtask bench-reading` starts this.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time


def read(name, path):
    """Reads `path` twice in this process; prints seconds and rows."""
    import pandas
    import pyarrow.csv
    import pyarrow.parquet

    whole = {
        ("pyarrow", ".csv"): pyarrow.csv.read_csv,
        ("pyarrow", ".parquet"): pyarrow.parquet.read_table,
        ("pandas", ".csv"): pandas.read_csv,
        ("pandas", ".parquet"): pandas.read_parquet,
        ("pandas, engine=pyarrow", ".csv"): lambda path: pandas.read_csv(path, engine="pyarrow"),
    }[name, os.path.splitext(path)[1]]
    for _ in range(2):
        start = time.perf_counter()
        rows = len(whole(path))
        print(time.perf_counter() - start, rows)


def best(command):
    lines = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    readings = [line.split() for line in lines.splitlines()]
    return min(float(seconds) for seconds, _ in readings), int(readings[0][1])


def main(reader, mib, rounds=3):
    import pandas
    import pyarrow

    print(f"pandas {pandas.__version__}, pyarrow {pyarrow.__version__}, {pyarrow.cpu_count()} threads")
    print("| table | size, MB | million rows | reader | seconds | MB/s | speed, pyarrow = 1 |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for file in ["numbers.csv", "mixed.csv", "numbers.parquet", "mixed.parquet"]:
            path = os.path.join(folder, file)
            subprocess.run([reader, "write", file.split(".")[0], path, str(mib)], check=True)
            python = [sys.executable, __file__, "--read"]
            contenders = {
                "deltarule": [reader, "read", path, "2"],
                "pyarrow": [*python, "pyarrow", path],
                "pandas": [*python, "pandas", path],
            }
            if file.endswith(".csv"):
                contenders["pandas, engine=pyarrow"] = [*python, "pandas, engine=pyarrow", path]
            taken = {name: [] for name in contenders}
            counted = set()
            for _ in range(int(rounds)):
                for name, command in contenders.items():
                    seconds, rows = best(command)
                    taken[name].append(seconds)
                    counted.add(rows)
            if len(counted) > 1:
                sys.exit(f"{file}: the readers do not agree on the number of rows: {counted}")
            size = os.path.getsize(path) / 1e6
            medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
            for name, seconds in medians.items():
                ratio = medians["pyarrow"] / seconds
                print(
                    f"| {file} | {size:.0f} | {rows / 1e6:.2f} | {name} | {seconds:.3f} | {size / seconds:.0f} "
                    f"| {ratio:.2f} |",
                    flush=True,
                )
            os.remove(path)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        read(*sys.argv[2:])
    elif len(sys.argv) in (3, 4):
        main(*sys.argv[1:])
    else:
        sys.exit(__doc__)
