"""How far real captures are from the limits of `stickgen/data/soundness.py`.

    python benchmarks/capture_limits.py ARCHIVE_OR_FOLDER... [--index CSV]

Prints, for each measure, the extremes over all captures. The index gives true frame rates.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from stickgen.data.soundness import flat
from stickgen.importing.body import LEG
from stickgen.importing.clip_index import Index
from stickgen.importing.formats.bvh import read_bvh
from stickgen.importing.joint_names import find_joints
from stickgen.importing.projection import ten_joints, up_axis
from stickgen.importing.sources import Account, find_files
from stickgen.motion.skeleton import HEAD, LEFT_ELBOW, LEFT_FOOT, LEFT_HAND, LEFT_KNEE, PELVIS, RIGHT_FOOT


def measures(data: bytes, name: str, fps: float | None) -> dict[str, float]:
    """The measures of one capture, in skeleton units."""
    capture = read_bvh(data, name)
    fps = fps or capture.fps
    joints = find_joints(
        capture.names, name, parents=capture.parents, rest=capture.rest, positions=capture.positions
    )
    at = {joint: capture.positions[:, index] for joint, index in joints.items()}
    thigh = np.linalg.norm(at["left hip"] - at["left knee"], axis=-1)
    shin = np.linalg.norm(at["left knee"] - at["left foot"], axis=-1)
    body = ten_joints(capture, at) * (LEG / float(np.median(thigh + shin)))
    up = up_axis(capture, joints)
    steps = np.linalg.norm(np.diff(body, axis=0), axis=-1).max(axis=1)
    window = max(round(fps / 5), 1)
    travel = np.linalg.norm(flat(body[window:, PELVIS] - body[:-window, PELVIS], up), axis=-1) * fps / window
    sampled = body[:: max(round(fps / 25), 1)]
    jerk = np.linalg.norm(np.diff(sampled, n=3, axis=0), axis=-1).max(axis=1) * 25**3
    forearm = np.linalg.norm(body[:, LEFT_ELBOW] - body[:, LEFT_HAND], axis=-1) * 2
    low, middle, high = np.percentile(
        np.linalg.norm(body[:, LEFT_KNEE] - body[:, LEFT_FOOT], axis=-1), (5, 50, 95)
    )
    hips = np.linalg.norm(at["left hip"] - at["right hip"], axis=-1) / np.median(thigh + shin)
    return {
        "step": float(steps.max()),
        "speed of a joint": float(steps.max() * fps),
        "travel speed": float(np.percentile(travel, 90)) if len(travel) else 0.0,
        "trunk / leg": float(np.median(np.linalg.norm(body[:, HEAD] - body[:, PELVIS], axis=-1))) * 2,
        "thigh / shin": float(np.median(thigh) / np.median(shin)),
        "forearm / leg": float(np.median(forearm)),
        "hips / leg": float(np.median(hips)),
        "change of shin": float((high - low) / middle),
        "jerk": float(np.median(jerk)) if len(jerk) else 0.0,
        "range": float(np.ptp(body, axis=0).max()),
        "lowest foot": float((body[:, [LEFT_FOOT, RIGHT_FOOT]] @ up).min()),
    }


def main() -> None:
    """Print a line a measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="+", type=Path)
    parser.add_argument("--index", type=Path)
    options = parser.parse_args()
    account = Account()
    sources = [file for file in find_files(options.sources, account) if file.suffix == ".bvh"]
    matching = (Index.read(options.index) if options.index else Index("")).match(account.seen)
    rows = []
    for source in sources:
        fps = matching.row(source.archive, source.name).get("fps")
        rows.append(measures(source.read(), source.name, float(fps) if fps else None))
    print(f"{len(rows)} captures")
    for name in rows[0]:
        values = [row[name] for row in rows]
        print(f"{name:<18} {min(values):9.3f} {np.median(values):9.3f} {max(values):9.3f}")


if __name__ == "__main__":
    main()
