"""Locomotion: walking, running and their odder relatives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stickgen.data.synthetic.body import INDEX, NECK_LENGTH, Floats, Score, arm_towards, deg, ease, still
from stickgen.data.synthetic.gait import JOG, RUN, SPRINT, WALK, Gait, footsteps, go, spread
from stickgen.data.synthetic.phrase import Chance, performs
from stickgen.data.synthetic.phrasebook import Facts, facts
from stickgen.motion.skeleton import FPS


def _going(chance: Chance, gait: Gait, low: float, high: float) -> Floats:
    speed = chance.between(0.9, 1.1)
    gait = replace(gait, speed=gait.speed * speed, arm_swing=gait.arm_swing * chance.between(0.8, 1.2))
    return go(gait.scaled(chance.size, chance.pace), chance.between(low, high), chance.between(0, 1))


@performs("walk")
def _walk(chance: Chance) -> tuple[Floats, Facts]:
    return _going(chance, WALK, 2, 5), facts("forward")


@performs("walk_backward")
def _walk_backward(chance: Chance) -> tuple[Floats, Facts]:
    gait = replace(WALK, speed=0.5, step_rate=1.7, yaw=np.pi, lean=0.02, arm_swing=0.25)
    return _going(chance, gait, 2, 4.5), facts()


@performs("sidestep")
def _sidestep(chance: Chance) -> tuple[Floats, Facts]:
    side = chance.side()
    # travel is to +x: to the left of a figure that faces the viewer, to the right of one that faces away
    yaw = np.pi / 2 if side == "l" else -np.pi / 2
    stride, seconds = 0.16 * chance.size, 0.32 / chance.pace
    lead, follow = ("l", "r") if side == "l" else ("r", "l")
    score = Score(yaw=yaw, lb=0.25, rb=0.25)
    for number in range(1, chance.count(4, 8) + 1):
        at = number * stride
        score.step(lead, seconds, 0.04, **{f"{lead}x": at, "x": at - stride / 2})
        score.step(follow, seconds, 0.04, **{f"{follow}x": at, "x": at})
    return score.track(), facts(side=side)


@performs("jog")
def _jog(chance: Chance) -> tuple[Floats, Facts]:
    return _going(chance, JOG, 2, 4.5), facts()


@performs("sprint")
def _sprint(chance: Chance) -> tuple[Floats, Facts]:
    return _going(chance, SPRINT, 1.4, 2.8), facts()


@performs("tiptoe")
def _tiptoe(chance: Chance) -> tuple[Floats, Facts]:
    gait = Gait(
        speed=0.32, step_rate=1.2, lift=0.12, lean=0.28, arm_swing=0.12, elbow=1.5, crouch=0.07, duty=0.66
    )
    track = _going(chance, gait, 3, 6)
    track[:, [INDEX["la"], INDEX["ra"]]] += 0.5
    return track, facts()


@performs("limp")
def _limp(chance: Chance) -> tuple[Floats, Facts]:
    side = chance.side()
    gait = Gait(speed=0.42, step_rate=1.5, lift=0.03, lean=0.12, arm_swing=0.2, uneven=0.5, duty=0.64)
    track = _going(chance, gait, 3, 5)
    if side == "r":  # the other leg dips
        track = _mirrored(track)
    phase = np.arange(len(track)) / FPS * gait.step_rate * np.pi
    track[:, INDEX["y"]] -= 0.03 * np.maximum(np.sin(phase), 0)
    track[:, INDEX["pitch"]] += 0.14 * np.maximum(np.sin(phase), 0)
    return track, facts(side=side)


def _mirrored(track: Floats) -> Floats:
    """The track with left and right swapped."""
    mirrored = track.copy()
    for name, index in INDEX.items():
        if name[0] in "lr" and len(name) == 2:
            other = INDEX[("r" if name[0] == "l" else "l") + name[1]]
            mirrored[:, index] = track[:, other] * (-1 if name[1] == "s" else 1)
    return mirrored


@performs("stagger")
def _stagger(chance: Chance) -> tuple[Floats, Facts]:
    gait = Gait(speed=0.4, step_rate=1.5, lift=0.05, lean=0.1, arm_swing=0.3, elbow=0.5, duty=0.66)
    track = _going(chance, gait, 3, 6)
    time = np.arange(len(track)) / FPS
    a, b = chance.between(0, 6), chance.between(0, 6)
    track[:, INDEX["pitch"]] += 0.22 * np.sin(2.3 * time + a) + 0.1 * np.sin(4.1 * time + b)
    track[:, INDEX["y"]] -= 0.03 * (1 + np.sin(3.1 * time + b)) / 2
    for side, shift in (("l", 0.0), ("r", 1.7)):
        track[:, INDEX[f"{side}b"]] += 0.5 + 0.4 * np.sin(2.9 * time + a + shift)
        track[:, INDEX[f"{side}a"]] += 0.4 * np.sin(2.2 * time + b + shift)
    return track, facts()


@performs("skip")
def _skip(chance: Chance) -> tuple[Floats, Facts]:
    gait = Gait(speed=1.0, step_rate=2.1, duty=0.4, lift=0.2, lean=0.02, arm_swing=0.9, elbow=0.6)
    return _going(chance, gait, 2, 4), facts()


@performs("crawl")
def _crawl(chance: Chance) -> tuple[Floats, Facts]:
    speed, cycle, seconds = 0.3 * chance.pace, 1.2 / chance.pace, chance.between(3, 6)
    time = np.arange(round(seconds * FPS)) / FPS
    pitch, height = deg(78), 0.285
    neck_x, neck_y = NECK_LENGTH * np.sin(pitch), height + NECK_LENGTH * np.cos(pitch)
    track = still(len(time), x=speed * time, y=height, pitch=pitch)
    for side, shift in (("l", 0.0), ("r", 0.5)):
        options = {"cycle": cycle, "duty": 0.6, "speed": speed, "rise": 0.0}
        foot, lift = footsteps(time, start=shift * cycle, lift=0.015, kick=0.0, **options)
        spread(track, side, x=foot - 0.24, y=lift + 0.03, s=0.0)
        hand, high = footsteps(time, start=(0.5 - shift) * cycle, lift=0.05, kick=0.0, **options)
        a, e = arm_towards(hand + 0.28 - speed * time - neck_x, high + 0.01 - neck_y, pitch)
        spread(track, side, a=a, e=e, b=0.0, c=0.0)
    return track, facts()


@performs("climb")
def _climb(chance: Chance) -> tuple[Floats, Facts]:
    if chance.rng.random() < 0.5:
        gait = Gait(speed=0.42, step_rate=1.5, lift=0.05, rise=0.09, lean=0.16, arm_swing=0.3, duty=0.62)
        return _going(chance, gait, 2.2, 4), facts("stairs")
    return _ladder(chance), facts("ladder")


def _ladder(chance: Chance) -> Floats:
    """Hands and feet rest on rungs while the body rises past them."""
    rate, cycle, seconds = 0.2 * chance.pace, 1.5 / chance.pace, chance.between(3, 5)
    time = np.arange(round(seconds * FPS)) / FPS
    height = 0.42 + rate * time
    track = still(len(time), y=height, pitch=0.08)
    for side, shift in (("l", 0.0), ("r", 0.5)):
        foot = _rungs(time, cycle, shift, rate)
        hand = _rungs(time, cycle, shift + 0.5, rate)
        spread(track, side, f=0.16 - 0.05 * foot[1], y=np.maximum(foot[0], 0.0), s=0.0)
        a, e = arm_towards(0.16 - 0.04 * hand[1] - 0.02, hand[0] + 0.78 - (height + NECK_LENGTH), 0.08)
        spread(track, side, a=a, e=e, b=0.0, c=0.0)
    return track


def _rungs(time: Floats, cycle: float, shift: float, rate: float) -> tuple[Floats, Floats]:
    """The height of a hold that is kept for 0.7 of a cycle and then moved up, and its distance from the rung."""
    phase = time / cycle + shift
    number, part = np.floor(phase), phase - np.floor(phase)
    moving = np.clip((part - 0.7) / 0.3, 0, 1)
    return rate * cycle * (number - shift + ease(moving)), np.sin(np.pi * moving)


@performs("run")
def _run(chance: Chance) -> tuple[Floats, Facts]:
    if chance.rng.random() < 0.2:
        back = replace(JOG, speed=0.9, heel_kick=0.02, lean=-0.02, yaw=np.pi, arm_swing=0.4)
        return _going(chance, back, 1.6, 3.5), facts("backward")
    return _going(chance, RUN, 1.6, 3.5), facts("forward")


@performs("march")
def _march(chance: Chance) -> tuple[Floats, Facts]:
    way = chance.pick("forward", "forward", "place", "backward")
    gait = Gait(speed=0.6, step_rate=1.8, lift=0.2, lean=-0.03, arm_swing=0.8, elbow=0.05, duty=0.58)
    if way == "place":
        gait = replace(gait, speed=0.0)
    elif way == "backward":
        gait = replace(gait, speed=0.4, yaw=np.pi)
    return _going(chance, gait, 2.2, 5), facts(way)
