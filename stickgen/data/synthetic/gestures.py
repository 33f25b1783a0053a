"""Said with the arms and the trunk, the feet where they are."""

from __future__ import annotations

import numpy as np

from stickgen.data.synthetic.body import INDEX, STANDING, Floats, Score, deg, still
from stickgen.data.synthetic.phrase import OTHER, SIDE_NAMES, Chance, performs
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


@performs("wave")
def _wave(chance: Chance) -> tuple[Floats, list[str]]:
    side, count = chance.side(), chance.count(2, 5)
    two = chance.rng.random() < 0.2
    high = chance.between(1.5, 2.1)
    sides = "lr" if two else side
    score = Score(yaw=front(chance))
    score.to(chance.seconds(0.5, 0.8), **_each(sides, 0.2, high, 0.0, 2.7))
    for _ in range(count):
        score.to(chance.seconds(0.18, 0.28), **_each(sides, 0.2, high, 0.0, 2.2))
        score.to(chance.seconds(0.18, 0.28), **_each(sides, 0.2, high, 0.0, 3.3))
    score.to(chance.seconds(0.5, 0.8), **HANGING)
    if two:
        return score.track(), [
            "waves with both arms",
            "waves goodbye with both hands",
            "waves both hands overhead",
        ]
    name = SIDE_NAMES[side]
    return score.track(), [
        f"waves with the {name} hand",
        f"waves the {name} arm",
        f"raises the {name} hand and waves",
    ]


def _each(sides: str, a: float, b: float, e: float, c: float) -> dict[str, float]:
    return {name: value for side in sides for name, value in arm(side, a, b, e, c).items()}


@performs("bow")
def _bow(chance: Chance) -> tuple[Floats, list[str]]:
    depth = deg(chance.between(45, 80)) * min(chance.size, 1.15)
    score = Score(yaw=aside(chance)).hold(0.2)
    score.to(chance.seconds(0.7, 1.1), pitch=depth, x=-0.07, la=depth * 0.75, ra=depth * 0.75)
    score.hold(chance.between(0.3, 1.0)).to(
        chance.seconds(0.7, 1.1), pitch=0.0, x=0.0, la=0.05, ra=0.05
    ).hold(0.2)
    how = "deeply" if depth > 1.1 else "politely"
    return score.track(), ["bows", f"bows {how}", "takes a bow", f"bends forward in a bow, {how}"]


@performs("point")
def _point(chance: Chance) -> tuple[Floats, list[str]]:
    side = chance.side()
    ahead = chance.rng.random() < 0.5
    score = Score(yaw=aside(chance) if ahead else front(chance)).hold(0.15)
    target = arm(side, 1.5, 0.05, 0.05, 0.05) if ahead else arm(side, 0.2, 1.5, 0.0, 1.5)
    score.to(chance.seconds(0.4, 0.6), **target).hold(chance.between(0.6, 1.6))
    score.to(chance.seconds(0.5, 0.8), **rest(side)).hold(0.1)
    name = SIDE_NAMES[side]
    where = "ahead" if ahead else f"to the {name}"
    return score.track(), [
        f"points {where}",
        f"points {where} with the {name} arm",
        f"raises the {name} arm and points {where}",
    ]


@performs("clap")
def _clap(chance: Chance) -> tuple[Floats, list[str]]:
    count = chance.count(3, 8)
    score = Score(yaw=front(chance)).to(chance.seconds(0.4, 0.6), **both(0.7, 0.45, 1.0, -0.1))
    for _ in range(count):
        score.to(chance.seconds(0.12, 0.18), **both(0.7, 0.35, 1.0, -0.75))
        score.to(chance.seconds(0.12, 0.18), **both(0.7, 0.5, 1.0, -0.1))
    score.to(chance.seconds(0.4, 0.6), **HANGING)
    return score.track(), [
        "claps",
        "claps hands",
        "applauds",
        f"claps{chance.times(count) if count < 7 else ' many times'}",
    ]


@performs("nod")
def _nod(chance: Chance) -> tuple[Floats, list[str]]:
    count = chance.count(2, 4)
    score = Score(yaw=aside(chance)).hold(0.2)
    for _ in range(count):
        score.to(chance.seconds(0.18, 0.26), pitch=0.2 * chance.size, spine=0.97)
        score.to(chance.seconds(0.18, 0.26), pitch=0.0, spine=1.0)
    score.hold(0.3)
    return score.track(), ["nods", f"nods{chance.times(count)}", "nods in agreement", "says yes with a nod"]


@performs("salute")
def _salute(chance: Chance) -> tuple[Floats, list[str]]:
    side = chance.pick("r", "r", "l")
    score = Score(yaw=front(chance), lb=0.05, rb=0.05, lc=0.02, rc=0.02).hold(0.2)
    score.to(chance.seconds(0.3, 0.45), **arm(side, 0.0, 1.5, 0.0, 4.25)).hold(chance.between(0.8, 1.8))
    score.to(chance.seconds(0.3, 0.5), **rest(side)).hold(0.2)
    name = SIDE_NAMES[side]
    return score.track(), [
        "salutes",
        f"salutes with the {name} hand",
        "stands straight and salutes like a soldier",
    ]


@performs("beckon")
def _beckon(chance: Chance) -> tuple[Floats, list[str]]:
    side, count = chance.side(), chance.count(2, 4)
    score = Score(yaw=aside(chance)).to(chance.seconds(0.4, 0.6), **arm(side, 1.2, 0.1, 0.2, 0.1))
    for _ in range(count):
        score.to(chance.seconds(0.22, 0.34), **arm(side, 0.8, 0.1, 1.9, 0.1))
        score.to(chance.seconds(0.22, 0.34), **arm(side, 1.2, 0.1, 0.3, 0.1))
    score.to(chance.seconds(0.4, 0.6), **rest(side))
    name = SIDE_NAMES[side]
    return score.track(), [
        "beckons",
        f"beckons with the {name} hand",
        "waves somebody over",
        f"signals to come closer with the {name} arm",
    ]


@performs("raise_hand")
def _raise_hand(chance: Chance) -> tuple[Floats, list[str]]:
    side = chance.side()
    score = Score(yaw=front(chance)).hold(0.2)
    score.to(chance.seconds(0.45, 0.7), **arm(side, 0.0, 2.85, 0.0, 2.95)).hold(chance.between(0.7, 2.0))
    score.to(chance.seconds(0.45, 0.7), **rest(side)).hold(0.2)
    name = SIDE_NAMES[side]
    return score.track(), [
        f"raises the {name} hand",
        f"puts the {name} hand up",
        f"holds the {name} arm up, as if to ask",
    ]


@performs("cheer")
def _cheer(chance: Chance) -> tuple[Floats, list[str]]:
    count = chance.count(2, 4)
    period = chance.seconds(0.5, 0.65)
    time = np.arange(round(count * period * FPS) + 1) / FPS
    wave = 0.5 - 0.5 * np.cos(2 * np.pi * time / period)
    up = np.minimum(time / 0.35, 1) * np.minimum((time[-1] - time) / 0.35, 1)
    track = still(
        len(time), yaw=front(chance), y=STANDING - 0.03 * (1 - wave) * up,
        la=0.05 * (1 - up), ra=0.05 * (1 - up), le=0.2 * (1 - up), re=0.2 * (1 - up),
        lb=0.12 + (1.9 + 0.6 * wave) * up, rb=0.12 + (1.9 + 0.6 * wave) * up,
        lc=0.1 + (2.3 + 0.4 * wave) * up, rc=0.1 + (2.3 + 0.4 * wave) * up,
    )  # fmt: skip
    return track, [
        "cheers",
        "cheers with both arms in the air",
        "throws the arms up and celebrates",
        "celebrates a victory",
    ]


@performs("shrug")
def _shrug(chance: Chance) -> tuple[Floats, list[str]]:
    count = chance.count(1, 2)
    score = Score(yaw=front(chance)).hold(0.2)
    for _ in range(count):
        score.to(chance.seconds(0.3, 0.45), **both(0.1, 0.5, 0.5, 1.25), spine=0.95).hold(
            chance.between(0.3, 0.7)
        )
        score.to(chance.seconds(0.35, 0.5), **HANGING, spine=1.0).hold(0.1)
    return score.track(), ["shrugs", "shrugs as if not knowing", "shrugs with open hands"]


@performs("pray")
def _pray(chance: Chance) -> tuple[Floats, list[str]]:
    score = Score(yaw=front(chance) if chance.rng.random() < 0.5 else aside(chance)).hold(0.2)
    score.to(chance.seconds(0.6, 0.9), **both(0.55, 0.3, 1.9, -0.55), pitch=0.15).hold(
        chance.between(1.0, 2.5)
    )
    score.to(chance.seconds(0.6, 0.9), **HANGING, pitch=0.0).hold(0.1)
    return score.track(), ["prays", "folds the hands and prays", "stands with folded hands in prayer"]


@performs("hug")
def _hug(chance: Chance) -> tuple[Floats, list[str]]:
    score = Score(yaw=chance.between(0.2, 0.7)).hold(0.2)
    score.to(chance.seconds(0.5, 0.8), **both(1.3, 0.7, 0.1, 0.6), pitch=0.05)
    score.to(chance.seconds(0.4, 0.6), **both(1.2, 0.3, 0.9, -0.8), pitch=0.18).hold(chance.between(0.8, 1.8))
    score.to(chance.seconds(0.5, 0.8), **HANGING, pitch=0.0)
    return score.track(), ["hugs somebody", "opens the arms and gives a hug", "embraces a friend"]


@performs("idle")
def _idle(chance: Chance) -> tuple[Floats, list[str]]:
    time = np.arange(round(chance.between(1.5, 4) * FPS)) / FPS
    a, b = chance.between(0, 6), chance.between(0, 6)
    track = still(
        len(time), yaw=chance.between(0, FRONT), y=STANDING - 0.003 * (1 + np.sin(1.6 * time + a)),
        x=0.008 * (np.sin(0.9 * time + b) - np.sin(b)), pitch=0.02 * np.sin(1.1 * time + a),
        la=0.05 + 0.03 * np.sin(1.3 * time + b), ra=0.05 + 0.03 * np.sin(1.2 * time + a),
    )  # fmt: skip
    return track, ["stands still", "stands and waits", "stands idle", "stands in place"]


@performs("balance")
def _balance(chance: Chance) -> tuple[Floats, list[str]]:
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
    name = SIDE_NAMES[OTHER[side]]
    return score.track(), [
        f"balances on the {name} leg",
        "stands on one leg with the arms out",
        f"keeps balance on the {name} foot",
    ]


@performs("stretch")
def _stretch(chance: Chance) -> tuple[Floats, list[str]]:
    score = Score(yaw=front(chance))
    score.to(chance.seconds(0.8, 1.2), **both(0.0, 2.9, 0.0, 3.0), y=STANDING)
    if chance.rng.random() < 0.5:
        score.hold(0.4).to(0.8, roll=0.35).hold(0.3).to(1.2, roll=-0.35).hold(0.3).to(0.8, roll=0.0)
        words = [
            "stretches to both sides with the arms up",
            "bends from side to side to stretch",
            "stretches the flanks",
        ]
    else:
        score.hold(chance.between(0.6, 1.4))
        words = ["stretches", "stretches both arms up high", "reaches for the ceiling to stretch"]
    return score.to(chance.seconds(0.8, 1.1), **HANGING).track(), words


@performs("turn")
def _turn(chance: Chance) -> tuple[Floats, list[str]]:
    whole = chance.rng.random() < 0.5
    left = chance.rng.random() < 0.5
    start = chance.between(0, 0.5)
    # seen from above, a turn to the left takes the figure from facing +x to facing away from the viewer
    angle = (2 * np.pi if whole else np.pi) * (-1 if left else 1)
    steps = 6 if whole else 4
    score = Score(yaw=start)
    for number in range(1, steps + 1):
        side = "lr"[number % 2]
        score.step(side, chance.seconds(0.28, 0.4), 0.04, yaw=start + angle * number / steps)
    way = "left" if left else "right"
    far = "all the way around" if whole else "around"
    return score.hold(0.2).track(), [
        f"turns {far} to the {way}",
        f"turns {far}",
        f"turns full circle to the {way}" if whole else f"turns to the {way} and looks back",
    ]


@performs("look_around")
def _look_around(chance: Chance) -> tuple[Floats, list[str]]:
    side = chance.side()
    yaw = front(chance)
    score = Score(yaw=yaw).to(chance.seconds(0.4, 0.6), **arm(side, 0.5, 0.9, 1.2, 2.9))
    for way in (0.6, -0.6, 0.4):
        score.to(chance.seconds(0.5, 0.8), yaw=yaw + way, roll=way * 0.12).hold(chance.between(0.2, 0.5))
    score.to(chance.seconds(0.5, 0.7), yaw=yaw, roll=0.0, **rest(side))
    return score.track(), [
        "looks around",
        "looks left and right",
        "shades the eyes and looks around",
        "searches the horizon",
    ]


@performs("think")
def _think(chance: Chance) -> tuple[Floats, list[str]]:
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
    return score.track(), ["thinks, with a hand at the chin", "stands in thought", "ponders something"]
