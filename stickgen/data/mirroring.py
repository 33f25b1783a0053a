"""Mirrors clips: swaps left and right in the figure and in the captions."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stickgen.data.clip import Clip
from stickgen.data.retiming import varied
from stickgen.motion.skeleton import JOINTS, PELVIS

TRAVEL = 0.6  # units: if the pelvis moves more, the view is from the side, as when captures are projected
ASIDE = 0.04  # units: in a view from the front, left limbs are mostly this far from right ones
# for each joint, the one that replaces it
SWAPPED = [
    JOINTS.index(name.replace("left", "other").replace("right", "left").replace("other", "right"))
    for name in JOINTS
]
MARK = " (mirrored)"  # appended to the name of a clip

_WORD = re.compile(
    r"\b(left|right|(?:counter|contra|anti)[-\s\u2010\u2011]?clockwise|clockwise)(?=\b|ward)", re.IGNORECASE
)
_AN_CLOCKWISE = re.compile(r"\b(a)n(?=\s+\W?clockwise)", re.IGNORECASE)  # was "an anticlockwise"
_LIMBS = (
    "hand|hands|handed|arm|arms|leg|legs|legged|foot|feet|footed|knee|knees|elbow|elbows|fist|fists|side|sides|"
    "shoulder|shoulders|hip|hips|heel|toe|toes|thigh|wrist|palm|ankle|eye|ear|punch|punches|jab|hook|uppercut|kick|"
    "kicks|lunge|lunges|cross|turn|step|steps|finger|thumb|calf|shin|cheek|front|back"
)
# next to these words, left and right are always sides
_POINTING = re.compile(
    r"(?:\b(?:the|a|his|her|their|its|your|my|one's|to|towards?|went|ran|left|right|far|further|slightly|and|or|with|"
    r"(?:turn|step|look|lean|fac|veer|head|shift|sidestep|mov|walk|go|bend|point|rotat|twist|shuffl|sway|glanc|tilt)"
    r"(?:s|e|es|ed|ing|p|ped|ping|ent)?)|[,&/+-])\s*$",
    re.IGNORECASE,
)
_LIMB_NEXT = re.compile(rf"[\s-]*(?:{_LIMBS})\b", re.IGNORECASE)
# ... and these words make them something else: left behind, was left, right away, all right, a right angle
_GONE = re.compile(
    r"\b(?:is|are|was|were|be|been|being|has|have|had|he|she|they|who|it|i|we|you)\s+$", re.IGNORECASE
)
_ALL_RIGHT = re.compile(r"\b(?:all|that's|alright|just|quite|is|be|feels?|seems?)\s+$", re.IGNORECASE)
_LEFT_WHAT = re.compile(
    r"\s+(?:behind|alone|over|out|off|the|a|an|his|her|their|for|without)\b|over\b", re.IGNORECASE
)
_RIGHT_WHAT = re.compile(
    r"[\s-]+(?:away|now|after|before|at|in|into|on|onto|up|down|over|there|here|through|behind|next|beside|as|"
    r"where|when|until|past|above|below|under|angles?|angled|off|out|from|then|around)\b",
    re.IGNORECASE,
)


def swap_sides(text: str) -> str:
    """The text with left and right, and clockwise and counterclockwise, swapped.

    Only sides are swapped: `left behind`, `right away` and `all right` stay.
    """
    swapped = _WORD.sub(lambda match: _other(match[0]) if _is_side(match) else match[0], text)
    return _AN_CLOCKWISE.sub(r"\1", swapped)


def side_words(text: str) -> tuple[str, ...]:
    """The words of `text` that name a side or a sense of rotation, in lower case, in order."""
    return tuple(match[0].lower() for match in _WORD.finditer(text) if _is_side(match))


def _is_side(match: re.Match[str]) -> bool:
    before, after = match.string[: match.start()], match.string[match.end() :]
    word = match[0].lower()
    if word not in ("left", "right") or after.lower().startswith("ward") or _LIMB_NEXT.match(after):
        return True
    if word == "left" and _GONE.search(before):
        return False
    if word == "right" and _ALL_RIGHT.search(before):
        return False
    if _POINTING.search(before):
        # `to the left`, but `to leave the left behind` is rare enough; `that is a right angle` is not
        return not re.match(r"[\s-]+angle", after)
    return not (_LEFT_WHAT if word == "left" else _RIGHT_WHAT).match(after)


def _other(word: str) -> str:
    swapped = {"left": "right", "right": "left", "clockwise": "counterclockwise"}.get(
        word.lower(), "clockwise"
    )
    if word.isupper():
        return swapped.upper()
    return swapped.capitalize() if word[0].isupper() else swapped


def view_of(motion: NDArray[np.floating]) -> str:
    """From where a motion [t, 20] is seen: `side`, or `front` (or back) if left and right limbs lie side by side.

    A figure that travels is seen from the side of its path, whichever way it faces.
    """
    if np.ptp(motion[:, 2 * PELVIS]) > TRAVEL:
        return "side"
    x = motion.reshape(len(motion), len(JOINTS), 2)[..., 0]
    left = [index for index, name in enumerate(JOINTS) if name.startswith("left")]
    apart = (x[:, left] - x[:, [SWAPPED[index] for index in left]]).mean(axis=1)
    return "front" if abs(float(np.median(apart))) > ASIDE else "side"


def fixed_view(degrees: float) -> str:
    """The view from so many degrees round to the right of the body: `fixed:45`; 0 is its front, 180 its back."""
    return f"fixed:{180 - (180 - degrees) % 360:g}"


def degrees_of(view: str) -> float | None:
    """The degrees of a fixed view; None of another."""
    word, _, degrees = view.partition(":")
    return float(degrees) if word == "fixed" and degrees else None


def _flips(view: str) -> bool:
    """Whether the mirror image of a figure also changes sides in the picture: if more of its front shows than of its side."""
    degrees = degrees_of(view)
    return (
        view == "front" if degrees is None else abs(math.cos(math.radians(degrees))) > math.sqrt(0.5) + 1e-9
    )


def _view_of_mirror(view: str | None) -> str | None:
    """From where the mirrored body is seen in `mirror_motion`'s picture."""
    degrees = None if view is None else degrees_of(view)
    if view is None or degrees is None:
        return view
    return fixed_view(-degrees if _flips(view) else 180 - degrees)


def mirror_motion(motion: NDArray[np.float32], view: str) -> NDArray[np.float32]:
    """The motion [t, 20] of the mirrored body, in the same view.

    Seen from the `side`, the mirrored body moves its other limbs along the same path: joints swap names. Seen from the
    `front`, x also changes sign, so that left stays on the same side of the picture.
    """
    joints = motion.reshape(len(motion), len(JOINTS), 2)[:, SWAPPED].copy()
    if _flips(view):
        joints[..., 0] *= -1
    return np.ascontiguousarray(joints.reshape(motion.shape))


def mirrored(clip: Clip) -> Clip:
    """The clip with sides swapped in figure and captions. The view is `clip.view`, or inferred if that is None.

    The actions stay, because none of them depends on a side.
    """
    return replace(
        clip,
        motion=mirror_motion(clip.motion, clip.view or view_of(clip.motion)),
        texts=[swap_sides(text) for text in clip.texts],
        actions=clip.actions.copy(),
        name=f"{clip.name}{MARK}",
        mirror_of=clip,
        view=_view_of_mirror(clip.view),
    )


def with_mirrors(clips: Sequence[Clip]) -> list[Clip]:
    """Each clip followed by its mirror image, twice as many in all.

    A mirror image is played a little slower or faster than its clip, unless the captions mention speed.
    """
    return [both for number, clip in enumerate(clips) for both in (clip, varied(mirrored(clip), number))]
