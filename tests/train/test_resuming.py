"""A resumed run goes on with its own data and config; what changed is refused, or said key by key."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from stickgen.config import TrainingConfig
from stickgen.config.loading import parse_override
from stickgen.config.presets import preset_path
from stickgen.data.clip import Clip
from stickgen.data.dataset import pack, save_dataset
from stickgen.errors import StickgenError
from stickgen.record_log import RecordReader
from stickgen.runs.resuming import find_dataset, prepare
from stickgen.runs.store import Run, create_run
from stickgen.train.checkpoints.checkpoint import newest_checkpoint
from stickgen.train.loop import Trainer

torch.set_num_threads(1)
SMALL = {
    "model.embedding_dim": 16, "model.d_model": 32, "model.nhead": 4, "model.num_layers": 1,
    "training.batch_size": 8, "training.grad_accum_steps": 2, "training.epochs": 1, "training.warmup_epochs": 0,
    "logging.sample_minutes": 0.0, "logging.save_interval": 1, "logging.log_interval": 1, "diffusion.sampling_steps": 1, "training.compile": "never",
}  # fmt: skip


def make(root: Path, data: Path, **overrides: object) -> Run:
    config = TrainingConfig(preset_path("quickstart"), {**SMALL, **overrides})  # type: ignore[dict-item]
    return create_run(config, root=root, data_path=str(data))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Path) -> Path:
    """A project with a dataset and a finished run of one epoch."""
    project = tmp_path_factory.mktemp("project")
    (project / "data").mkdir()
    shutil.copy(tiny_dataset, project / "data" / "tiny.pt")
    shutil.copy(f"{tiny_dataset}.json", project / "data" / "tiny.pt.json")
    run = make(project / "runs", project / "data" / "tiny.pt")
    assert Trainer(run).train() == 0
    return project


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Run:
    """A copy of the run, with a dataset of its own."""
    shutil.copytree(trained, tmp_path / "project")
    (path,) = (tmp_path / "project" / "runs").iterdir()
    run = Run(path)
    run.update_identity(data_path=str(tmp_path / "project" / "data" / "tiny.pt"), run_path=str(path))
    return run


def go_on(run: Run, *overrides: str, **options: object) -> Trainer:
    """What `stickgen train --resume RUN --set …` does before and in the trainer's process."""
    found = prepare(run, overrides=dict(map(parse_override, overrides)), **options)  # type: ignore[arg-type]
    if found.config is not None:
        run.config_path.write_bytes(found.config)
    run.update_identity(launches=[*run.launches, {"pid": 0}], **found.facts)
    return Trainer(run)


def events(run: Run, kind: str) -> list[dict[str, object]]:
    return [record for record in RecordReader(run.events_path).read_new() if record["event"] == kind]


def other_data(path: Path, clips: int, width: int = 16, *, actions: int = 1) -> None:
    rng = np.random.default_rng(clips)
    made = [
        Clip(
            rng.normal(0.4, 0.1, (20, 20)).astype(np.float32), [f"text {n % 15}"],
            np.full(20, actions, np.int16), "other", "CC BY-NC 4.0", str(n),
        )
        for n in range(clips)
    ]  # fmt: skip
    content = pack(made)
    content["embeddings"] = torch.randn(
        len(content["texts"]), width, generator=torch.Generator().manual_seed(1)
    )
    save_dataset(path, content)


# -- data


def test_the_same_data_needs_no_word(run: Run) -> None:
    assert prepare(run).said == ()
    assert Trainer(run).state.step == 3


def test_data_that_was_replaced_is_refused_with_what_differs(run: Run) -> None:
    place = find_dataset(run)
    assert place is not None
    other_data(place, 24)
    with pytest.raises(StickgenError, match=r"clips 40 → 24.*--data-path.*--force"):
        prepare(run)
    with pytest.raises(StickgenError, match="clips 40 → 24"):
        Trainer(run)  # also where nobody prepared it: torchrun, another program


@pytest.mark.parametrize("what", ["embeddings", "actions", "split", "one frame"])
def test_a_change_that_keeps_all_counts_is_seen(run: Run, what: str) -> None:
    place = find_dataset(run)
    assert place is not None
    content = dict(torch.load(place, weights_only=True))
    if what == "split":
        content["split"] = torch.zeros(40, dtype=torch.int8)
        content["split"][:4] = 1
    else:
        name = {"one frame": "motion"}.get(what, what)
        content[name] = content[name].clone()
        content[name][7] = content[name][12] + 1
    save_dataset(place, content)
    with pytest.raises(StickgenError, match="not the data that"):
        prepare(run)


def test_without_facts_beside_it_data_is_compared_all_the_same(run: Run) -> None:
    place = find_dataset(run)
    assert place is not None
    other_data(place, 24)
    Path(f"{place}.json").unlink()
    with pytest.raises(StickgenError, match="not the data that"):
        prepare(run)


def test_forced_it_goes_on_says_so_and_the_best_counts_anew(run: Run) -> None:
    place = find_dataset(run)
    assert place is not None
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None and checkpoint.trainer["best_val"] is not None
    other_data(place, 24)
    trainer = go_on(run, force=True)
    assert trainer.state.best_step is None
    assert [event["message"] for event in events(run, "changed")] == [
        "the dataset has changed: 24 clips, before 40; the best checkpoint so far no longer counts"
    ]
    (ancestor,) = trainer.state.numbers()["ancestors"]
    assert (ancestor["step"], ancestor["dataset"]["licences"]) == (3, ["MIT"])
    assert trainer.state.numbers()["dataset"]["licences"] == ["CC BY-NC 4.0"]
    assert prepare(run).said == ()  # once is enough


def test_a_dataset_that_was_moved_is_named_or_found_at_the_same_place(run: Run, tmp_path: Path) -> None:
    whole = tmp_path / "moved"
    (tmp_path / "project").rename(whole)
    moved = Run(whole / "runs" / run.name)
    assert find_dataset(moved) == whole / "data" / "tiny.pt"
    found = prepare(moved)
    assert found.facts["data_path"] == str(whole / "data" / "tiny.pt")
    assert "no longer at" in found.said[0]
    assert Trainer(moved).state.step == 3
    elsewhere = tmp_path / "elsewhere.pt"
    (whole / "data" / "tiny.pt").rename(elsewhere)
    trainer = go_on(moved, data_path=str(elsewhere))
    assert trainer.clips.file.path == elsewhere and moved.identity["data_path"] == str(elsewhere)


def test_a_run_that_lost_its_dataset_says_what_to_do(run: Run) -> None:
    run.update_identity(data_path=None)
    for attempt in (lambda: prepare(run), lambda: Trainer(run)):
        with pytest.raises(StickgenError, match="--data-path FILE"):
            attempt()


# -- config


def test_a_finished_run_is_extended_and_each_change_is_told(run: Run) -> None:
    trainer = go_on(run, "training.epochs=3", "training.learning_rate=0.004")
    told = events(run, "changed")
    assert [(e.get("key"), e.get("old"), e.get("new")) for e in told[:2]] == [
        ("training.epochs", 1, 3), ("training.learning_rate", 0.003, 0.004),
    ]  # fmt: skip
    assert str(told[2]["message"]).startswith("the learning rate of the next step is 0.00")
    assert trainer.total_steps == 9 and trainer.train() == 0
    assert trainer.state.step == 9
    rates = [r["lr"] for r in RecordReader(run.metrics_path).read_new() if r["kind"] == "train"]
    assert f"{rates[3]:.3g}" in str(told[2]["message"])
    again = go_on(run)
    assert len(events(run, "changed")) == 3 and again.state.step == 9


@pytest.mark.parametrize(
    "change",
    ["training.optimizer=adamw", "model.d_model=64", "model.num_layers=2", "training.batch_size=4",
     "training.seed=7", "training.val_fraction=0.3", "data.max_frames=50", "diffusion.enabled=false",
     "lora.enabled=true", "model.num_actions=32", "training.grad_accum_steps=4"],
)  # fmt: skip
def test_what_would_make_another_run_of_it_is_refused(run: Run, change: str) -> None:
    before = run.config_bytes
    with pytest.raises(StickgenError, match=f"{change.partition('=')[0]}.*--init-from"):
        prepare(run, overrides=dict([parse_override(change)]), force=True)
    assert run.config_bytes == before


def test_another_cut_of_the_same_effective_batch_is_allowed(run: Run) -> None:
    trainer = go_on(run, "training.batch_size=4", "training.grad_accum_steps=4")
    assert [event.get("key") for event in events(run, "changed")][:2] == [
        "training.batch_size", "training.grad_accum_steps",
    ]  # fmt: skip
    assert trainer.config.effective_batch == 16


def test_a_config_that_was_edited_by_hand_is_compared_on_launch(run: Run) -> None:
    data = run.config_bytes
    run.config_path.write_bytes(data + b"# a comment\n")
    assert "no value" in prepare(run).said[0]
    assert Trainer(run).state.step == 3
    text = data.replace(b"learning_rate: 0.003", b"learning_rate: 0.004")
    assert text != data
    run.config_path.write_bytes(text)
    for attempt in (lambda: prepare(run), lambda: Trainer(run)):
        with pytest.raises(StickgenError, match=r"learning_rate: 0\.003 → 0\.004.*--force"):
            attempt()
    assert go_on(run, force=True).config.training.learning_rate == 0.004
    run.config_path.write_bytes(text.replace(b"d_model: 32", b"d_model: 64"))
    with pytest.raises(StickgenError, match=r"model\.d_model: 32 → 64.*--init-from"):
        prepare(run, force=True)


def test_before_anything_is_trained_every_key_may_change(tmp_path: Path, tiny_dataset: Path) -> None:
    run = make(tmp_path, tiny_dataset)
    assert go_on(run, "model.d_model=64").config.model.d_model == 64
