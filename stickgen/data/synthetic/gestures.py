"""Gestures of arms and trunk while the feet stay in place."""

from __future__ import annotations

import numpy as np

from stickgen.data.synthetic.body import GRAVITY, INDEX, STANDING, Floats, Score, deg, planted, still
from stickgen.data.synthetic.phrase import OTHER, Chance, performs
from stickgen.data.synthetic.phrasebook import Facts, facts
from stickgen.motion.skeleton import FPS

FRONT = np.pi / 2  # facing the viewer
HANGING = {"la": 0.05, "lb": 0.12, "le": 0.2, "lc": 0.1, "ra": 0.05, "rb": 0.12, "re": 0.2, "rc": 0.1}


def arm(side: str, a: float, b: float, e: float, c: float) -> dict[str, float]:
    """The four controls of one arm."""
    return {f"{side}a": a, f"{side}b": b, f"{side}e": e, f"{side}c": c}


def rest(side: str) -> dict[str, float]:
    """The arm hanging."""
    return {name: value for name, value in HANGING.items() if name[0] == side}


def both(a: float, b: float, e: float, c: float) -> dict[str, float]:
    """Both arms alike."""
    return {**arm("l", a, b, e, c), **arm("r", a, b, e, c)}


def front(chance: Chance) -> float:
    """Facing the viewer, not quite straight."""
    return FRONT + chance.between(-0.3, 0.3)


def aside(chance: Chance) -> float:
    """Seen from the side, not quite."""
    return chance.between(-0.1, 0.5)


def _each(sides: str, a: float, b: float, e: float, c: float) -> dict[str, float]:
    return {name: value for side in sides for name, value in arm(side, a, b, e, c).items()}


@performs("point")
def _point(chance: Chance) -> tuple[Floats, Facts]:
    side = chance.side()
    ahead = chance.rng.random() < 0.5
    score = Score(yaw=aside(chance) if ahead else front(chance)).hold(0.15)
    target = arm(side, 1.5, 0.05, 0.05, 0.05) if ahead else arm(side, 0.2, 1.5, 0.0, 1.5)
    score.to(chance.seconds(0.4, 0.6), **target).hold(chance.between(0.6, 1.6))
    score.to(chance.seconds(0.5, 0.8), **rest(side)).hold(0.1)
    return score.track(), facts("ahead" if ahead else "out", side=side)


@performs("nod")
def _nod(chance: Chance) -> tuple[Floats, Facts]:
    count, depth = chance.count(1, 4), chance.between(0.22, 0.4) * chance.size
    score = Score(yaw=aside(chance)).hold(chance.between(0.0, 0.4))
    for _ in range(count):
        score.to(chance.seconds(0.18, 0.28), pitch=depth, spine=0.93)
        score.to(chance.seconds(0.18, 0.26), pitch=0.0, spine=1.0)
    score.hold(0.3)
    return score.track(), facts(count=count)


@performs("salute")
def _salute(chance: Chance) -> tuple[Floats, Facts]:
    side = chance.pick("r", "r", "l")
    score = Score(yaw=front(chance), lb=0.05, rb=0.05, lc=0.02, rc=0.02).hold(0.2)
    score.to(chance.seconds(0.3, 0.45), **arm(side, 0.0, 1.5, 0.0, 4.25)).hold(chance.between(0.8, 1.8))
    score.to(chance.seconds(0.3, 0.5), **rest(side)).hold(0.2)
    return score.track(), facts(side=side)


@performs("beckon")
def _beckon(chance: Chance) -> tuple[Floats, Facts]:
    side, count = chance.side(), chance.count(2, 4)
    score = Score(yaw=aside(chance)).to(chance.seconds(0.4, 0.6), **arm(side, 1.2, 0.1, 0.2, 0.1))
    for _ in range(count):
        score.to(chance.seconds(0.22, 0.34), **arm(side, 0.8, 0.1, 1.9, 0.1))
        score.to(chance.seconds(0.22, 0.34), **arm(side, 1.2, 0.1, 0.3, 0.1))
    score.to(chance.seconds(0.4, 0.6), **rest(side))
    return score.track(), facts(side=side)


@performs("shrug")
def _shrug(chance: Chance) -> tuple[Floats, Facts]:
    count = chance.count(1, 2)
    score = Score(yaw=front(chance)).hold(0.2)
    for _ in range(count):
        score.to(chance.seconds(0.3, 0.45), **both(0.1, 0.5, 0.5, 1.25), spine=0.95).hold(
            chance.between(0.3, 0.7)
        )
        score.to(chance.seconds(0.35, 0.5), **HANGING, spine=1.0).hold(0.1)
    return score.track(), facts(count=count)


@performs("pray")
def _pray(chance: Chance) -> tuple[Floats, Facts]:
    score = Score(yaw=front(chance) if chance.rng.random() < 0.5 else aside(chance)).hold(0.2)
    score.to(chance.seconds(0.6, 0.9), **both(0.55, 0.3, 1.9, -0.55), pitch=0.15).hold(
        chance.between(1.0, 2.5)
    )
    score.to(chance.seconds(0.6, 0.9), **HANGING, pitch=0.0).hold(0.1)
    return score.track(), facts()


@performs("hug")
def _hug(chance: Chance) -> tuple[Floats, Facts]:
    score = Score(yaw=chance.between(0.2, 0.7)).hold(0.2)
    score.to(chance.seconds(0.5, 0.8), **both(1.3, 0.7, 0.1, 0.6), pitch=0.05)
    score.to(chance.seconds(0.4, 0.6), **both(1.2, 0.3, 0.9, -0.8), pitch=0.18).hold(chance.between(0.8, 1.8))
    score.to(chance.seconds(0.5, 0.8), **HANGING, pitch=0.0)
    return score.track(), facts()


@performs("idle")
def _idle(chance: Chance) -> tuple[Floats, Facts]:
    time = np.arange(round(chance.between(1.5, 4) * FPS)) / FPS
    a, b, shift = chance.between(0, 6), chance.between(0, 6), chance.between(0.01, 0.035)
    track = still(
        len(time), yaw=chance.between(0, FRONT), y=STANDING - 0.004 * (1 + np.sin(1.6 * time + a)),
        x=shift * (np.sin(0.9 * time + b) - np.sin(b)), pitch=0.03 * np.sin(1.1 * time + a),
        roll=-1.5 * shift * np.sin(0.9 * time + b),
    )  # fmt: skip
    pose = {"hips": (-0.15, 0.85, 0.5, -0.75), "crossed": (0.45, 0.25, 1.3, -0.75), "": None}[
        chance.pick("hips", "crossed", "", "")
    ]
    if pose is not None:
        track[:, [INDEX[side + name] for side in "lr" for name in "abec"]] = 2 * pose
    return track, facts()


@performs("balance")
def _balance(chance: Chance) -> tuple[Floats, Facts]:
    side = chance.side()
    seconds = chance.between(1.5, 3.5)
    score = Score(yaw=front(chance)).to(chance.seconds(0.5, 0.8), **both(0.0, 1.45, 0.0, 1.45))
    foot = 0.16 if side == "l" else -0.16
    score.to(
        chance.seconds(0.6, 0.9), **{f"{side}y": 0.2, f"{side}s": foot}, x=-0.03 if side == "l" else 0.03
    )
    start = len(score.frames)
    score.hold(seconds)
    time = np.arange(len(score.frames) - start) / FPS
    for frame, tilt in zip(score.frames[start:], 0.12 * np.sin(3 * time) * np.sin(1.1 * time), strict=True):
        frame[INDEX["roll"]] += tilt
    score.to(chance.seconds(0.5, 0.8), **{f"{side}y": 0.0, f"{side}s": 0.06 if side == "l" else -0.06}, x=0.0)
    score.to(chance.seconds(0.4, 0.6), **HANGING)
    return score.track(), facts(side=OTHER[side])


@performs("stretch")
def _stretch(chance: Chance) -> tuple[Floats, Facts]:
    score = Score(yaw=front(chance))
    score.to(chance.seconds(0.8, 1.2), **both(0.0, 2.9, 0.0, 3.0), y=STANDING)
    if chance.rng.random() < 0.5:
        score.hold(0.4).to(0.8, roll=0.35).hold(0.3).to(1.2, roll=-0.35).hold(0.3).to(0.8, roll=0.0)
        kind = "sides"
    else:
        score.hold(chance.between(0.6, 1.4))
        kind = "tall"
    return score.to(chance.seconds(0.8, 1.1), **HANGING).track(), facts(kind)


@performs("turn")
def _turn(chance: Chance) -> tuple[Floats, Facts]:
    whole = chance.rng.random() < 0.5
    left = chance.rng.random() < 0.5
    start = chance.between(0, 0.5)
    # seen from above, a left turn takes the figure from facing +x to facing away from the viewer
    angle = (2 * np.pi if whole else np.pi) * (-1 if left else 1)
    steps = 6 if whole else 4
    score = Score(yaw=start)
    for number in range(1, steps + 1):
        side = "lr"[number % 2]
        score.step(side, chance.seconds(0.28, 0.4), 0.05, yaw=start + angle * number / steps)
    return planted(score.hold(0.2).track()), facts(
        "whole" if whole else "half", side="left" if left else "right"
    )


@performs("look_around")
def _look_around(chance: Chance) -> tuple[Floats, Facts]:
    side = chance.side()
    yaw = front(chance)
    score = Score(yaw=yaw).to(chance.seconds(0.4, 0.6), **arm(side, 0.5, 0.9, 1.2, 2.9))
    far = chance.between(0.7, 1.1)
    for way in (far, -far, 0.6 * far)[: chance.count(2, 3)]:
        score.to(chance.seconds(0.5, 0.8), yaw=yaw + 0.6 * way, roll=0.25 * way, pitch=0.06).hold(
            chance.between(0.2, 0.5)
        )
    score.to(chance.seconds(0.5, 0.7), yaw=yaw, roll=0.0, pitch=0.0, **rest(side))
    return score.track(), facts(side=side)


@performs("think")
def _think(chance: Chance) -> tuple[Floats, Facts]:
    side = chance.side()
    score = Score(yaw=chance.between(0.1, 1.2)).hold(0.2)
    score.to(
        chance.seconds(0.6, 0.9),
        **arm(side, 0.4, 0.05, 2.35, -0.1),
        **arm(OTHER[side], 0.5, 0.0, 1.2, -0.7),
        pitch=0.1,
    )
    score.hold(chance.between(0.6, 1.2)).to(0.5, pitch=0.2).hold(chance.between(0.4, 1.0))
    score.to(chance.seconds(0.6, 0.9), **HANGING, pitch=0.0)
    return score.track(), facts(side=side)


@performs("wave")
def _wave(chance: Chance) -> tuple[Floats, Facts]:
    side, count = chance.side(), chance.count(1, 5)
    two = chance.rng.random() < 0.2
    level = chance.pick("high", "low", "")
    # the forearm goes between two angles, up beside the head, overhead, or before the hip
    lift, inner, outer = {"high": (2.4, 2.7, 3.5), "low": (0.35, 0.9, 1.75), "": (1.75, 2.2, 3.3)}[level]
    lift += chance.between(-0.2, 0.2)
    spread = chance.between(-0.15, 0.15)
    inner, outer = inner - spread, outer + spread
    sides = "lr" if two else side
    score = Score(yaw=front(chance))
    score.to(chance.seconds(0.45, 0.8), **_each(sides, 0.2, lift, 0.0, (inner + outer) / 2))
    for _ in range(count):
        score.to(chance.seconds(0.16, 0.28), **_each(sides, 0.2, lift, 0.0, inner))
        score.to(chance.seconds(0.16, 0.28), **_each(sides, 0.2, lift, 0.0, outer))
    score.to(chance.seconds(0.45, 0.8), **HANGING)
    hands = "both" if two else "one"
    return score.track(), facts(hands, level, side="" if two else side, count=count)


@performs("bow")
def _bow(chance: Chance) -> tuple[Floats, Facts]:
    how, count = chance.pick("deep", "slight", ""), chance.count(1, 3)
    depth = deg(chance.between(*{"deep": (65, 88), "slight": (18, 32), "": (42, 58)}[how]))
    score = Score(yaw=aside(chance)).hold(chance.between(0.0, 0.3))
    for _ in range(count):
        back = 0.07 * depth
        score.to(chance.seconds(0.6, 1.1), pitch=depth, x=-back, la=depth * 0.75, ra=depth * 0.75)
        score.hold(chance.between(0.1, 1.2 / count)).to(
            chance.seconds(0.6, 1.0), pitch=0.0, x=0.0, la=0.05, ra=0.05
        )
    return score.hold(chance.between(0.0, 0.3)).track(), facts(how, count=count)


@performs("clap")
def _clap(chance: Chance) -> tuple[Floats, Facts]:
    count, level = chance.count(1, 6), chance.pick("high", "low", "", "")
    lift, bend = {"high": (2.5, 0.35), "low": (0.15, 0.75), "": (0.6, 1.1)}[level]
    lift += chance.between(-0.1, 0.1)
    width = chance.between(0.15, 0.5)
    apart, together = both(lift, 0.45 + width / 3, bend, width), both(lift, 0.35, bend, -0.37)
    score = Score(yaw=front(chance)).to(chance.seconds(0.35, 0.6), **apart)
    for _ in range(count):
        score.to(chance.seconds(0.11, 0.18), **together)
        score.to(chance.seconds(0.13, 0.22), **apart)
    return score.to(chance.seconds(0.35, 0.6), **HANGING).track(), facts(level, count=count)


@performs("raise_hand")
def _raise_hand(chance: Chance) -> tuple[Floats, Facts]:
    side, two = chance.side(), chance.rng.random() < 0.2
    level = chance.pick("high", "low", "")
    count = chance.count(1, 3) if chance.rng.random() < 0.3 else 1
    lift = chance.between(*{"high": (2.7, 3.0), "low": (1.3, 1.6), "": (2.1, 2.45)}[level])
    fore = lift + chance.between(-0.1, 0.25)
    sides = "lr" if two else side
    score = Score(yaw=front(chance)).hold(chance.between(0.0, 0.4))
    for _ in range(count):
        score.to(chance.seconds(0.4, 0.75), **_each(sides, 0.0, lift, 0.0, fore))
        score.hold(chance.between(0.2, 2.0 / count))
        score.to(chance.seconds(0.4, 0.75), **HANGING)
    hands = "both" if two else "one"
    return score.hold(chance.between(0.0, 0.3)).track(), facts(
        hands, level, side="" if two else side, count=count
    )


@performs("cheer")
def _cheer(chance: Chance) -> tuple[Floats, Facts]:
    count, side = chance.count(2, 4), chance.side()
    kind = chance.pick("both", "both", "jumping", "side")
    period = chance.seconds(0.45, 0.65)
    time = np.arange(round(count * period * FPS) + 1) / FPS
    beat = 0.5 - 0.5 * np.cos(2 * np.pi * time / period)
    up = np.minimum(time / 0.35, 1) * np.minimum((time[-1] - time) / 0.35, 1)
    track = still(len(time), yaw=front(chance), y=STANDING - 0.03 * (1 - beat) * up)
    if kind == "jumping":
        air = (
            GRAVITY / 8 * (0.6 * period) ** 2 * np.maximum(1 - ((time / period % 1 - 0.5) / 0.3) ** 2, 0) * up
        )
        track[:, INDEX["y"]] += air
        track[:, [INDEX["ly"], INDEX["ry"]]] = air[:, None]
    out, swing = chance.between(1.7, 2.3), chance.between(0.3, 0.8)
    for arm_side in side if kind == "side" else "lr":
        track[:, INDEX[f"{arm_side}a"]] *= 1 - up
        track[:, INDEX[f"{arm_side}e"]] *= 1 - up
        track[:, INDEX[f"{arm_side}b"]] += (out - 0.12 + swing * beat) * up
        track[:, INDEX[f"{arm_side}c"]] += (out + 0.3 + swing * beat) * up
    return track, facts(
        *{"jumping": ("both", "jumping"), "both": ("both",), "side": ()}[kind],
        side=side if kind == "side" else "",
    )
