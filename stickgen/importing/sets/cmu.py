"""The CMU Graphics Lab Motion Capture Database, as ASF/AMC, as BVH by cgspeed, and within AMASS."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence

from stickgen.importing.decoding import decode
from stickgen.importing.format import Known
from stickgen.importing.public_set import Describe, PublicSet, is_in
from stickgen.importing.sentences import action_told
from stickgen.importing.sources import Found

_TRIAL = re.compile(r"(\d{1,3})_(\d{1,3})(?:_(?:poses|stageii))?", re.IGNORECASE)
_LINE = re.compile(r"\W*(\d{1,3})_(\d{1,3})(?:\.\w+)?[\s,;:\"]+(.*)")
_PAIR = re.compile(r"\s*\((?:2 )?subjects - subject [AB]\)")  # of two people, which one the file shows
_COLUMNS = {"subject", "trial", "description"}
_LICENCE = (
    'CMU: "This data is free for use in research and commercial projects worldwide." (mocap.cs.cmu.edu)'
)


def _is_table(file: Found) -> bool:
    name = file.base.lower()
    if file.suffix not in {".txt", ".csv", ".tsv"}:
        return False
    named = any(word in name for word in ("cmu", "descr", "index", "trial"))
    return "cmu-mocap-index" in name or (named and file.suffix != ".txt" and _has_columns(file.head()))


def _has_columns(head: bytes) -> bool:
    first = decode(head).partition("\n")[0].lower()
    return set(re.split(r"[,;\t]", first.strip().replace('"', ""))) >= _COLUMNS


def _describe(tables: Sequence[Found], files: Sequence[Found]) -> Describe:
    rows: dict[tuple[int, int], Mapping[str, str]] = {}
    for table in tables:
        text = decode(table.read())
        rows |= _of_columns(text) if _has_columns(table.head()) else _of_lines(text)

    def describe(file: Found) -> Known | None:
        match = _TRIAL.fullmatch(file.stem)
        if match is None:
            return None
        subject, trial = int(match[1]), int(match[2])
        told = rows.get((subject, trial))
        if told is None and not is_in(file, "cmu", "asfamc"):
            return None
        row = dict(told or {})
        row["action"] = action_told(row.get("description", ""), whole=True)
        if file.suffix == ".npz":
            return Known({column: row[column] for column in ("description", "action") if column in row})
        return Known({**row, "subject": str(subject), "source": "CMU", "licence": _LICENCE})

    return describe


def _of_columns(text: str) -> dict[tuple[int, int], Mapping[str, str]]:
    """A table with the columns subject, trial, description and perhaps fps."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows: dict[tuple[int, int], Mapping[str, str]] = {}
    for fields in csv.DictReader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter):
        told = {(key or "").strip().lower(): value for key, value in fields.items() if isinstance(value, str)}
        try:
            number = int(told["subject"]), int(told["trial"])
        except (KeyError, ValueError):
            continue
        row = {"description": _told(told.get("description", "")), "fps": told.get("fps", "").strip()}
        rows[number] = {column: value for column, value in row.items() if value}
    return rows


def _of_lines(text: str) -> dict[tuple[int, int], Mapping[str, str]]:
    """Lines that begin with a trial, `02_01`, and go on with what it shows."""
    matches = (_LINE.fullmatch(line.strip()) for line in text.splitlines())
    return {(int(m[1]), int(m[2])): {"description": text} for m in matches if m and (text := _told(m[3]))}


def _told(text: str) -> str:
    """A description as a caption; "" for one that says it is unknown."""
    plain = _PAIR.sub("", text).strip(' \t"')
    return "" if plain.lower() == "unknown" else plain


SET = PublicSet(
    name="CMU",
    reads="`02/02_01.bvh` or `.amc`, and AMASS's CMU: descriptions from `cmu-mocap-index-text.txt` or a table with the "
    "columns subject, trial, description and perhaps fps; the subject from the name",
    is_table=_is_table,
    describe=_describe,
)
