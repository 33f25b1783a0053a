"""Synthetic motion obeys the body and the floor, and says what it shows."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from stickgen.data.actions import ACTION_INDEX, ACTIONS
from stickgen.data.clip import Clip
from stickgen.data.synthetic import synthesize
from stickgen.data.synthetic.compose import perform
from stickgen.errors import StickgenError
from stickgen.motion.skeleton import (
    BONE_LENGTHS,
    FPS,
    HEAD,
    LEFT_FOOT,
    MAX_FRAMES,
    NECK_ALONG_SPINE,
    PELVIS,
    RIGHT_FOOT,
)

GRAVITY = 9.81 / 1.8  # skeleton units/s²: a figure is about 1 unit high, a person about 1.8 m
NAMES = [action.name for action in ACTIONS]


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    return list(synthesize(256, seed=3))


def test_every_action_is_shown_and_every_frame_labelled(clips: list[Clip]) -> None:
    for clip in clips:
        assert clip.actions.shape == (len(clip.motion),)
        assert clip.actions.min() >= 0 and clip.actions.max() < len(ACTIONS)
        assert 20 <= len(clip.motion) <= MAX_FRAMES
        assert clip.motion.shape[1] == 20 and clip.motion.dtype == np.float32
    # whatever their number, the first of every 64 clips are all the actions
    assert {int(clip.actions[0]) for clip in clips[64:128]} == set(range(len(ACTIONS)))


def test_some_clips_hold_several_actions_in_order(clips: list[Clip]) -> None:
    several = [clip for clip in clips if len(set(clip.actions.tolist())) > 1]
    assert 0.15 < len(several) / len(clips) < 0.5
    for clip in several:
        runs = [label for label, _ in itertools.groupby(clip.actions.tolist())]
        assert len(runs) == len(set(runs)) <= 3
        # the first caption has no typo
        for text in clip.texts[:1]:
            assert re.search(r"\b(then|afterwards|finally|before|after)\b", text, re.IGNORECASE)


def test_nothing_sinks_into_the_floor_or_leaves_its_body(clips: list[Clip]) -> None:
    for clip in clips:
        assert np.isfinite(clip.motion).all()
        assert clip.motion[:, 1::2].min() > -0.005, clip.name
        joints = clip.motion.reshape(len(clip.motion), 10, 2)
        neck = joints[:, PELVIS] + NECK_ALONG_SPINE * (joints[:, HEAD] - joints[:, PELVIS])
        at = [*joints.transpose(1, 0, 2), neck]  # the neck is the last: its number is -1
        for (start, end), length in BONE_LENGTHS.items():
            bone = at[end] - at[start]
            # a projected bone is shortened, never longer than the longest trunk or arm that is drawn
            assert np.linalg.norm(bone, axis=1).max() < 1.09 * length, (clip.name, start, end)


def test_no_joint_jumps(clips: list[Clip]) -> None:
    for clip in clips:
        step = np.diff(clip.motion.reshape(len(clip.motion), 10, 2), axis=0)
        assert np.linalg.norm(step, axis=2).max() < 14 / FPS, clip.name


@pytest.mark.parametrize(
    "action", ["walk", "walk_backward", "sidestep", "march", "tiptoe", "limp", "jog", "run"]
)
def test_a_foot_on_the_floor_does_not_slide(action: str) -> None:
    for seed in range(6):
        clip = perform(action, seed)
        mine = clip.actions == ACTION_INDEX[action]
        for foot in (LEFT_FOOT, RIGHT_FOOT):
            x, y = clip.motion[mine, 2 * foot], clip.motion[mine, 2 * foot + 1]
            planted = (y[1:] < 0.002) & (y[:-1] < 0.002)
            assert planted.sum() > 5
            # less than a tenth of the slowest walk
            assert np.abs(np.diff(x))[planted].max() * FPS < 0.06, (action, seed, foot)


@pytest.mark.parametrize("action", ["walk", "run", "sprint", "skip", "tiptoe", "limp", "crawl"])
def test_locomotion_gets_somewhere(action: str) -> None:
    for seed in range(4):
        clip = perform(action, seed)
        x = clip.motion[clip.actions == ACTION_INDEX[action]][:, 2 * PELVIS]
        assert abs(x[-1] - x[0]) > 0.2, (action, seed)


def test_running_is_faster_than_walking() -> None:
    def speed(action: str) -> float:
        speeds = []
        for seed in range(8):
            clip = perform(action, seed)
            x = clip.motion[clip.actions == ACTION_INDEX[action]][:, 2 * PELVIS]
            speeds.append(abs(x[-1] - x[0]) / len(x) * FPS)
        return float(np.median(speeds))

    assert speed("walk_backward") < speed("walk") < speed("jog") < speed("run") < speed("sprint")


def test_a_jump_falls_as_bodies_fall() -> None:
    flown = 0
    for seed in range(8):
        clip = perform("jump", seed)
        mine = clip.motion[clip.actions == ACTION_INDEX["jump"]]
        air = (mine[:, 2 * LEFT_FOOT + 1] > 0.03) & (mine[:, 2 * RIGHT_FOOT + 1] > 0.03)
        inside = air[:-2] & air[1:-1] & air[2:]
        acceleration = np.diff(mine[:, 2 * PELVIS + 1], 2)[inside] * FPS**2
        if len(acceleration):
            flown += 1
            assert np.median(acceleration) == pytest.approx(-GRAVITY, rel=0.25), seed
    assert flown >= 6


def test_the_same_seed_makes_the_same_clips_however_many(clips: list[Clip]) -> None:
    for again, clip in zip(synthesize(12, seed=3), clips, strict=False):
        assert np.array_equal(again.motion, clip.motion)
        assert again.texts == clip.texts and again.name == clip.name
    other = next(synthesize(1, seed=4))
    assert other.name != clips[0].name


def test_captions_differ_and_name_the_side() -> None:
    clips = list(synthesize(640, seed=5))
    texts = {text for clip in clips for text in clip.texts}
    assert len(texts) > 640
    kicks = [c for c in clips if set(c.actions.tolist()) == {ACTION_INDEX["kick"]}]
    assert any("left" in text for c in kicks for text in c.texts)
    assert any("right" in text for c in kicks for text in c.texts)
    for text in texts:
        assert text == text.strip() and "  " not in text and len(text) < 200


@pytest.mark.parametrize("action", NAMES)
def test_an_action_moves_as_itself(action: str) -> None:
    """Every action moves (but standing still), and two performances of it differ."""
    first, second = perform(action, 1), perform(action, 2)
    assert first.actions[0] == ACTION_INDEX[action]
    moved = np.ptp(first.motion, axis=0).max()
    assert moved > (0.002 if action == "idle" else 0.05)
    assert first.motion.shape != second.motion.shape or not np.allclose(first.motion, second.motion)


def test_a_choice_of_actions_is_all_that_is_shown() -> None:
    chosen = {"walk", "sit_down", "wave"}
    clips = list(synthesize(90, seed=2, actions=chosen))
    shown = {NAMES[label] for clip in clips for label in clip.actions.tolist()}
    assert shown == chosen
    with pytest.raises(StickgenError, match="'wavee' is no action; did you mean wave?"):
        next(synthesize(1, actions=["walk", "wavee"]))
