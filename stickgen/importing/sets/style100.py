"""100STYLE: walks, runs and idling in a hundred styles, with the frames of each take that are worth keeping."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

from stickgen.errors import StickgenError
from stickgen.importing.decoding import decode
from stickgen.importing.format import Known
from stickgen.importing.public_set import Describe, PublicSet, is_in, joined
from stickgen.importing.sources import Found

_TABLES = {"frame_cuts.csv": "cuts", "dataset_list.csv": "list"}
_NAME = re.compile(r"([A-Za-z0-9]+)_(BR|BW|FR|FW|ID|SR|SW|TR[123])")
# what each take shows, and its action where the figure's direction does not gainsay it
_CONTENTS = {
    "BR": ("runs backwards", ""),
    "BW": ("walks backwards", "walk-back"),
    "FR": ("runs forward", "run"),
    "FW": ("walks forward", "walk"),
    "ID": ("stands on the spot", "idle"),
    "SR": ("runs sideways", ""),
    "SW": ("steps sideways", "sidestep"),
    "TR": ("goes from one gait to another", ""),
}
_LICENCE = "100STYLE (Mason, Starke and Komura 2022): CC BY 4.0"


def _describe(tables: Sequence[Found], files: Sequence[Found]) -> Describe:
    cuts: dict[str, Mapping[str, str]] = {}
    told: dict[str, str] = {}
    for table in tables:
        for row in _rows(table):
            style = row.get("STYLE_NAME") or row.get("STYLE NAME") or next(iter(row.values()), "")
            if _TABLES[table.base.lower()] == "cuts":
                cuts[style.lower()] = row
            else:
                told[style.lower()] = next(
                    (text for column, text in row.items() if "DESCR" in column), ""
                ).rstrip(".")

    def describe(file: Found) -> Known | None:
        match = _NAME.fullmatch(file.stem)
        if match is None or file.suffix != ".bvh":
            return None
        style, content = match[1], match[2]
        if (
            style.lower() not in cuts
            and style.lower() not in told
            and not is_in(file, "100style", "style100")
        ):
            return None
        shows, action = _CONTENTS[content[:2]]
        words = re.sub(r"(?<=[a-z])(?=[A-Z0-9])", " ", style).lower()
        manner = "" if words == "neutral" else f"in the {words} style"
        plain = f"a person {shows} {manner}".strip()
        longer = f"a person {shows}: {told[style.lower()]}" if told.get(style.lower()) else ""
        row = {
            "captions": joined(plain, longer), "action": action, "manner": manner, "source": "100STYLE", "licence": _LICENCE,
        }  # fmt: skip
        return Known(row, frames=_frames(cuts.get(style.lower(), {}), content))

    return describe


def _rows(table: Found) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(decode(table.read()).replace("\0", ""), newline=""))
    if not reader.fieldnames or len(reader.fieldnames) < 2:
        raise StickgenError(f"{table.name}: not the table of 100STYLE (no columns); get it again")
    for row in reader:
        yield {
            (key or "").strip().upper(): value.strip() for key, value in row.items() if isinstance(value, str)
        }


def _frames(row: Mapping[str, str], content: str) -> tuple[int, int] | None:
    """The frames to keep of a take; None if the table does not cut it."""
    ends = [row.get(f"{content}_{end}", "") for end in ("START", "STOP")]
    if not all(re.fullmatch(r"\d+(\.0*)?", end) for end in ends):
        return None
    first, last = (int(float(end)) for end in ends)
    return (first, last) if first < last else None


SET = PublicSet(
    name="100STYLE",
    reads="`Aeroplane/Aeroplane_FW.bvh`: captions from style and content; `Frame_Cuts.csv` cuts each take, "
    "`Dataset_List.csv` describes the styles",
    is_table=lambda file: file.base.lower() in _TABLES,
    describe=_describe,
)
