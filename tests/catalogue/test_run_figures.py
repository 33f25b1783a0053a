"""Last, best and smoothed of a figure, against the plain definition, whatever resumes and pieces there were."""

from __future__ import annotations

import math
import random
from dataclasses import asdict
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from stickgen.catalogue.figures import Figure, Figures, Fold

Record = dict[str, Any]


def record(step: int, value: float | None, kind: str = "train") -> Record:
    return {"kind": kind, "step": step, "loss": value, "time": 1.0, "seq": 1}


@st.composite
def histories(draw: st.DrawFn) -> list[Record]:
    """A log as a trainer writes it: steps rise, a validation now and then, and resumes go back."""
    out: list[Record] = []
    step = 0
    chance = random.Random(draw(st.integers(0, 2**32)))
    for length in draw(st.lists(st.integers(0, 80), min_size=1, max_size=4)):
        step = chance.randint(0, step)
        for _ in range(length):
            step += 1
            value = chance.choice([1.0, 0.5, 0.25, 2.0, 3.0, 0.75, None, chance.random()])
            out.append(record(step, value))
            if step % 7 == 0:
                out.append(record(step, value, "val"))
    return out


def that_count(records: list[Record]) -> dict[str, list[tuple[int, float]]]:
    """By its definition: a record takes the place of those of its kind at its step or beyond, of others beyond it."""
    kept: list[Record] = []
    for new in records:
        kept = [
            old for old in kept
            if old["step"] < new["step"] or (old["step"] == new["step"] and old["kind"] != new["kind"])
        ]  # fmt: skip
        kept.append(new)
    found: dict[str, list[tuple[int, float]]] = {}
    for one in kept:
        value = math.nan if one["loss"] is None else one["loss"]
        found.setdefault("loss" if one["kind"] == "train" else "val.loss", []).append((one["step"], value))
    return found


@given(histories(), st.lists(st.integers(1, 50), max_size=8))
def test_figures_are_those_of_the_records_that_count(records: list[Record], cuts: list[int]) -> None:
    figures, at = Figures(), 0
    for cut in [*cuts, len(records)]:  # in any pieces, and kept as JSON between them
        figures.add(records[at : at + cut])
        at += cut
        figures = Figures.from_json(orjson.loads(orjson.dumps(figures.to_json())))
    summary, expected = figures.summary(), that_count(records)
    assert {name: (f.last_step, repr(f.last)) for name, f in summary.items()} == {
        name: (points[-1][0], repr(points[-1][1])) for name, points in expected.items()
    }
    for name, points in expected.items():
        finite = [(step, value) for step, value in points if math.isfinite(value)]
        best = min((value for _, value in finite), default=math.nan)
        assert repr(summary[name].best) == repr(best)
        if finite:
            assert (summary[name].best_step, best) == next(p for p in finite if p[1] == best)


def test_smoothed_is_the_mean_of_the_newest_and_its_best_that_of_a_whole_window() -> None:
    fold = Fold(window=5, downward=True)
    values = [9.0, 1.0, 4.0, 4.0, 2.0, 3.0, 9.0, 9.0]
    for step, value in enumerate(values, 1):
        fold.extend([step], [value])
    found = fold.figure()
    assert found is not None
    assert found.smoothed == sum(values[-5:]) / 5
    means = [sum(values[at : at + 5]) / 5 for at in range(4)]
    assert (found.smoothed_best, found.smoothed_best_step) == (min(means), 5 + means.index(min(means)))
    at_once = Fold(window=5, downward=True)
    at_once.extend(list(range(1, 9)), values)
    assert at_once.figure() == found


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=200), st.lists(st.integers(1, 30), max_size=20))
def test_pieces_do_not_matter(values: list[int], cuts: list[int]) -> None:
    whole, pieces, at = Fold(5, True), Fold(5, True), 0
    steps, floats = list(range(1, len(values) + 1)), [float(value) for value in values]
    whole.extend(steps, floats)
    for cut in [*cuts, len(values)]:
        pieces.extend(steps[at : at + cut], floats[at : at + cut])
        at += cut
    assert whole.figure() == pieces.figure()


def test_of_a_share_the_highest_is_the_best_and_of_a_loss_the_lowest() -> None:
    figures = Figures()
    for step, share in ((1, 0.2), (2, 0.9), (3, 0.5)):
        figures.add([{"kind": "val", "step": step, "action_accuracy": share, "loss": share}])
    summary = figures.summary()
    assert (summary["val.action_accuracy"].best, summary["val.action_accuracy"].best_step) == (0.9, 2)
    assert (summary["val.loss"].best, summary["val.loss"].best_step) == (0.2, 1)


def test_a_loss_that_is_not_finite_is_said_and_memory_that_nobody_has_is_not() -> None:
    figures = Figures()
    figures.add(
        [
            {"step": 1, "loss": 1.0, "device_memory_bytes": None},
            {"step": 2, "loss": None, "device_memory_bytes": None},
        ]
    )
    found = figures.summary()
    assert set(found) == {"loss"} and math.isnan(found["loss"].last) and found["loss"].best == 1.0


def test_a_figure_that_falls_for_ever_takes_no_more_memory_for_it() -> None:
    fold = Fold(50, True)
    for start in range(0, 20_000, 500):
        fold.extend(list(range(start, start + 500)), [1 / (step + 1) for step in range(start, start + 500)])
    assert len(fold.bests) <= 1024 and len(fold.smoothed_bests) <= 1024
    found = fold.figure()
    assert found is not None and found.best_step == 19_999
    fold.cut(10_000)
    fold.extend([10_000], [9.0])
    again = fold.figure()
    assert again is not None and 9_950 < again.best_step < 10_000


def test_a_figure_survives_json() -> None:
    figure = Figure(math.nan, 3, 1.0, 2, math.nan, 0.5, 2)
    kept = orjson.loads(orjson.dumps(asdict(figure)))
    assert repr(Figure.from_json(kept)) == repr(figure)
