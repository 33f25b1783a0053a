"""Keys that are set while a run trains: applied between steps, kept by a resume, and never lost or doubled by a kill."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.errors import StickgenError
from stickgen.record_log import RecordReader
from stickgen.run_contract import Wish
from stickgen.runs import live
from stickgen.runs.control import Inbox, request
from stickgen.runs.live import effective_config, read_changes
from stickgen.runs.resuming import prepare
from stickgen.runs.store import Run, Status, create_run
from stickgen.train import context as context_module
from stickgen.train.between_steps import BetweenSteps
from stickgen.train.checkpoints.checkpoint import newest_checkpoint, read_tensors
from stickgen.train.context import LaunchContext
from stickgen.train.loop import Trainer
from stickgen.train.processes.signals import Asked

torch.set_num_threads(1)
SMALL = {
    "model.embedding_dim": 16, "model.d_model": 16, "model.nhead": 2, "model.num_layers": 1, "model.dropout": 0.1,
    "training.batch_size": 18, "training.grad_accum_steps": 1, "training.epochs": 2, "training.warmup_epochs": 1,
    "training.compile": "never", "diffusion.sampling_steps": 1,
    "logging.sample_minutes": 0.0, "logging.log_interval": 1, "logging.save_interval": 1,
}  # fmt: skip
CHANGE = {"training.learning_rate": 0.002, "loss_weights.physics": 0.7, "training.epochs": 3}
AT = 3  # the step after which it is asked for; an epoch has 2
KILLED = 9


def make(root: Path, data: Path, **overrides: object) -> Run:
    config = TrainingConfig(preset_path("quickstart"), {**SMALL, **overrides})  # type: ignore[dict-item]
    return create_run(config, root=root, data_path=str(data))


def launch(run: Run) -> Trainer:
    run.update_identity(launches=[*run.launches, {"pid": 0}])
    return Trainer(run)


def asking(patch: pytest.MonkeyPatch, at: int, **more: object) -> None:
    """Somebody asks for the change when step `at` is done, once."""
    take, asked = LaunchContext.take_requests, [False]

    def take_requests(self: LaunchContext) -> None:
        if self.journal.step == at and not asked[0] and not any(self.run.control_dir.iterdir()):
            asked[0] = True
            request(self.run, Wish.SET, {**CHANGE, **more})
        take(self)

    patch.setattr(LaunchContext, "take_requests", take_requests)


def weights(run: Run) -> dict[str, torch.Tensor]:
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None
    stems = ("model", "ema", "optimizer")
    return {f"{stem}/{k}": v for stem in stems for k, v in read_tensors(checkpoint, stem).items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def events(run: Run, *kinds: str) -> list[dict[str, Any]]:
    return [record for record in RecordReader(run.events_path).read_new() if record["event"] in kinds]


def rates(run: Run) -> dict[int, float]:
    records = RecordReader(run.metrics_path).read_new()
    return {record["step"]: record["lr"] for record in records if record["kind"] == "train"}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Path) -> Run:
    """A run that is asked for the change after step AT and trains to its end."""
    run = make(tmp_path_factory.mktemp("undisturbed"), tiny_dataset)
    with pytest.MonkeyPatch.context() as patch:
        asking(patch, AT)
        assert launch(run).train() == 0
    return run


def test_a_change_counts_from_the_next_step_on_and_is_said(
    undisturbed: Run, tiny_dataset: Path, tmp_path: Path
) -> None:
    plain = make(tmp_path, tiny_dataset)
    assert launch(plain).train() == 0
    before, after = rates(plain), rates(undisturbed)
    assert [before[step] for step in range(1, AT + 1)] == [after[step] for step in range(1, AT + 1)]
    assert (max(before), max(after)) == (4, 6)
    assert after[AT + 1] != before[AT + 1]
    (said,) = events(undisturbed, "live")
    assert (said["step"], said["applied"]) == (AT, True)
    assert "training.epochs: 2 → 3" in said["message"] and said["message"].endswith("from step 4 on")
    assert {change["key"]: change["new"] for change in said["changes"]} == CHANGE
    assert list(undisturbed.control_dir.iterdir()) == []
    assert undisturbed.config().training.epochs == 2  # its bytes are those it started from
    assert effective_config(undisturbed).training.epochs == 3
    checkpoint, _ = newest_checkpoint(undisturbed.checkpoints_dir)
    assert checkpoint is not None and checkpoint.config().loss_weights.physics == 0.7


def in_a_child(run: Run, kill: Callable[[pytest.MonkeyPatch], None]) -> int:
    """Train in a process of its own, which `kill` ends as SIGKILL would: nothing is tidied up. Its exit code."""
    if (child := os.fork()) == 0:
        try:
            patch = pytest.MonkeyPatch()
            asking(patch, AT)
            kill(patch)
            os._exit(launch(run).train())
        finally:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def dying(
    target: Any, name: str, *, after: bool, when: Callable[..., bool] = lambda *_: True
) -> Callable[[pytest.MonkeyPatch], None]:
    """Die in a call of `name`, before or `after` it has done its work."""

    def kill(patch: pytest.MonkeyPatch) -> None:
        original = getattr(target, name)

        def call(*given: Any, **named: Any) -> Any:
            now = when(*given)
            if now and not after:
                os._exit(KILLED)
            result = original(*given, **named)
            if now:
                os._exit(KILLED)
            return result

        patch.setattr(target, name, call)

    return kill


def at_step(step: int) -> Callable[..., bool]:
    return lambda part, *_: part.state.step == step


STAGES = {
    "asked, not taken": dying(context_module, "add_change", after=False),
    "the record is half written": dying(live, "write_text", after=False),
    "recorded, not said": dying(context_module, "add_change", after=True),
    "said, not removed": dying(Inbox, "clear", after=False),
    "removed, not in effect": dying(Inbox, "clear", after=True),
    "in effect, no step taken": dying(Trainer, "steer", after=True, when=at_step(AT)),
    "a step later": dying(BetweenSteps, "do", after=True, when=at_step(AT + 1)),
    "after the next checkpoint": dying(BetweenSteps, "do", after=True, when=at_step(5)),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_kill_at_any_stage_neither_loses_nor_doubles_it(
    stage: str, undisturbed: Run, tiny_dataset: Path, tmp_path: Path
) -> None:
    run = make(tmp_path, tiny_dataset)
    assert in_a_child(run, STAGES[stage]) == KILLED
    assert launch(run).train() == 0
    (change,) = read_changes(run)
    (said,) = events(run, "live")
    assert said["id"] == change.id and said["step"] == change.step
    assert list(run.control_dir.iterdir()) == []
    if stage in ("asked, not taken", "the record is half written"):
        # the next launch takes it where it goes on: at the checkpoint of step 2, if that was whole before the kill
        assert change.step in (0, 2)
        other = make(tmp_path / "again", tiny_dataset)
        shutil.copy(run.path / "live.json", other.path / "live.json")
        assert launch(other).train() == 0
        assert same(weights(run), weights(other))
        return
    assert change.step == AT
    assert same(weights(run), weights(undisturbed))
    assert rates(run) == rates(undisturbed)


# -- a later word wins


def test_what_a_person_sets_at_a_resume_overrules_the_live_change_and_says_so(
    undisturbed: Run, tmp_path: Path
) -> None:
    shutil.copytree(undisturbed.path, tmp_path / "run")
    run = Run(tmp_path / "run")
    found = prepare(run)
    assert "training.learning_rate is 0.002 by a live change (config.yaml: 0.003)" in found.said
    assert found.config is None and not found.values

    found = prepare(run, overrides={"training.learning_rate": 0.001, "training.epochs": 2})
    assert found.config is not None
    assert (
        "config.yaml says training.learning_rate 0.001, which overrules the live change to 0.002"
        in found.said
    )
    assert found.values == {"training.epochs": 2}  # as config.yaml has it anyway: asked for once more
    run.config_path.write_bytes(found.config)
    assert effective_config(run).training.learning_rate == 0.001
    assert effective_config(run).training.epochs == 3
    run.update_identity(config_digest=run.config().digest)
    LaunchContext.open(run, None, Asked())
    run.config_path.write_bytes(undisturbed.config_bytes)  # what was overruled does not come back
    assert effective_config(run).training.learning_rate == 0.003


def test_a_run_that_was_paused_says_so_and_goes_on_exactly(
    undisturbed: Run, tiny_dataset: Path, tmp_path: Path
) -> None:
    run = make(tmp_path, tiny_dataset)
    with pytest.MonkeyPatch.context() as patch:
        asking(patch, AT)
        take = LaunchContext.take_requests

        def pausing(self: LaunchContext) -> None:
            if self.journal.step == 1 and self.journal.launch == 1:
                request(self.run, Wish.PAUSE)
            take(self)

        patch.setattr(LaunchContext, "take_requests", pausing)
        assert launch(run).train() == 130
        (said,) = events(run, "paused", "stopped")
        assert (said["event"], said["message"]) == ("paused", "paused after step 1, with a checkpoint")
        assert run.state().status == Status.PAUSED and run.state().can_go_on
        assert launch(run).train() == 0
    assert same(weights(run), weights(undisturbed))
    assert run.state().status == Status.FINISHED


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"model.d_model": 64}, "it cannot change while a run trains"),
        ({"training.learning_rate": "fast"}, "training.learning_rate: fast must be a number"),
        ({"training.learning_rate": 7.0}, "must be a number above 0 to 1"),
        ({"training.epochs": 1}, "training.epochs: 3 steps are done, which is epoch 2: use 2 or more"),
        ({"training.learning_rate": 0.003}, "nothing would change: training.learning_rate is 0.003 already"),
        ({"training.lerning_rate": 1.0}, "unknown key"),
    ],
)
def test_the_trainer_refuses_what_the_asker_would(
    values: dict[str, object], why: str, tiny_dataset: Path, tmp_path: Path
) -> None:
    run = make(tmp_path, tiny_dataset)
    context = LaunchContext.open(run, 1, Asked())
    context.journal.step, context.journal.steps_per_epoch = 3, 2
    identifier = request(run, Wish.SET, values)
    context.take_requests()
    (said,) = events(run, "control")
    assert (said["id"], said["applied"]) == (identifier, False) and why in said["message"]
    assert not context.changes and not (run.path / "live.json").exists()
    assert list(run.control_dir.iterdir()) == []


def test_a_disk_that_takes_no_record_lets_the_change_wait(tiny_dataset: Path, tmp_path: Path) -> None:
    """Nothing counts that a launch after this one would not know of."""
    run = make(tmp_path, tiny_dataset)
    context = LaunchContext.open(run, 1, Asked())
    request(run, Wish.SET, {"training.learning_rate": 0.001})
    with pytest.MonkeyPatch.context() as patch:

        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(live, "write_text", full)
        for _ in range(3):
            context.take_requests()
        assert not context.changes and len(list(run.control_dir.iterdir())) == 1
    context.take_requests()
    assert len(context.changes) == 1 and len(events(run, "alert")) == 1


def test_damage_is_said_and_an_older_checkpoint_reads_as_before(undisturbed: Run, tmp_path: Path) -> None:
    shutil.copytree(undisturbed.path, tmp_path / "run")
    run = Run(tmp_path / "run")
    (run.path / "live.json").write_text('{"changes": [{"id": "x", "step": "3"}]}')
    with pytest.raises(
        StickgenError, match=r"live\.json: it is damaged.*remove it to go on with config.yaml alone"
    ):
        launch(run)
