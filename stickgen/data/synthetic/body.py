"""A simple body in space: named controls per frame in, the ten joints of the figure out.

The figure is posed in three dimensions and seen from one side, so that limbs pointing at the viewer look shorter and
none ever looks longer than it is. Legs follow from the feet (two-bone inverse kinematics), so a planted foot stays
exactly in place. x is the direction of travel, y is up, z points at the viewer; angles are in radians. The figure has
no width: both legs hang from the pelvis, both arms from the neck.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stickgen.motion.skeleton import (
    BONE_LENGTHS,
    FPS,
    LEFT_ELBOW,
    LEFT_HAND,
    LEFT_KNEE,
    NECK,
    NUM_JOINTS,
    PELVIS,
)
from stickgen.motion.skeleton import LEFT_FOOT as LEFT_FOOT_JOINT

Floats = NDArray[np.float64]

SPINE = BONE_LENGTHS[PELVIS, NECK] + BONE_LENGTHS[NECK, 0]
NECK_LENGTH = BONE_LENGTHS[PELVIS, NECK]
UPPER_ARM, FOREARM = BONE_LENGTHS[NECK, LEFT_ELBOW], BONE_LENGTHS[LEFT_ELBOW, LEFT_HAND]
THIGH, SHIN = BONE_LENGTHS[PELVIS, LEFT_KNEE], BONE_LENGTHS[LEFT_KNEE, LEFT_FOOT_JOINT]
LEG = THIGH + SHIN
ARM = UPPER_ARM + FOREARM
REACH = 0.999 * LEG  # a knee is never quite straight
GRAVITY = 9.81 / 1.75  # units per second²; a unit is about 1.75 m
STANDING = 0.492  # height of the pelvis

# The controls of a frame. For an arm: `a` lifts it forward (0 hangs, pi/2 points ahead), `b` to its own side, `e` bends
# the elbow forward, `c` swings the forearm to its own side. For a foot: `x` is its place along the path, `f` how far
# ahead of that place it is, `s` how far to the figure's left, `y` its height.
CONTROLS = (
    "x", "y", "yaw", "pitch", "roll", "spine",
    "la", "lb", "le", "lc", "ra", "rb", "re", "rc",
    "lx", "lf", "ls", "ly", "rx", "rf", "rs", "ry",
)  # fmt: skip
INDEX = {name: index for index, name in enumerate(CONTROLS)}
NEUTRAL = np.zeros(len(CONTROLS))
for _name, _value in {
    "y": STANDING, "spine": 1.0, "la": 0.05, "ra": 0.05, "lb": 0.12, "rb": 0.12, "le": 0.2, "re": 0.2,
    "lc": 0.1, "rc": 0.1, "ls": 0.06, "rs": -0.06,
}.items():  # fmt: skip
    NEUTRAL[INDEX[_name]] = _value


def deg(angle: float) -> float:
    """Degrees as radians."""
    return float(np.radians(angle))


def ease(part: Floats) -> Floats:
    """From 0 to 1 as an arm moves: at rest at both ends (minimum jerk, Flash and Hogan 1985)."""
    return part**3 * (10 - 15 * part + 6 * part**2)


class Score:
    """Controls over time, written as key poses with eased transitions."""

    def __init__(self, **start: float) -> None:
        self.pose = NEUTRAL.copy()
        for name, value in start.items():
            self.pose[INDEX[name]] = value
        self.frames: list[Floats] = [self.pose.copy()]

    def to(self, seconds: float, **changes: float) -> Score:
        """Move to the changed pose in `seconds`."""
        target = self.pose.copy()
        for name, value in changes.items():
            target[INDEX[name]] = value
        count = max(round(seconds * FPS), 1)
        for part in ease(np.arange(1, count + 1) / count):
            self.frames.append(self.pose + (target - self.pose) * part)
        self.pose = target
        return self

    def hold(self, seconds: float) -> Score:
        """Stay as it is."""
        self.frames.extend(self.pose.copy() for _ in range(round(seconds * FPS)))
        return self

    def step(self, side: str, seconds: float, lift: float = 0.05, **changes: float) -> Score:
        """Lift one foot (`l` or `r`), put it down at the changed place, and move the rest along."""
        start = len(self.frames)
        ground = self.pose[INDEX[f"{side}y"]]
        self.to(seconds, **changes)
        swing = np.sin(np.linspace(0, np.pi, len(self.frames) - start + 1)[1:])
        for frame, height in zip(self.frames[start:], swing, strict=True):
            frame[INDEX[f"{side}y"]] += lift * height
        self.pose[INDEX[f"{side}y"]] = changes.get(f"{side}y", ground)
        return self

    def track(self) -> Floats:
        """[t, controls]."""
        return np.array(self.frames)


def still(frames: int, **changes: float | Floats) -> Floats:
    """A track of neutral poses with some controls set, to a number or to a value per frame."""
    track = np.tile(NEUTRAL, (frames, 1))
    for name, value in changes.items():
        track[:, INDEX[name]] = value
    return track


def arm_towards(
    forward: Floats | float, up: Floats | float, pitch: Floats | float = 0.0
) -> tuple[Floats, Floats]:
    """Controls `a` and `e` that bring a hand to a place relative to the shoulder, in the upright sagittal plane.

    The elbow points back and down. If the place is out of reach, the arm points towards it.
    """
    forward, up = np.asarray(forward, float), np.asarray(up, float)
    distance = np.clip(np.hypot(forward, up), 0.06, 0.998 * ARM)
    bend = np.pi - np.arccos(
        np.clip((UPPER_ARM**2 + FOREARM**2 - distance**2) / (2 * UPPER_ARM * FOREARM), -1, 1)
    )
    inner = np.arccos(np.clip((UPPER_ARM**2 + distance**2 - FOREARM**2) / (2 * UPPER_ARM * distance), -1, 1))
    towards = np.arctan2(forward, -up)  # 0 is straight down, pi/2 ahead
    return towards - inner + pitch, bend


def joints(track: Floats, *, trunk: float = 1.0, arms: float = 1.0, camera: float = 0.0) -> Floats:
    """Controls [t, controls] → the figure's motion [t, 20].

    `trunk` and `arms` scale their lengths, to make people differ; legs are the unit of measure. `camera` is the angle in
    radians between the camera and a view exactly from the side of the path.
    """
    c = {name: track[:, index] for name, index in INDEX.items()}
    zero, one = np.zeros(len(track)), np.ones(len(track))
    forward = np.stack((np.cos(c["yaw"]), zero, np.sin(c["yaw"])), -1)
    left = np.stack((np.sin(c["yaw"]), zero, -np.cos(c["yaw"])), -1)
    up = np.stack((zero, one, zero), -1)
    body_up = _turn(up, forward, c["pitch"])
    body_forward = _turn(forward, -up, c["pitch"])
    body_up, body_left = _turn(body_up, left, c["roll"]), _turn(left, -body_up, c["roll"])

    feet = []
    for side in "lr":
        along = np.stack((c[f"{side}x"], c[f"{side}y"], zero), -1)
        feet.append(along + c[f"{side}f"][:, None] * forward + c[f"{side}s"][:, None] * left)
    pelvis = np.stack((c["x"], _lowered(c["x"], c["y"], feet), zero), -1)

    points = np.zeros((len(track), NUM_JOINTS, 3))
    spine = trunk * c["spine"][:, None]
    points[:, 1] = pelvis
    points[:, 0] = pelvis + SPINE * spine * body_up
    neck = pelvis + NECK_LENGTH * spine * body_up
    for column, (side, sign) in enumerate((("l", 1.0), ("r", -1.0))):
        a, b, e, swing = (c[f"{side}{name}"] for name in "abec")
        elbow = neck + arms * UPPER_ARM * _limb(a, b, body_up, body_forward, sign * body_left)
        points[:, 2 + column] = elbow
        points[:, 4 + column] = elbow + arms * FOREARM * _limb(
            a + e, swing, body_up, body_forward, sign * body_left
        )
        knee, foot = _leg(pelvis, feet[column], forward, up)
        points[:, 6 + column], points[:, 8 + column] = knee, foot
    flat = points[..., :2].copy()
    flat[..., 0] = points[..., 0] * np.cos(camera) + points[..., 2] * np.sin(camera)
    flat[..., 1] -= np.minimum(flat[..., 1].min(1), 0.0)[:, None]  # nothing sinks into the floor
    return flat.reshape(len(track), -1)


def _turn(vector: Floats, towards: Floats, angle: Floats) -> Floats:
    return np.cos(angle)[:, None] * vector + np.sin(angle)[:, None] * towards


def _limb(lift: Floats, aside: Floats, body_up: Floats, body_forward: Floats, outward: Floats) -> Floats:
    in_plane = -np.cos(lift)[:, None] * body_up + np.sin(lift)[:, None] * body_forward
    return np.cos(aside)[:, None] * in_plane + np.sin(aside)[:, None] * outward


def _lowered(x: Floats, y: Floats, feet: list[Floats]) -> Floats:
    """Lower the pelvis if a foot on the ground would be out of reach."""
    for foot in feet:
        across = np.hypot(foot[:, 0] - x, foot[:, 2])
        highest = foot[:, 1] + np.sqrt(np.maximum(REACH**2 - across**2, 0.01))
        grounded = np.clip((0.02 - foot[:, 1]) / 0.016, 0, 1)  # a swinging foot is pulled in instead
        y = y - grounded * np.maximum(y - highest, 0)
    return y


def _leg(hip: Floats, foot: Floats, forward: Floats, up: Floats) -> tuple[Floats, Floats]:
    """The positions of knee and foot. Thigh and shin keep their lengths.

    A knee bends in the direction in which the leg would swing next: forward over a foot below, up over a foot ahead, down
    over a foot behind.
    """
    line = foot - hip
    distance = np.maximum(np.linalg.norm(line, axis=-1), 1e-6)
    reach = np.clip(distance, 0.08, REACH)
    axis = line / distance[:, None]
    foot = hip + axis * reach[:, None]
    along = (THIGH**2 - SHIN**2 + reach**2) / (2 * reach)
    out = np.sqrt(np.maximum(THIGH**2 - along**2, 0))
    ahead, above = (axis * forward).sum(-1, keepdims=True), (axis * up).sum(-1, keepdims=True)
    pole = ahead * up - above * forward
    pole -= (pole * axis).sum(-1, keepdims=True) * axis
    pole /= np.maximum(np.linalg.norm(pole, axis=-1, keepdims=True), 1e-6)
    return hip + axis * along[:, None] + pole * out[:, None], foot


def foot_x(track: Floats, side: str, heading: Floats) -> Floats:
    """The position of the foot along the floor of the picture, [t]."""
    x, forward, aside = (track[:, INDEX[f"{side}{name}"]] for name in "xfs")
    return x + forward * np.cos(heading) + aside * np.sin(heading)


def planted(track: Floats) -> Floats:
    """The track with feet that stay where they were put down, along the floor of the picture, until they are lifted.

    Controls place a foot relative to the body: as the body turns, a planted foot must not turn with it.
    """
    track = track.copy()
    for side in "lr":
        place = foot_x(track, side, track[:, INDEX["yaw"]])
        stands = track[:, INDEX[f"{side}y"]] < 1e-6
        kept = place.copy()
        at = 0
        for frame in range(1, len(track)):
            if stands[frame] and stands[frame - 1]:
                kept[frame] = kept[frame - 1]
            elif stands[frame]:  # put down: the foot gets here from where it was lifted
                way = np.arange(1, frame - at) / (frame - at)
                kept[at + 1 : frame] = kept[at] + (place[frame] - kept[at]) * ease(way)
            else:
                at = at if not stands[frame - 1] else frame - 1
        track[:, INDEX[f"{side}x"]] += kept - place
    return track
