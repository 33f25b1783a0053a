"""Makes clips from phrases: chooses, styles, joins, poses and describes them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from difflib import get_close_matches

import numpy as np

from stickgen.data.actions import ACTION_INDEX, ACTIONS
from stickgen.data.clip import Clip
from stickgen.data.mirroring import MARK
from stickgen.data.synthetic import combat_and_dance, floor, gestures, hands, leaps, locomotion
from stickgen.data.synthetic.body import INDEX, Floats, ease, foot_x, joints
from stickgen.data.synthetic.individual import caught, standing, swaying, timed
from stickgen.data.synthetic.phrase import PERFORMANCES, Chance, Phrase
from stickgen.data.synthetic.styles import STYLES, Style, tempo
from stickgen.data.synthetic.wording import sentences
from stickgen.errors import StickgenError
from stickgen.motion.skeleton import FPS, MAX_FRAMES, PELVIS

# importing these modules registers their performances
_ROOMS = (combat_and_dance, floor, gestures, hands, leaps, locomotion)
assert PERFORMANCES.keys() == ACTION_INDEX.keys(), PERFORMANCES.keys() ^ ACTION_INDEX.keys()

_GROUP = {action.name: action.group for action in ACTIONS}
_STARTS_DOWN = {"stand_up", "sit_up", "push_up", "crawl"}
_ENDS_DOWN = {"sit_down", "lie_down", "fall", "sit_up", "push_up", "crawl", "climb"}
_UNSTYLED_GROUPS = {"floor", "acrobatics", "exercise"}
_UNSTYLED = {"crawl", "climb", "jump", "leap", "hop", "limp", "stagger", "idle", "balance"}
# nobody says how fast these are done, or gravity decides
_NO_TEMPO = {
    "sprint", "tiptoe", "think", "pray", "hug", "nod", "idle", "balance", "stagger", "limp", "crawl", "climb",
    "jump", "leap", "hop", "roll", "somersault", "handstand", "lie_down", "fall", "sit_up", "catch", "skip",
}  # fmt: skip
# hands on the floor or on rungs: a sway would lift them off
_EXACT = {
    "crawl",
    "climb",
    "cartwheel",
    "roll",
    "somersault",
    "handstand",
    "push_up",
    "sit_up",
    "lie_down",
    "fall",
    "kneel",
}
_ON_A_FOOT = {"spin", "turn", "balance", "hop"}  # the body is above the foot that bears it
_BALLISTIC = {"jump", "leap", "hop", "somersault", "jumping_jack"}  # gravity sets the pace
_BUILDS = (0.92, 1.08)  # length of trunk and arms, relative to the usual
_VIEW = 0.26  # radians by which a camera may deviate from its place
_SLOW, _FAST = (0.5, 0.68), (1.45, 1.8)  # times the usual pace
_SLOW_GAIT, _FAST_GAIT = (0.55, 0.7), (1.28, 1.45)  # legs have less leeway
_MANNERED = 0.25  # share of the clips done in a style
_BACKWARDS = 0.25  # share of the walks, unless it is an action of its own
_TIMED = 0.6  # share of the rest that is described as slow or fast
_TRIES = 20  # attempts at a performance that is no longer than a clip
_SIZES, _PACES = (0.85, 1.15), (0.9, 1.12)  # variation between performances
CAPTIONS = (3, 5)  # per clip
TRANSITION_SECONDS = (0.35, 0.6)
LICENCE = "MIT (made by stickgen)"


def synthesize(
    count: int, seed: int = 0, actions: Collection[str] | None = None, *, mirror: bool = True
) -> Iterator[Clip]:
    """`count` clips, the same for the same seed; each is independent of how many are asked for.

    They show all 64 actions in turn, or those of `actions`, by name. About a third of the clips go on with one or two
    further actions, labelled frame by frame. With `mirror`, half of the clips have their sides swapped, so that everything
    is done on the left as often as on the right; mirror images of existing clips would teach less than new clips. Raises
    StickgenError for an unknown action.
    """
    names = [action.name for action in ACTIONS if actions is None or action.name in actions]
    unknown = [name for name in actions or () if name not in ACTION_INDEX]
    if unknown:
        known = get_close_matches(unknown[0], ACTION_INDEX, n=1) or list(ACTION_INDEX)
        raise StickgenError(f"{unknown[0]!r} is no action; did you mean {', '.join(known)}?")
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        order = np.random.default_rng((seed, number // len(names), 1)).permutation(len(names))
        action = names[int(order[number % len(names)])]
        swapped = mirror and bool(np.random.default_rng((seed, number, 2)).random() < 0.5)
        yield _clip(action, names, rng, f"synthetic/{seed}/{number:06d}", mirror=swapped)


def perform(action: str, seed: int = 0) -> Clip:
    """A clip that begins with the given action, to look at it."""
    return _clip(action, list(ACTION_INDEX), np.random.default_rng(seed), f"synthetic/{action}/{seed}")


def _clip(
    first: str, allowed: list[str], rng: np.random.Generator, name: str, *, mirror: bool = False
) -> Clip:
    actions = _follow_ups(first, allowed, rng)
    style = _style(actions, rng)
    size, pace = (style.size, style.pace) if style else (1.0, 1.0)
    chance = Chance(
        rng, size * rng.uniform(*_SIZES), pace * rng.uniform(*_PACES), on_floor=bool(rng.random() < 0.4)
    )
    exact = bool(_EXACT & set(actions))
    feet, who = not (exact or _ON_A_FOOT & set(actions)), int(rng.integers(2**32))
    phrases: list[Phrase] = []
    track: Floats | None = None
    labels: list[int] = []
    for action in actions:
        phrase = _short_enough(_performed(action, allowed, rng), chance)
        if action not in _BALLISTIC:
            phrase.track = timed(phrase.track, chance)
        # one person throughout: applied before the parts are joined, or a foot would turn with the body
        person = Chance(np.random.default_rng(who))
        phrase.track = standing(phrase.track, person, 0.25 if exact else 1.0, feet=feet)
        if mirror:
            phrase = phrase.mirrored()
        label = ACTION_INDEX[action]
        if track is None:
            track = phrase.track
            labels = [label] * len(track)
        else:
            bridge, moved = _bridge(track[-1], phrase.track, chance)
            if len(track) + len(bridge) + len(moved) > MAX_FRAMES:
                break  # if there is no room for all of it, drop it
            half = len(bridge) // 2
            labels += [labels[-1]] * half + [label] * (len(bridge) - half + len(moved))
            track = np.concatenate((track, bridge, moved))
        phrases.append(phrase)
    assert track is not None
    track = swaying(track, chance, 0.2 if exact else 1.0)
    if style is not None:
        track = style.applied(track, chance.between(0, 6))
    motion = joints(
        track,
        trunk=chance.between(*_BUILDS),
        arms=chance.between(*_BUILDS),
        camera=chance.between(-_VIEW, _VIEW),
    )
    start, end = (0, len(motion)) if exact else caught(len(motion), chance)
    motion, labels = motion[start:end], labels[start:end]
    motion[:, 0::2] -= motion[0, 2 * PELVIS]
    texts = sentences(phrases, style, chance, chance.count(*CAPTIONS))
    frames = np.array(labels, np.int16)
    return Clip(motion.astype(np.float32), texts, frames, "synthetic", LICENCE, name + MARK * mirror)


def _short_enough(action: str, chance: Chance) -> Phrase:
    """A performance that fits into a clip as a whole, so that the clip shows everything that is said."""
    for _ in range(_TRIES):
        phrase = PERFORMANCES[action](chance)
        if len(phrase.track) <= MAX_FRAMES:
            return phrase
    return replace(phrase, track=phrase.track[np.linspace(0, len(phrase.track) - 1, MAX_FRAMES).astype(int)])


def _performed(action: str, allowed: list[str], rng: np.random.Generator) -> str:
    """The performance of an action. If walking backwards is no action of its own, some walks go backwards."""
    backwards = action == "walk" and "walk_backward" not in allowed and rng.random() < _BACKWARDS
    return "walk_backward" if backwards else action


def _follow_ups(first: str, allowed: list[str], rng: np.random.Generator) -> list[str]:
    """The actions of a clip: often one, else two or three that a body can do in a row."""
    share = rng.random()
    if first == "sit_down" and share < 0.4 and "stand_up" in allowed:
        return [first, "stand_up"]
    last = [name for name in allowed if name not in _STARTS_DOWN]
    links = [name for name in last if name not in _ENDS_DOWN]
    if share > 0.35 or first in _ENDS_DOWN or not last:
        return [first]
    actions = [first]
    if share < 0.1 and links:
        actions.append(str(rng.choice(links)))
    actions.append(str(rng.choice(last)))
    return actions if len(set(actions)) == len(actions) else [first]


def _style(actions: list[str], rng: np.random.Generator) -> Style | None:
    groups = {_GROUP[action] for action in actions}
    style, timed = rng.random() < _MANNERED, rng.random() < _TIMED
    slow, share = rng.random() < 0.5, rng.random()
    if style and not groups & _UNSTYLED_GROUPS and not _UNSTYLED & set(actions):
        return STYLES[int(share * len(STYLES))]
    if timed and not _NO_TEMPO & set(actions):
        goes = "locomotion" in groups or "acrobatics" in groups
        low, high = (_SLOW_GAIT if goes else _SLOW) if slow else (_FAST_GAIT if goes else _FAST)
        return tempo(low + (high - low) * share)
    return None


def _bridge(end: Floats, track: Floats, chance: Chance) -> tuple[Floats, Floats]:
    """Frames that lead from the pose `end` to `track`, and `track` moved to where they end.

    Feet that have to move are lifted one after the other; everything else is eased.
    """
    end, track = end.copy(), track.copy()
    for name in ("yaw", "pitch", "roll"):  # full turns make no difference
        turns = np.round((end[INDEX[name]] - track[0, INDEX[name]]) / (2 * np.pi))
        track[:, INDEX[name]] += 2 * np.pi * turns
    track[:, [INDEX["x"], INDEX["lx"], INDEX["rx"]]] += end[INDEX["x"]] - track[0, INDEX["x"]]
    goal = track[0]
    frames = max(round(chance.between(*TRANSITION_SECONDS) * FPS), 6)
    part = np.arange(1, frames) / frames
    bridge = end + (goal - end) * ease(part)[:, None]
    heading = bridge[:, INDEX["yaw"]]
    turned = abs(goal[INDEX["yaw"]] - end[INDEX["yaw"]]) > 0.03
    for side, own in (("l", np.clip(part * 2, 0, 1)), ("r", np.clip(part * 2 - 1, 0, 1))):
        places = [INDEX[f"{side}{name}"] for name in "xfsy"]
        bridge[:, places] = end[places] + (goal[places] - end[places]) * ease(own)[:, None]
        # controls place a foot relative to the body: as the body turns, a planted foot must stay in place
        was, becomes = (foot_x(pose[None], side, pose[INDEX["yaw"]]) for pose in (end, goal))
        stands = was + (becomes - was) * ease(own)
        bridge[:, INDEX[f"{side}x"]] += stands - foot_x(bridge, side, heading)
        if turned or np.abs((goal - end)[places[:3]]).max() > 0.003:
            bridge[:, places[3]] += 0.05 * np.sin(np.pi * own)
    return bridge, track
