"""A run's metrics for other programs: a table (CSV), JSON with its config and labels, TensorBoard event files.

What a resumed run recorded again stands in a file once, as it was recorded last.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import tempfile
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from stickgen.atomic import replacing
from stickgen.catalogue.entry import Entry
from stickgen.config.schema import KEYS
from stickgen.errors import StickgenError
from stickgen.outputs import Kind, Output, begins, contains
from stickgen.record_log import RecordReader
from stickgen.run_contract import MEASURED, Field, RecordKind
from stickgen.runs.store import Run
from stickgen.runs.tracking import TensorBoard, measured_values

JSON_VERSION = 1
_PIECE_BYTES = 4 * 2**20
_FIRST = (Field.KIND, Field.STEP, Field.EPOCH, Field.TIME)
_LEFT_OUT = {Field.SEQ, "crc32", *_FIRST}
TABLE = Kind("a table of a run's metrics", begins(b"kind,step,"), suffixes=(".csv",))
DOCUMENT = Kind("a run as JSON", contains(b'"stickgen_run":'), suffixes=(".json",))


def write_csv(run: Run, path: Path) -> int:
    """A line a record; columns that a record does not have stay empty. Returns how many records there are."""
    last, names = _survey(run)
    with replacing(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        table = csv.writer(text, lineterminator="\n")
        table.writerow([*_FIRST, *names])
        count = 0
        for record in _that_count(run, last):
            row = [record.get(name) for name in (*_FIRST, *names)]
            row[0] = row[0] or RecordKind.TRAIN
            table.writerow(["" if value is None else _cell(value) for value in row])
            count += 1
        text.flush()
        text.detach()
    return count


def write_json(entry: Entry, path: Path) -> int:
    """The run, its config and labels, and a list of its records. Returns how many those are."""
    last, _ = _survey(entry.run)
    facts = {
        "stickgen_run": JSON_VERSION,
        "name": entry.run.name,
        "status": str(entry.state.status),
        "reason": entry.state.reason,
        Field.STEP: entry.step,
        Field.TOTAL_STEPS: entry.total_steps,
        "tags": list(entry.labels.tags),
        "note": entry.labels.note,
        "config": {key.path: entry.config.get(key.path) for key in KEYS if key.path in entry.config},
    }
    with replacing(path) as file:
        return _write_document(file, facts, _that_count(entry.run, last))


def _write_document(file: IO[bytes], facts: dict[str, Any], records: Iterator[dict[str, Any]]) -> int:
    file.write(json.dumps(facts, indent=1).encode()[:-2] + b',\n "records": [')
    count = 0
    for record in records:
        body = {name: value for name, value in record.items() if name not in (Field.SEQ, "crc32")}
        file.write((b",\n  " if count else b"\n  ") + json.dumps(body).encode())
        count += 1
    file.write(b"\n ]\n}\n")
    return count


def write_tensorboard(run: Run, folder: Path) -> int:
    """Event files in a new `folder`, whole or not there; `tensorboard --logdir` shows it. Returns how many records.

    Raises StickgenError if the folder is there, or the package that writes event files is not.
    """
    if os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir())):
        raise StickgenError(f"{folder}: there is something already; name a new folder")
    last, _ = _survey(run)
    try:
        making = Path(
            tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".tmp", dir=folder.absolute().parent)
        )
    except OSError as error:
        raise StickgenError(f"{folder}: cannot be written ({error.strerror})") from error
    try:
        events = TensorBoard(making)
        count = 0
        for record in _that_count(run, last):
            events.log(measured_values(record), record[Field.STEP], float(record.get(Field.TIME) or 0.0))
            count += 1
        events.close()
        making.chmod(0o755)
        making.replace(folder)
    except ImportError as error:
        raise StickgenError(
            "TensorBoard's event files need a package: pip install 'stickgen[tensorboard]'"
        ) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return count


def _records(run: Run) -> Iterator[dict[str, Any]]:
    reader = RecordReader(run.metrics_path)
    while records := reader.read_new(_PIECE_BYTES):
        yield from (record for record in records if type(record.get(Field.STEP)) is int)


def _survey(run: Run) -> tuple[dict[str, array[int]], list[str]]:
    """Of each kind the steps in the order of the log, and the names of all that was measured."""
    steps: dict[str, array[int]] = {}
    names: dict[str, None] = {}
    for record in _records(run):
        steps.setdefault(str(record.get(Field.KIND)), array("q")).append(record[Field.STEP])
        names.update(dict.fromkeys(record))
    known = [name for units in MEASURED.values() for name in units if name in names]
    return steps, list(dict.fromkeys([*known, *sorted(set(names) - _LEFT_OUT)]))


def _that_count(run: Run, steps: dict[str, array[int]]) -> Iterator[dict[str, Any]]:
    """The records that no later one of their kind has taken the place of: it is at their step, or before it."""
    lowest_behind = {}
    for kind, all_steps in steps.items():
        lowest, behind = 2**62, array("q", bytes(8 * len(all_steps)))
        for at in range(len(all_steps) - 1, -1, -1):
            behind[at] = lowest
            lowest = min(lowest, all_steps[at])
        lowest_behind[kind] = behind
    seen = dict.fromkeys(steps, 0)
    for record in _records(run):
        kind = str(record.get(Field.KIND))
        at = seen.get(kind, 0)
        if kind not in seen or at >= len(lowest_behind[kind]):
            continue  # came since the survey
        seen[kind] = at + 1
        if record[Field.STEP] < lowest_behind[kind][at]:
            yield record


def _cell(value: object) -> object:
    """A text that a spreadsheet would take for a formula is shown as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@" else value


def export_run(entry: Entry, path: Path, form: str | None, *, force: bool = False) -> int:
    """Write a run as `csv`, `json` or `tensorboard`; without a form, by what `path` ends with.

    Returns how many records were written. Raises StickgenError if `path` must not be written over, or cannot be.
    """
    form = form or {".csv": "csv", ".json": "json"}.get(path.suffix.lower())
    if form is None:
        raise StickgenError(f"{path}: name a .csv or .json file, or add --tensorboard for a folder")
    if form == "tensorboard":
        return write_tensorboard(entry.run, path)
    output = Output(path, TABLE if form == "csv" else DOCUMENT, (), force)
    output.make_way()
    try:
        return write_csv(entry.run, path) if form == "csv" else write_json(entry, path)
    except OSError as error:
        raise StickgenError(f"{path}: cannot be written ({error.strerror or error})") from error
