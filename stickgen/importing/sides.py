"""Left and right limbs that a detector confused in some frames, put back by how they move."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stickgen.motion.skeleton import (
    JOINTS,
    LEFT_ELBOW,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_KNEE,
    RIGHT_ELBOW,
    RIGHT_FOOT,
    RIGHT_HAND,
    RIGHT_KNEE,
)

Floats = NDArray[np.float64]
LIMBS = {
    "legs": ((LEFT_KNEE, LEFT_FOOT), (RIGHT_KNEE, RIGHT_FOOT)),
    "arms": ((LEFT_ELBOW, LEFT_HAND), (RIGHT_ELBOW, RIGHT_HAND)),
}
UNSURE = 1 / 3  # share of swapped frames from which nobody knows which side is which
# Names change only where both limbs leap to each other's places: by so much more (units, on average) than if names did not
# change, and so many times as far. So hands that clap and turn back are not taken for hands that pass each other.
_LEAP, _TIMES = 0.04, 2.0
_CHANGE = 0.01  # what a change must save, in squared units that limbs accelerate by from frame to frame


def swapped_frames(points: Floats, limb: str) -> NDArray[np.bool_]:
    """In which frames [t] of the points [t, 10, 2] (a leg is 0.5 long, no gaps) left and right are confused.

    Of all ways to name the two limbs, frame by frame, the one wins in which they accelerate least (Viterbi), provided that
    names change only where the limbs leap to each other's places. The names that most frames have count as right.
    """
    left, right = (points[:, list(side)].reshape(len(points), -1) for side in LIMBS[limb])
    if len(points) < 4:
        return np.zeros(len(points), bool)
    both = np.stack((np.concatenate((left, right), 1), np.concatenate((right, left), 1)))  # [2, t, 8]
    keep, leave = (
        np.linalg.norm((both[after, 1:] - both[0, :-1]).reshape(len(points) - 1, -1, 2), axis=-1).mean(axis=1)
        for after in (0, 1)
    )
    change = np.where((keep - leave > _LEAP) & (keep > _TIMES * leave), _CHANGE, np.inf)
    # cost[i, j, k] of frames named i, j, k in a row
    cost = np.zeros((len(points), 2, 2, 2))
    for i, j, k in np.ndindex(2, 2, 2):
        bend = both[k, 2:] - 2 * both[j, 1:-1] + both[i, :-2]
        cost[2:, i, j, k] = (bend**2).sum(axis=1) + (change[1:] if j != k else 0.0)
    best = np.array([[0.0, change[0]], [change[0], 0.0]])  # by the last two names
    came = np.zeros((len(points), 2, 2), np.int8)
    for frame in range(2, len(points)):
        total = best[:, :, None] + cost[frame]
        came[frame] = total.argmin(axis=0)
        best = total.min(axis=0)
    j, k = np.unravel_index(int(best.argmin()), (2, 2))
    names = [int(k), int(j)]
    for frame in range(len(points) - 1, 1, -1):
        names.append(int(came[frame, names[-1], names[-2]]))
    swapped = np.array(names[::-1], bool)
    return ~swapped if swapped.mean() > 0.5 else swapped


def exchange(points: Floats, limb: str, frames: NDArray[np.bool_]) -> Floats:
    """The points [t, 10, 2] with the two limbs exchanged in these frames."""
    order = list(range(len(JOINTS)))
    for left, right in zip(*LIMBS[limb], strict=True):
        order[left], order[right] = right, left
    return np.where(frames[:, None, None], points[:, order], points)
