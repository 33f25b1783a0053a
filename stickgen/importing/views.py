"""From where a figure is seen: by its own movement, from a fixed place, or by a camera that goes along."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stickgen.data.mirroring import degrees_of, fixed_view
from stickgen.data.soundness import flat
from stickgen.errors import StickgenError
from stickgen.motion.skeleton import PELVIS
from stickgen.text import clean

Floats = NDArray[np.float64]
TRAVEL = 0.6  # units: if the pelvis travels farther than this, the view is from the side of its path
WORDS = ("auto", "side", "front", "turning")
_SMOOTH_SECONDS = 1.0  # over which a turning camera follows: the hips sway with every step


def read_views(text: str) -> tuple[str, ...]:
    """`front,fixed:45` → its views, without repetitions. Raises StickgenError if one is none."""
    views: list[str] = []
    for word in text.split(","):
        view = word.strip().lower()
        if view.startswith("fixed"):
            try:
                degrees = float(view.removeprefix("fixed").lstrip(":= "))
                if not math.isfinite(degrees) or abs(degrees) > 360:
                    raise ValueError
            except ValueError:
                raise StickgenError(
                    f"the view {clean(word.strip(), limit=30)!r}: write fixed:DEGREES, from -360 to 360, as in fixed:45"
                ) from None
            view = fixed_view(degrees)
        elif view not in WORDS:
            raise StickgenError(
                f"the view {clean(word.strip(), limit=30)!r} is none of {', '.join(WORDS)} and fixed:DEGREES"
            )
        views.append(view)
    return tuple(dict.fromkeys(views))


def camera_views(cameras: int) -> str:
    """So many fixed views, evenly from the front of the body round its right side to its back."""
    return ",".join(fixed_view(180 * number / cameras) for number in range(cameras))


def seen_from(body: Floats, left: Floats, up: Floats, fps: float, view: str) -> tuple[Floats, str]:
    """A body [t, 10, 3] in skeleton units in the picture's plane, [t, 10, 2], and the view that this is.

    `left` [t, 3] points from the right hip to the left one, along the ground.
    """
    if view == "turning":
        return _followed(body, left, up, fps), view
    along, seen = _axis(body, up, flat(np.median(left, axis=0), up), view)
    return np.stack((body @ along, body @ up), axis=-1), seen


def _axis(body: Floats, up: Floats, across: Floats, view: str) -> tuple[Floats, str]:
    """The horizontal unit vector [3] that becomes +x, for a body [t, 10, 3] in skeleton units, and the view.

    A figure that travels is seen from the side of its path, going to +x, forwards or not. A figure that stays is seen
    from where most of the movement shows: from the side, facing +x (a bow, a punch), or from the front, with the left of
    the body at +x (a wave, a jumping jack). If `view` is not auto, it decides; seen from the front, a figure comes
    towards the viewer. A fixed view turns from the front to the right of the body: at 90°, it faces +x.
    """
    across = across / max(float(np.linalg.norm(across)), 1e-9)
    forward = np.cross(across, up)
    degrees = degrees_of(view)
    if degrees is not None:
        turn = math.radians(degrees)
        return across * math.cos(turn) + forward * math.sin(turn), view
    path = flat(body[:, PELVIS], up)
    way = np.linalg.svd(path - path.mean(axis=0), full_matrices=False)[2][0]
    along = path @ way
    if view != "front" and np.ptp(along) > TRAVEL:
        return way * (np.sign(along[-1] - along[0]) or 1.0), "side"
    if view != "auto":
        return (forward, "side") if view == "side" else (across, "front")
    pose = body - body[:, PELVIS, None]
    from_side, from_front = (float(np.var(pose @ axis, axis=0).sum()) for axis in (forward, across))
    return (forward, "side") if from_side > from_front else (across, "front")


def _followed(body: Floats, left: Floats, up: Floats, fps: float) -> Floats:
    """A body [t, 10, 3] seen by a camera that stays on its right, whichever way it turns: it always faces +x.

    x grows by what the pelvis goes forward, so somebody who walks in a circle goes straight.
    """
    forward = _unit(np.cross(_smoothed(left, fps), up))
    pelvis = body[:, PELVIS]
    steps = (np.diff(pelvis, axis=0) * (forward[1:] + forward[:-1]) / 2).sum(axis=-1)
    way = np.concatenate(([0.0], np.cumsum(steps)))
    x = way[:, None] + ((body - pelvis[:, None]) * forward[:, None]).sum(axis=-1)
    return np.stack((x, body @ up), axis=-1)


def _smoothed(vectors: Floats, fps: float) -> Floats:
    """Vectors [t, 3] averaged over a second; longer ones count for more, as those of somebody who lies are short."""
    half = min(round(_SMOOTH_SECONDS * fps / 2), len(vectors) - 1)
    if half < 1:
        return vectors
    weights = np.hanning(2 * half + 3)[1:-1]
    padded = np.pad(vectors, ((half, half), (0, 0)), mode="edge")
    smooth: Floats = np.stack([np.convolve(column, weights, "valid") for column in padded.T], axis=1)
    return smooth / float(weights.sum())


def _unit(vectors: Floats) -> Floats:
    """Vectors [t, 3] of length 1; where there is no direction, the nearest frame's before it, else after it."""
    lengths = np.linalg.norm(vectors, axis=-1)
    known = np.flatnonzero(lengths > 1e-6)
    if not len(known):
        raise StickgenError(
            "its hips lie in one place, so the way that it faces is unknown; choose another view"
        )
    nearest = known[np.maximum(np.searchsorted(known, np.arange(len(vectors)), side="right") - 1, 0)]
    whole: Floats = vectors[nearest] / lengths[nearest][:, None]
    return whole


def of_a_video(views: Sequence[str]) -> str:
    """The view of motion whose camera cannot be moved: the first that does not ask for another one."""
    return next((view for view in views if view in ("side", "front")), "auto")
