"""A finished dataset that looks wrong without being broken is said to, wherever it is opened, checked or trained on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from stickgen.cli.config import command as config_command
from stickgen.cli.data import command as data_command
from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.data import doubts
from stickgen.data.clip import Clip
from stickgen.data.dataset import open_dataset, pack, save_dataset
from stickgen.data.synthetic import synthesize
from stickgen.datasets.facts import read_dataset_facts
from stickgen.hardware.machine import local_machine_fast
from stickgen.planner.launch_check import check_launch

Motions = list[np.ndarray]


def _flipped(motion: np.ndarray) -> np.ndarray:
    flipped: np.ndarray = motion * np.tile([1.0, -1.0], 10)
    return flipped


def _leap(motion: np.ndarray) -> np.ndarray:
    leaping = motion.copy()
    leaping[5, 6] += 3
    return leaping


CHANGES: dict[str, tuple[Callable[[Motions], Motions], str]] = {
    "millimetres": (lambda m: [motion * 1700 for motion in m], "all 12 clips .* units tall"),
    "metres": (lambda m: [motion * 1.8 for motion in m], "clips .* units tall"),
    "thousandths": (lambda m: [motion / 1000 for motion in m], "all 12 clips .* units tall"),
    "pixels": (lambda m: [320 + 200 * _flipped(motion) for motion in m], "all 12 clips .* units tall"),
    "one in millimetres": (
        lambda m: [*m[:3], m[3] * 1700, *m[4:]],
        "1 of 12 clips .the first is 3, clip 3.: the figure is",
    ),
    "upside down": (lambda m: [1 + _flipped(motion) for motion in m], "the head is below the feet"),
    "still": (
        lambda m: [m[0], *[np.tile(motion[:1], (40, 1)) for motion in m[1:3]], *m[3:]],
        "2 of 12 .* nothing moves",
    ),
    "a leap": (lambda m: [*m[:11], _leap(m[11])], "1 of 12 clips .the first is 11, clip 11.: a joint leaps"),
    "repeats": (lambda m: [*m[:10], m[0], m[1]], "2 of 12 clips .the first is 10, clip 10.: the same motion"),
}


@pytest.fixture(scope="module")
def motions() -> Motions:
    return [clip.motion for clip in synthesize(12, 3, ["walk", "wave", "bow", "jump"])]


def saved(path: Path, motions: Motions) -> Path:
    content = pack(
        [
            Clip(
                motion.astype(np.float32),
                ["x"],
                np.zeros(len(motion), np.int16),
                "s",
                "MIT",
                f"clip {number}",
            )
            for number, motion in enumerate(motions)
        ]
    )
    save_dataset(path, {**content, "embeddings": torch.ones(1, 8)})
    return path


def test_what_stickgen_makes_gives_no_doubt(motions: Motions, tmp_path: Path) -> None:
    assert open_dataset(saved(tmp_path / "d.pt", motions)).facts().doubts == ()


@pytest.mark.parametrize("at_once", [10, 500_000])
@pytest.mark.parametrize("kind", CHANGES)
def test_what_looks_wrong_is_said_with_the_first_clip(
    motions: Motions, tmp_path: Path, kind: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import re

    monkeypatch.setattr(doubts, "_AT_ONCE", at_once)
    change, sentence = CHANGES[kind]
    path = saved(tmp_path / "d.pt", change(motions))
    said = open_dataset(path).facts().doubts
    assert said is not None and any(re.search(sentence, doubt) for doubt in said), said
    assert len(said) == 1 or kind == "pixels", said
    facts = read_dataset_facts(path)
    assert facts is not None and facts.doubts == said


def test_every_command_says_it(motions: Motions, tmp_path: Path) -> None:
    path = saved(tmp_path / "d.pt", [motion * 1700 for motion in motions])
    assert "units tall" in CliRunner().invoke(data_command, ["info", str(path)]).output
    changes: dict[str, Any] = {"model.embedding_dim": 8, "data.train_data": str(path)}
    config = TrainingConfig(preset_path("quickstart"), changes)
    found = check_launch(config, local_machine_fast(), path, tmp_path)
    assert not found.refusals and "d.pt: all 12 clips" in found.doubts[0]
    (tmp_path / "c.yaml").write_bytes(config.bytes)
    shown = CliRunner().invoke(config_command, ["check", str(tmp_path / "c.yaml")])
    assert shown.exit_code == 0 and "units tall" in shown.output, shown.output
