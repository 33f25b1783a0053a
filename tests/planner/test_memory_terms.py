"""The arithmetic of memory against what autograd really keeps, and against the engine's own limits."""

from __future__ import annotations

from typing import Any

import pytest
from saved_by_autograd import bytes_saved_by_autograd

from stickgen.config.key import Value
from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.datasets.facts import DatasetFacts
from stickgen.hardware.machine import Machine
from stickgen.planner.arithmetic.memory import memory_parts, saved_bytes
from stickgen.planner.arithmetic.speed import step_cost
from stickgen.planner.arithmetic.workload import at_once, workload_of

MACHINE = Machine(2**34, 2**34, None, 2, 2, 2, "a CPU", False)


def config(**changes: Value) -> TrainingConfig:
    wanted: dict[str, Value] = {"device.type": "cpu", "model.num_layers": 2, "training.compile": "never"}
    return TrainingConfig(
        preset_path("small"), {**wanted, **{k.replace("__", "."): v for k, v in changes.items()}}
    )


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize(("patch_frames", "words"), [(1, 0), (4, 16), (5, 8)])
@pytest.mark.parametrize(
    "changes",
    [
        {"model__d_model": 64, "model__nhead": 2, "data__max_frames": 48},
        {"model__d_model": 128, "model__nhead": 4, "data__max_frames": 96, "diffusion__enabled": False},
        {"model__d_model": 128, "model__nhead": 4, "data__max_frames": 64, "model__dropout": 0.0},
        {"model__d_model": 96, "model__nhead": 3, "data__max_frames": 80, "training__batch_size": 3},
    ],
)
def test_what_autograd_keeps_is_what_is_counted(
    changes: dict[str, Any], patch_frames: int, words: int, precision: str
) -> None:
    made = config(device__precision=precision, model__patch_frames=patch_frames, **changes)
    frames = made.data.max_frames
    counted = saved_bytes(workload_of(made, MACHINE, facts(frames, words)))
    kept = bytes_saved_by_autograd(made, frames, precision, words)
    assert counted == pytest.approx(kept, rel=0.06)


def facts(frames: int, words: int) -> DatasetFacts:
    """A dataset of clips of `frames` whose texts all have so many tokens, 0 where it has none one by one."""
    return DatasetFacts(
        1000, 1, float(frames), frames, 900, 100, 1, 1, 1024, "e", ("s",), ("l",), "f", float(words), words
    )


def test_the_tokens_of_texts_are_counted_where_model_and_dataset_have_them() -> None:
    made = config(training__batch_size=16)
    assert workload_of(made, MACHINE, facts(96, 0)).longest_words == 0
    assert workload_of(made, MACHINE, facts(96, 11)).longest_words == 16  # padded as batches are
    assert workload_of(config(model__text_tokens=False), MACHINE, facts(96, 11)).words == 0
    one = workload_of(config(training__batch_size=1), MACHINE, facts(96, 11))
    assert 11 < one.words <= workload_of(made, MACHINE, facts(96, 11)).words <= 16


def test_a_patch_of_four_takes_about_a_quarter() -> None:
    one, four = (workload_of(config(model__patch_frames=p), MACHINE, facts(248, 0)) for p in (1, 4))
    assert 4.0 < step_cost(one).flops / step_cost(four).flops < 4.6
    assert 3.0 < saved_bytes(one) / saved_bytes(four) < 4.0


def test_checkpointing_keeps_less_and_muon_and_lora_keep_fewer_numbers() -> None:
    plain = memory_parts(workload_of(config(model__num_layers=8), MACHINE, None))
    again = memory_parts(
        workload_of(config(model__num_layers=8, training__activation_checkpointing=True), MACHINE, None)
    )
    assert again.activations < plain.activations / 2 and again.states == plain.states
    muon = memory_parts(workload_of(config(training__optimizer="muon"), MACHINE, None))
    plain = memory_parts(workload_of(config(), MACHINE, None))
    assert plain.optimizer / 2 < muon.optimizer < plain.optimizer
    lora = memory_parts(workload_of(config(lora__enabled=True), MACHINE, None))
    assert lora.gradients < plain.gradients / 10
    assert lora.weights - plain.weights == lora.gradients  # the adapters


def test_on_a_cpu_a_micro_batch_is_cut_as_the_engine_cuts_it() -> None:
    from stickgen.planner.decisions.batch_shapes import frames_at_once
    from stickgen.train.batching.plan import cut

    made = config(
        training__batch_size=32, training__grad_accum_steps=2, model__d_model=512, model__nhead=16,
        model__patch_frames=1,
    )  # fmt: skip
    work = workload_of(made, MACHINE, None)
    most = frames_at_once(512, 1, "cpu")
    parts = cut(list(range(64)), [250] * 64, 32, most)
    assert work.batch_size == max(map(len, parts)) == at_once(32, 250, most)
    assert work.micro_batches == len(parts) and work.clips == 64
