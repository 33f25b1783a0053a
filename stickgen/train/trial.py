"""`python -m stickgen.train.trial RUN_DIR`: the trainer on made-up clips, to measure what a config takes.

The clips are random walks with random embeddings, with the lengths in the run directory's `clips.json`: the cost
of a step does not depend on what is learned. Everything else is the trainer as the supervisor starts it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from stickgen.train.trainer_process import run_training


def make_clips(path: Path, train: list[int], validation: list[int], embedding_dim: int) -> None:
    """Write a dataset to `path`, with clips of the lengths `train` and `validation`, in frames."""
    import numpy as np
    import torch

    from stickgen.data.clip import Clip
    from stickgen.data.dataset import pack, save_dataset
    from stickgen.data.split import TRAIN, VALIDATION
    from stickgen.motion.skeleton import PELVIS, POSE_DIM

    rng = np.random.default_rng(0)
    clips = []
    for number, frames in enumerate([*train, *validation]):
        start = rng.normal(0.4, 0.1, size=POSE_DIM)
        start[0::2] -= start[2 * PELVIS]
        motion = start + rng.normal(0, 0.01, size=(frames, POSE_DIM)).cumsum(0)
        actions = np.full(frames, number % 5, np.int16)
        clips.append(
            Clip(motion.astype(np.float32), [f"text {number}"], actions, "made up", "MIT", str(number))
        )
    content = pack(clips, split=[TRAIN] * len(train) + [VALIDATION] * len(validation))
    generator = torch.Generator().manual_seed(0)
    content["embeddings"] = torch.randn(len(content["texts"]), embedding_dim, generator=generator)
    save_dataset(path, content)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    wanted = json.loads((folder / "clips.json").read_bytes())
    make_clips(folder / "clips.pt", wanted["train"], wanted["validation"], wanted["embedding_dim"])
    sys.exit(run_training(folder))
