"""Folding many records at a time gives what folding them one by one gives, whatever they hold and wherever they are cut."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stickgen.curves.folding import Curves

VALUES = st.one_of(
    st.floats(-9, 9),
    st.integers(-9, 9),
    st.sampled_from([None, "text", True, math.inf, -math.inf, [1.0], 2**1030]),
)
KINDS: st.SearchStrategy[object] = st.sampled_from(["train", "train", "train", "val", "quality", None, [], 3])
RECORDS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "kind": KINDS,
            "step": st.one_of(st.integers(0, 30), st.sampled_from([None, "7", 2.0, True])),
            "time": VALUES,
            "epoch": VALUES,
            "loss": VALUES,
            "lr": VALUES,
            "eta_seconds": VALUES,
        },
    ),
    max_size=40,
)
# as a run writes them, with what happens to it: steps that rise, and now and then it goes back
RUNS = st.lists(st.tuples(st.integers(-12, 40), VALUES, VALUES, st.floats(-3, 9)), max_size=60).map(
    lambda parts: list(_run(parts))
)


def _run(parts: list[tuple[int, Any, Any, float]]) -> list[dict[str, Any]]:
    step, records = 20, []
    for move, loss, lr, seconds in parts:
        step = max(step + (move if move < 0 else 1), 0)
        record = {
            "kind": "train",
            "time": 100 + seconds,
            "step": step,
            "epoch": step / 9,
            "loss": loss,
            "lr": lr,
        }
        records += [record] if move % 7 else [record, {**record, "kind": "val"}]
    return records


def known(curves: Curves) -> object:
    """All that is known of curves."""
    return curves.newest, {
        (part, name): (
            list(s.xs),
            list(s.ys),
            s.not_finite,
            s.cut_too_deep,
            [_of(level) for level in s.levels if level],
        )
        for part in ("train", "validation", "clocks")
        for name, s in getattr(curves, part).items()
    }


def _of(level: Any) -> list[list[float]]:
    return [list(part) for part in (level.xs, level.lows, level.highs, level.sums)]


@given(records=st.one_of(RECORDS, RUNS), cuts=st.lists(st.integers(0, 60), max_size=4))
def test_it_does_not_matter_where_the_records_are_cut(records: list[dict[str, Any]], cuts: list[int]) -> None:
    whole, in_pieces, one_by_one = Curves(), Curves(), Curves()
    whole.fold(records)
    edges = [0, *sorted(cuts), len(records)]
    for start, end in zip(edges, edges[1:], strict=False):
        in_pieces.fold(records[start:end])
    for record in records:
        one_by_one.fold([record])
    assert known(whole) == known(in_pieces) == known(one_by_one)


def test_thousands_of_records_of_the_same_step_are_folded() -> None:
    curves = Curves()
    curves.fold([{"kind": "train", "step": 7, "loss": float(number)} for number in range(5000)])
    assert (list(curves.train["loss"].xs), list(curves.train["loss"].ys)) == ([7.0], [4999.0])
