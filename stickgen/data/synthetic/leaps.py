"""Off the ground: jumps that fall with gravity, and acrobatics."""

from __future__ import annotations

import numpy as np

from stickgen.data.synthetic.body import (
    ARM,
    GRAVITY,
    INDEX,
    LEG,
    NECK_LENGTH,
    STANDING,
    Floats,
    Score,
    ease,
    still,
)
from stickgen.data.synthetic.gait import RUN, go, spread
from stickgen.data.synthetic.phrase import Chance, performs
from stickgen.data.synthetic.phrasebook import Facts, facts
from stickgen.motion.skeleton import FPS


def flight(
    track: Floats, height: float, distance: float, *, tuck: float = 0.0, ahead: float = 0.0, **land: float
) -> Floats:
    """Append a ballistic flight to a track that ends on the ground with legs stretched.

    The pelvis rises by `height` and travels by `distance`. The feet hang below it, drawn up by `tuck` and moved forward by
    `ahead` in the middle. `land` sets controls that change during the flight.
    """
    seconds = 2 * np.sqrt(2 * height / GRAVITY)
    frames = max(round(seconds * FPS), 3)
    part = np.arange(1, frames + 1) / frames
    start = track[-1].copy()
    air = np.tile(start, (frames, 1))
    for name, value in land.items():
        air[:, INDEX[name]] += (value - start[INDEX[name]]) * ease(part)
    air[:, INDEX["x"]] = start[INDEX["x"]] + distance * part
    air[:, INDEX["y"]] = start[INDEX["y"]] + 4 * height * part * (1 - part)
    middle = np.sin(np.pi * part)
    for side in "lr":
        air[:, INDEX[f"{side}x"]] += distance * part + ahead * middle * distance
        air[:, INDEX[f"{side}y"]] += 4 * height * part * (1 - part) + tuck * middle**2
    return np.concatenate((track, air))


def crouch_and_stretch(chance: Chance, score: Score, depth: float, swing: float) -> Score:
    """Bend with the arms back, then stretch with the arms up."""
    score.to(chance.seconds(0.35, 0.5), y=STANDING - depth, pitch=0.5, la=-swing * 0.6, ra=-swing * 0.6)
    frames = 6  # a stretch takes a quarter of a second
    return score.to(frames / FPS, y=STANDING, pitch=0.05, la=swing, ra=swing)


def landing(chance: Chance, track: Floats, depth: float) -> Floats:
    """Absorb the fall in the knees and come to a stand."""
    score = Score()
    score.pose = track[-1].copy()
    score.frames = []
    score.to(0.16, y=STANDING - depth, pitch=0.4, la=0.5, ra=0.5)
    score.to(
        chance.seconds(0.3, 0.45), y=STANDING, pitch=0.0, la=0.05, ra=0.05, le=0.2, re=0.2, lb=0.12, rb=0.12
    )
    return np.concatenate((track, score.track()))


@performs("leap")
def _leap(chance: Chance) -> tuple[Floats, Facts]:
    if chance.rng.random() < 0.5:
        score = crouch_and_stretch(chance, Score().hold(0.1), 0.17, 1.8)
        track = flight(score.track(), 0.13 * chance.size, 0.75 * chance.size, tuck=0.1, ahead=0.15)
        return landing(chance, track, 0.13), facts("standing")
    run = go(RUN, chance.between(0.7, 1.2))
    leap = _running_leap(run, chance)
    return leap, facts("running")


def _running_leap(run: Floats, chance: Chance) -> Floats:
    """From a run's flight into a longer one, legs split fore and aft, and down to a stand."""
    start = run[-1].copy()
    height, distance = 0.15 * chance.size, 1.0 * chance.size
    seconds = 2 * np.sqrt(2 * height / GRAVITY)
    frames = round(seconds * FPS)
    part = np.arange(1, frames + 1) / frames
    air = np.tile(start, (frames, 1))
    ground = STANDING - 0.04
    air[:, INDEX["x"]] = start[INDEX["x"]] + distance * part
    lift = (ground - start[INDEX["y"]]) * part
    air[:, INDEX["y"]] = start[INDEX["y"]] + lift + 4 * height * part * (1 - part)
    for side, ahead in (("l", 0.34), ("r", -0.34)):
        middle = np.sin(np.pi * np.clip(part * 1.15, 0, 1))
        goal = air[:, INDEX["x"]] + ahead * middle + 0.05 * (1 if side == "l" else -1)
        blend = ease(np.minimum(part * 3, 1))
        air[:, INDEX[f"{side}x"]] = start[INDEX[f"{side}x"]] + (goal - start[INDEX[f"{side}x"]]) * blend
        high = air[:, INDEX["y"]] - LEG * np.sqrt(1 - (0.68 * middle) ** 2)
        air[:, INDEX[f"{side}y"]] = start[INDEX[f"{side}y"]] * (1 - blend) + np.maximum(high, 0) * blend
    air[-1, [INDEX["ly"], INDEX["ry"]]] = 0
    return landing(chance, np.concatenate((run, air)), 0.12)


@performs("hop")
def _hop(chance: Chance) -> tuple[Floats, Facts]:
    side = chance.side()
    other = "r" if side == "l" else "l"
    count = chance.count(3, 6)
    forward = 0.22 * chance.size if chance.rng.random() < 0.6 else 0.0
    score = Score(lb=0.4, rb=0.4)
    score.to(0.3, **{f"{other}y": 0.16, f"{other}x": -0.1, "le": 0.9, "re": 0.9})
    track = score.track()
    for _ in range(count):
        dip = Score()
        dip.pose, dip.frames = track[-1].copy(), []
        dip.to(0.14, y=STANDING - 0.07, pitch=0.15).to(0.12, y=STANDING - 0.005, pitch=0.05)
        track = flight(np.concatenate((track, dip.track())), 0.06 * chance.size, forward)
    down = Score()
    down.pose, down.frames = track[-1].copy(), []
    down.to(0.14, y=STANDING - 0.07).to(
        0.3, y=STANDING, **{f"{other}y": 0.0, f"{other}x": down.pose[INDEX[f"{side}x"]]}
    )
    return np.concatenate((track, down.track())), facts(
        "forward" if forward else "place", side=side, count=count
    )


def hang_legs(track: Floats, aside: float | Floats, bend: float | Floats, length: float | Floats) -> Floats:
    """Place the feet relative to the trunk: `aside` spreads the legs to the sides (roll), `bend` brings them forward.

    This is for a body that is upside down or in the air, so that its feet rest on nothing.
    """
    pitch, roll, yaw = (track[:, INDEX[name]] for name in ("pitch", "roll", "yaw"))
    for side, sign in (("l", 1.0), ("r", -1.0)):
        if np.any(np.abs(np.cos(yaw)) > 0.5):  # seen from the side: in the plane of the pitch
            angle = pitch - bend
            dx, dy = -np.sin(angle) * np.cos(yaw), -np.cos(angle)
        else:
            angle = roll - sign * aside
            dx, dy = -np.sin(angle) * np.sin(yaw), -np.cos(angle)
        spread(
            track,
            side,
            x=track[:, INDEX["x"]] + length * dx,
            y=track[:, INDEX["y"]] + length * dy,
            s=0.0,
            f=0.0,
        )
    return track


def joined(*tracks: Floats, blend: int = 5) -> Floats:
    """Tracks one after the other, each starting where the previous one ends, eased over a few frames."""
    whole = tracks[0]
    for track in tracks[1:]:
        gap = (whole[-1] - track[0])[None] * (1 - ease(np.minimum(np.arange(1, len(track) + 1) / blend, 1)))[
            :, None
        ]
        whole = np.concatenate((whole, track + gap))
    return whole


@performs("cartwheel")
def _cartwheel(chance: Chance) -> tuple[Floats, Facts]:
    count = chance.count(1, 2)
    frames = round(chance.seconds(1.15, 1.5) * FPS) * count
    part = np.arange(frames + 1) / frames
    turned = 2 * np.pi * count * part
    upside = 0.5 - 0.5 * np.cos(turned)
    distance = 1.5 * count
    height = STANDING * 0.97 + (ARM + NECK_LENGTH - STANDING * 0.97) * upside
    height = height - 0.07 * np.sin(turned) ** 2
    # clockwise, towards +x, is a negative roll for a figure that faces the viewer
    track = still(
        frames + 1, yaw=np.pi / 2, x=distance * part, y=height, roll=-turned,
        la=0.0, ra=0.0, lb=2.75, rb=2.75, lc=2.85, rc=2.85, le=0.0, re=0.0,
    )  # fmt: skip
    hang_legs(track, 0.12 + 0.55 * np.sin(turned / 2) ** 2, 0.0, 0.98 * LEG)
    track[:, [INDEX["ly"], INDEX["ry"]]] = np.maximum(track[:, [INDEX["ly"], INDEX["ry"]]], 0)
    before = Score(yaw=np.pi / 2).to(0.5, lb=2.75, rb=2.75, lc=2.85, rc=2.85, la=0, ra=0, le=0, re=0).track()
    # the last lean is a full turn from the first: the same pose, so the rest continues from it
    after = Score(
        yaw=np.pi / 2, lb=2.75, rb=2.75, lc=2.85, rc=2.85, la=0, ra=0, le=0, re=0, roll=-2 * np.pi * count
    )
    after.to(0.6, lb=0.12, rb=0.12, lc=0.1, rc=0.1, la=0.05, ra=0.05, le=0.2, re=0.2)
    end = after.track()
    end[:, [INDEX["x"], INDEX["lx"], INDEX["rx"]]] += distance
    whole = joined(before, track, end, blend=6)
    whole[-1, INDEX["roll"]] = -2 * np.pi * count
    return whole, facts(side="left", count=count)


def _tumble(frames: int, turned: Floats, x: Floats, height: Floats, tucked: Floats) -> Floats:
    """A forward tumble, with the body tucked by `tucked` (0 to 1)."""
    track = still(
        frames, x=x, y=height, pitch=turned, spine=1 - 0.32 * tucked,
        la=0.6 + 0.5 * tucked, ra=0.6 + 0.5 * tucked, le=0.3 + 1.0 * tucked, re=0.3 + 1.0 * tucked, lb=0.1, rb=0.1,
    )  # fmt: skip
    return hang_legs(track, 0.0, 1.9 * tucked, LEG * (0.98 - 0.5 * tucked))


@performs("roll")
def _roll(chance: Chance) -> tuple[Floats, Facts]:
    frames = round(chance.seconds(0.9, 1.2) * FPS)
    part = np.arange(frames + 1) / frames
    turned = 0.6 + (2 * np.pi - 0.6) * part
    # the back is round: the pelvis is low when it leads and carried high when the shoulders are below
    height = (
        0.2 + 0.11 * np.exp(-(((turned - 2.6) / 1.0) ** 2)) - 0.06 * np.exp(-(((turned - 4.7) / 0.8) ** 2))
    )
    rolling = _tumble(frames + 1, turned, 1.0 * part, height, np.ones(frames + 1))
    rolling[:, [INDEX["ly"], INDEX["ry"]]] = np.maximum(rolling[:, [INDEX["ly"], INDEX["ry"]]], 0.0)
    down = Score().to(chance.seconds(0.4, 0.6), y=0.24, pitch=0.7, la=1.4, ra=1.4, le=0.3, re=0.3).track()
    up = Score(y=0.22, la=1.0, ra=1.0, le=0.8, re=0.8, pitch=2 * np.pi)
    up.to(chance.seconds(0.5, 0.7), y=STANDING, la=0.05, ra=0.05, le=0.2, re=0.2)
    rising = up.track()
    rising[:, [INDEX["x"], INDEX["lx"], INDEX["rx"]]] += 1.0
    return joined(down, rolling, rising, blend=7), facts()


@performs("somersault")
def _somersault(chance: Chance) -> tuple[Floats, Facts]:
    back = chance.rng.random() < 0.4
    sign, distance = (-1.0, 0.15) if back else (1.0, 0.5)
    score = crouch_and_stretch(chance, Score().hold(0.1), 0.17, 2.4)
    height = 0.36 * chance.between(0.9, 1.15)
    frames = round(2 * np.sqrt(2 * height / GRAVITY) * FPS)
    part = np.arange(1, frames + 1) / frames
    tucked = np.sin(np.pi * part) ** 1.5
    rise = 4 * height * part * (1 - part)
    start = score.pose
    air = _tumble(
        frames, sign * 2 * np.pi * ease(part * 0.96 + 0.02), distance * part, start[INDEX["y"]] + rise, tucked
    )
    track = joined(score.track(), air, blend=4)
    track[:, [INDEX["ly"], INDEX["ry"]]] = np.maximum(track[:, [INDEX["ly"], INDEX["ry"]]], 0.0)
    end = Score(pitch=sign * 2 * np.pi, y=STANDING - 0.12, la=0.8, ra=0.8)
    end.to(0.4, y=STANDING, la=0.05, ra=0.05)
    last = end.track()
    last[:, [INDEX["x"], INDEX["lx"], INDEX["rx"]]] += distance
    return joined(track, last, blend=4), facts("backflip" if back else "frontflip")


@performs("handstand")
def _handstand(chance: Chance) -> tuple[Floats, Facts]:
    up, hold = round(chance.seconds(0.9, 1.2) * FPS), round(chance.between(0.8, 2.0) * FPS)
    rise = ease(np.arange(up + 1) / up)
    share = np.concatenate((rise, np.ones(hold), rise[::-1]))
    turned = np.pi * share
    hands = 0.42  # where the hands are put down, ahead of the feet
    straight = ARM + NECK_LENGTH
    x = hands * np.sin(turned / 2) ** 1.2
    height = STANDING + (straight - STANDING) * share - 0.16 * np.sin(np.pi * share) ** 2
    sway = 0.03 * np.sin(np.arange(len(share)) / FPS * 5) * (share > 0.99)
    track = still(
        len(share),
        x=x,
        y=height,
        pitch=turned + sway,
        la=np.pi * 0.97,
        ra=np.pi * 0.97,
        le=0.05,
        re=0.05,
        lb=0.0,
        rb=0.0,
        lc=0.0,
        rc=0.0,
    )
    split = 0.9 * np.sin(np.pi * share)
    for side, sign in (("l", 1.0), ("r", -1.0)):
        angle = turned - sway * 2 - 0.55 * np.sin(np.pi * share) + sign * split * 0.7
        free = np.clip((share - 0.04) * 6, 0, 1)
        foot_x = x - 0.99 * LEG * np.sin(angle)
        foot_y = np.maximum(height - 0.99 * LEG * np.cos(angle), 0)
        spread(track, side, x=foot_x * free, y=foot_y * free, s=0.0)
    before = Score().to(0.4, la=3.0, ra=3.0, le=0.05, re=0.05, lb=0, rb=0, lc=0, rc=0).track()
    after = (
        Score(la=3.0, ra=3.0, le=0.05, re=0.05, lb=0, rb=0, lc=0, rc=0)
        .to(0.5, la=0.05, ra=0.05, le=0.2, re=0.2, lb=0.12, rb=0.12)
        .track()
    )
    return joined(before, track, after), facts()


@performs("jump")
def _jump(chance: Chance) -> tuple[Floats, Facts]:
    count, way = chance.count(1, 4), chance.pick("up", "up", "forward", "backward")
    level = chance.pick("high", "low", "") if way == "up" else ""
    height = chance.between(*{"high": (0.22, 0.3), "low": (0.04, 0.07), "": (0.1, 0.17)}[level])
    distance = 0.0 if way == "up" else chance.between(0.2, 0.45)
    effort = np.sqrt(height / 0.16)
    # for a backward jump the figure faces the other way, because clips travel to +x
    yaw = np.pi + chance.between(-0.4, 0.4) if way == "backward" else chance.between(-0.1, 0.6)
    track = Score(yaw=yaw).hold(chance.between(0.0, 0.3)).track()
    swing = chance.between(0.8, 2.2) * min(effort, 1.2)
    for _ in range(count):
        score = Score()
        score.pose, score.frames = track[-1].copy(), []
        crouch_and_stretch(chance, score, min(0.14 * effort, 0.2), swing)
        track = np.concatenate((track, score.track()))
        track = flight(track, height, distance, tuck=0.04 * effort, ahead=0.1)
        track = landing(chance, track, 0.09 * min(effort, 1.4))
    return track, facts(way, level, count=count)


@performs("jumping_jack")
def _jumping_jack(chance: Chance) -> tuple[Floats, Facts]:
    count = chance.count(1, 5)
    period = chance.seconds(0.8, 1.1)
    time = np.arange(round(count * period * FPS) + 1) / FPS
    open_ = 0.5 - 0.5 * np.cos(2 * np.pi * time / period)
    # two hops per cycle; the legs open and close only while both feet are in the air
    cycle = time / period % 1
    hop = np.sin(2 * np.pi * cycle) ** 2
    air = 0.075 * np.maximum(hop - 0.3, 0)
    apart = ease(np.clip((cycle - 0.12) / 0.26, 0, 1)) - ease(np.clip((cycle - 0.62) / 0.26, 0, 1))
    lift, legs = chance.between(2.4, 2.8), chance.between(0.12, 0.2)
    track = still(
        len(time), yaw=np.pi / 2 + chance.between(-0.25, 0.25), y=0.485 - 0.035 * open_ + air,
        lb=0.15 + lift * open_, rb=0.15 + lift * open_, lc=0.1 + 1.02 * lift * open_, rc=0.1 + 1.02 * lift * open_,
        la=0.0, ra=0.0, le=0.05, re=0.05,
        ls=0.05 + legs * apart, rs=-0.05 - legs * apart, ly=air, ry=air,
    )  # fmt: skip
    return track, facts(count=count)
