"""Clips a second and peak memory of an import, by the number of processes and of clips.

    python benchmarks/importing.py ARCHIVE_OR_FOLDER... [--clips 300] [--jobs 1,2] [--index CSV]

The given captures are repeated until there are enough, each time at a slightly different frame rate, so that no two
clips are the same. Each row is an import in a process of its own; memory is the proportional set size of it and its
processes together, sampled ten times a second.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from stickgen.importing.clip_index import Index
from stickgen.importing.formats.bvh import read_bvh
from stickgen.importing.sources import Account, find_files

_IMPORT = """
import sys, time
from pathlib import Path
from stickgen.importing.clips import import_archives
began = time.perf_counter()
report = import_archives([Path(sys.argv[1])], index=Path(sys.argv[2]), jobs=int(sys.argv[3]))
print(len(report.clips), time.perf_counter() - began, sum(clip.motion.nbytes for clip in report.clips))
"""


def repeated(sources: list[Path], index: Path | None, clips: int, folder: Path) -> Path:
    """Fill `folder` with `clips` captures, as links to few files, and return an index of their frame rates."""
    account = Account()
    files = [file for file in find_files(sources, account) if file.suffix == ".bvh"]
    known = (Index.read(index) if index else Index("")).match(account.seen)
    originals: dict[int, tuple[Path, float]] = {}
    table = folder.parent / f"{folder.name}.csv"
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "fps"])
        for number, at in zip(range(clips), itertools.cycle(range(len(files))), strict=False):
            if at not in originals:
                found, data = files[at], files[at].read()
                rate = known.row(found.archive, found.name).get("fps") or read_bvh(data, found.name).fps
                place = folder.parent / f"original{at}.bvh"
                place.write_bytes(data)
                originals[at] = place, float(rate)
            place, rate = originals[at]
            name = f"{number:06}.bvh"
            (folder / name).hardlink_to(place)
            rows.writerow([name, rate * (1 + 1e-4 * (number // len(files)))])
    return table


def measured(folder: Path, table: Path, jobs: int) -> tuple[int, float, int, int]:
    """The clips, the seconds, their bytes and the peak memory in bytes of one import."""
    command = [sys.executable, "-c", _IMPORT, str(folder), str(table), str(jobs)]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak = 0
    while program.poll() is None:
        try:
            family = [psutil.Process(program.pid), *psutil.Process(program.pid).children()]
            peak = max(peak, sum(process.memory_full_info().pss for process in family))
        except psutil.Error:
            pass
        time.sleep(0.1)
    assert program.stdout is not None
    count, seconds, size = program.stdout.read().split()
    return int(count), float(seconds), int(size), peak


def main() -> None:
    """Print a row for each number of processes and of clips."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="+", type=Path)
    parser.add_argument("--clips", type=int, default=300)
    parser.add_argument("--jobs", default="1,2")
    parser.add_argument("--index", type=Path)
    options = parser.parse_args()
    print("processes    clips   s   clips/s   peak MiB   of it clips, MiB")
    with tempfile.TemporaryDirectory() as place:
        for count in (max(options.clips // 4, 1), options.clips):
            folder = Path(place) / str(count) / "captures"
            folder.mkdir(parents=True)
            table = repeated(options.sources, options.index, count, folder)
            for jobs in map(int, options.jobs.split(",")):
                clips, seconds, size, peak = measured(folder, table, jobs)
                print(
                    f"{jobs:>9} {clips:>8} {seconds:>5.1f} {clips / seconds:>7.1f} {peak / 2**20:>10.0f} {size / 2**20:>10.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
