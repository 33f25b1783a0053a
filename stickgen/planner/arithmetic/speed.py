"""How long an optimizer step takes, from the work in it and the machine's measured rates.

A step's time is that of its matrix products, of its element-wise work (which waits for memory), and a fixed
cost a kernel.
"""

from __future__ import annotations

from dataclasses import dataclass

from stickgen.config.settings import Settings
from stickgen.hardware.machine import Machine, Speed
from stickgen.planner.arithmetic.workload import Workload
from stickgen.planner.decisions.placement import Device

# Fitted by `benchmarks/planner_error.py fit`, on the CPU seconds of a step over its threads; docs/planner.md has the errors.
PRODUCTS_SHARE = {"fp32": 0.95, "bf16": 0.5}  # of the measured rate of products, reached in training
MEMORY_SHARE = {"fp32": 0.32, "bf16": 0.15}  # of the measured memory rate, over the bytes counted here
COMPILED_GAIN = {"fp32": 0.05, "bf16": 0.15}  # share of the time that compiled layers save
VALIDATED_CLIPS = 512  # at the most, as in `stickgen.train.measuring.validate`
EMULATED = 0.1  # of the rate in fp32, where bf16 is computed in software
KERNEL_SECONDS = 3.2e-5  # cost of starting one
# per core and for a GPU, where nothing was measured: a guess, and the interval says so
GUESSED_CORE = Speed(gflops_fp32=60.0, gflops_bf16=120.0, gbytes_per_second=8.0)
GUESSED_GPU = Speed(gflops_fp32=10_000.0, gflops_bf16=40_000.0, gbytes_per_second=300.0)


@dataclass(frozen=True)
class StepCost:
    """What one optimizer step does."""

    flops: float  # floating-point operations of matrix products
    bytes_moved: float  # read and written by everything else
    kernels: float


def step_cost(work: Workload) -> StepCost:
    """The optimizer step of `work`: forward and backward of its clips, the clip of the gradient, the move.

    A matrix product of m·k by k·n is 2·m·k·n operations; backward does two for each of forward's. Attention's
    backward also computes the weights again, and activation checkpointing all of a block's forward.
    """
    tokens, words = work.clips * work.tokens, work.clips * work.words
    d, patch = work.d_model, work.patch_frames
    linear = 2 * 16 * d * d * work.layers
    window = patch if patch == 1 else patch + 2  # frames that a token reads and writes
    ends = 2 * d * (2 * window * work.values + work.actions + 2 * patch)
    attention = 4 * (work.tokens + work.words) * d * work.layers
    # the texts' tokens give keys and values of every block, by the map that also gives queries
    of_words = 2 * d * (3 * d * work.layers + work.embedding_dim + d)
    condition = 2 * work.clips * d * (work.embedding_dim + 7 * d + (2 * d if work.denoising else 0))
    again = 1 if work.checkpointing else 0
    flops = tokens * ((3 + again) * linear + 3 * ends + (3.5 + again) * attention) + 3 * condition
    flops += words * (3 + again) * of_words
    # what is kept for backward is written, read, and its gradient written and read
    per_value = 4 * (49 if work.precision == "bf16" else 94.5) * (1 + again / 4)
    if work.dropout:
        per_value += 4 * 2
    moved = work.layers * per_value * tokens * d + 4 * (
        work.clips * (work.frames + 1) * 830 + tokens * 14 * d
    )
    moved += 4 * work.layers * 16 * words * d
    if work.precision == "bf16":
        # weights read, copied, and gradients turned back to fp32
        moved += work.micro_batches * 12 * work.parameters
    moved += work.micro_batches * 8 * work.trained  # gradients are added to those of the micro-batches before
    moved += 4 * (
        4 * work.trained + 3 * work.moments + work.trained + (3 * work.parameters if work.averaged else 0)
    )
    kernels = work.micro_batches * (work.layers * (110 + 30 * again) + 500) + 200
    return StepCost(flops, moved, kernels)


def step_seconds(work: Workload, speed: Speed) -> float:
    """How long the step of `work` takes at these rates, by arithmetic."""
    cost = step_cost(work)
    rate = speed.gflops_fp32
    if work.precision == "bf16":
        rate = speed.gflops_bf16 or speed.gflops_fp32 * EMULATED
    share = 1 - COMPILED_GAIN[work.precision] if work.compiled else 1.0
    products = cost.flops / (PRODUCTS_SHARE[work.precision] * rate * 1e9)
    traffic = cost.bytes_moved / (MEMORY_SHARE[work.precision] * speed.gbytes_per_second * 1e9)
    return share * (products + traffic + cost.kernels * KERNEL_SECONDS)


def guessed_speed(device: Device, machine: Machine) -> Speed:
    """Rates of a device that nobody measured."""
    if device != "cpu":
        return GUESSED_GPU
    cores = max(min(machine.cores_usable, machine.cores_physical), 1)
    bf16 = GUESSED_CORE.gflops_bf16 or 0.0
    return Speed(
        GUESSED_CORE.gflops_fp32 * cores,
        bf16 * cores if machine.cpu_bf16 else None,
        min(GUESSED_CORE.gbytes_per_second * cores, 40.0),
    )


def training_steps(config: Settings, clips: int, max_steps: int | None) -> tuple[int, int]:
    """(optimizer steps of an epoch, of the launch), as the trainer counts them."""
    per_epoch = -(-clips // config.effective_batch)
    total = per_epoch * int(config.training.epochs)
    return per_epoch, total if max_steps is None else min(total, max_steps)


def validation_steps(clips: int, effective_batch: int) -> float:
    """How many optimizer steps take as long as validation after an epoch, of at most 512 held-out clips.

    Each goes through the model forward twice, for its losses and for its actions, where training goes forward
    once and backward at twice the cost.
    """
    return min(clips, VALIDATED_CLIPS) * 2 / 3 / effective_batch
