"""Files of keypoints with anything in any place: a clip, or a sentence, never an exception that nobody expected."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import test_coco
import test_mediapipe
from filmed import COCO_18, body_of, in_order, motion_of, openpose_person

from stickgen.importing.clips import import_archives

_ANYTHING: list[Any] = [
    None, "x", -1, 0, True, 1e308, 10**400, float("nan"), [], {}, [[]], [None], [1, 2], {"x": 1}, {"x": 1, "y": 2}, {"keypoints": [1]},
]  # fmt: skip
_FRAMES = 12


def _forms() -> dict[str, Any]:
    body = in_order(body_of(motion_of("walk", 1), fps=30), COCO_18)[:_FRAMES]
    forms = {
        f"mediapipe {name}": form(test_mediapipe.BODY[:_FRAMES])
        for name, form in test_mediapipe.FORMS.items()
    }
    forms |= {f"coco {form.__name__}": form(test_coco.BODY[:_FRAMES]) for form in test_coco.FORMS}
    people = [
        {"people": [openpose_person(points)], "canvas_width": 1920, "canvas_height": 1080} for points in body
    ]
    return {
        **forms,
        "openpose": people,
        "alphapose open": {f"{n}.jpg": frame for n, frame in enumerate(people)},
    }


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = (
        value.items() if isinstance(value, dict) else enumerate(value[:4]) if isinstance(value, list) else ()
    )
    for key, below in inner:
        yield from _places(below, (*path, key))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of numbers such as 1e308
@pytest.mark.parametrize("seed", range(4))
def test_anything_in_any_place(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    forms = _forms()
    for number in range(20):
        value = copy.deepcopy(forms[chance.choice(sorted(forms))])
        path = chance.choice([path for path in _places(value) if path])
        inner = value
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = chance.choice(_ANYTHING)
        (tmp_path / f"v{number}").mkdir()
        (tmp_path / f"v{number}" / "walk.json").write_text(json.dumps(value))
    report = import_archives([tmp_path], fps=30, aspect=16 / 9)
    assert report.account.looked_at == 20
    assert all(": " in said and "Traceback" not in said for said in report.skipped)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_anything_in_any_cell(tmp_path: Path) -> None:
    chance = random.Random(1)
    body = in_order(body_of(motion_of("walk", 1), fps=30), COCO_18)[:20]
    for number in range(20):
        rows = [["frame", *(f"{axis}{n}" for n in range(18) for axis in "xyc")]]
        rows += [[str(n), *map(str, points.round(2).ravel())] for n, points in enumerate(body)]
        row = chance.choice(rows)
        row[chance.randrange(len(row))] = chance.choice(
            ["", "x", "1e999", "-1", "\0", '"', ",", "nan", "9" * 400]
        )
        (tmp_path / f"{number}.csv").write_text("\n".join(",".join(row) for row in rows))
    report = import_archives([tmp_path], fps=30)
    assert report.account.looked_at == 20
