"""Peak memory of training, by arithmetic. The terms mirror what `stickgen.train` allocates.

The peak comes as the backward pass of a step's last micro-batch begins. Memory then holds the weights, their
running average, the optimizer's moments and the gradients, all in fp32, and everything the backward pass needs. If a
checkpoint is being written, it also holds a copy of the checkpoint. What autograd keeps of a micro-batch was counted
with `torch.autograd.graph.saved_tensors_hooks`, each storage once; a test compares the two. Freed memory that the
allocator keeps was fitted by `benchmarks/planner_error.py fit`.
"""

from __future__ import annotations

from dataclasses import dataclass

from stickgen.planner.arithmetic.encoder import loaded_bytes
from stickgen.planner.arithmetic.parameters import TIMING_VALUES
from stickgen.planner.arithmetic.workload import Workload
from stickgen.planner.decisions.checkpoints import checkpoint_bytes

MIB = 2**20
BASE_BYTES = 270 * MIB  # a trainer that has loaded torch and made its first step, without the terms below
BF16_KERNEL_BYTES = 0 * MIB  # added in bf16, for oneDNN's kernels and buffers
COMPILED_BYTES = 300 * MIB  # left in the process by torch.compile
CUDA_CONTEXT_BYTES = 500 * MIB  # VRAM that a process takes before its first tensor; a guess, not measured
RETENTION = {"fp32": 1.06, "bf16": 1.06}  # bytes held per live byte of activations
GRADIENT_RETENTION = 0.7  # bytes kept by the heap per byte of gradients, which every step frees
WORKER_BYTES = 260 * MIB  # RAM of one data worker that it does not share with the trainer


@dataclass(frozen=True)
class MemoryParts:
    """Bytes at the peak, by purpose. On CUDA this is VRAM, else RAM, data workers included."""

    base: int
    weights: int
    average: int
    gradients: int
    optimizer: int
    retained: int  # of freed gradients
    saving: int  # the copy that a checkpoint is written from
    activations: int  # including freed ones that the allocator keeps
    workers: int
    encoder: int = 0  # the text encoder that evaluations load, and its libraries

    @property
    def states(self) -> int:
        """Everything that grows with the number of parameters."""
        return (
            self.weights + self.average + self.gradients + self.optimizer + self.retained + self.saving
        )  # fmt: skip

    @property
    def training(self) -> int:
        """All that training itself takes."""
        return self.base + self.states + self.activations + self.workers

    @property
    def total(self) -> int:
        """The sum of all terms."""
        return self.training + self.encoder


def memory_parts(work: Workload) -> MemoryParts:
    """Return the memory of `work` at its peak."""
    weights, moments = 4 * (work.parameters + work.adapters), 4 * work.moments
    average = 4 * work.parameters if work.averaged else 0
    on_gpu = work.device == "cuda"
    base = BASE_BYTES + (BF16_KERNEL_BYTES if work.precision == "bf16" else 0)
    return MemoryParts(
        base=(CUDA_CONTEXT_BYTES if on_gpu else base)
        + (COMPILED_BYTES if work.compiled and not on_gpu else 0),
        weights=weights,
        average=average,
        gradients=4 * work.trained,
        optimizer=moments,
        retained=0 if on_gpu else int(GRADIENT_RETENTION * 4 * work.trained),
        saving=0 if on_gpu else checkpoint_bytes(work.parameters, work.moments, adapters=work.adapters),
        activations=int(RETENTION[work.precision] * live_bytes(work)),
        workers=0 if on_gpu else work.workers * WORKER_BYTES,
        encoder=loaded_bytes(work.encoder_weights, on_gpu=on_gpu),
    )


def live_bytes(work: Workload) -> int:
    """Return the bytes of activations and their gradients at the peak."""
    return saved_bytes(work) + backward_bytes(work)


def saved_bytes(work: Workload) -> int:
    """Return the bytes that autograd keeps of one micro-batch of the longest clips until its backward pass.

    With activation checkpointing, that is the input of every block in fp32 and the inside of one block.
    """
    tokens = work.batch_size * work.longest_tokens
    words = work.batch_size * work.longest_words
    d = work.d_model
    # the losses, on frames; the windows that patches are cut from; the way in and the heads; the texts' tokens
    ends = work.batch_size * (work.longest_frames + 1) * (830 if work.patch_frames == 1 else 920)
    ends += tokens * 14 * d
    ends += words * (work.bytes_per_value * work.embedding_dim + (8 if work.precision == "bf16" else 12) * d)
    ends += tokens * work.bytes_per_value * TIMING_VALUES * work.timing
    copies = 18 * d * d if work.precision == "bf16" else 0
    if work.checkpointing:
        return int(work.layers * 4 * tokens * d + _block_bytes(work) + ends + copies)
    return int(work.layers * _block_bytes(work) + ends + copies)


def _block_bytes(work: Workload) -> float:
    """Return the bytes autograd keeps of one block: per value of [b, t, d] and per pair of tokens."""
    tokens, words, d = (
        work.batch_size * work.longest_tokens,
        work.batch_size * work.longest_words,
        work.d_model,
    )
    pairs = tokens * (work.longest_tokens + work.longest_words)
    dropped = 2 * tokens * d if work.dropout else 0  # two masks of a byte a value
    if work.precision == "bf16":
        # autocast's copies of the block's matrices; on a CPU the weights of attention, written out
        weights = 2 * work.nhead * pairs if work.device == "cpu" else 0
        return (49 * tokens + 8.5 * words) * d + dropped + weights + 33 * d * d
    mask = 0 if work.denoising else 4 * pairs
    return (94.5 * tokens + 16 * words) * d + dropped + mask


def backward_bytes(work: Workload) -> int:
    """Return the bytes of activation gradients in the backward pass of the last block: the feed-forward's 8·d and 4·d."""
    tokens = work.batch_size * work.longest_tokens
    return int(14 * work.bytes_per_value * tokens * work.d_model)
