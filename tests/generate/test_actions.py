"""Actions are told for their share of the frames, by any name they go by."""

from __future__ import annotations

import pytest

from stickgen.data.actions import ACTIONS
from stickgen.errors import StickgenError
from stickgen.generate.actions import ActionPlan, index_of

NAMES = [action.name for action in ACTIONS]


def test_each_action_gets_its_share_in_order() -> None:
    frames = ActionPlan.parse("walk:2, wave:1").frames(90, NAMES).tolist()
    assert frames == [NAMES.index("walk")] * 60 + [NAMES.index("wave")] * 30
    assert ActionPlan.parse("bow").frames(7, NAMES).tolist() == [NAMES.index("bow")] * 7
    assert len(set(ActionPlan.parse("walk:0.1,run:0.2,bow:0.7").frames(100, NAMES).tolist())) == 3


def test_actions_that_the_data_does_not_show_are_not_known() -> None:
    shown = [name if name in ("walk", "bow") else "" for name in NAMES]
    assert index_of("bow", shown) == NAMES.index("bow")
    with pytest.raises(
        StickgenError, match="action kick: the model knows no such action; name one of walk, bow"
    ):
        index_of("kick", shown)
    with pytest.raises(StickgenError, match="learned from a dataset without actions"):
        index_of("kick", [""] * 64)


def test_other_labels_name_an_action_too() -> None:
    assert index_of("Walk-Back", NAMES) == NAMES.index("walk_backward")
    assert index_of("sit down", NAMES) == NAMES.index("sit_down")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("wlak", "action wlak: the model knows no such action; did you mean walk?"),
        ("xyzzy", "name one of idle, balance"),
        ("walk:1000,wave:1", "action wave: its share of 50 frames is less than one frame"),
    ],
)
def test_what_cannot_be_told_is_said(written: str, says: str) -> None:
    with pytest.raises(StickgenError) as refused:
        ActionPlan.parse(written).frames(50, NAMES)
    assert says in str(refused.value)
