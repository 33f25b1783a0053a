"""Fighting and dancing."""

from __future__ import annotations

import numpy as np

from stickgen.data.synthetic.body import INDEX, STANDING, Floats, Score, still
from stickgen.data.synthetic.gestures import HANGING, arm, aside, both, front
from stickgen.data.synthetic.phrase import OTHER, Chance, performs
from stickgen.data.synthetic.phrasebook import Facts, facts
from stickgen.motion.skeleton import FPS

GUARD = {**both(0.6, 0.15, 2.0, 0.05), "pitch": 0.1, "y": 0.46}


def _guard(chance: Chance) -> Score:
    score = Score(yaw=aside(chance)).step("r", 0.35, 0.04, rf=-0.2, x=-0.06, y=0.46)
    return score.to(0.25, **GUARD)


def _relax(score: Score) -> Floats:
    return score.step("r", 0.4, 0.04, rf=0.0, x=0.0, y=STANDING, pitch=0.0, **HANGING).track()


@performs("block")
def _block(chance: Chance) -> tuple[Floats, Facts]:
    dodge = chance.rng.random() < 0.5
    score = _guard(chance)
    for _ in range(chance.count(1, 3)):
        if dodge:
            score.to(0.22, y=0.33, pitch=0.5, x=-0.05).hold(0.15).to(0.3, y=0.46, pitch=0.1)
        else:
            score.to(0.16, **both(1.5, 0.1, 1.7, -0.2), pitch=-0.05).hold(0.2).to(0.25, **GUARD)
        score.hold(chance.between(0.05, 0.25))
    return _relax(score), facts("duck" if dodge else "guard")


@performs("slash")
def _slash(chance: Chance) -> tuple[Floats, Facts]:
    two = chance.rng.random() < 0.5
    side, count = chance.side(), chance.count(1, 3)
    sides = "lr" if two else side

    def arms(a: float, e: float) -> dict[str, float]:
        return {k: v for s in sides for k, v in arm(s, a, 0.05, e, 0.0).items()}

    score = Score(yaw=aside(chance)).step("r", 0.35, 0.04, rf=-0.2, x=-0.05, y=0.45, **arms(0.8, 0.9))
    for _ in range(count):
        score.to(chance.seconds(0.3, 0.45), **arms(2.7, 0.9), pitch=-0.1, x=-0.07)
        score.to(0.2, **arms(0.7, 0.1), pitch=0.35, x=0.02).hold(0.1)
        score.to(chance.seconds(0.25, 0.4), **arms(0.9, 0.9), pitch=0.08, x=-0.05)
    return _relax(score), facts("both" if two else "one", side="" if two else side, count=count)


@performs("dance")
def _dance(chance: Chance) -> tuple[Floats, Facts]:
    beat = chance.between(1.6, 2.3) * chance.pace
    time = np.arange(round(chance.between(3, 6) * FPS)) / FPS
    phase = np.pi * beat * time
    kind = chance.count(0, 2)
    sway, bounce = np.sin(phase), np.abs(np.sin(phase))
    size = chance.size
    lead_in = np.minimum(time / 0.5, 1) * np.minimum((time[-1] - time) / 0.5, 1)
    track = still(
        len(time), yaw=front(chance), y=STANDING - (0.015 + 0.035 * bounce * size) * lead_in, x=0.05 * sway * size * lead_in,
        roll=-0.1 * sway * size * lead_in, la=0.05, ra=0.05, le=0.2, re=0.2,
    )  # fmt: skip
    # the foot that bears no weight is lifted and put down
    track[:, INDEX["ly"]] = 0.07 * np.maximum(-sway, 0) ** 2 * lead_in
    track[:, INDEX["ry"]] = 0.07 * np.maximum(sway, 0) ** 2 * lead_in
    for side, sign in (("l", 1.0), ("r", -1.0)):
        if kind == 0:  # arms pump in turn
            lift = 0.9 + 0.6 * size * np.sin(phase + (0 if side == "l" else np.pi))
            out, fore = lift, lift + 1.2
        elif kind == 1:  # waves overhead
            out = 2.4 + 0.25 * sign * sway * size
            fore = 2.7 + 0.5 * sign * sway * size
        else:  # opening and closing at the height of the hips
            out = 0.5 + 0.5 * size * bounce
            fore = 0.9 + 1.2 * size * np.sin(phase / 2) ** 2
        track[:, INDEX[f"{side}b"]] = 0.12 + (out - 0.12) * lead_in
        track[:, INDEX[f"{side}c"]] = 0.1 + (fore - 0.1) * lead_in
    return track, facts(("pump", "overhead", "hips")[kind])


@performs("spin")
def _spin(chance: Chance) -> tuple[Floats, Facts]:
    count = chance.count(1, 3)
    start = front(chance)
    way = 1 if chance.rng.random() < 0.5 else -1
    score = Score(yaw=start).to(0.4, y=STANDING - 0.06, **both(0.3, 1.0, 0.1, 0.9))
    seconds = chance.seconds(0.7, 0.9) * count
    # the foot that bears the weight is put under the body, and turns on the spot
    score.step("l", 0.2, 0.03, ls=0.0, y=STANDING - 0.03).to(
        0.15, y=STANDING, **both(1.0, 0.4, 1.0, -0.5), ry=0.12
    )
    score.to(seconds, yaw=start + way * 2 * np.pi * count)
    score.to(0.3, y=STANDING - 0.03, ry=0.0, **both(0.2, 1.3, 0.0, 1.3))
    score.to(0.4, y=STANDING, **HANGING)
    return score.track(), facts(side="right" if way > 0 else "left", count=count)


@performs("punch")
def _punch(chance: Chance) -> tuple[Floats, Facts]:
    side, count = chance.side(), chance.count(1, 4)
    both_hands = count > 1 and chance.rng.random() < 0.4
    level = chance.pick("high", "low", "")
    lift = {"high": 2.0, "low": 1.05, "": 1.55}[level] + chance.between(-0.1, 0.1)
    pitch = chance.between(0.1, 0.3)
    score = _guard(chance)
    for number in range(count):
        fist = OTHER[side] if both_hands and number % 2 else side
        score.to(chance.seconds(0.13, 0.2), **arm(fist, lift + pitch, 0.05, 0.05, 0.05), pitch=pitch, x=-0.01)
        score.to(chance.seconds(0.2, 0.32), **GUARD, x=-0.06).hold(chance.between(0.0, 0.2) / chance.pace)
    hands = "both" if both_hands else "one"
    return _relax(score), facts(hands, level, side="" if both_hands else side, count=count)


@performs("kick")
def _kick(chance: Chance) -> tuple[Floats, Facts]:
    side, count = chance.side(), chance.count(1, 3)
    back = chance.rng.random() < 0.25
    level = "" if back else chance.pick("high", "low", "")
    height = chance.between(*{"high": (0.4, 0.5), "low": (0.1, 0.2), "": (0.24, 0.34)}[level])
    foot, lift = f"{side}f", f"{side}y"
    score = Score(yaw=aside(chance)).to(
        chance.seconds(0.25, 0.4), **both(0.5, 0.3, 1.5, 0.1), y=STANDING - 0.02
    )
    for number in range(count):
        if back:
            score.to(chance.seconds(0.24, 0.36), **{foot: 0.12, lift: 0.16}, pitch=0.1, x=0.0)
            score.to(chance.seconds(0.16, 0.24), **{foot: -0.4, lift: height}, pitch=0.5, x=0.03).hold(0.06)
            score.to(chance.seconds(0.25, 0.35), **{foot: -0.1, lift: 0.12}, pitch=0.1)
        else:
            out = float(np.sqrt(max(0.49**2 - (STANDING - height) ** 2, 0.02)))
            score.to(chance.seconds(0.24, 0.36), **{foot: -0.22, lift: 0.12}, pitch=0.1, x=0.02)
            score.to(
                chance.seconds(0.16, 0.22), **{foot: out * 0.55, lift: height * 0.75 + 0.05}, pitch=-0.05
            )
            score.to(
                chance.seconds(0.12, 0.17), **{foot: out, lift: height}, pitch=-0.5 * height, x=0.0
            ).hold(0.06)
            score.to(chance.seconds(0.24, 0.32), **{foot: 0.1, lift: 0.14}, pitch=0.0)
        score.to(chance.seconds(0.2, 0.3), **{foot: 0.0, lift: 0.0}, y=STANDING - 0.01 * (number < count - 1))
    return score.to(chance.seconds(0.3, 0.45), **HANGING, y=STANDING, x=0.0, pitch=0.0).track(), facts(
        "backward" if back else "forward", level, side=side, count=count
    )
