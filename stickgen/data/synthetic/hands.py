"""Something in the hands: reaching, carrying, throwing, drinking."""

from __future__ import annotations

from stickgen.data.synthetic.body import NECK_LENGTH, STANDING, Floats, Score, arm_towards
from stickgen.data.synthetic.gestures import HANGING, arm, aside, both, front, rest
from stickgen.data.synthetic.phrase import OTHER, SIDE_NAMES, Chance, performs

THINGS = ("something", "a box", "a ball", "a bag")


@performs("reach")
def _reach(chance: Chance) -> tuple[Floats, list[str]]:
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
    name, where = SIDE_NAMES[side], "up" if high else "forward"
    return score.track(), [
        f"reaches {where} with the {name} hand",
        f"reaches {where} for something",
        f"grabs something with the {name} hand",
    ]


def _down(chance: Chance, score: Score) -> Score:
    """Squat until the hands reach the floor in front of the feet."""
    y, x, pitch = 0.27, -0.12, 0.95
    forward, up = 0.2 - x - NECK_LENGTH * 0.813, 0.04 - y - NECK_LENGTH * 0.582
    a, e = arm_towards(forward, up, pitch)
    return score.to(chance.seconds(0.7, 1.0), y=y, x=x, pitch=pitch, **both(float(a), 0.0, float(e), 0.0))


@performs("pick_up")
def _pick_up(chance: Chance) -> tuple[Floats, list[str]]:
    thing = chance.pick(*THINGS)
    score = _down(chance, Score(yaw=aside(chance)).hold(0.2)).hold(0.25)
    score.to(chance.seconds(0.7, 1.0), y=STANDING, x=0.0, pitch=-0.02, **both(0.5, 0.0, 1.2, 0.0)).hold(
        chance.between(0.3, 0.8)
    )
    return score.track(), [
        f"picks up {thing}",
        f"picks {thing} up from the floor",
        f"bends down and picks up {thing}",
    ]


@performs("put_down")
def _put_down(chance: Chance) -> tuple[Floats, list[str]]:
    thing = chance.pick(*THINGS)
    score = _down(chance, Score(yaw=aside(chance), **both(0.5, 0.0, 1.2, 0.0)).hold(0.3)).hold(0.2)
    score.to(chance.seconds(0.7, 1.0), y=STANDING, x=0.0, pitch=0.0, **HANGING).hold(0.2)
    return score.track(), [
        f"puts down {thing}",
        f"sets {thing} down on the floor",
        f"bends down and puts {thing} on the ground",
    ]


@performs("lift")
def _lift(chance: Chance) -> tuple[Floats, list[str]]:
    score = _down(chance, Score(yaw=aside(chance)).hold(0.1)).hold(0.2)
    score.to(chance.seconds(0.7, 1.0), y=STANDING - 0.02, x=-0.02, pitch=-0.05, **both(0.6, 0.0, 1.9, 0.0))
    score.to(0.2, y=STANDING - 0.05).to(
        chance.seconds(0.5, 0.7), y=STANDING, pitch=0.0, **both(2.9, 0.0, 0.1, 0.0)
    )
    score.hold(chance.between(0.5, 1.2)).to(chance.seconds(0.6, 0.9), **both(0.6, 0.0, 1.8, 0.0)).to(
        0.5, **HANGING
    )
    return score.track(), [
        "lifts a heavy weight overhead",
        "lifts something up above the head",
        "lifts a barbell",
    ]


@performs("push")
def _push(chance: Chance) -> tuple[Floats, list[str]]:
    count = chance.count(1, 2)
    score = Score(yaw=aside(chance)).step("r", 0.35, 0.04, rf=-0.2, x=-0.06, y=0.45)
    score.to(0.35, **both(0.5, 0.05, 1.9, 0.05), pitch=0.1)
    for _ in range(count):
        score.to(chance.seconds(0.6, 1.0), **both(1.45, 0.05, 0.1, 0.05), pitch=0.35, x=0.06).hold(0.2)
        score.to(chance.seconds(0.4, 0.6), **both(0.5, 0.05, 1.9, 0.05), pitch=0.1, x=-0.06)
    score.step("r", 0.4, 0.04, rf=0.0, x=0.0, y=STANDING, pitch=0.0, **HANGING)
    return score.track(), [
        "pushes something heavy",
        "pushes against a wall",
        f"pushes forward with both hands{chance.times(count)}",
    ]


@performs("pull")
def _pull(chance: Chance) -> tuple[Floats, list[str]]:
    count = chance.count(1, 3)
    score = Score(yaw=aside(chance)).step("l", 0.35, 0.04, lf=0.18, x=0.05, y=0.45)
    score.to(0.35, **both(1.4, 0.05, 0.1, 0.05), pitch=0.15)
    for _ in range(count):
        score.to(chance.seconds(0.5, 0.8), **both(0.4, 0.1, 1.6, 0.1), pitch=-0.25, x=-0.05).hold(0.15)
        score.to(chance.seconds(0.4, 0.6), **both(1.4, 0.05, 0.1, 0.05), pitch=0.15, x=0.05)
    score.step("l", 0.4, 0.04, lf=0.0, x=0.0, y=STANDING, pitch=0.0, **HANGING)
    return score.track(), [
        "pulls on a rope",
        f"pulls with both hands{chance.times(count)}",
        "pulls something closer, leaning back",
    ]


@performs("throw")
def _throw(chance: Chance) -> tuple[Floats, list[str]]:
    side = chance.side()
    other = OTHER[side]
    score = Score(yaw=aside(chance)).hold(0.1)
    score.to(
        chance.seconds(0.4, 0.6),
        **arm(side, -0.9, 0.2, -0.0, 0.2),
        pitch=-0.2,
        x=-0.06,
        **arm(other, 1.2, 0.1, 0.3, 0.1),
    )
    score.to(0.22, **arm(side, 2.4, 0.1, 1.4, 0.1), pitch=-0.1, x=-0.02)
    score.step(
        other, 0.26, 0.05, **{f"{other}f": 0.24}, **arm(side, 1.5, 0.05, 0.1, 0.05), x=0.12, y=0.45, pitch=0.3
    )
    score.to(0.25, **arm(side, 0.6, 0.05, 0.2, 0.05), pitch=0.4).hold(0.2)
    score.step(other, 0.45, 0.04, **{f"{other}f": 0.0}, x=0.0, y=STANDING, pitch=0.0, **HANGING)
    name = SIDE_NAMES[side]
    return score.track(), [
        "throws a ball",
        f"throws something with the {name} hand",
        f"throws overhand with the {name} arm",
    ]


@performs("catch")
def _catch(chance: Chance) -> tuple[Floats, list[str]]:
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
    return score.track(), [
        "catches a ball",
        "catches something with both hands",
        "reaches up and catches a ball" if high else "catches a ball at the chest",
    ]


@performs("drink")
def _drink(chance: Chance) -> tuple[Floats, list[str]]:
    side = chance.side()
    count = chance.count(1, 2)
    score = Score(yaw=aside(chance)).to(0.6, **arm(side, 0.5, 0.05, 1.2, 0.05))
    for _ in range(count):
        score.to(chance.seconds(0.5, 0.7), **arm(side, 1.0, 0.05, 2.15, -0.05)).to(0.3, pitch=-0.15)
        score.hold(chance.between(0.4, 0.9)).to(0.3, pitch=0.0).to(
            chance.seconds(0.5, 0.7), **arm(side, 0.5, 0.05, 1.2, 0.05)
        )
    score.to(0.5, **rest(side))
    name = SIDE_NAMES[side]
    return score.track(), [
        "drinks from a cup",
        f"takes a drink with the {name} hand",
        "raises a glass and drinks",
    ]


@performs("wash")
def _wash(chance: Chance) -> tuple[Floats, list[str]]:
    window = chance.rng.random() < 0.5
    side = chance.side()
    score = Score(yaw=front(chance))
    if window:
        score.to(0.5, **arm(side, 0.9, 1.2, 0.2, 2.2))
        for _ in range(chance.count(3, 5)):
            score.to(chance.seconds(0.3, 0.45), **arm(side, 0.9, 1.9, 0.2, 2.9), roll=0.05)
            score.to(chance.seconds(0.3, 0.45), **arm(side, 0.9, 0.9, 0.2, 1.3), roll=-0.05)
        words = [
            "washes a window",
            f"wipes a window with the {SIDE_NAMES[side]} hand",
            "cleans the glass in wide strokes",
        ]
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
        words = ["washes the arms", "scrubs one arm and then the other", "washes as if under a shower"]
    return score.to(0.5, roll=0.0, pitch=0.0, **HANGING).track(), words
