"""JSON: the motions with the names of their joints, for a browser or any program that can read numbers."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from stickgen.motion.skeleton import BONES, FPS, JOINTS, NECK, NECK_ALONG_SPINE
from stickgen.motion_export.format import Export, Motion
from stickgen.outputs import Kind, contains

NAME, VERSION = "stickgen-motion", 1


def json(clips: Sequence[tuple[str, Motion]]) -> bytes:
    """`clips`, each with its `text` and `frames`: [x, y] of each of `joints`, in units with y up and the floor at 0."""
    return orjson.dumps(
        {
            "format": NAME,
            "version": VERSION,
            "fps": FPS,
            "joints": JOINTS,
            # the neck is no joint of its own: so much of the way from the pelvis to the head
            "neck_along_spine": NECK_ALONG_SPINE,
            "bones": [["neck" if joint == NECK else JOINTS[joint] for joint in bone] for bone in BONES],
            "unit": "twice the length of a leg, about the height of a person",
            "clips": [
                {
                    "text": text,
                    "frames": [
                        [
                            [round(float(x), 5), round(float(y), 5)]
                            for x, y in zip(pose[0::2], pose[1::2], strict=True)
                        ]
                        for pose in motion
                    ],
                }
                for text, motion in clips
            ],
        }
    )


EXPORT = Export(
    name="json",
    suffixes=(".json",),
    kind=Kind("motions as JSON", contains(f'"{NAME}"'.encode()), suffixes=(".json",)),
    about="all clips in one file, with the names of the joints and bones",
    opened_by="JavaScript, anything",
    render=lambda clips, look: json(clips),
)
