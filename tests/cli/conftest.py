"""A dataset that trains in seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from stickgen.data.clip import Clip
from stickgen.data.dataset import pack, save_dataset


@pytest.fixture(autouse=True)
def warm(known_machine: None) -> None:
    """No command asks torch what this machine is."""


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    clips = [
        Clip(
            rng.normal(size=(12, 20)).astype(np.float32),
            [f"t{i}"],
            np.zeros(12, np.int16),
            "s",
            "MIT",
            str(i),
        )
        for i in range(20)
    ]
    content = pack(clips)
    content["embeddings"] = torch.randn(20, 1024)
    path = tmp_path_factory.mktemp("data") / "d.pt"
    save_dataset(path, content)
    return path
