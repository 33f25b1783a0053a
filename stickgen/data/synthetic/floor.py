"""Down and up again: sitting, kneeling, lying, falling, and exercises."""

from __future__ import annotations

import numpy as np

from stickgen.data.synthetic.body import (
    ARM,
    INDEX,
    LEG,
    NECK_LENGTH,
    STANDING,
    Floats,
    Score,
    arm_towards,
    deg,
    still,
)
from stickgen.data.synthetic.gait import spread
from stickgen.data.synthetic.gestures import HANGING, aside, both
from stickgen.data.synthetic.phrase import Chance, performs
from stickgen.data.synthetic.phrasebook import Facts, facts
from stickgen.motion.skeleton import FPS

SEATED = {"x": -0.22, "y": 0.27, "pitch": 0.05, "la": 0.5, "ra": 0.5, "le": 0.5, "re": 0.5}
ON_FLOOR = {"x": -0.3, "y": 0.06, "pitch": -0.12, "lf": 0.16, "rf": 0.16}
KNEELING = {"y": 0.275, "pitch": 0.0, "lf": -0.24, "rf": -0.24, "ly": 0.02, "ry": 0.02, "x": 0.0}


def _sit(chance: Chance, score: Score, floor: bool) -> Score:
    if floor:
        score.to(chance.seconds(0.7, 1.0), y=0.22, x=-0.18, pitch=0.5, **both(0.7, 0.2, 0.3, 0.2))
        return score.to(chance.seconds(0.4, 0.6), **ON_FLOOR, **both(-0.35, 0.2, 0.1, 0.2))
    score.to(chance.seconds(0.4, 0.6), x=-0.12, y=0.39, pitch=0.55, la=0.6, ra=0.6)
    return score.to(chance.seconds(0.4, 0.6), **SEATED)


@performs("stand_up")
def _stand_up(chance: Chance) -> tuple[Floats, Facts]:
    floor = chance.on_floor
    down = _sit(Chance(chance.rng), Score(yaw=aside(chance)), floor).pose
    score = Score()
    score.pose, score.frames = down, [down.copy()]
    score.hold(chance.between(0.4, 1.0))
    if floor:
        score.to(
            chance.seconds(0.5, 0.7), x=-0.18, y=0.2, pitch=0.7, lf=0.0, rf=0.0, **both(0.9, 0.2, 0.3, 0.2)
        )
    else:
        score.to(chance.seconds(0.35, 0.5), x=-0.16, y=0.31, pitch=0.7, la=0.7, ra=0.7)
    score.to(chance.seconds(0.6, 0.9), x=0.0, y=STANDING, pitch=0.0, **HANGING).hold(0.3)
    return score.track(), facts("ground" if floor else "chair")


@performs("kneel")
def _kneel(chance: Chance) -> tuple[Floats, Facts]:
    one = chance.rng.random() < 0.5
    score = Score(yaw=aside(chance)).hold(0.2)
    if one:
        side = chance.side()
        pose = {
            "y": 0.285,
            "x": -0.02,
            f"{side}f": -0.26,
            f"{side}y": 0.02,
            f"{'r' if side == 'l' else 'l'}f": 0.2,
        }
        known = facts("one", side=side)
    else:
        pose, known = KNEELING, facts("both")
    # each foot is lifted and put in its place, one after the other
    hold = chance.between(0.6, 1.6)
    if one:
        front = "r" if side == "l" else "l"
        score.step(front, chance.seconds(0.35, 0.5), 0.05, **{f"{front}f": 0.2}, x=0.08, y=0.46)
        score.step(side, chance.seconds(0.35, 0.5), 0.04, **{f"{side}f": -0.26}, x=-0.02, y=0.4)
        score.to(chance.seconds(0.45, 0.7), **pose).hold(hold)
        score.to(chance.seconds(0.45, 0.7), y=0.42, **{f"{side}y": 0.0})
        score.step(side, chance.seconds(0.35, 0.5), 0.05, **{f"{side}f": 0.0}, x=0.02, y=0.46)
        score.step(front, chance.seconds(0.3, 0.45), 0.04, **{f"{front}f": 0.0}, y=STANDING, x=0.0)
    else:
        score.step("r", chance.seconds(0.4, 0.6), 0.04, rf=-0.24, y=0.4, x=-0.04)
        score.to(chance.seconds(0.4, 0.6), y=0.285, ry=0.02, x=0.0)
        score.step("l", chance.seconds(0.35, 0.5), 0.05, **KNEELING).hold(hold)
        score.step("l", chance.seconds(0.4, 0.6), 0.06, lf=0.12, ly=0.0, y=0.29, x=-0.02)
        score.to(chance.seconds(0.4, 0.6), y=0.42, ry=0.0, x=0.02)
        score.step("r", chance.seconds(0.35, 0.5), 0.05, rf=0.08, y=0.48, x=0.06)
        score.step("l", chance.seconds(0.3, 0.45), 0.03, lf=0.08, y=STANDING, x=0.08)
    return score.hold(0.2).track(), known


@performs("lie_down")
def _lie_down(chance: Chance) -> tuple[Floats, Facts]:
    score = _sit(chance, Score(yaw=chance.between(-0.1, 0.2)).hold(0.2), True)
    score.to(chance.seconds(0.8, 1.2), pitch=-deg(88), y=0.06, lf=0.19, rf=0.19, **both(0.15, 0.1, 0.1, 0.1))
    score.hold(chance.between(0.6, 1.6))
    return score.track(), facts()


@performs("fall")
def _fall(chance: Chance) -> tuple[Floats, Facts]:
    ahead = chance.rng.random() < 0.5
    score = Score(yaw=chance.between(-0.1, 0.2)).hold(0.25)
    if ahead:
        score.to(0.3, x=0.12, pitch=0.45, **both(0.9, 0.2, 0.3, 0.2))
        score.to(0.3, x=0.33, y=0.27, pitch=1.0, **both(1.5, 0.2, 0.2, 0.2))
        score.to(0.25, x=0.485, y=0.06, pitch=1.52, **both(2.5, 0.2, 0.5, 0.2))
    else:
        score.to(0.3, x=-0.1, y=0.45, pitch=-0.3, **both(0.9, 0.5, 0.3, 0.5))
        score.to(0.3, x=-0.26, y=0.22, pitch=-0.7, **both(0.3, 0.7, 0.4, 0.7))
        score.to(0.3, x=-0.34, y=0.06, pitch=-deg(86), lf=0.1, rf=0.1, **both(0.3, 0.9, 0.2, 0.9))
    return score.hold(chance.between(0.6, 1.4)).track(), facts("forward" if ahead else "backward")


@performs("push_up")
def _push_up(chance: Chance) -> tuple[Floats, Facts]:
    count = chance.count(2, 5)
    period = chance.seconds(1.1, 1.6)
    time = np.arange(round(count * period * FPS) + 1) / FPS
    shoulder = ARM * 0.985 - 0.18 * (0.5 - 0.5 * np.cos(2 * np.pi * time / period))
    body = LEG * 0.999 + NECK_LENGTH
    slope = np.arcsin((shoulder - 0.02) / body)
    pitch = np.pi / 2 - slope
    x, y = LEG * 0.995 * np.cos(slope), 0.02 + LEG * 0.995 * np.sin(slope)
    top = np.arcsin((ARM * 0.985 - 0.02) / body)
    hands = body * np.cos(top)
    a, e = arm_towards(hands - x - NECK_LENGTH * np.sin(pitch), -shoulder, pitch)
    track = still(len(time), x=x, y=y, pitch=pitch, lx=0.0, rx=0.0, ly=0.02, ry=0.02, ls=0.0, rs=0.0)
    for side in "lr":
        spread(track, side, a=a, e=e, b=0.0, c=0.0)
    track[:, [INDEX["x"], INDEX["lx"], INDEX["rx"]]] -= x[0]
    return track, facts(count=count)


@performs("sit_up")
def _sit_up(chance: Chance) -> tuple[Floats, Facts]:
    count = chance.count(2, 4)
    lying = {"x": -0.3, "y": 0.06, "pitch": -deg(86), "lf": 0.0, "rf": 0.0}
    score = Score(**lying, **both(2.6, 0.3, 2.2, 0.0))
    for _ in range(count):
        score.to(chance.seconds(0.6, 0.9), pitch=0.35).to(chance.seconds(0.6, 0.9), pitch=-deg(86)).hold(0.1)
    return score.track(), facts(count=count)


@performs("sit_down")
def _sit_down(chance: Chance) -> tuple[Floats, Facts]:
    floor = chance.on_floor
    start = Score(yaw=aside(chance)).hold(chance.between(0.0, 0.4))
    score = _sit(chance, start, floor).hold(chance.between(0.6, 1.6))
    return score.track(), facts("ground" if floor else "chair")


@performs("squat")
def _squat(chance: Chance) -> tuple[Floats, Facts]:
    count, how = chance.count(1, 4), chance.pick("deep", "shallow", "")
    score = Score(yaw=chance.between(-0.1, 0.6)).hold(chance.between(0.0, 0.3))
    depth = chance.between(*{"deep": (0.25, 0.3), "shallow": (0.09, 0.13), "": (0.17, 0.21)}[how])
    lean, lift = 2.2 * depth * chance.between(0.8, 1.3), chance.between(0.3, 1.7)
    for _ in range(count):
        score.to(
            chance.seconds(0.5, 0.8),
            y=STANDING - depth, x=-0.4 * depth, pitch=lean, **both(lift, 0.1, 0.1, 0.1),
        )  # fmt: skip
        score.hold(chance.between(0.0, 0.3))
        score.to(chance.seconds(0.45, 0.7), y=STANDING, x=0.0, pitch=0.0, **HANGING)
    return score.hold(0.1).track(), facts(how, count=count)


@performs("lunge")
def _lunge(chance: Chance) -> tuple[Floats, Facts]:
    side, count = chance.side(), chance.count(1, 3)
    ahead = chance.rng.random() < 0.6
    way, foot = (1.0 if ahead else -1.0), f"{side}f"
    stride, low = chance.between(0.3, 0.4), chance.between(0.27, 0.34)
    score = Score(yaw=aside(chance)).hold(chance.between(0.0, 0.3))
    for _ in range(count):
        score.step(
            side, chance.seconds(0.4, 0.55), 0.07, **{foot: way * stride}, x=way * 0.42 * stride, y=0.42
        )
        score.to(chance.seconds(0.3, 0.45), y=low, x=way * 0.5 * stride).hold(chance.between(0.05, 0.4))
        score.to(chance.seconds(0.3, 0.4), y=0.42, x=way * 0.4 * stride)
        score.step(side, chance.seconds(0.4, 0.55), 0.06, **{foot: 0.0}, x=0.0, y=STANDING)
    return score.track(), facts("forward" if ahead else "backward", side=side, count=count)
