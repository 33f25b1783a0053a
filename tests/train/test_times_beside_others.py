"""What a step took while another training went on beside is not told to the planner as its time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from stickgen.train import launch
from stickgen.train.launch import Launch


@pytest.mark.parametrize(("waited", "beside"), [(False, False), (True, False), (False, True)])
def test_a_time_is_contended_by_others_of_any_kind(
    monkeypatch: pytest.MonkeyPatch, waited: bool, beside: bool
) -> None:
    told: list[bool] = []
    monkeypatch.setattr(launch, "remember", lambda *_, contended, **more: told.append(contended))
    this = SimpleNamespace(
        ranks=SimpleNamespace(size=1), identity={}, learner=None, clips=SimpleNamespace(file=None), journal=None,
        compiled=False, contention=SimpleNamespace(contended=waited), neighbours=SimpleNamespace(contended=beside),
        assessment=SimpleNamespace(quality=SimpleNamespace(encoder_loaded=False)),
    )  # fmt: skip
    Launch.remember(cast(Any, this))
    assert told == [waited or beside]
