"""CSV: a column a coordinate, for spreadsheets and notebooks."""

from __future__ import annotations

from stickgen.motion.skeleton import FPS, JOINTS
from stickgen.motion_export.format import Export, Motion
from stickgen.outputs import Kind, begins

COLUMNS = ("time", *(f"{joint}_{axis}" for joint in JOINTS for axis in "xy"))


def csv(motion: Motion) -> str:
    """One line a frame: the time in seconds, then x and y of each joint in skeleton units, y up and the floor at 0."""
    lines = [",".join(COLUMNS)]
    for frame, pose in enumerate(motion):
        lines.append(",".join((f"{frame / FPS:.2f}", *(f"{value:.6g}" for value in pose))))
    return "\n".join(lines) + "\n"


EXPORT = Export(
    name="csv",
    suffixes=(".csv",),
    kind=Kind("a motion as CSV", begins(",".join(COLUMNS[:3]).encode()), suffixes=(".csv",)),
    about="a line a frame and a column a coordinate, a file for each clip",
    opened_by="spreadsheets, pandas, R",
    limits="no text",
    each=lambda clip, look: csv(clip.motion).encode(),
)
