"""How fast deltarule, pyarrow and pandas read the same tables: they take turns, each reading in a process of its own.

    python3 xtask/python/read_throughput.py READER MIB ROUNDS FILE…

READER is the example `read_throughput` of deltarule-tables, which also writes the tables: a FILE is `numbers` or `mixed`
with the ending .csv or .parquet, written to a temporary folder unless it is there already. Each process reads a table twice, whole, into memory; the better time counts, and of the
rounds the median. The processor's seconds are those of all threads. `cargo xtask bench-reading` starts this.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time


def read(name, path):
    """Reads `path` twice in this process; prints seconds, rows and seconds of the processor."""
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
        start, worked = time.perf_counter(), time.process_time()
        rows = len(whole(path))
        print(time.perf_counter() - start, rows, time.process_time() - worked)


def children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def best(command):
    """Seconds and seconds of the processor of the better reading, and the rows."""
    before = children()
    lines = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    readings = [line.split() for line in lines.splitlines()]
    # A reader that does not count its own work does nothing else.
    share = (children() - before) / len(readings)
    best = min(readings, key=lambda reading: float(reading[0]))
    return float(best[0]), float(best[2]) if len(best) > 2 else share, int(best[1])


def main(reader, mib, rounds, *files):
    import pandas
    import pyarrow

    print(f"pandas {pandas.__version__}, pyarrow {pyarrow.__version__}, {pyarrow.cpu_count()} threads")
    print("| table | MB | million rows | reader | seconds | MB/s | processor's seconds | speed, pyarrow = 1 |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            path = file if os.path.exists(file) else os.path.join(folder, file)
            if path != file:
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
            worked = {name: [] for name in contenders}
            counted = set()
            for _ in range(int(rounds)):
                for name, command in contenders.items():
                    seconds, processor, rows = best(command)
                    taken[name].append(seconds)
                    worked[name].append(processor)
                    counted.add(rows)
            if len(counted) > 1:
                sys.exit(f"{file}: the readers do not agree on the number of rows: {counted}")
            size = os.path.getsize(path) / 1e6
            medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
            for name, seconds in medians.items():
                ratio = medians["pyarrow"] / seconds
                print(
                    f"| {os.path.basename(file)} | {size:.0f} | {rows / 1e6:.2f} | {name} | {seconds:.2f} | {size / seconds:.0f} "
                    f"| {statistics.median(worked[name]):.2f} | {ratio:.2f} |",
                    flush=True,
                )
            if path != file:
                os.remove(path)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        read(*sys.argv[2:])
    elif len(sys.argv) > 4:
        main(*sys.argv[1:])
    else:
        sys.exit(__doc__)
