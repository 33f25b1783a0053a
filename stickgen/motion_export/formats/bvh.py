"""BVH: a hierarchy of joints and how each is turned in each frame, for Blender, game engines and AnimatedDrawings.

The motion lies in the plane z = 0, and all turns are about z. Hips and shoulders, which the figure has at one point,
are apart in depth: seen from the front nothing changes, and programs that ask which way a body faces get an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stickgen.motion.draw import HEAD_RADIUS
from stickgen.motion.skeleton import (
    FPS,
    HIP_ASIDE,
    LEFT_ELBOW,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_KNEE,
    NECK,
    NECK_ALONG_SPINE,
    PELVIS,
    RIGHT_ELBOW,
    RIGHT_FOOT,
    RIGHT_HAND,
    RIGHT_KNEE,
    SHOULDER_ASIDE,
)
from stickgen.motion_export.format import Clip, Export
from stickgen.motion_export.look import Look
from stickgen.motion_export.rigid import CHAIN, SPINE, RigidFigure, rigid
from stickgen.outputs import Kind, begins

Floats = NDArray[np.float64]
CENTIMETRES = 170.0  # in a skeleton unit, which is about the height of a person
_TIP = 0.02  # skeleton units from a wrist or an ankle to the end of its bone, which the figure does not know
_UP, _DOWN = 90.0, -90.0  # where bones point when nothing is turned: a person who stands, with arms that hang


@dataclass(frozen=True)
class _Joint:
    """A joint of the file; `turns` is the bone of CHAIN that hangs from it, None if it never turns by itself."""

    name: str
    offset: tuple[float, float, float]  # from the joint above, in skeleton units, when nothing is turned
    turns: tuple[int, int] | None = None
    below: tuple[_Joint, ...] = ()
    tip: tuple[float, float, float] | None = None


def bvh(figure: RigidFigure) -> str:
    """A BVH file: centimetres, degrees, 25 frames per second, Y up."""
    lengths = dict(zip(CHAIN, figure.lengths.tolist(), strict=True))
    skeleton = _skeleton(lengths)
    lines = ["HIERARCHY", *_hierarchy(skeleton, "ROOT", ""), "MOTION"]
    lines += [f"Frames: {len(figure.pelvis)}", f"Frame Time: {1 / FPS:.6f}"]
    columns = [figure.pelvis * CENTIMETRES, np.zeros((len(figure.pelvis), 1)), *_turns(skeleton, figure)]
    # one space between numbers, and no blank line at the end: AnimatedDrawings splits at each space
    lines += [" ".join(f"{value:z.4f}" for value in row) for row in np.concatenate(columns, axis=1)]
    return "\n".join(lines) + "\n"


def _skeleton(lengths: dict[tuple[int, int], float]) -> _Joint:
    spine = lengths[SPINE]
    neck = spine * NECK_ALONG_SPINE
    # a head is drawn around its joint, and a bone of a head begins below it and ends on top
    below_head = max(spine - neck - HEAD_RADIUS, 0.2 * (spine - neck))

    def limb(
        names: tuple[str, str, str], joints: tuple[int, int, int], offset: tuple[float, float, float]
    ) -> _Joint:
        root, middle, end = joints
        last = _Joint(names[2], (0, -lengths[middle, end], 0), tip=(0, -_TIP, 0))
        knee = _Joint(names[1], (0, -lengths[root, middle], 0), (middle, end), (last,))
        return _Joint(names[0], offset, (root, middle), (knee,))

    # facing +x with Y up, the left of a body is at -z
    arms = (
        limb(("LeftArm", "LeftForeArm", "LeftHand"), (NECK, LEFT_ELBOW, LEFT_HAND), (0, 0, -SHOULDER_ASIDE)),
        limb(
            ("RightArm", "RightForeArm", "RightHand"), (NECK, RIGHT_ELBOW, RIGHT_HAND), (0, 0, SHOULDER_ASIDE)
        ),
    )
    legs = (
        limb(("LeftUpLeg", "LeftLeg", "LeftFoot"), (PELVIS, LEFT_KNEE, LEFT_FOOT), (0, 0, -HIP_ASIDE)),
        limb(("RightUpLeg", "RightLeg", "RightFoot"), (PELVIS, RIGHT_KNEE, RIGHT_FOOT), (0, 0, HIP_ASIDE)),
    )
    head = _Joint("Head", (0, below_head, 0), tip=(0, 2 * (spine - neck - below_head), 0))
    neck_joint = _Joint("Neck", (0, neck / 2, 0), None, (head, *arms))
    back = _Joint("Spine", (0, neck / 2, 0), None, (neck_joint,))
    return _Joint("Hips", (0, 0, 0), SPINE, (back, *legs))


def _hierarchy(joint: _Joint, kind: str, indent: str) -> Iterator[str]:
    places = "6 Xposition Yposition Zposition" if kind == "ROOT" else "3"
    yield f"{indent}{kind} {joint.name}"
    yield f"{indent}{{"
    inside = indent + "\t"
    yield f"{inside}OFFSET {_centimetres(joint.offset)}"
    yield f"{inside}CHANNELS {places} Zrotation Xrotation Yrotation"
    for other in joint.below:
        yield from _hierarchy(other, "JOINT", inside)
    if joint.tip is not None:
        yield f"{inside}End Site"
        yield f"{inside}{{"
        yield f"{inside}\tOFFSET {_centimetres(joint.tip)}"
        yield f"{inside}}}"
    yield f"{indent}}}"


def _centimetres(offset: tuple[float, float, float]) -> str:
    return " ".join(f"{value * CENTIMETRES:z.4f}" for value in offset)


def _turns(joint: _Joint, figure: RigidFigure, above: Floats | None = None) -> Iterator[Floats]:
    """The channels [t, 3] of a joint and all below it, in degrees; `above` [t] is how far what it hangs from is turned."""
    frames = len(figure.pelvis)
    above = np.zeros(frames) if above is None else above
    turned = above
    if joint.turns is not None:
        rest = _UP if joint.turns == SPINE else _DOWN
        turned = np.degrees(figure.angles[:, CHAIN.index(joint.turns)]) - rest
    own = turned - above
    own -= 360 * np.round(own[0] / 360)  # begins as the smaller turn, and goes on without a leap
    yield np.stack((own, np.zeros(frames), np.zeros(frames)), axis=1)
    for other in joint.below:
        yield from _turns(other, figure, turned)


def _render(clip: Clip, look: Look) -> bytes:
    return bvh(rigid(clip.motion)).encode()


def _lost(clip: Clip) -> str:
    figure = rigid(clip.motion)
    return (
        "BVH has rigid bones, and the motion's are as long as they look: the joints lie "
        f"{figure.mean_error:.1%} of the body height off on average, {figure.largest_error:.1%} at most"
    )


EXPORT = Export(
    name="bvh",
    suffixes=(".bvh",),
    kind=Kind("a BVH file", begins(b"HIERARCHY"), suffixes=(".bvh",)),
    about="a skeleton of 14 joints that turns in a plane, a file for each clip",
    opened_by="Blender, game engines, motion editors, AnimatedDrawings",
    limits="bones have one length each: how far that takes the joints from the motion is said",
    each=_render,
    lost=_lost,
)
