"""How fast pandas and pyarrow read the files that the example `read_throughput` of deltarule-tables wrote.

    python3 xtask/python/read_throughput.py FOLDER/table.csv FOLDER/table.parquet

The best of three runs each, whole tables in memory.
"""

import os
import sys
import time


def best_of_three(read):
    times = []
    for _ in range(3):
        start = time.perf_counter()
        rows = len(read())
        times.append(time.perf_counter() - start)
    return min(times), rows


def main():
    import pandas
    import pyarrow
    import pyarrow.csv
    import pyarrow.parquet

    print(f"pandas {pandas.__version__}, pyarrow {pyarrow.__version__}, {pyarrow.cpu_count()} threads")
    for path in sys.argv[1:]:
        readers = (
            {"pyarrow": pyarrow.parquet.read_table, "pandas": pandas.read_parquet}
            if path.endswith(".parquet")
            else {"pyarrow": pyarrow.csv.read_csv, "pandas": pandas.read_csv}
        )
        megabytes = os.path.getsize(path) / 1e6
        for name, read in readers.items():
            seconds, rows = best_of_three(lambda: read(path))
            print(
                f"{path}: {name} {seconds:.3f} s, {megabytes / seconds:.0f} MB/s, "
                f"{rows / seconds / 1e6:.2f} million rows/s"
            )


if __name__ == "__main__":
    main()
