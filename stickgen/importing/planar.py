"""Makes the figure from joints in a picture: gaps filled, sides put right, upright, on the floor, at 25 fps."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from stickgen.data.mirroring import view_of
from stickgen.data.soundness import FOREARM as FOREARMS
from stickgen.data.soundness import THIGH_BY_SHIN, check_movement, sound_frames
from stickgen.data.soundness import TRUNK as TRUNKS
from stickgen.errors import StickgenError
from stickgen.importing.body import FOREARM, HEAD_HEIGHT, LEG
from stickgen.importing.capture import Keypoints
from stickgen.importing.gaps import filled, whole_stretch
from stickgen.importing.projection import Figure, resample, trim
from stickgen.importing.sides import LIMBS, UNSURE, exchange, swapped_frames
from stickgen.importing.views import TRAVEL
from stickgen.motion.skeleton import (
    FPS,
    HEAD,
    LEFT_ELBOW,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_KNEE,
    NECK_ALONG_SPINE,
    NUM_JOINTS,
    PELVIS,
    RIGHT_ELBOW,
    RIGHT_FOOT,
    RIGHT_HAND,
    RIGHT_KNEE,
)

Floats = NDArray[np.float64]
CONFIDENCE = 0.3  # a joint of which a detector is less sure was not seen
WHOLE = 90  # percentile of a bone's length in the picture that is its full length: seldom does it point at the viewer
_STEADY = 7  # frames over which the length of a bone is averaged
_TOO_LONG = 1.5  # times its full length: such a bone ends in a wrong place
_SPIKE = 0.25  # units: a joint that leaps so far for one frame, and back, was in a wrong place
_FRONT = 0.085  # units: hips and shoulders this wide are seen from the front or the back
_NEARER, _TOO_NEAR = 1.25, 1.5  # how much larger a body may look at one time than at another: noted, refused
_JITTER = 0.008  # units: trembling that is worth a note (1.4 cm)
_OURS = 0.06  # how far the legs of motion in our own units may be from 0.5
_BUILDS = (0.75, 1.4)  # how much longer or shorter a trunk or a forearm is than the figure's
_UP = np.array([0.0, 1.0, 0.0])
_LEGS = ((PELVIS, LEFT_KNEE, LEFT_FOOT), (PELVIS, RIGHT_KNEE, RIGHT_FOOT))


def planar_figure(
    keypoints: Keypoints,
    file: str,
    fps: float,
    *,
    view: str = "auto",
    confidence: float | None = None,
    body: str = "standard",
) -> Figure:
    """The figure's motion, with at most half a second of stillness at either end.

    A joint of which the detector is less sure than `confidence` counts as not seen. `body` is standard for the figure's own
    lengths of trunk and arms, or keep for those of the person. Motion seen from the side goes, or
    faces, to +x; from the front, left is at +x. Raises StickgenError if joints are missing for too long, form no body, or
    move as no body can.
    """
    least = CONFIDENCE if confidence is None else confidence
    if not len(keypoints.points):
        raise StickgenError(f"{file}: it has no frame")
    points, notes = _upright(keypoints, least)
    leg = _leg(points, file)
    ours = not keypoints.y_down and abs(leg - LEG) < _OURS
    points *= 1.0 if ours else LEG / leg
    points, found = _sides_right(points, file)
    notes += found
    points, wrong = _without_wrong(points)
    kept, found = whole_stretch(points, fps, file, keypoints.first)
    notes += found
    gaps = int(np.isnan(points[kept]).any(axis=-1).sum())
    points = filled(points[kept])
    if gaps > wrong:
        notes.append(
            f"{gaps - wrong} of {points.shape[0] * NUM_JOINTS} joints not seen, and filled over short gaps"
        )
    if wrong:
        notes.append(f"{wrong} joints in places that no body reaches moved back")
    notes += _checked_size(points, file)
    space = np.concatenate((points, np.zeros((*points.shape[:2], 1))), axis=2)
    space, leaps, dropped = sound_frames(space, fps, file, first=keypoints.first + kept.start - 1)
    notes += leaps
    _check_body(space[..., :2], file)
    check_movement(space, _UP, fps, file)
    plane = space[..., :2]
    if body == "standard" and not ours:
        plane = _standard(plane)
    there = slice(kept.start + dropped, kept.start + dropped + len(plane))
    seen, flip, facing = _view(plane, keypoints, there, view, 1.0 if ours else LEG / leg)
    if flip and not ours:
        plane[..., 0] *= -1
        facing = -facing
    if not ours or abs(_floor(plane)) > _OURS:
        plane[..., 1] -= _floor(plane)
    speed = float(np.diff(plane[:, PELVIS, 0]).mean() * fps) if len(plane) > 1 else 0.0
    stride = float(np.ptp(plane[:, [LEFT_FOOT, RIGHT_FOOT]] - plane[:, PELVIS, None], axis=0).max())
    motion = resample(plane.reshape(len(plane), -1), fps)
    trembling = _trembling(motion)
    if trembling > _JITTER:
        notes.append(f"its joints tremble by {trembling * 175:.1f} cm or so, as detectors' do")
    moving = trim(_smooth(motion) if trembling > _JITTER / 4 else motion)
    motion = motion[moving]
    motion[:, 0::2] -= motion[0, 2 * PELVIS]
    from_front = seen == "front"
    return Figure(
        motion.astype(np.float32), seen, 0.0 if from_front else speed * facing, speed if from_front else 0.0, stride,
        tuple(notes), start=there.start / fps + moving.start / FPS,
    )  # fmt: skip


def _upright(keypoints: Keypoints, least: float) -> tuple[Floats, list[str]]:
    """The points [t, 10, 2] with y upwards and NaN for what was not seen."""
    points = keypoints.points.astype(np.float64)
    points[(keypoints.confidence < least) | ~np.isfinite(points).all(axis=-1)] = np.nan
    down, notes = keypoints.y_down, []
    height = points[:, HEAD, 1] - (points[:, LEFT_FOOT, 1] + points[:, RIGHT_FOOT, 1]) / 2
    above = height[np.isfinite(height)]
    if len(above) and float(np.mean((above < 0) != down)) > 0.9:
        notes = ["the head is below the feet in nearly every frame: was the video upside down?"]
    if down:
        points[..., 1] *= -1
    return points, notes


def _length(points: Floats, start: int, end: int) -> Floats:
    length: Floats = np.linalg.norm(points[:, start] - points[:, end], axis=-1)
    return length


def _full(length: Floats) -> float:
    """The length of a bone [t] where it lies in the picture's plane; 0 if it is never seen."""
    seen = length[np.isfinite(length)]
    if len(seen) > _STEADY:  # the longest of trembling lengths are too long
        seen = np.lib.stride_tricks.sliding_window_view(seen, _STEADY).mean(axis=1)
    return float(np.percentile(seen, WHOLE)) if len(seen) else 0.0


def _leg(points: Floats, file: str) -> float:
    """Thigh and shin together, in the unit of the points. Raises StickgenError if they are never seen."""
    bones = [_full(_length(points, *bone)) for leg in _LEGS for bone in (leg[:2], leg[1:])]
    thighs, shins = ([length for length in bones[part::2] if length > 0] for part in (0, 1))
    if not thighs or not shins:
        raise StickgenError(
            f"{file}: its legs are seen in no frame (with enough confidence: --confidence), so the size of the body is "
            "unknown; the whole body must be in the picture"
        )
    return float(np.mean(thighs) + np.mean(shins))


def _sides_right(points: Floats, file: str) -> tuple[Floats, list[str]]:
    """The points with left and right limbs as they most probably are."""
    notes = []
    for limb in LIMBS:
        swapped = swapped_frames(filled(np.where(np.isnan(points).all(axis=0), 0.0, points)), limb)
        share = float(swapped.mean())
        if share > UNSURE:
            raise StickgenError(
                f"{file}: left and right {limb} change places back and forth, for {share:.0%} of the frames, so which is which "
                "is unknown; detect it again, or cut it where they do"
            )
        if swapped.any():
            points = exchange(points, limb, swapped)
            notes.append(f"left and right {limb} had changed places in {int(swapped.sum())} frames")
    return points, notes


def _without_wrong(points: Floats) -> tuple[Floats, int]:
    """The points without those in places that the body cannot reach, and how many that were."""
    right = points.copy()
    neck = points[:, PELVIS] + NECK_ALONG_SPINE * (points[:, HEAD] - points[:, PELVIS])
    with_neck = np.concatenate((points, neck[:, None]), axis=1)
    for start, end in (
        (PELVIS, LEFT_KNEE), (LEFT_KNEE, LEFT_FOOT), (PELVIS, RIGHT_KNEE), (RIGHT_KNEE, RIGHT_FOOT),
        (NUM_JOINTS, LEFT_ELBOW), (LEFT_ELBOW, LEFT_HAND), (NUM_JOINTS, RIGHT_ELBOW), (RIGHT_ELBOW, RIGHT_HAND),
    ):  # fmt: skip
        length = _length(with_neck, start, end)
        long = length > _TOO_LONG * max(_full(length), 0.1)
        if long.mean() < 0.1:  # else the bone is as long as that
            right[long, end] = np.nan
    before, here, after = right[:-2], right[1:-1], right[2:]
    aside = np.linalg.norm(here - (before + after) / 2, axis=-1)
    spike = (aside > _SPIKE) & (aside > 2 * np.linalg.norm(after - before, axis=-1))
    right[1:-1][spike] = np.nan
    return right, int((np.isnan(right) & ~np.isnan(points)).any(axis=-1).sum())


def _checked_size(points: Floats, file: str) -> list[str]:
    """A note if the body looks larger at one time than at another. Raises StickgenError if much larger."""
    bones = ((PELVIS, HEAD), *(bone for leg in _LEGS for bone in (leg[:2], leg[1:])))
    lengths = np.stack([_length(points, *bone) for bone in bones])
    size = (lengths / np.percentile(lengths, WHOLE, axis=1, keepdims=True)).max(
        axis=0
    )  # the bone that points least away
    parts = [
        float(np.percentile(part, WHOLE)) for part in np.array_split(size, max(min(len(size) // 10, 6), 1))
    ]
    ratio = max(parts) / min(parts)
    if ratio > _TOO_NEAR:
        raise StickgenError(
            f"{file}: the body looks {ratio:.1f} times as large at one time as at another: it comes nearer, or the camera zooms; "
            "cut it into pieces"
        )
    return [f"the body looks {ratio - 1:.0%} larger at one time than at another"] if ratio > _NEARER else []


def _check_body(points: Floats, file: str) -> None:
    """Raise StickgenError unless [t, 10, 2] has the bones of a person."""

    def full(start: int, end: int) -> float:
        return _full(_length(points, start, end)) / LEG

    measured = {
        "trunk": (full(PELVIS, HEAD), TRUNKS),
        "left thigh by its shin": (full(PELVIS, LEFT_KNEE) / max(full(LEFT_KNEE, LEFT_FOOT), 1e-9), THIGH_BY_SHIN),
        "right thigh by its shin": (full(PELVIS, RIGHT_KNEE) / max(full(RIGHT_KNEE, RIGHT_FOOT), 1e-9), THIGH_BY_SHIN),
        "left forearm": (full(LEFT_ELBOW, LEFT_HAND), FOREARMS),
        "right forearm": (full(RIGHT_ELBOW, RIGHT_HAND), FOREARMS),
    }  # fmt: skip
    for name, (found, (least, most)) in measured.items():
        if not least <= found <= most:
            raise StickgenError(
                f"{file}: not the bones of a person: its {name} is {found:.2f} of a leg, a person's {least} to {most}; its "
                "points may be in another order"
            )


def _standard(plane: Floats) -> Floats:
    """[t, 10, 2] with the figure's trunk and arms; a bone that points out of the plane stays as much shorter as it looks.

    The legs are the unit of measure already, and steps and contacts with the floor remain.
    """
    done = plane.copy()
    pelvis = plane[:, PELVIS]
    tall = _within(HEAD_HEIGHT / _full(_length(plane, PELVIS, HEAD)))
    done[:, HEAD] = pelvis + (plane[:, HEAD] - pelvis) * tall
    forearms = [_full(_length(plane, *arm)) for arm in ((LEFT_ELBOW, LEFT_HAND), (RIGHT_ELBOW, RIGHT_HAND))]
    fore = _within(FOREARM / max(forearms))
    for elbow, hand in ((LEFT_ELBOW, LEFT_HAND), (RIGHT_ELBOW, RIGHT_HAND)):
        done[:, elbow] = pelvis + (plane[:, elbow] - pelvis) * tall
        done[:, hand] = done[:, elbow] + (plane[:, hand] - plane[:, elbow]) * fore
    return done


def _within(factor: float) -> float:
    """A factor for a bone: bodies differ by no more, so a bone that seems to points out of the plane throughout."""
    return float(np.clip(factor, *_BUILDS))


def _view(
    plane: Floats, keypoints: Keypoints, there: slice, view: str, scale: float
) -> tuple[str, bool, float]:
    """From where the body is seen, whether x must be turned round, and whether it faces +x (1) or -x (-1) before that."""
    knees = sum(plane[:, leg[1], 0] - (plane[:, leg[0], 0] + plane[:, leg[2], 0]) / 2 for leg in _LEGS)
    facing = _typical(keypoints.ahead, there) or float(np.median(knees))
    facing = -1.0 if facing < 0 else 1.0
    across = _typical(keypoints.across, there) * scale
    width = abs(across)
    if keypoints.across is None:
        across = float(np.median(plane[:, LEFT_ELBOW, 0] - plane[:, RIGHT_ELBOW, 0]))
        width = _FRONT * 2 if view_of(plane.reshape(len(plane), -1)) == "front" else 0.0
    way = plane[:, PELVIS, 0]
    travels = view != "front" and np.ptp(way) > TRAVEL
    if travels:
        return "side", bool(way[-1] < way[0]), facing
    if view == "front" or (view == "auto" and width > _FRONT):
        return "front", across < 0, facing
    return "side", facing < 0, facing


def _typical(values: Floats | None, there: slice) -> float:
    """The median of those values that are known; 0 if none is."""
    if values is None:
        return 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # all of them are NaN
        return float(np.nan_to_num(np.nanmedian(values[there])))


def _floor(plane: Floats) -> float:
    return float(np.percentile(plane[:, [LEFT_FOOT, RIGHT_FOOT], 1].min(axis=1), 2))


def _trembling(motion: Floats) -> float:
    """The standard deviation of noise that is new in each frame, from the third differences of [t, 20] at 25 fps."""
    if len(motion) < 8:
        return 0.0
    return float(np.median(np.abs(np.diff(motion, n=3, axis=0))) / 0.6745 / np.sqrt(20))


def _smooth(motion: Floats) -> Floats:
    """The mean of five frames each."""
    padded = np.pad(motion, ((2, 2), (0, 0)), mode="edge")
    smooth: Floats = np.lib.stride_tricks.sliding_window_view(padded, 5, axis=0).mean(axis=-1)
    return smooth
