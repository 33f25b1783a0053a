"""What a caption of made-up motion says is true of the motion, and said in many ways."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stickgen.data.actions import ACTION_INDEX, ACTIONS
from stickgen.data.clip import Clip
from stickgen.data.synthetic import synthesize, wording
from stickgen.data.synthetic.phrase import PERFORMANCES, Chance
from stickgen.data.synthetic.phrasebook import lines_for, phrasebook
from stickgen.data.synthetic.verbs import Form, inflected
from stickgen.data.synthetic.wording import sentences
from stickgen.motion.skeleton import FPS, HEAD, JOINTS, NECK_ALONG_SPINE, PELVIS

QUICKSTART = ["walk", "run", "jump", "wave", "bow", "clap", "kick", "punch", "squat", "sit_down", "jumping_jack", "cartwheel", "dance", "march", "raise_hand", "spin", "throw", "lunge", "cheer", "pick_up"]  # fmt: skip
NAMES = [action.name for action in ACTIONS]
NUMBERS = {
    "once": 1, "a single time": 1, "one time": 1, "twice": 2, "two times": 2, "2 times": 2, "three times": 3, "3 times": 3,
    "thrice": 3, "four times": 4, "4 times": 4,
}  # fmt: skip


@pytest.fixture(scope="module")
def clips() -> dict[str, list[Clip]]:
    """Clips of one action each, by action; of the quickstart's twenty."""
    found = defaultdict(list)
    for clip in synthesize(1200, seed=7, actions=QUICKSTART):
        if len(set(clip.actions.tolist())) == 1:
            found[NAMES[clip.actions[0]]].append(clip)
    return found


def joint(clip: Clip, name: str) -> np.ndarray:
    at = JOINTS.index(name)
    return clip.motion[:, 2 * at : 2 * at + 2].astype(float)


def neck(clip: Clip) -> np.ndarray:
    head, pelvis = clip.motion[:, 2 * HEAD : 2 * HEAD + 2], clip.motion[:, 2 * PELVIS : 2 * PELVIS + 2]
    return np.asarray(pelvis + NECK_ALONG_SPINE * (head - pelvis), float)


def said(clip: Clip, *words: str) -> bool:
    texts = [text.replace("at high speed", "fast") for text in clip.texts]
    return any(re.search(rf"\b{word}\b", text, re.IGNORECASE) for text in texts for word in words)


def faces_way_of_travel(clip: Clip) -> float:
    """Above 0 where knees bend to the side that the clip goes to, which is +x."""
    bend = 0.0
    for side in ("left", "right"):
        middle = (joint(clip, "pelvis") + joint(clip, f"{side}_foot")) / 2
        bend += float(np.sum(joint(clip, f"{side}_knee")[:, 0] - middle[:, 0]))
    return bend


@pytest.mark.parametrize("action", NAMES)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_performance_can_be_told(action: str, seed: int) -> None:
    chance = Chance(np.random.default_rng(seed))
    phrase = PERFORMANCES[action](chance)
    lines, _ = lines_for(action, phrase.facts.holding(frozenset()), phrase.facts.count > 0)
    assert len(lines) >= 3, phrase.facts
    for text in sentences([phrase], None, chance, 5):
        assert not re.search(r"[][{}<>|$;:]", text), text
        assert text == text.strip() and "  " not in text and 3 <= len(text) < 200
        for side, other in (("left", "right"), ("right", "left")):
            if phrase.facts.side == side and action not in ("balance", "look_around", "hop"):
                assert not re.search(rf"\b{other}\b", text), text


def test_the_book_has_lines_for_every_action() -> None:
    assert phrasebook().keys() == ACTION_INDEX.keys()
    for action, lines in phrasebook().items():
        assert len(lines) >= 6, action
        assert len({line.text for line in lines}) == len(lines), action


def test_verbs_are_inflected() -> None:
    forms = {
        "wave": "waves waving waved", "clap": "claps clapping clapped", "carry": "carries carrying carried",
        "go": "goes going went", "lie": "lies lying lay", "squat": "squats squatting squatted",
        "bow": "bows bowing bowed", "punch": "punches punching punched", "box": "boxes boxing boxed",
        "throw": "throws throwing threw", "kneel": "kneels kneeling knelt", "agree": "agrees agreeing agreed",
        "sway": "sways swaying swayed", "hop": "hops hopping hopped", "raise": "raises raising raised",
    }  # fmt: skip
    for verb, wanted in forms.items():
        found = [inflected(verb, form) for form in (Form.PRESENT, Form.GERUND, Form.PAST)]
        assert " ".join(found) == wanted


def test_an_action_is_said_in_a_hundred_ways() -> None:
    chance = Chance(np.random.default_rng(1))
    for action in NAMES:
        told = {
            text for _ in range(40) for text in sentences([PERFORMANCES[action](chance)], None, chance, 5)
        }
        assert len(told) > 100, action


def test_a_told_side_is_the_side_that_moves(clips: dict[str, list[Clip]]) -> None:
    limbs = {"wave": "hand", "raise_hand": "hand", "kick": "foot", "lunge": "foot"}
    told = 0
    for action, limb in limbs.items():
        for clip in clips[action]:
            way = {
                side: np.abs(np.diff(joint(clip, f"{side}_{limb}"), axis=0)).sum()
                for side in ("left", "right")
            }
            for side, other in (("left", "right"), ("right", "left")):
                if said(clip, side):
                    told += 1
                    assert way[side] > 1.3 * way[other], (clip.name, clip.texts)
    assert told > 0.6 * sum(len(clips[action]) for action in limbs)


def test_backward_is_away_from_where_the_knees_point(clips: dict[str, list[Clip]]) -> None:
    backward, forward = ("backwards?", "in reverse", "backpedals?", "retreats?"), ("forwards?", "ahead")
    told = {True: 0, False: 0}
    for action in ("walk", "run", "march"):
        for clip in clips[action]:
            if said(clip, *backward) or said(clip, *forward):
                ahead = said(clip, *forward)
                told[ahead] += 1
                assert (faces_way_of_travel(clip) > 0) == ahead, (clip.name, clip.texts)
    assert min(told.values()) > 15


def test_high_and_low_are_told_apart(clips: dict[str, list[Clip]]) -> None:
    top: dict[str, list[float]] = {"high": [], "low": []}
    for action in ("raise_hand", "wave"):
        for clip in clips[action]:
            hand = max(
                float((joint(clip, f"{side}_hand")[:, 1] - neck(clip)[:, 1]).max())
                for side in ("left", "right")
            )
            for level, words in (("high", ("high", "overhead")), ("low", ("low", "halfway"))):
                if said(clip, *words):
                    top[level].append(hand)
    assert min(map(len, top.values())) > 10
    assert min(top["high"]) > max(top["low"])
    rise: dict[str, list[float]] = {"high": [], "low": []}
    for clip in clips["jump"]:
        for level in rise:
            if said(clip, level):
                rise[level].append(float(joint(clip, "left_foot")[:, 1].max()))
    assert min(map(len, rise.values())) > 2 and min(rise["high"]) > 2 * max(rise["low"])


def test_a_told_count_is_how_often(clips: dict[str, list[Clip]]) -> None:
    told = 0
    for clip in [*clips["jump"], *clips["squat"], *clips["bow"]]:
        counts = {n for words, n in NUMBERS.items() if said(clip, words)}
        if not counts:
            continue
        told += 1
        if clip.actions[0] == ACTION_INDEX["jump"]:
            done = (joint(clip, "left_foot")[:, 1] > 0.02) & (joint(clip, "right_foot")[:, 1] > 0.02)
        elif clip.actions[0] == ACTION_INDEX["squat"]:
            height = joint(clip, "pelvis")[:, 1]
            done = height < (height.min() + height.max()) / 2
        else:
            height = joint(clip, "head")[:, 1]
            done = height < (height.min() + height.max()) / 2
        assert {int(np.sum(np.diff(done.astype(int)) == 1))} == counts, (clip.name, clip.texts)
    assert told > 30


def test_slow_is_slower_than_fast(clips: dict[str, list[Clip]]) -> None:
    for action in ("walk", "run", "wave", "clap", "punch", "squat", "jumping_jack", "march"):
        speeds: dict[str, list[float]] = {"slow": [], "fast": []}
        for clip in clips[action]:
            body = clip.motion[:, 0::2] if action in ("walk", "run") else clip.motion
            speed = float(np.abs(np.diff(body, axis=0)).sum()) / len(clip.motion) * FPS
            for tempo, words in (("slow", ("slow", "slowly")), ("fast", ("fast", "quickly"))):
                if said(clip, *words):
                    speeds[tempo].append(speed)
        assert speeds["slow"] and speeds["fast"], action
        assert np.median(speeds["slow"]) < 0.75 * np.median(speeds["fast"]), action


def test_a_typo_is_never_in_the_first_caption(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(share: float) -> list[list[str]]:
        monkeypatch.setattr(wording, "TYPO_SHARE", share)
        return [clip.texts for clip in synthesize(60, seed=1)]

    plain, wrong = told(0.0), told(1.0)
    assert [texts[0] for texts in plain] == [texts[0] for texts in wrong]
    pairs = [(a[1], b[1]) for a, b in zip(plain, wrong, strict=True)]
    assert sum(a != b for a, b in pairs) > 50  # a letter that is exchanged with its like makes no typo
    assert all(abs(len(a) - len(b)) <= 1 for a, b in pairs)


def test_a_clip_has_three_to_five_captions() -> None:
    assert 3 <= np.mean([len(clip.texts) for clip in synthesize(200, seed=1)]) <= 5
