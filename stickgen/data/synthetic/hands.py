"""Actions with objects: reaching, carrying, throwing, drinking."""

from __future__ import annotations

from stickgen.data.synthetic.body import NECK_LENGTH, STANDING, Floats, Score, arm_towards
from stickgen.data.synthetic.gestures import HANGING, arm, aside, both, front, rest
from stickgen.data.synthetic.phrase import OTHER, Chance, performs
from stickgen.data.synthetic.phrasebook import Facts, facts


@performs("reach")
def _reach(chance: Chance) -> tuple[Floats, Facts]:
    side = chance.side()
    high = chance.rng.random() < 0.5
    score = Score(yaw=aside(chance)).hold(0.2)
    score.to(
        chance.seconds(0.5, 0.8),
        **arm(side, 2.5 if high else 1.5, 0.05, 0.1, 0.05),
        pitch=0.05 if high else 0.2,
    )
    score.hold(chance.between(0.3, 0.7)).to(
        chance.seconds(0.5, 0.8), **arm(side, 0.4, 0.05, 1.5, 0.05), pitch=0.0
    )
    score.to(chance.seconds(0.4, 0.6), **rest(side))
    return score.track(), facts("up" if high else "ahead", side=side)


def _down(chance: Chance, score: Score, side: str = "") -> Score:
    """Squat until the hands, or one of them, reach the floor in front of the feet."""
    y, x, pitch = 0.27, -0.12, 0.95
    forward, up = 0.2 - x - NECK_LENGTH * 0.813, 0.04 - y - NECK_LENGTH * 0.582
    a, e = (float(angle) for angle in arm_towards(forward, up, pitch))
    arms = arm(side, a, 0.0, e, 0.0) if side else both(a, 0.0, e, 0.0)
    return score.to(chance.seconds(0.6, 1.0), y=y, x=x, pitch=pitch, **arms)


@performs("put_down")
def _put_down(chance: Chance) -> tuple[Floats, Facts]:
    score = _down(chance, Score(yaw=aside(chance), **both(0.5, 0.0, 1.2, 0.0)).hold(0.3)).hold(0.2)
    score.to(chance.seconds(0.7, 1.0), y=STANDING, x=0.0, pitch=0.0, **HANGING).hold(0.2)
    return score.track(), facts()


@performs("lift")
def _lift(chance: Chance) -> tuple[Floats, Facts]:
    score = _down(chance, Score(yaw=aside(chance)).hold(0.1)).hold(0.2)
    score.to(chance.seconds(0.7, 1.0), y=STANDING - 0.02, x=-0.02, pitch=-0.05, **both(0.6, 0.0, 1.9, 0.0))
    score.to(0.2, y=STANDING - 0.05).to(
        chance.seconds(0.5, 0.7), y=STANDING, pitch=0.0, **both(2.9, 0.0, 0.1, 0.0)
    )
    score.hold(chance.between(0.5, 1.2)).to(chance.seconds(0.6, 0.9), **both(0.6, 0.0, 1.8, 0.0)).to(
        0.5, **HANGING
    )
    return score.track(), facts()


@performs("push")
def _push(chance: Chance) -> tuple[Floats, Facts]:
    count = chance.count(1, 2)
    score = Score(yaw=aside(chance)).step("r", 0.35, 0.04, rf=-0.2, x=-0.06, y=0.45)
    score.to(0.35, **both(0.5, 0.05, 1.9, 0.05), pitch=0.1)
    for _ in range(count):
        score.to(chance.seconds(0.6, 1.0), **both(1.45, 0.05, 0.1, 0.05), pitch=0.35, x=0.06).hold(0.2)
        score.to(chance.seconds(0.4, 0.6), **both(0.5, 0.05, 1.9, 0.05), pitch=0.1, x=-0.06)
    score.step("r", 0.4, 0.04, rf=0.0, x=0.0, y=STANDING, pitch=0.0, **HANGING)
    return score.track(), facts(count=count)


@performs("pull")
def _pull(chance: Chance) -> tuple[Floats, Facts]:
    count = chance.count(1, 3)
    score = Score(yaw=aside(chance)).step("l", 0.35, 0.04, lf=0.18, x=0.05, y=0.45)
    score.to(0.35, **both(1.4, 0.05, 0.1, 0.05), pitch=0.15)
    for _ in range(count):
        score.to(chance.seconds(0.5, 0.8), **both(0.4, 0.1, 1.6, 0.1), pitch=-0.25, x=-0.05).hold(0.15)
        score.to(chance.seconds(0.4, 0.6), **both(1.4, 0.05, 0.1, 0.05), pitch=0.15, x=0.05)
    score.step("l", 0.4, 0.04, lf=0.0, x=0.0, y=STANDING, pitch=0.0, **HANGING)
    return score.track(), facts(count=count)


@performs("catch")
def _catch(chance: Chance) -> tuple[Floats, Facts]:
    high = chance.rng.random() < 0.4
    lift = 2.5 if high else 1.3
    score = (
        Score(yaw=aside(chance))
        .to(0.4, y=STANDING - 0.05, **both(0.7, 0.15, 1.0, 0.1))
        .hold(chance.between(0.2, 0.5))
    )
    score.to(0.25, y=STANDING, **both(lift, 0.1, 0.2, 0.0)).to(
        0.18, y=STANDING - 0.06, pitch=0.15, **both(0.5, 0.05, 1.8, -0.1)
    )
    score.hold(chance.between(0.3, 0.7)).to(0.6, y=STANDING, pitch=0.0, **HANGING)
    return score.track(), facts("high" if high else "chest")


@performs("drink")
def _drink(chance: Chance) -> tuple[Floats, Facts]:
    side = chance.side()
    count = chance.count(1, 2)
    score = Score(yaw=aside(chance)).to(0.6, **arm(side, 0.5, 0.05, 1.2, 0.05))
    for _ in range(count):
        score.to(chance.seconds(0.5, 0.7), **arm(side, 1.0, 0.05, 2.15, -0.05)).to(0.3, pitch=-0.15)
        score.hold(chance.between(0.4, 0.9)).to(0.3, pitch=0.0).to(
            chance.seconds(0.5, 0.7), **arm(side, 0.5, 0.05, 1.2, 0.05)
        )
    score.to(0.5, **rest(side))
    return score.track(), facts(side=side, count=count)


@performs("wash")
def _wash(chance: Chance) -> tuple[Floats, Facts]:
    window = chance.rng.random() < 0.5
    side = chance.side()
    score = Score(yaw=front(chance))
    if window:
        score.to(0.5, **arm(side, 0.9, 1.2, 0.2, 2.2))
        for _ in range(chance.count(3, 5)):
            score.to(chance.seconds(0.3, 0.45), **arm(side, 0.9, 1.9, 0.2, 2.9), roll=0.05)
            score.to(chance.seconds(0.3, 0.45), **arm(side, 0.9, 0.9, 0.2, 1.3), roll=-0.05)
        known = facts("window", side=side)
    else:
        for _ in range(chance.count(2, 4)):
            score.to(
                chance.seconds(0.35, 0.5),
                **arm("l", 0.5, 0.5, 1.9, -0.6),
                **arm("r", 0.6, 0.3, 0.6, 0.2),
                pitch=0.1,
            )
            score.to(
                chance.seconds(0.35, 0.5),
                **arm("r", 0.5, 0.5, 1.9, -0.6),
                **arm("l", 0.6, 0.3, 0.6, 0.2),
                pitch=0.1,
            )
        known = facts("body")
    return score.to(0.5, roll=0.0, pitch=0.0, **HANGING).track(), known


@performs("throw")
def _throw(chance: Chance) -> tuple[Floats, Facts]:
    side = chance.side()
    other = OTHER[side]
    under = chance.rng.random() < 0.35
    level = "" if under else chance.pick("high", "flat", "")
    score = Score(yaw=aside(chance)).hold(chance.between(0.0, 0.3))
    reach = {f"{other}f": chance.between(0.16, 0.28)}
    if under:
        score.to(
            chance.seconds(0.35, 0.6),
            **arm(side, -chance.between(0.7, 1.2), 0.1, 0.0, 0.1),
            pitch=0.25,
            x=-0.04,
        )
        score.step(
            other, chance.seconds(0.24, 0.34), 0.04, **reach, **arm(side, chance.between(1.2, 1.6), 0.05, 0.1, 0.05),
            x=0.1, y=0.44, pitch=0.2,
        )  # fmt: skip
        score.to(chance.seconds(0.2, 0.3), **arm(side, 1.9, 0.05, 0.4, 0.05), pitch=0.1)
    else:
        release = {"high": 2.3, "flat": 1.45, "": 1.8}[level] + chance.between(-0.1, 0.1)
        score.to(
            chance.seconds(0.35, 0.6),
            **arm(side, -chance.between(0.7, 1.1), 0.2, -0.0, 0.2),
            pitch=-0.2,
            x=-0.06,
            **arm(other, chance.between(0.6, 1.3), 0.1, 0.3, 0.1),
        )
        score.to(chance.seconds(0.18, 0.26), **arm(side, 2.4, 0.1, 1.4, 0.1), pitch=-0.1, x=-0.02)
        score.step(
            other, chance.seconds(0.2, 0.28), 0.05, **reach, **arm(side, release, 0.05, 0.05, 0.05),
            x=0.12, y=0.45, pitch=0.35 - 0.2 * (level == "high"),
        )  # fmt: skip
        score.to(chance.seconds(0.2, 0.3), **arm(side, 0.6, 0.05, 0.2, 0.05), pitch=0.4)
    score.hold(chance.between(0.1, 0.5))
    score.step(
        other, chance.seconds(0.4, 0.55), 0.04, **{f"{other}f": 0.0}, x=0.0, y=STANDING, pitch=0.0, **HANGING
    )
    return score.track(), facts("under" if under else "over", level, side=side)


@performs("pick_up")
def _pick_up(chance: Chance) -> tuple[Floats, Facts]:
    side = "" if chance.rng.random() < 0.5 else chance.side()
    score = _down(chance, Score(yaw=aside(chance)).hold(chance.between(0.0, 0.3)), side)
    score.hold(chance.between(0.1, 0.5))
    lift, bend = chance.between(0.3, 0.8), chance.between(0.9, 1.5)
    arms = arm(side, lift, 0.0, bend, 0.0) if side else both(lift, 0.0, bend, 0.0)
    score.to(chance.seconds(0.6, 1.0), y=STANDING, x=0.0, pitch=-0.02, **arms).hold(chance.between(0.2, 0.9))
    return score.track(), facts("one" if side else "both", side=side)
