"""LAFAN1: long takes of five people, named after what they do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stickgen.importing.format import Known
from stickgen.importing.public_set import Describe, PublicSet
from stickgen.importing.sources import Found

_NAME = re.compile(r"([a-z][A-Za-z]*?)(\d+)_subject(\d+)")
# what a take shows, and the action of all of its frames, if it is one
_THEMES = {
    "aiming": ("a person aims a weapon and moves around", ""),
    "dance": ("a person dances", "dance"),
    "fallAndGetUp": ("a person falls down and gets up again", ""),
    "fight": ("a person fights", ""),
    "fightAndSports": ("a person fights and does sports", ""),
    "ground": ("a person moves on the ground", ""),
    "jumps": ("a person jumps", "jump"),
    "multipleActions": ("a person does one thing after another", ""),
    "obstacles": ("a person goes over obstacles", ""),
    "push": ("a person pushes or is pushed", ""),
    "pushAndFall": ("a person is pushed and falls", ""),
    "pushAndStumble": ("a person is pushed and stumbles", ""),
    "run": ("a person runs", "run"),
    "sprint": ("a person sprints", "sprint"),
    "walk": ("a person walks", "walk"),
}
_LICENCE = "LAFAN1 (Harvey et al. 2020): CC BY-NC-ND 4.0"


def _describe(tables: Sequence[Found], files: Sequence[Found]) -> Describe:
    def describe(file: Found) -> Known | None:
        match = _NAME.fullmatch(file.stem)
        if match is None or file.suffix != ".bvh" or match[1] not in _THEMES:
            return None
        caption, action = _THEMES[match[1]]
        return Known(
            {
                "captions": caption, "action": action, "subject": match[3], "source": "LAFAN1", "licence": _LICENCE,
                "split": "test" if match[3] == "5" else "train",  # as its own benchmark divides it
            }
        )  # fmt: skip

    return describe


SET = PublicSet(
    name="LAFAN1",
    reads="`walk1_subject1.bvh`: caption, action and subject from the name; subject 5 is the test set, as in its benchmark",
    is_table=lambda file: False,
    describe=_describe,
)
