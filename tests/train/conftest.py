"""A dataset of seconds: forty short made-up clips of three kinds, which their embeddings tell apart."""

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
    kinds = rng.normal(0.4, 0.1, size=(3, 20))
    clips = []
    for number in range(40):
        frames = int(rng.integers(12, 30))
        motion = kinds[number % 15 % 3] + rng.normal(0, 0.01, size=(frames, 20)).cumsum(0)
        motion[:, 0::2] -= motion[0, 2]
        actions = np.full(frames, number % 5, np.int16)
        clips.append(
            Clip(motion.astype(np.float32), [f"text {number % 15}"], actions, "made", "MIT", str(number))
        )
    content = pack(clips)
    generator = torch.Generator().manual_seed(0)
    places = torch.randn(3, 16, generator=generator)
    kind = torch.tensor([int(text.split()[1]) % 3 for text in content["texts"]])
    content["embeddings"] = places[kind] + 0.2 * torch.randn(len(kind), 16, generator=generator)
    path = tmp_path_factory.mktemp("data") / "tiny.pt"
    save_dataset(path, content)
    return path
