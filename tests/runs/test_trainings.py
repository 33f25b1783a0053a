"""What is measured beside another training means nothing, and the planner must not learn from it."""

from __future__ import annotations

import pytest

from stickgen.runs import trainings
from stickgen.runs.store import Run
from stickgen.runs.trainings import Neighbours


@pytest.mark.parametrize(
    ("seen", "contended"), [([0] * 9, False), ([1] + [0] * 8, False), ([0] * 6 + [1] * 3, True)]
)
def test_a_short_visit_spoils_nothing_and_a_long_one_does(
    run: Run, monkeypatch: pytest.MonkeyPatch, seen: list[int], contended: bool
) -> None:
    answers = iter([*seen, 0])
    monkeypatch.setattr(trainings, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(trainings, "live_trainings", lambda *, besides: [run] * next(answers))
    neighbours = Neighbours(run)
    for _ in seen:
        neighbours.look()
    assert neighbours.contended is contended


def test_it_looks_now_and_then_and_never_raises(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def fails(*, besides: Run | None) -> list[Run]:
        looks.append(1)
        raise OSError("the disk is gone")

    monkeypatch.setattr(trainings, "live_trainings", fails)
    neighbours = Neighbours(run)
    for _ in range(5):
        neighbours.look()
    assert looks == [1] and not neighbours.contended
