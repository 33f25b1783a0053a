"""A mirrored clip is the mirrored body, told with the other side, and held out with its original."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stickgen.data.clip import Clip
from stickgen.data.dataset import open_dataset, pack, save_dataset
from stickgen.data.mirroring import _WORD, mirror_motion, mirrored, swap_sides, view_of, with_mirrors
from stickgen.data.retiming import LEAST, MOST, retimed, speaks_of_speed
from stickgen.data.synthetic import synthesize
from stickgen.data.synthetic.body import joints
from stickgen.data.synthetic.phrase import PERFORMANCES, Chance
from stickgen.errors import StickgenError
from stickgen.motion.skeleton import JOINTS, PELVIS


def side_neutral(text: str) -> str:
    """The text with a mark for each side, so that a text and its mirror image become equal."""
    return _WORD.sub("<side>", text)


@pytest.mark.parametrize(
    ("text", "swapped"),
    [
        ("a person waves with the left hand", "a person waves with the right hand"),
        ("Left, then right.", "Right, then left."),
        ("a left-handed salute", "a right-handed salute"),
        ("he kicks with his RIGHT leg", "he kicks with his LEFT leg"),
        ("turns clockwise", "turns counterclockwise"),
        ("turns counterclockwise", "turns clockwise"),
        ("turns counter-clockwise", "turns clockwise"),
        ("an anti-clockwise turn", "a clockwise turn"),
        ("An Anticlockwise turn", "A Clockwise turn"),
        ("AN ANTI\u2011CLOCKWISE TURN", "A CLOCKWISE TURN"),
        ("half of an “anti clockwise” circle", "half of a “clockwise” circle"),
        ("a clockwise turn, then an arm circle", "a counterclockwise turn, then an arm circle"),
        ("a counter clockwise turn", "a clockwise turn"),
        ("an almost anticlockwise turn", "an almost clockwise turn"),
        ("turns on a dime, clockwise", "turns on a dime, counterclockwise"),
        ("an upright turn to the left", "an upright turn to the right"),
        ("walks leftward", "walks rightward"),
        ("steps to the right in front of a wall", "steps to the left in front of a wall"),
        ("turns left before sitting down", "turns right before sitting down"),
        ("turns right before sitting down", "turns left before sitting down"),
        ("looks left and right", "looks right and left"),
        ("looks right, then left", "looks left, then right"),
        ("punches left right left", "punches right left right"),
        ("the right foot is left behind the left", "the left foot is left behind the right"),
        ("is left behind", "is left behind"),
        ("jumps right away", "jumps right away"),
        ("all right, he sits", "all right, he sits"),
        ("runs right into a wall", "runs right into a wall"),
        ("he left the room", "he left the room"),
        ("bends the arms at a right angle", "bends the arms at a right angle"),
        ("an upright person, alright", "an upright person, alright"),
        ("with the left over the right", "with the right over the left"),
        ("stands up right after falling", "stands up right after falling"),
        ("walks forward", "walks forward"),
    ],
)
def test_sides_are_swapped_where_they_are_sides(text: str, swapped: str) -> None:
    assert swap_sides(text) == swapped


@given(
    st.lists(
        st.sampled_from(
            [
                "kicks",
                "waves",
                "the",
                "left",
                "right",
                "hand",
                "foot",
                "clockwise",
                "counterclockwise",
                "to",
                "and",
                "his",
            ]
        )
    )
)
def test_a_text_and_its_mirror_are_one_but_for_sides(words: list[str]) -> None:
    text = " ".join(words)
    assert side_neutral(swap_sides(text)) == side_neutral(text)


def test_captions_of_made_up_motion_come_back() -> None:
    for clip in synthesize(200, seed=4):
        for text in clip.texts:
            assert swap_sides(swap_sides(text)) == text


@given(st.integers(0, 2**32), st.sampled_from(["side", "front"]))
def test_mirroring_twice_changes_nothing(seed: int, view: str) -> None:
    motion = np.random.default_rng(seed).normal(size=(9, 20)).astype(np.float32)
    assert np.array_equal(mirror_motion(mirror_motion(motion, view), view), motion)
    other = mirror_motion(motion, view)
    left, right = JOINTS.index("left_hand"), JOINTS.index("right_hand")
    assert np.array_equal(other[:, 2 * left + 1], motion[:, 2 * right + 1])
    assert np.array_equal(other[:, 2 * left], motion[:, 2 * right] * (-1 if view == "front" else 1))


@pytest.mark.parametrize("action", ["walk", "wave", "kick", "cartwheel", "sidestep", "turn", "throw"])
def test_a_performance_mirrors_as_its_figure_does(action: str) -> None:
    for seed in range(4):
        phrase = PERFORMANCES[action](Chance(np.random.default_rng(seed)))
        figure, other = joints(phrase.track), joints(phrase.mirrored().track)
        # in float64, because 1e-9 is beyond float32
        ways = [np.abs(mirror_motion(figure, view) - other).max() for view in ("side", "front")]  # type: ignore[arg-type]
        assert min(ways) < 1e-9
        assert phrase.mirrored().mirrored().facts == phrase.facts
        assert phrase.mirrored().facts.side != phrase.facts.side or not phrase.facts.side


def test_the_view_is_inferred() -> None:
    def figure(apart: float, way: float) -> np.ndarray:
        motion = np.zeros((40, 20), np.float32)
        motion[:, 2 * PELVIS] = np.linspace(0, way, 40)
        for number, name in enumerate(JOINTS):
            motion[:, 2 * number] = motion[:, 2 * PELVIS] + apart * (
                name.startswith("left") - name.startswith("right")
            )
        return motion

    assert view_of(figure(0.1, 0.0)) == view_of(figure(-0.1, 0.0)) == "front"
    assert view_of(figure(0.0, 0.0)) == "side"
    assert view_of(figure(0.1, 2.0)) == "side"  # who travels is seen from the side of the way


def clip_of(texts: list[str], name: str = "a", frames: int = 30) -> Clip:
    motion = np.random.default_rng(1).normal(size=(frames, 20)).astype(np.float32)
    return Clip(motion, texts, np.arange(frames, dtype=np.int16) % 64, "test", "none", name)


def test_a_known_view_is_taken_and_the_original_stays() -> None:
    clip = clip_of(["kicks with the left leg", "kicks"])
    before = clip.motion.copy()
    clip.view = "front"
    other = mirrored(clip)
    assert np.array_equal(other.motion, mirror_motion(before, "front"))
    assert other.texts == ["kicks with the right leg", "kicks"] and other.mirror_of is clip
    assert np.array_equal(clip.motion, before) and np.array_equal(other.actions, clip.actions)


def test_a_clip_and_its_mirror_are_never_parted(tmp_path: Path) -> None:
    clips = [
        clip_of([f"steps {way} number {number}"], str(number))
        for number in range(60)
        for way in ("left", "right")
    ]
    both = with_mirrors(clips)
    assert len(both) == 2 * len(clips)
    file = save_dataset(tmp_path / "d.pt", pack(both))
    for fraction in (0.1, 0.5):
        split = file.split(fraction)
        assert 0 < sum(split) < len(split)
        for number in range(0, len(both), 4):  # left, its mirror, right, its mirror
            assert len(set(split[number : number + 4])) == 1
    assert open_dataset(tmp_path / "d.pt").split(0.1) == file.split(0.1)


def test_a_mirror_of_no_clip_is_refused(tmp_path: Path) -> None:
    content = pack(with_mirrors([clip_of(["steps left"])]))
    content["mirror_of"] = torch.tensor([-1, 2])
    with pytest.raises(StickgenError, match="mirror_of"):
        save_dataset(tmp_path / "d.pt", content)


def test_a_mirror_keeps_its_speed_where_the_text_speaks_of_it() -> None:
    told, open_ = (
        clip_of(["walks slowly with the left leg stiff"]),
        clip_of(["kicks three times with the left leg"]),
    )
    assert speaks_of_speed(told) and not speaks_of_speed(open_)
    both = with_mirrors([told, open_])
    assert len(both[1].motion) == len(told.motion)
    assert len(open_.motion) / MOST - 1 <= len(both[3].motion) <= len(open_.motion) / LEAST + 1
    assert len(both[3].actions) == len(both[3].motion)
    half = retimed(open_, 2.0)
    assert np.allclose(half.motion[0], open_.motion[0]) and np.allclose(half.motion[-1], open_.motion[-1])


def test_half_of_the_made_up_clips_are_mirrored_and_no_more_are_made() -> None:
    plain, clips = list(synthesize(80, seed=2, mirror=False)), list(synthesize(80, seed=2))
    swapped = [clip.name.endswith("(mirrored)") for clip in clips]
    assert 25 < sum(swapped) < 55 and not any(clip.name.endswith("(mirrored)") for clip in plain)
    for clip, before, is_mirror in zip(clips, plain, swapped, strict=True):
        assert np.array_equal(clip.actions, before.actions)
        if not is_mirror:
            assert np.array_equal(clip.motion, before.motion) and clip.texts == before.texts
        else:
            assert [side_neutral(text) for text in clip.texts] == [
                side_neutral(text) for text in before.texts
            ]
