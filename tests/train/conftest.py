"""A dataset of seconds: sixty short made-up clips with made-up embeddings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from stickgen.data.clip import Clip
from stickgen.data.dataset import pack, save_dataset


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    clips = []
    for number in range(40):
        frames = int(rng.integers(12, 30))
        motion = rng.normal(0.4, 0.1, size=20) + rng.normal(0, 0.01, size=(frames, 20)).cumsum(0)
        motion[:, 0::2] -= motion[0, 2]
        actions = np.full(frames, number % 5, np.int16)
        clips.append(
            Clip(motion.astype(np.float32), [f"text {number % 15}"], actions, "made", "MIT", str(number))
        )
    content = pack(clips)
    content["embeddings"] = torch.randn(len(content["texts"]), 16, generator=torch.Generator().manual_seed(0))
    path = tmp_path_factory.mktemp("data") / "tiny.pt"
    save_dataset(path, content)
    return path
