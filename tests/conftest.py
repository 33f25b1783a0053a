"""What all tests share: one thread for torch, a private home, and the real data where it lies."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

# Loaded by default; `make drills` loads the other, and runs all properties again.
settings.register_profile("quick", max_examples=25, deadline=None)
settings.register_profile("thorough", max_examples=400, deadline=None)
settings.load_profile("quick")

REPO = Path(__file__).resolve().parent.parent


def pytest_collection_finish() -> None:
    """All that was imported stays; to look through torch again and again for garbage takes a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session")
def repo() -> Path:
    """The root of the checkout."""
    return REPO


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the real motion-capture archives; a test that asks for it is skipped without."""
    root = Path(os.environ.get("STICKGEN_REAL_DATA") or REPO.parent / "shared" / "data")
    if not (root / "index.csv").is_file():
        pytest.skip("no real motion data: set STICKGEN_REAL_DATA to the folder that holds index.csv")
    return root


def move_home(home: Path, patch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the caches, drafts, measurements or runs of the person who runs it."""
    patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    patch.setenv("XDG_STATE_HOME", str(home / "state"))
    patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    patch.delenv("TRAIN_DATA_PATH", raising=False)
    patch.delenv("STICKGEN_RUNS", raising=False)


@pytest.fixture(scope="session", autouse=True)
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The home of what several tests share, which is made before any of them has its own."""
    with pytest.MonkeyPatch.context() as patch:
        move_home(tmp_path_factory.mktemp("shared_home"), patch)
        yield


@pytest.fixture(autouse=True)
def private_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a home of its own."""
    move_home(tmp_path_factory.mktemp("home"), monkeypatch)


@pytest.fixture(scope="session")
def torch_answer(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What torch said of this machine, asked once."""
    from stickgen.hardware.machine import detect
    from stickgen.hardware.torch_answer import cache_path

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("torch")))
        detect()
        return cache_path().read_bytes()


@pytest.fixture
def known_machine(private_home: None, torch_answer: bytes) -> None:
    """The private home knows it already, as a home does after the first command: no command loads torch to ask."""
    from stickgen.hardware.torch_answer import cache_path

    cache_path().parent.mkdir(parents=True)
    cache_path().write_bytes(torch_answer)


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of seconds: forty short made-up clips of three kinds, which their embeddings tell apart."""
    import numpy as np
    import torch

    from stickgen.data.clip import Clip
    from stickgen.data.dataset import pack, save_dataset
    from stickgen.motion.skeleton import HEAD, LEFT_FOOT, RIGHT_FOOT

    rng = np.random.default_rng(0)
    kinds = rng.normal(0.4, 0.1, size=(3, 20))
    kinds[:, 2 * HEAD + 1] += 0.4  # upright and as tall as a person: no alert about units
    kinds[:, [2 * LEFT_FOOT + 1, 2 * RIGHT_FOOT + 1]] -= 0.4
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
