"""BONES-SEED: motions with four sentences each, and the stretches of a motion described one by one."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from stickgen.data.actions import action_of_label
from stickgen.errors import StickgenError
from stickgen.importing.format import Known, Segment
from stickgen.importing.public_set import Describe, PublicSet, is_in, joined
from stickgen.importing.sentences import action_told
from stickgen.importing.sources import Found

_TABLE = re.compile(r"seed_metadata.*\.(csv|parquet|jsonl)", re.IGNORECASE)
_NAME = re.compile(r".+__A\d+(_M)?")  # what, then the actor, then whether it is a mirror image
_MAX_BYTES = 2**30
_CAPTIONS = (
    *(f"content_natural_desc_{n}" for n in range(1, 5)), "content_short_description", "content_short_description_2",
    "content_technical_description",
)  # fmt: skip
_LICENCE = "BONES-SEED: under its own licence (bones.studio)"
_TRUE = {"true", "1", "1.0", "yes"}


def _describe(tables: Sequence[Found], files: Sequence[Found]) -> Describe:
    wanted = {file.stem for file in files if file.suffix == ".bvh"}
    uniform = {file.stem for file in files if file.suffix == ".bvh" and is_in(file, "soma_uniform")}
    rows: dict[str, Mapping[str, str]] = {}
    events: dict[str, tuple[Segment, ...]] = {}
    kinds = defaultdict[str, list[Found]](list)
    for table in sorted(tables, key=lambda table: table.base):  # the newest version last
        kinds[table.suffix].append(table)
    for table in kinds[".csv"] or kinds[".parquet"]:
        read = _of_csv if table.suffix == ".csv" else _of_parquet
        rows |= {row["filename"]: row for row in read(table) if row.get("filename") in wanted}
    for table in kinds[".jsonl"]:
        events |= _of_events(table, wanted)

    def describe(file: Found) -> Known | None:
        row = rows.get(file.stem, {})
        match = _NAME.fullmatch(file.stem)
        if file.suffix != ".bvh" or not (
            row or file.stem in events or (match and is_in(file, "soma", "seed"))
        ):
            return None
        mirrored = row.get("is_mirror", "").lower() in _TRUE or bool(match and match[1])
        if mirrored and file.stem.removesuffix("_M") != file.stem and file.stem.removesuffix("_M") in wanted:
            return Known(left_out="mirror images left out")
        if is_in(file, "soma_proportional") and file.stem in uniform:
            return Known(left_out="there in soma_uniform too")
        actor = row.get("actor_uid") or file.stem.removesuffix("_M").rpartition("__")[2]
        return Known(
            {
                "captions": joined(*(row.get(column, "") for column in _CAPTIONS)),
                "action": _action(row), "subject": actor, "source": "BONES-SEED", "licence": _LICENCE,
            },
            events.get(file.stem, ()),
        )  # fmt: skip

    return describe


def _action(row: Mapping[str, str]) -> str:
    movement = row.get("content_type_of_movement", "")
    if action_of_label(movement) is not None:
        return movement
    return action_told(row.get("content_short_description", ""), whole=True)


def _of_csv(table: Found) -> Iterator[dict[str, str]]:
    text = io.TextIOWrapper(io.BytesIO(table.read(_MAX_BYTES)), "utf-8-sig", "replace", newline="")
    reader = csv.DictReader(text)
    if "filename" not in (reader.fieldnames or ()):
        raise StickgenError(f"{table.name}: not a table of BONES-SEED (no column `filename`); get it again")
    for row in reader:
        yield {key: value for key, value in row.items() if isinstance(value, str)}


def _of_parquet(table: Found) -> Iterator[dict[str, str]]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise StickgenError(
            f"{table.name}: reading Parquet takes pyarrow: pip install 'stickgen[parquet]'; or put the set's .csv of the "
            "same name beside it"
        ) from error
    try:
        content = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(table.read(_MAX_BYTES)))
        there = set(content.schema_arrow.names)
        if "filename" not in there:
            raise StickgenError(f"{table.name}: not a table of BONES-SEED (no column `filename`)")
        columns = {
            "filename",
            "is_mirror",
            "actor_uid",
            "content_type_of_movement",
            *_CAPTIONS,
        }
        for batch in content.iter_batches(columns=sorted(columns & there)):
            for row in batch.to_pylist():
                yield {key: str(value) for key, value in row.items() if value is not None}
    except (pyarrow.ArrowException, OSError) as error:
        raise StickgenError(f"{table.name}: the table is cut short or damaged; get it again") from error


def _of_events(table: Found, wanted: set[str]) -> dict[str, tuple[Segment, ...]]:
    """The described stretches of each file that is there, from lines of JSON."""
    found: dict[str, tuple[Segment, ...]] = {}
    for number, line in enumerate(io.BytesIO(table.read(_MAX_BYTES)), 1):
        if not line.strip():
            continue
        try:
            entry = orjson.loads(line)
            if entry["filename"] in wanted:
                found[entry["filename"]] = tuple(_segments(entry["events"]))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise StickgenError(
                f"{table.name}:{number}: not a line of BONES-SEED's labels (a filename with its events); get it again"
            ) from error
    return found


def _segments(events: Iterable[Mapping[str, Any]]) -> Iterator[Segment]:
    for event in events:
        start, end = float(event["start_time"]), float(event["end_time"])
        if 0 <= start < end < math.inf:
            yield Segment(start, end, action_told(str(event.get("description") or "")))


SET = PublicSet(
    name="BONES-SEED",
    reads="`soma_uniform/bvh/…`: captions, subject and mirrors from `seed_metadata_….csv` (or `.parquet`, with pyarrow), labelled "
    "stretches from `seed_metadata_…_temporal_labels.jsonl`; mirrors, and `soma_proportional` beside `soma_uniform`, are left "
    "out",
    is_table=lambda file: bool(_TABLE.fullmatch(file.base)),
    describe=_describe,
)
