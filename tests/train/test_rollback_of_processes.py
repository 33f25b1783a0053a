"""Rollbacks of real processes: two that go back alike, and a run as a person starts it, with its supervisor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.record_log import RecordReader
from stickgen.runs.live import effective_config
from stickgen.runs.store import Run, create_run
from stickgen.train.checkpoints.checkpoint import newest_checkpoint, read_tensors

TINY: dict[str, Any] = {
    "model.embedding_dim": 16,
    "model.d_model": 16,
    "model.nhead": 2,
    "model.num_layers": 1,
    "training.batch_size": 10,
    "training.grad_accum_steps": 2,
    "training.epochs": 6,
    "training.warmup_epochs": 1,
    "training.optimizer": "adamw",
    "training.compile": "never",
    "logging.log_interval": 1,
    "logging.save_interval": 2,
    "logging.save_minutes": 0.0,
    "logging.sample_minutes": 0.0,
    "diffusion.sampling_steps": 1,
    "evaluation.every_minutes": 0.0,
    "watchdog.non_finite_steps": 2,
}  # fmt: skip  (two steps an epoch, a checkpoint every fourth step)

# Loaded by every Python of the run. In process SPOILT of the group, the motion of the steps 6 and 7 is NaN, once;
# each process writes what it holds after it went back, and at its end.
SITE = """
import dataclasses, hashlib, importlib.abc, importlib.machinery, json, os, sys

class Spoiler(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name != "stickgen.train.loop":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        load = spec.loader.exec_module
        def exec_module(module):
            load(module)
            spoil(module)
        spec.loader.exec_module = exec_module
        return spec

def spoil(loop):
    rank, left = os.environ.get("RANK", "0"), [2]
    step, go_back, train = loop.optimizer_step, loop.Trainer.go_back, loop.Trainer.train

    def spoilt(learner, batches, **facts):
        if facts["step"] in {5, 6} and left[0]:
            left[0] -= 1
            if rank == os.environ["SPOILT"]:
                batches = (dataclasses.replace(batch, motion=batch.motion * float("nan")) for batch in batches)
        return step(learner, batches, **facts)

    def note(trainer, when):
        held = hashlib.sha256()
        for stem, tensors in sorted(trainer.state.tensors().items()):
            for name, tensor in sorted(tensors.items()):
                held.update(f"{stem}/{name}".encode() + tensor.detach().numpy().tobytes())
        said = [when, trainer.state.step, trainer.config.training.learning_rate, trainer.rollbacks, held.hexdigest()]
        with open(os.path.join(os.environ["NOTES"], rank), "a") as file:
            file.write(json.dumps(said) + "\\n")

    def back(trainer, wish):
        go_back(trainer, wish)
        note(trainer, "back")

    def trained(trainer):
        code = train(trainer)
        note(trainer, "end")
        return code

    loop.optimizer_step, loop.Trainer.go_back, loop.Trainer.train = spoilt, back, trained

sys.meta_path.insert(0, Spoiler())
"""


def spoiling(folder: Path, rank: int) -> dict[str, str]:
    """An environment whose runs get the NaN; their notes go to `folder`, a file a process."""
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(SITE)
    (folder / "notes").mkdir()
    return {
        **os.environ, "PYTHONPATH": str(folder / "site"), "SPOILT": str(rank), "NOTES": str(folder / "notes")
    }  # fmt: skip


def make(root: Path, data: Path, **options: Any) -> Run:
    return create_run(
        TrainingConfig(preset_path("quickstart"), TINY), root=root, data_path=str(data), **options
    )


def train(run: Run, environment: dict[str, str] | None = None) -> int:
    with run.log_path.open("ab") as log:
        command = [sys.executable, "-m", "stickgen.train", str(run.path)]
        return subprocess.run(command, stdout=log, stderr=log, env=environment, timeout=120).returncode


def notes(folder: Path, rank: int) -> list[Any]:
    return [json.loads(line) for line in (folder / "notes" / str(rank)).read_text().splitlines()]


def events(run: Run, kind: str) -> list[dict[str, Any]]:
    return [record for record in RecordReader(run.events_path).read_new() if record["event"] == kind]


def weights(run: Run) -> dict[str, torch.Tensor]:
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None
    return {
        f"{s}/{k}": v for s in ("model", "ema", "optimizer") for k, v in read_tensors(checkpoint, s).items()
    }


@pytest.mark.drill
@pytest.mark.parametrize("spoilt", [0, 1])
def test_two_processes_go_back_alike_whichever_of_them_was_spoilt(
    tmp_path: Path, tiny_dataset: Path, spoilt: int
) -> None:
    run = make(tmp_path, tiny_dataset, nproc=2)
    assert train(run, spoiling(tmp_path, spoilt)) == 0, run.log_path.read_text()[-3000:]
    first, second = notes(tmp_path, 0), notes(tmp_path, 1)
    assert [note[:4] for note in first] == [["back", 4, 0.0015, 1], ["end", 12, 0.0015, 1]]
    assert first == second  # to the bit
    (back,) = events(run, "rollback")
    assert (back["from_step"], back["step"]) == (7, 4)
    steps = [r["step"] for r in RecordReader(run.metrics_path).read_new() if r["kind"] == "train"]
    assert steps == [1, 2, 3, 4, 5, 6, 7, 5, 6, 7, 8, 9, 10, 11, 12]
    if spoilt:  # one process that goes back as they did ends with the same weights
        (tmp_path / "alone").mkdir()
        alone = make(tmp_path / "alone", tiny_dataset)
        assert train(alone, spoiling(tmp_path / "alone", 0)) == 0
        theirs = weights(alone)
        for name, tensor in weights(run).items():
            torch.testing.assert_close(tensor, theirs[name], atol=2e-4, rtol=2e-3, msg=name)


def stickgen_train(
    folder: Path, data: Path, keys: dict[str, Any], environment: dict[str, str] | None = None
) -> tuple[int, str, Run]:
    """What a person types. The exit code, what the terminal shows, and the run."""
    sets = [f"--set={name}={value}" for name, value in {**TINY, **keys}.items()]
    done = subprocess.run(
        [
            sys.executable, "-m", "stickgen", "train", "--config", str(preset_path("quickstart")),
            "--data-path", str(data), "--run-dir", str(folder / "run"), *sets,
        ],
        capture_output=True, text=True, cwd=folder, env=environment, timeout=120,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr, Run(folder / "run")


@pytest.mark.drill
def test_a_supervised_run_with_bad_steps_goes_back_and_finishes(tmp_path: Path, tiny_dataset: Path) -> None:
    code, shown, run = stickgen_train(tmp_path, tiny_dataset, {}, spoiling(tmp_path, 0))
    assert code == 0, shown
    assert "the run went back to the checkpoint of step 4 (rollback 1 of 3)" in " ".join(shown.split())
    assert (run.state().status, run.state().step) == ("finished", 12)
    assert effective_config(run).training.learning_rate == 0.0015


@pytest.mark.drill
def test_a_supervised_run_that_diverges_says_so_and_ends(tmp_path: Path, tiny_dataset: Path) -> None:
    code, shown, run = stickgen_train(
        tmp_path, tiny_dataset,
        {"training.learning_rate": 1.0, "training.epochs": 200, "training.warmup_epochs": 0, "training.max_grad_norm": 1e9},
    )  # fmt: skip
    assert code == 1, shown
    state = run.state()
    assert state.status == "failed" and state.step < 400
    assert state.reason.startswith("stopped early after step ")
    assert "try training.learning_rate: 0.1" in state.reason
    assert "stopped early after step" in shown
    assert events(run, "finished") == []
