"""How made-up motion compares with captured motion, action by action: variety, smoothness, speed, sliding, words.

    python benchmarks/synthetic_motion.py [CAPTURES.pt] [--clips 40] [--actions walk,run] [--markdown]

CAPTURES.pt is a dataset of `stickgen data import --no-mirror`; clips of its single actions are measured beside
ours. Of each action:

- apart: mean distance between two clips, and nearest: mean distance from a clip to the one most like it. A clip is
  brought to 48 frames, its pelvis to x = 0; a distance is the mean over frames and joints, in units (a figure is 1 high).
- jerk: mean length of the third derivative of the joints' places, units/s³; speed: of the pelvis along the floor,
  units/s, net of the clip.
- slide: share of the stance frames (a foot under 0.02 high that neither rises nor falls) in which the foot moves along
  the floor at more than 0.15 units/s.
- rest: share of the clips whose first or last pose is the standing one, arms hanging.
- phrases: different captions without their subject, of the first 300.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from pathlib import Path

import numpy as np

from stickgen.data.actions import ACTIONS
from stickgen.data.clip import Clip
from stickgen.data.synthetic import synthesize
from stickgen.motion.skeleton import FPS, JOINTS, LEFT_FOOT, PELVIS, RIGHT_FOOT

FRAMES = 48
NAMES = [action.name for action in ACTIONS]
_SUBJECT = re.compile(
    r"^(here's|there is|this is|picture|show me|make|let|we see|you can see|a (short )?(clip|video|animation) of|an animation of)? ?"
    r"((a|an|the|this|some|one) (\w+ )?(person|man|woman|guy|dude|lady|figure|human|actor|performer|character|stickman|child)"
    r"|someone|somebody|he|she|they)? ?(is |are |who is |starts to )?"
)


def measure(motions: list[np.ndarray], texts: list[str]) -> dict[str, float]:
    """The figures of one action, of motions [t, 20]."""
    clips = np.stack([_even(motion) for motion in motions])
    gaps = np.linalg.norm(clips[:, None] - clips[None], axis=-1).mean(axis=(2, 3))
    off = gaps[~np.eye(len(gaps), dtype=bool)].reshape(len(gaps), -1)
    jerks = [
        np.linalg.norm(np.diff(_joints(m), 3, axis=0), axis=-1).mean() * FPS**3 for m in motions if len(m) > 4
    ]
    speeds = [abs(m[-1, 2 * PELVIS] - m[0, 2 * PELVIS]) / len(m) * FPS for m in motions]
    slides, stances = 0, 0
    for motion in motions:
        for foot in (LEFT_FOOT, RIGHT_FOOT):
            x, y = motion[:, 2 * foot], motion[:, 2 * foot + 1]
            stance = (y[1:] < 0.02) & (y[:-1] < 0.02) & (np.abs(np.diff(y)) * FPS < 0.1)
            stances += int(stance.sum())
            slides += int((stance & (np.abs(np.diff(x)) * FPS > 0.15)).sum())
    phrases = {_SUBJECT.sub("", text.lower().strip(".")) for text in texts[:300]}
    return {
        "clips": len(motions),
        "apart": float(off.mean()) if off.size else float("nan"),
        "nearest": float(off.min(axis=1).mean()) if off.size else float("nan"),
        "jerk": float(np.mean(jerks)),
        "speed": float(np.mean(speeds)),
        "slide": 100 * slides / max(stances, 1),
        "rest": 100 * float(np.mean([_rests(m[0]) or _rests(m[-1]) for m in motions])),
        "phrases": len(phrases),
    }


def _joints(motion: np.ndarray) -> np.ndarray:
    return motion.reshape(len(motion), len(JOINTS), 2).astype(float)


def _even(motion: np.ndarray) -> np.ndarray:
    joints = _joints(motion)
    joints[..., 0] -= joints[:, [PELVIS], 0]
    at = np.linspace(0, len(joints) - 1, FRAMES)
    low = np.minimum(at.astype(int), len(joints) - 2)
    part = (at - low)[:, None, None]
    return joints[low] * (1 - part) + joints[low + 1] * part


def _rests(pose: np.ndarray) -> bool:
    """Upright, feet down, hands hanging below the hip's height and near the body."""
    at = pose.reshape(len(JOINTS), 2) - [pose[2 * PELVIS], 0]
    hands = at[[4, 5]]
    return bool(
        at[PELVIS, 1] > 0.47
        and (at[[8, 9], 1] < 0.02).all()
        and (hands[:, 1] < 0.52).all()
        and (np.abs(hands[:, 0]) < 0.12).all()
    )


def single(clips: list[Clip]) -> dict[str, list[Clip]]:
    """Clips of one action each, by its name."""
    found: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        labels = set(clip.actions.tolist())
        if len(labels) == 1 and -1 not in labels and len(clip.motion) > 8:
            found[NAMES[labels.pop()]].append(clip)
    return found


def captured(path: Path) -> dict[str, list[Clip]]:
    """The captures of a dataset, by action."""
    from stickgen.data.dataset import open_dataset

    file = open_dataset(path)
    clips = [
        Clip(
            file.motion(i).numpy(), file.captions(i), file.actions(i).numpy(), "", "", file.content["name"][i]
        )
        for i in range(file.clips)
    ]
    return single(clips)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("captures", nargs="?", type=Path)
    parser.add_argument("--clips", type=int, default=40, help="of each action")
    parser.add_argument("--actions", help="a,b,…")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    actions = options.actions.split(",") if options.actions else NAMES
    ours: dict[str, list[Clip]] = defaultdict(list)
    for action in actions:  # alone, so that every clip is of it only
        ours[action] = list(synthesize(options.clips, options.seed, [action]))
    theirs = captured(options.captures) if options.captures else {}
    columns = ("clips", "apart", "nearest", "jerk", "speed", "slide", "rest", "phrases")
    form = "| {:<14} |" + " {:>8} |" * len(columns) if options.markdown else "{:<16}" + "{:>9}" * len(columns)
    print(form.format("action", *columns))
    if options.markdown:
        print("|---|" + "---:|" * len(columns))
    rows = []
    for source, found in (("", ours), ("real ", theirs)):
        for action in actions:
            if len(found.get(action, ())) > 1:
                row = measure([c.motion for c in found[action]], [t for c in found[action] for t in c.texts])
                rows.append((source, row))
                print(form.format(source + action, *(_shown(name, row[name]) for name in columns)))
    for source in ("", "real "):
        mine = [row for which, row in rows if which == source]
        if mine:
            print(
                form.format(
                    f"{source}mean",
                    *(_shown(name, float(np.mean([row[name] for row in mine]))) for name in columns),
                )
            )


def _shown(name: str, value: float) -> str:
    digits = {"apart": 3, "nearest": 3, "speed": 2}.get(name, 0)
    return f"{value:.{digits}f}"


if __name__ == "__main__":
    main()
