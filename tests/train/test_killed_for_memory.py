"""A launch that was killed for lack of memory is not repeated as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.hardware.machine import local_machine_fast
from stickgen.hardware.oom_kills import oom_kills
from stickgen.runs.process import boot_id
from stickgen.runs.store import Run, create_run
from stickgen.train.loop import Trainer
from stickgen.train.optim.out_of_memory import is_out_of_memory
from stickgen.train.processes import killed
from stickgen.train.processes.killed import learn_from_kill

ROOMY = replace(local_machine_fast(), ram_available_bytes=2**42)


@pytest.fixture
def run(tmp_path: Path, tiny_dataset: Path) -> Run:
    settings = {
        "model.embedding_dim": 16, "model.d_model": 32, "model.nhead": 4, "model.num_layers": 1,
        "training.batch_size": 32, "training.grad_accum_steps": 1, "training.compile": "never",
    }  # fmt: skip
    config = TrainingConfig(preset_path("quickstart"), settings)  # type: ignore[arg-type]
    run = create_run(config, root=tmp_path, data_path=str(tiny_dataset))
    run.update_identity(launches=[{"pid": 1, "boot_id": boot_id(), "oom_kills": 0}])
    return run


def ended(run: Run, launch: int, *, out_of_memory: bool) -> None:
    facts = {"code": 137, "signal": "SIGKILL", "launch": launch, "out_of_memory": out_of_memory}
    (run.path / f"exit-{launch}.json").write_text(json.dumps(facts))


def test_each_launch_after_such_a_kill_halves_and_says_so(run: Run) -> None:
    for launch, fewer in enumerate((16, 8, 4, 2, 1), start=1):
        ended(run, launch, out_of_memory=True)
        said = learn_from_kill(run, launch, ROOMY)
        assert said is not None and f": {fewer} clips at a time instead of " in said
        assert run.identity["clips_at_once"] == fewer
        assert learn_from_kill(run, launch, ROOMY) is None  # once
    ended(run, 6, out_of_memory=True)
    said = learn_from_kill(run, 6, ROOMY)
    assert said is not None and "a single clip" in said
    assert Trainer(run).learner.limit.clips == 1


def test_it_halves_what_went_through_the_model_and_not_what_the_config_allowed(run: Run) -> None:
    run.update_identity(largest_micro_batch=6)
    ended(run, 1, out_of_memory=True)
    learn_from_kill(run, 1, ROOMY)
    assert run.identity["clips_at_once"] == 3


def test_where_half_will_not_do_the_planner_says_how_few(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def needs(config: TrainingConfig, *_: object, **__: object) -> object:
        class Answer:
            class needed_memory:
                value = config.training.batch_size * 100

            memory_free_bytes = 450

        return Answer

    monkeypatch.setattr(killed, "estimate", needs)
    ended(run, 1, out_of_memory=True)
    learn_from_kill(run, 1, ROOMY)
    assert run.identity["clips_at_once"] == 4


def test_a_kill_by_somebody_teaches_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ended(run, 1, out_of_memory=False)
    assert learn_from_kill(run, 1, ROOMY) is None
    (run.path / "exit-1.json").unlink()
    monkeypatch.setattr(killed, "oom_kills", lambda: 0)
    assert learn_from_kill(run, 1, ROOMY) is None
    monkeypatch.setattr(killed, "oom_kills", lambda: 3)  # the supervisor was killed along with it
    assert learn_from_kill(run, 1, ROOMY) is not None


def test_the_kernels_count_is_read(tmp_path: Path) -> None:
    (tmp_path / "vmstat").write_text("nr_free_pages 12\noom_kill 7\npgfault 9\n")
    assert oom_kills(tmp_path) == 7
    assert oom_kills(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("words", "is_memory"),
    [
        ("could not create a primitive", True),
        ("could not create a primitive descriptor for a convolution forward propagation primitive", False),
        ("could not create a memory object", True),
        ("std::bad_alloc", True),
        ("unable to mmap 1024 bytes from file <x>: Cannot allocate memory (12)", True),
        ("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory", True),
        ("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", True),
        ("mat1 and mat2 shapes cannot be multiplied", False),
    ],
)
def test_what_says_that_memory_ran_out(words: str, is_memory: bool) -> None:
    assert is_out_of_memory(RuntimeError(words)) is is_memory
    assert not is_out_of_memory(ValueError(words))
