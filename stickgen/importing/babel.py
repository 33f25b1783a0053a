"""Reads BABEL: what happens in the sequences of AMASS, as a whole and second by second."""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import orjson

from stickgen.data.actions import action_of_label
from stickgen.data.split import SPLIT_NAMES
from stickgen.errors import StickgenError
from stickgen.importing.format import Segment
from stickgen.importing.sentences import action_told
from stickgen.importing.sources import Found

MAX_BYTES = 2**28
_MARK = b'"babel_sid"'
_NAME = re.compile(r"(babel.*|(extra_)?(train|val|test))\.json", re.IGNORECASE)
# BABEL's categories that are one of our actions by another name
_CATEGORIES = {
    "take/pick something up": "pick_up", "place something": "put_down", "lift something": "lift", "grasp object": "reach",
    "stand": "idle", "walk backwards": "walk_backward", "backwards movement": "", "transition": "",
}  # fmt: skip
_MOST_IN_A_ROW = 6  # captions of stretches that make one sentence together
_SUFFIXES = re.compile(r"_(poses|stageii|stagei)$")


@dataclass(frozen=True)
class Labels:
    """What BABEL says of one sequence."""

    captions: tuple[str, ...]
    segments: tuple[Segment, ...]
    split: str
    action: str  # of the whole, where it has one label and its stretches have none


def is_babel(file: Found) -> bool:
    """Whether a JSON file is one of BABEL's, by its name and its beginning."""
    return _NAME.fullmatch(file.base) is not None and _MARK in file.head()


def read_babel(file: Found) -> dict[tuple[str, ...], list[str]]:
    """The entries of a file as JSON texts, by the end of their path into AMASS. Raises StickgenError if it is damaged."""
    try:
        content = orjson.loads(file.read(MAX_BYTES))
    except orjson.JSONDecodeError as error:
        raise StickgenError(f"{file.name}: not BABEL's JSON ({error}); get it again") from error
    if not isinstance(content, dict):
        raise StickgenError(f"{file.name}: not BABEL's JSON (no table of sequences); get it again")
    split = SPLIT_NAMES.get(file.stem.lower().removeprefix("extra_"))
    side = next((name for name, number in SPLIT_NAMES.items() if number == split), "")
    entries: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for entry in content.values():
        if isinstance(entry, dict) and isinstance(path := entry.get("feat_p"), str):
            kept = {key: entry[key] for key in entry if key.startswith(("seq_ann", "frame_ann"))}
            entries[place_of(path)].append(json.dumps({**kept, "split": side}))
    return entries


def place_of(path: str) -> tuple[str, ...]:
    """What a path into AMASS has in common with the same in another release: its subject's folder and its name.

    The releases for SMPL-H and SMPL-X differ in the names of data sets, in the endings and in spaces.
    """
    parts = PurePosixPath(path.replace("\\", "/")).parts[-2:]
    stem = _SUFFIXES.sub("", PurePosixPath(parts[-1]).stem) if parts else ""
    return tuple(re.sub(r"[\s_]+", "_", part).casefold() for part in (*parts[:-1], stem))


def labels_of(texts: Iterable[str]) -> Labels:
    """The captions and labelled stretches of one sequence, from its entries (BABEL has up to five a sequence)."""
    captions: list[str] = []
    stretches: list[tuple[float, float, str, tuple[str, ...]]] = []
    split = ""
    wholes = set[str]()
    for text in texts:
        entry = json.loads(text)
        split = split or entry["split"]
        of_whole = list(_labels(entry, "seq_ann"))
        captions += [words for words, *_ in of_whole if words != "transition"]
        wholes |= {_action(names) for _, names, _, _ in of_whole}
        own = list(_labels(entry, "frame_ann"))
        timed = [
            (start, end, words, names) for words, names, start, end in own if 0 <= start < end < math.inf
        ]
        in_a_row = [words for _, _, words, _ in sorted(timed) if words != "transition"]
        if 1 < len(in_a_row) <= _MOST_IN_A_ROW:
            captions.append(", then ".join(in_a_row))
        stretches += timed
    found = [Segment(start, end, _action(names)) for start, end, _, names in sorted(stretches)]
    # where stretches overlap, one that is known goes over one that is not
    found.sort(key=lambda segment: segment.label != "")
    action = wholes.pop() if len(wholes) == 1 and not found else ""
    return Labels(tuple(dict.fromkeys(captions)), tuple(found), split, action)


def _action(names: Sequence[str]) -> str:
    """The first of a label's names that is one of our actions; "" if none is."""
    for name in names:
        if name in _CATEGORIES or action_of_label(name) is not None:
            return _CATEGORIES.get(name, name)
    return next((action for name in names if (action := action_told(name))), "")


def _labels(entry: Mapping[str, Any], kind: str) -> Iterator[tuple[str, tuple[str, ...], float, float]]:
    """(words, names of the action, start, end) for each label of a sequence or of its stretches, as far as sound."""
    several = entry.get(f"{kind}s")
    for annotation in several if isinstance(several, list) else [entry.get(kind)]:
        labels = annotation.get("labels") if isinstance(annotation, dict) else None
        for label in labels if isinstance(labels, list) else []:
            if not isinstance(label, dict):
                continue
            raw, processed, categories = (label.get(key) for key in ("raw_label", "proc_label", "act_cat"))
            words = str(raw or processed or "").replace("|", " ").strip()
            names = [processed, *(categories if isinstance(categories, list) else [categories]), raw]
            start, end = label.get("start_t"), label.get("end_t")
            known = tuple(name for name in names if isinstance(name, str) and name)
            if words and known:
                yield (
                    words, known,
                    float(start) if isinstance(start, int | float) else 0.0,
                    float(end) if isinstance(end, int | float) else 0.0,
                )  # fmt: skip
