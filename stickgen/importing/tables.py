"""Tables of points: a column a coordinate, or a row a point, in whatever way programs write them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stickgen.errors import StickgenError
from stickgen.importing.decoding import decode

Floats = NDArray[np.float64]
_DELIMITERS = ",;\t|"
_COMMENTS = ("#", "%", "//")
_SCORE = r"visibility|vis|v|confidence|conf|c|likelihood|score|presence|p"
# left_hip_x, left_hip.x, LeftHip X, noseX, 12x — but not index
_POINT_AXIS = re.compile(
    rf"^(?P<point>.+?)(?:[\s_.:\-\[(/]+(?P<axis>x|y|z|{_SCORE})|(?<=[a-z0-9])(?P<last>[XYZ])|(?<=\d)(?P<low>[xyzvc]))[\])]?$",
    re.IGNORECASE,
)
_AXIS_POINT = re.compile(
    rf"^(?P<axis>x|y|z|{_SCORE})(?:(?P<number>\d+)|[\s_.:\-]+(?P<point>.+))$", re.IGNORECASE
)
_UNIT = re.compile(r"\s*(?:_px|_pixels?|[\[(](?:px|pixels?|m|mm|cm|norm)[\])])$", re.IGNORECASE)
FRAME = ("frame", "frame_id", "frame_number", "frame_index", "frame_idx", "frame_no", "image", "image_id")
TIME = ("time", "timestamp", "seconds", "sec", "t", "time_s", "timestamp_s", "time_sec")
MILLISECONDS = ("timestamp_ms", "time_ms", "ms", "milliseconds", "time_msec")
PERSON = ("person", "person_id", "track_id", "track", "subject_id", "individual", "individuals", "player")
POINT = (
    "landmark", "landmark_id", "landmark_name", "landmark_index", "joint", "joint_id", "joint_name", "keypoint",
    "keypoint_id", "keypoint_name", "bodypart", "body_part", "part", "point", "name", "index", "id",
)  # fmt: skip


@dataclass
class Table:
    """The cells of a table, and the names of its columns; () if it has no head."""

    name: str
    head: tuple[str, ...]
    rows: list[list[str]]
    comments: str = ""
    notes: list[str] = field(default_factory=list)

    def column(self, names: Sequence[str]) -> int | None:
        """The first column with one of these names, the earlier ones first."""
        plain = [_plain(name) for name in self.head]
        return next((plain.index(name) for name in names if name in plain), None)

    def numbers(self) -> Floats:
        """[rows, columns], NaN for cells that are no numbers."""
        return np.array([[number(cell) for cell in row] for row in self.rows], dtype=np.float64)


def number(cell: str) -> float:
    """A cell as a number, also with a decimal comma; NaN if it is none."""
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return float("nan")


def read_table(data: bytes, name: str, *, only_head: bool = False) -> Table:
    """A table with one line of names, none, or DeepLabCut's three. Raises StickgenError with the line that does not fit.

    With `only_head`, no line but the first of the data is looked at.
    """
    comments: list[str] = []
    numbered: list[tuple[int, str]] = []
    for line, text in enumerate(decode(data).replace("\0", "").splitlines(), 1):
        if text.lstrip().startswith(_COMMENTS):
            comments.append(text)
        elif text.strip(" ,;\t|"):
            numbered.append((line, text))
    if not numbered:
        raise StickgenError(f"{name}: it is empty")
    first = numbered[0][1]
    delimiter = max(_DELIMITERS, key=first.count)
    if not first.count(delimiter):
        cells = [(line, text.split()) for line, text in numbered]
    else:
        try:
            parsed = csv.reader(io.StringIO("\n".join(text for _, text in numbered)), delimiter=delimiter)
            cells = [
                (line, [cell.strip() for cell in row])
                for (line, _), row in zip(numbered, parsed, strict=False)
            ]
        except csv.Error as error:
            raise StickgenError(f"{name}: it is no table ({error})") from error
    lines = [line for line, _ in cells]
    rows = [row for _, row in cells]
    head, skip = _head(rows)
    table = Table(name, head, rows[skip : skip + 1 if only_head else None], "\n".join(comments))
    width = len(head) or len(rows[0])
    for line, row in zip(lines[skip:], table.rows, strict=not only_head):
        if len(row) == width + 1 and not row[-1]:
            row.pop()  # a delimiter at the end of the line
        if len(row) != width:
            if row is table.rows[-1] and len(row) < width and len(table.rows) > 1:
                table.rows.pop()
                table.notes.append(f"its last line is cut short, and left out ({name}:{line})")
                break
            raise StickgenError(
                f"{name}:{line}: {len(row)} values in a table of {width} columns; fix the line"
            )
    return table


def _head(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], int]:
    """The names of the columns, and how many lines they take."""
    first = rows[0]
    if _plain(first[0]) == "scorer":  # DeepLabCut: scorer, (individuals,) bodyparts, coords
        head = [row for row in rows[:4] if _plain(row[0]) in {"individuals", "bodyparts", "coords"}]
        joined = [
            " ".join(cells)
            for cells in zip(*(row[1:] for row in head if _plain(row[0]) != "individuals"), strict=False)
        ]
        return ("frame", *joined), len(head) + 1
    if all(np.isnan(number(cell)) and cell.casefold() not in {"nan", ""} for cell in first if cell) and any(
        first
    ):
        return tuple(first), 1
    if (
        sum(np.isnan(number(cell)) for cell in first if cell) > len(first) / 2
    ):  # names, and some that are numbers
        return tuple(first), 1
    return (), 0


def points_of(head: Sequence[str]) -> dict[str, dict[str, int]]:
    """Columns by axis (x, y, z, c for the confidence) by point, of those points that have x and y."""
    points: dict[str, dict[str, int]] = {}
    for column, name in enumerate(head):
        plain = _UNIT.sub("", name.strip())
        match = _POINT_AXIS.match(plain)
        if match is not None:
            point, axis = match["point"], match["axis"] or match["last"] or match["low"]
        else:
            match = _AXIS_POINT.match(plain)
            if match is None:
                continue
            point, axis = match["point"] or match["number"], match["axis"]
        axis = axis.casefold() if axis.casefold() in {"x", "y", "z"} else "c"
        points.setdefault(point.strip(), {}).setdefault(axis, column)
    return {point: axes for point, axes in points.items() if {"x", "y"} <= axes.keys()}


def numbered(names: Sequence[str]) -> list[int] | None:
    """The numbers in names that differ only by them (`landmark_7`, `12`); None if they differ otherwise."""
    split = [re.fullmatch(r"(\D*)(\d+)(\D*)", name) for name in names]
    if not names or any(match is None for match in split):
        return None
    if len({(match[1], match[3]) for match in split if match}) > 1:
        return None
    return [int(match[2]) for match in split if match]


def rate_of(table: Table, cells: Floats) -> tuple[Floats | None, float]:
    """The number of each row's frame, by its column of frames or times, and the frame rate; None and 0 if unknown.

    Times may be irregular: a frame goes to the nearest place at their usual distance, so that dropped ones leave a gap.
    """
    for names, unit in ((TIME, 1.0), (MILLISECONDS, 1000.0)):
        column = table.column(names)
        if column is None or not np.isfinite(cells[:, column]).all():
            continue
        times = cells[:, column] - cells[0, column]
        steps = np.diff(np.unique(times))
        if not len(steps):
            continue
        step = float(np.median(steps))
        if step > 5 and names is TIME:
            unit = 1000.0  # no two frames are so many seconds apart
        return np.round(times / step), round(unit / step, 3)
    column = table.column(FRAME)
    frames = cells[:, column] if column is not None else None
    if frames is not None and np.isfinite(frames).all():
        return np.round(frames), _rate_in(table.comments)
    return None, _rate_in(table.comments)


def _rate_in(comments: str) -> float:
    match = re.search(r"\b(?:fps|frame[ _]?rate)\b\W*(\d+(?:[.,]\d+)?)", comments, re.IGNORECASE)
    return number(match[1]) if match else 0.0


def _plain(name: str) -> str:
    return re.sub(r"[\s.\-]+", "_", name.strip().strip("\"'").casefold())
