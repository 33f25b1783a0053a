"""The walk of `walking.py` with markers on its skin, whose joints are known, as TRC and C3D."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from walking import walking_bvh

from stickgen.importing.formats.bvh import read_bvh

Points = NDArray[np.float64]
# where a marker is, in centimetres from a joint of the walk: to the left of the body, up, forwards; for the left side
PLUG_IN_GAIT: dict[str, tuple[str, tuple[float, float, float]]] = {
    "LFHD": ("Head", (7, 4, 8)), "LBHD": ("Head", (7, 4, -8)), "LSHO": ("LeftArm", (0, 4, 0)),
    "LELB": ("LeftForeArm", (0, 0, -3)), "LWRA": ("LeftHand", (2, 0, 2)), "LWRB": ("LeftHand", (-2, 0, -2)),
    "LASI": ("LeftUpLeg", (3, 7, 5)), "LPSI": ("LeftUpLeg", (-4, 9, -10)),
    "LKNE": ("LeftLeg", (5, 0, 0)), "LANK": ("LeftFoot", (4, 0, 0)), "LTOE": ("LeftToeBase", (0, 2, 0)),
}  # fmt: skip
SETS: dict[str, Mapping[str, str]] = {
    "Plug-in Gait": {},
    "CMU 41": {"LASI": "LFWT", "LPSI": "LBWT", "LTOE": "LMT5"},
    "OptiTrack": {
        "LFHD": "HeadTop", "RFHD": "HeadFront", "LBHD": "HeadSide", "RBHD": "Chest", "LSHO": "LShoulderTop",
        "LELB": "LElbowOut", "LWRA": "LWristIn", "LWRB": "LWristOut", "LASI": "WaistLFront", "LPSI": "WaistLBack",
        "RASI": "WaistRFront", "RPSI": "WaistRBack", "LKNE": "LKneeOut", "LANK": "LAnkleOut", "LTOE": "LToeOut",
    },
    "ISB": {"LSHO": "LCAJ", "LELB": "LHLE", "LWRA": "LRSP", "LWRB": "LUSP", "LASI": "LIAS", "LPSI": "LIPS", "LKNE": "LFLE",
            "LANK": "LFAL"},
    "OpenSim": {"LFHD": "Top.Head", "LSHO": "L.Acromium", "LELB": "L.Elbow", "LWRA": "L.Wrist.Med", "LWRB": "L.Wrist.Lat",
                "LASI": "L.ASIS", "LPSI": "L.PSIS", "LKNE": "L.Knee.Lat", "LANK": "L.Ankle.Lat", "LTOE": "L.Toe.Tip"},
}  # fmt: skip


def marked_walk(
    marker_set: str = "Plug-in Gait", *, frames: int = 60, seed: float = 0.0
) -> tuple[dict[str, Points], dict[str, Points]]:
    """Markers and joints by name, [t, 3] in centimetres, Y up."""
    capture = read_bvh(walking_bvh(frames=frames, seed=seed), "walk.bvh")
    joints = {name: capture.positions[:, index] for index, name in enumerate(capture.names)}
    across = joints["LeftUpLeg"] - joints["RightUpLeg"]
    left = across / np.linalg.norm(across, axis=-1, keepdims=True)
    forward = np.cross(left, [0.0, 1.0, 0.0])
    up = np.cross(forward, left)
    markers = {}
    for name, (joint, (aside, above, ahead)) in PLUG_IN_GAIT.items():
        for side, whole, sign in (("L", "Left", 1.0), ("R", "Right", -1.0)):
            own, called = side + name[1:], SETS[marker_set]
            if own in called:
                label = called[own]
            elif name in called:
                label = called[name].replace("L", side, 1) if called[name][0] == "L" else own
            else:
                label = own
            at = joints[joint.replace("Left", whole)]
            markers[label] = at + sign * aside * left + above * up + ahead * forward
    return markers, joints


def trc(markers: Mapping[str, Points], *, rate: float = 30.0, units: str = "mm", scale: float = 10.0) -> str:
    """The text of a TRC file. `scale` is how many units a centimetre has."""
    frames = len(next(iter(markers.values())))
    head = [
        "PathFileType\t4\t(X/Y/Z)\twalk.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate:g}\t{rate:g}\t{frames}\t{len(markers)}\t{units}\t{rate:g}\t1\t{frames}",
        "Frame#\tTime\t" + "\t\t\t".join(markers) + "\t\t",
        "\t\t" + "\t".join(f"X{n}\tY{n}\tZ{n}" for n in range(1, len(markers) + 1)),
        "",
    ]
    for frame in range(frames):
        cells = [
            "" if np.isnan(value) else f"{value * scale:.5f}"
            for track in markers.values()
            for value in track[frame]
        ]
        head.append("\t".join([str(frame + 1), f"{frame / rate:.6f}", *cells]))
    return "\n".join(head) + "\n"


def write_c3d(
    path: Path, markers: Mapping[str, Points], *, rate: float = 30.0, units: str = "mm", scale: float = 10.0
) -> Path:
    """Write a C3D file by a library that does not read it here. A marker that was not seen is NaN."""
    import ezc3d

    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [rate]
    file["parameters"]["POINT"]["UNITS"]["value"] = [units]
    file["parameters"]["POINT"]["LABELS"]["value"] = list(markers)
    points = np.ones((4, len(markers), len(next(iter(markers.values())))))
    for index, track in enumerate(markers.values()):
        points[:3, index] = track.T * scale
    file["data"]["points"] = points
    residuals = np.where(np.isfinite(points[0]), 0.0, -1.0)[None]
    file["data"]["meta_points"]["residuals"] = residuals
    file.write(str(path))
    return path


def turned(markers: Mapping[str, Points], turn: Callable[[Points], Points]) -> dict[str, Points]:
    """All markers, each by `turn`."""
    return {name: turn(track) for name, track in markers.items()}
