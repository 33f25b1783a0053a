"""How long an optimizer step takes, by its work and the machine's measured rates.

A step's time is the sum of its matrix products, its element-wise work (which is bound by memory bandwidth) and a
fixed cost per kernel.
"""

from __future__ import annotations

from dataclasses import dataclass

from stickgen.config.placement import Device
from stickgen.config.settings import Settings
from stickgen.hardware.machine import Machine, Speed
from stickgen.planner.arithmetic.workload import Workload
from stickgen.planner.decisions.batch_shapes import steps_per_epoch
from stickgen.planner.decisions.validation import MOST_CLIPS

# Fitted by `benchmarks/planner_error.py fit`, on the CPU seconds of a step over its threads; docs/planner.md has the errors.
PRODUCTS_SHARE = {"fp32": 0.95, "bf16": 0.5}  # share of the measured rate of products that training reaches
MEMORY_SHARE = {"fp32": 0.32, "bf16": 0.15}  # share of the measured memory rate, for the bytes counted here
COMPILED_GAIN = {"fp32": 0.05, "bf16": 0.15}  # share of the time that compiling saves
EMULATED = 0.1  # rate of bf16 in software, relative to fp32
KERNEL_SECONDS = 3.2e-5  # to start one kernel
# Rates per core and for a GPU if none were measured: a guess, with a wide interval.
GUESSED_CORE = Speed(gflops_fp32=60.0, gflops_bf16=120.0, gbytes_per_second=8.0)
GUESSED_GPU = Speed(gflops_fp32=10_000.0, gflops_bf16=40_000.0, gbytes_per_second=300.0)


@dataclass(frozen=True)
class StepCost:
    """The work of one optimizer step."""

    flops: float  # floating-point operations of matrix products
    bytes_moved: float  # bytes that everything else reads and writes
    kernels: float


def step_cost(work: Workload) -> StepCost:
    """Return the work of one optimizer step: forward and backward passes, gradient clipping and the update.

    A matrix product of m·k by k·n takes 2·m·k·n operations. The backward pass does two for each in the forward pass.
    Attention's backward pass also recomputes the weights; activation checkpointing recomputes a block's forward pass.
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
    """Return the seconds that a step of `work` takes at these rates."""
    cost = step_cost(work)
    rate = speed.gflops_fp32
    if work.precision == "bf16":
        rate = speed.gflops_bf16 or speed.gflops_fp32 * EMULATED
    share = 1 - COMPILED_GAIN[work.precision] if work.compiled else 1.0
    products = cost.flops / (PRODUCTS_SHARE[work.precision] * rate * 1e9)
    traffic = cost.bytes_moved / (MEMORY_SHARE[work.precision] * speed.gbytes_per_second * 1e9)
    return share * (products + traffic + cost.kernels * KERNEL_SECONDS)


def guessed_speed(device: Device, machine: Machine) -> Speed:
    """Return guessed rates for a device that was not measured."""
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
    """Return (optimizer steps per epoch, in the launch), counted as the trainer does."""
    per_epoch = steps_per_epoch(clips, config.effective_batch)
    total = per_epoch * int(config.training.epochs)
    return per_epoch, total if max_steps is None else min(total, max_steps)


def validation_steps(clips: int, effective_batch: int) -> float:
    """Return how many optimizer steps take as long as one validation, of at most 512 held-out clips.

    Each clip takes a forward pass. In training it also takes a backward pass, which costs twice as much.
    """
    return min(clips, MOST_CLIPS) / 3 / effective_batch
