"""Contrast accuracy: asked of a model through `draw`, counted with intervals, on texts that training never saw."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from stickgen.data.actions import ACTION_INDEX
from stickgen.data.clip import Clip
from stickgen.data.synthetic.body import Score, joints
from stickgen.evaluate.binomial import wilson
from stickgen.evaluate.contrast import AXES, AXIS_BY_NAME, evaluate, groups_for
from stickgen.evaluate.prompts import QUICKSTART_ACTIONS, WORDINGS, plain, prompts_for


def _raises(side: str, frames: int) -> Tensor:
    track = Score(yaw=1.5).to(0.6, **{f"{side}b": 2.85, f"{side}c": 2.95}).hold(0.6).track()
    return torch.from_numpy(joints(track)[:frames]).float()


def _obedient(texts: list[str], frames: list[int], seed: int) -> list[Tensor]:
    return [_raises("l" if "left" in text else "r", count) for text, count in zip(texts, frames, strict=True)]


def test_a_model_that_obeys_is_right_and_one_that_does_the_opposite_is_not() -> None:
    def contrary(texts: list[str], frames: list[int], seed: int) -> list[Tensor]:
        return [_raises("r" if "left" in text else "l", 60) for text in texts]

    obedient = evaluate(_obedient, axes=["hand"])
    (name, right, n, low, high) = obedient.table()[0]
    assert (name, right, n) == ("hand", 200, 200) and low > 0.97 and high == 1.0
    assert obedient.accuracy == 1.0
    assert evaluate(contrary, axes=["hand"]).accuracy == 0.0


def test_a_model_that_heeds_no_text_is_right_half_the_time_and_one_that_stands_never() -> None:
    def deaf(texts: list[str], frames: list[int], seed: int) -> list[Tensor]:
        return [_raises("l", 60) for _ in texts]

    def still(texts: list[str], frames: list[int], seed: int) -> list[Tensor]:
        return [_raises("l", 1).expand(count, 20) for count in frames]

    assert evaluate(deaf, axes=["hand"]).accuracy == 0.5
    assert evaluate(deaf, axes=["speed", "height"]).accuracy == 0.0  # the same twice is neither
    assert evaluate(still).share("hand") == 0.0
    assert evaluate(still).share("count") == 0.0


def test_a_motion_that_is_not_finite_shows_nothing() -> None:
    def broken(texts: list[str], frames: list[int], seed: int) -> list[Tensor]:
        return [torch.full((count, 20), torch.nan) for count in frames]

    result = evaluate(broken, count=20)
    assert {row.right for row in result.rows} == {0}


def test_texts_of_a_group_share_their_noise_and_differ_in_the_side_alone() -> None:
    calls: list[tuple[list[str], list[int], int]] = []

    def watched(texts: list[str], frames: list[int], seed: int) -> list[Tensor]:
        calls.append((texts, frames, seed))
        return _obedient(texts, frames, seed)

    evaluate(watched, axes=["hand"], seed=3)
    (left, left_frames, left_seed), (right, right_frames, right_seed) = calls
    assert (left_frames, left_seed) == (right_frames, right_seed)
    assert [text.replace("left", "right") for text in left] == right
    calls.clear()
    evaluate(watched, axes=["hand"], seed=4)
    assert calls[0][2] != left_seed


@pytest.mark.parametrize("axis", [axis.name for axis in AXES])
def test_every_axis_has_two_hundred_texts_for_all_actions_and_for_the_quickstart(axis: str) -> None:
    groups = groups_for(AXIS_BY_NAME[axis])
    texts = [text for group in groups for text in group.texts]
    assert 200 <= len(set(texts)) == len(texts) <= 203
    sides = [side for group in groups for side in group.sides]
    assert len({sides.count(side) for side in set(sides)}) == 1 or axis == "count"
    few = groups_for(AXIS_BY_NAME[axis], actions=QUICKSTART_ACTIONS, max_frames=100)
    if few or axis != "direction":  # the quickstart may know no way backward
        assert len({text for group in few for text in group.texts}) >= 200
        assert {group.action for group in few} <= set(QUICKSTART_ACTIONS)
        assert max(frames for group in few for frames in group.frames) <= 100


def test_what_a_model_was_not_taught_is_not_asked() -> None:
    assert evaluate(_obedient, actions=["idle"]).decisions == ()
    with pytest.raises(ValueError, match="no axis has a text"):
        _ = evaluate(_obedient, actions=["idle"]).accuracy
    with pytest.raises(ValueError, match="'colour' is no axis"):
        evaluate(_obedient, axes=["colour"])
    assert groups_for(AXIS_BY_NAME["direction"], actions=["walk"]) == []
    counts = {
        side
        for group in groups_for(AXIS_BY_NAME["count"], actions=["squat"], max_frames=80)
        for side in group.sides
    }
    assert counts == {"1", "2"}


def test_training_never_sees_a_text_of_the_evaluation(synthetic_clips: list[Clip]) -> None:
    captions = {plain(text) for clip in synthetic_clips for text in clip.texts}
    asked = {
        plain(text) for axis in AXES for case in axis.cases for group in case.groups() for text in group.texts
    }
    asked |= {plain(text) for texts in WORDINGS.values() for text in texts}
    assert not captions & asked


def test_a_wording_that_training_happened_to_see_is_not_asked() -> None:
    (first, second) = prompts_for(["jump"], 2)
    assert prompts_for(["jump"], 2, seen=[f"{first[1].upper()}!"])[0] == second


def test_every_action_has_ten_wordings_and_no_two_are_alike() -> None:
    assert WORDINGS.keys() == ACTION_INDEX.keys()
    assert all(len(texts) >= 10 for texts in WORDINGS.values())
    everything = [plain(text) for texts in WORDINGS.values() for text in texts]
    assert len(set(everything)) == len(everything)
    assert len(QUICKSTART_ACTIONS) == 20
    assert [action for action, _ in prompts_for(QUICKSTART_ACTIONS, 10)].count("jump") == 10


@given(n=st.integers(1, 500), share=st.floats(0, 1))
def test_the_interval_holds_the_share_and_narrows_with_more(n: int, share: float) -> None:
    right = round(share * n)
    low, high = wilson(right, n)
    assert 0 <= low <= right / n <= high <= 1
    wide = wilson(right, n)
    narrow = wilson(4 * right, 4 * n)
    assert narrow[1] - narrow[0] < wide[1] - wide[0]


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered: Callable[[float], float] = lambda truth: float(  # noqa: E731
        np.mean(
            [
                low <= truth <= high
                for low, high in (wilson(int(k), 200) for k in rng.binomial(200, truth, 2000))
            ]
        )
    )
    assert 0.92 < covered(0.5) < 0.98
    assert 0.92 < covered(0.9) < 0.98


def test_nothing_is_known_of_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
