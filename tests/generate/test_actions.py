"""Actions are told for their share of the frames, by any name they go by."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from stickgen.data.actions import ACTIONS
from stickgen.data.dataset import open_dataset
from stickgen.errors import StickgenError
from stickgen.generate.actions import ActionPlan, captions_of, index_of, wording_of
from stickgen.generate.plan import Plan, pieces_of

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


def test_a_part_is_drawn_from_the_text_or_from_the_nearest_one_of_its_action(tiny_dataset: Path) -> None:
    """In this dataset, `text n` is of the action n modulo 5."""
    dataset = open_dataset(tiny_dataset)
    texts = dataset.content["texts"]
    for action in range(5):
        assert {int(texts[row].split()[1]) % 5 for row in captions_of(dataset, action)} == {action}
    near = dataset.content["embeddings"][texts.index("text 3")]
    assert wording_of(dataset, "as I say it", near, 3, NAMES) == "as I say it"
    other = wording_of(dataset, "as I say it", near, 4, NAMES)
    assert int(other.split()[1]) % 5 == 4
    for unlike in (None, dataset):  # no dataset, or another encoder's
        assert (
            wording_of(unlike, "text", torch.ones(8), NAMES.index("walk_backward"), NAMES) == "walk backward"
        )


def test_passages_are_cut_where_the_action_changes() -> None:
    plan = Plan([14, 10], {}, 4, [])  # of which the first 4 are the end of a clip
    pieces = pieces_of(plan, torch.tensor([6] * 5 + [7] * 8 + [6] * 7))
    assert [(piece.passage, piece.action, piece.frames) for piece in pieces] == [
        (0, 6, 9), (0, 7, 5), (1, 7, 3), (1, 6, 7),
    ]  # fmt: skip
