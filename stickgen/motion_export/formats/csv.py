"""CSV: a column a coordinate, for spreadsheets and notebooks."""

from __future__ import annotations

from collections.abc import Sequence

from stickgen.motion.skeleton import FPS, JOINTS

Motion = Sequence[Sequence[float]]
COLUMNS = ("time", *(f"{joint}_{axis}" for joint in JOINTS for axis in "xy"))


def csv(motion: Motion) -> str:
    """One line a frame: the time in seconds, then x and y of each joint in skeleton units, y up and the floor at 0."""
    lines = [",".join(COLUMNS)]
    for frame, pose in enumerate(motion):
        lines.append(",".join((f"{frame / FPS:.2f}", *(f"{value:.6g}" for value in pose))))
    return "\n".join(lines) + "\n"
