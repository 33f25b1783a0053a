"""A pose as line segments, in plain Python, for any picture."""

from __future__ import annotations

from collections.abc import Sequence

from stickgen.motion.skeleton import BONES, HEAD, NECK, NECK_ALONG_SPINE, PELVIS

Point = tuple[float, float]
Stroke = tuple[float, float, float, float]
HEAD_RADIUS = 0.06  # skeleton units


def strokes(pose: Sequence[float]) -> tuple[list[Stroke], Point]:
    """The ten bones of a pose (20 numbers) as `x0, y0, x1, y1`, in the order of BONES, and the head's centre."""
    points = list(zip(pose[0::2], pose[1::2], strict=True))
    (px, py), (hx, hy) = points[PELVIS], points[HEAD]
    neck = (px + NECK_ALONG_SPINE * (hx - px), py + NECK_ALONG_SPINE * (hy - py))

    def at(joint: int) -> Point:
        return neck if joint == NECK else points[joint]

    return [(*at(start), *at(end)) for start, end in BONES], points[HEAD]


def bounds(motion: Sequence[Sequence[float]]) -> Stroke:
    """`x_min, y_min, x_max, y_max` of all joints of all frames, with room for the head."""
    xs = [value for pose in motion for value in pose[0::2]]
    ys = [value for pose in motion for value in pose[1::2]]
    return min(xs) - HEAD_RADIUS, min(ys) - HEAD_RADIUS, max(xs) + HEAD_RADIUS, max(ys) + HEAD_RADIUS
