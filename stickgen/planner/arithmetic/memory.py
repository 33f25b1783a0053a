"""How much memory training takes at its peak, by arithmetic: the terms are those of `stickgen.train`.

The peak comes with the first gradients of a step's last micro-batch: weights, their running average, the
moments of the optimizer and the gradients lie there in fp32, and all that the backward pass needs of a
micro-batch; and, where a checkpoint is being written, a copy of what it holds. What autograd keeps of a
micro-batch was counted with `torch.autograd.graph.saved_tensors_hooks`, each storage once; a test compares.
How much more than the live bytes a process holds (freed memory that the allocator keeps) was fitted by
`benchmarks/planner_error.py fit`.
"""

from __future__ import annotations

from dataclasses import dataclass

from stickgen.planner.arithmetic.workload import Workload

MIB = 2**20
BASE_BYTES = 270 * MIB  # a trainer that has loaded torch and made its first step, without the rest
BF16_KERNEL_BYTES = 0 * MIB  # more of it in bf16, for oneDNN's kernels and buffers
COMPILED_BYTES = 300 * MIB  # what torch.compile leaves in the process
CUDA_CONTEXT_BYTES = 500 * MIB  # VRAM that a process takes before its first tensor: not measured here
RETENTION = {"fp32": 1.06, "bf16": 1.06}  # bytes held for each live byte of activations
GRADIENT_RETENTION = 0.7  # bytes that the heap keeps for each byte of gradients, which each step frees
WORKER_BYTES = 260 * MIB  # RAM of one data worker: what it does not share with the trainer


@dataclass(frozen=True)
class MemoryParts:
    """Bytes at the peak, by what they are for. On CUDA it is VRAM, else RAM with the data workers'."""

    base: int
    weights: int
    average: int
    gradients: int
    optimizer: int
    retained: int  # of freed gradients
    saving: int  # the copy of all that a checkpoint holds
    activations: int  # with what the allocator keeps of those that were freed
    workers: int

    @property
    def states(self) -> int:
        """What there is for each parameter."""
        return (
            self.weights + self.average + self.gradients + self.optimizer + self.retained + self.saving
        )  # fmt: skip

    @property
    def total(self) -> int:
        """All of it."""
        return self.base + self.states + self.activations + self.workers


def memory_parts(work: Workload) -> MemoryParts:
    """What is there at the peak of `work`."""
    weights, moments = 4 * work.parameters, 4 * work.moments
    average = weights if work.averaged else 0
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
        saving=0 if on_gpu else weights + (average or weights) + moments,
        activations=int(RETENTION[work.precision] * live_bytes(work)),
        workers=0 if on_gpu else work.workers * WORKER_BYTES,
    )


def live_bytes(work: Workload) -> int:
    """Activations and their gradients at the moment when most of them are there."""
    return saved_bytes(work) + backward_bytes(work)


def saved_bytes(work: Workload) -> int:
    """What autograd keeps of one micro-batch of the longest clips until its backward pass.

    With activation checkpointing that is the input of each block, in fp32, and the inside of one of them.
    """
    tokens = work.batch_size * work.longest_tokens
    words = work.batch_size * work.longest_words
    d = work.d_model
    # the losses, on frames; the windows that patches are cut from; the way in and the heads; the texts' tokens
    ends = work.batch_size * (work.longest_frames + 1) * (830 if work.patch_frames == 1 else 920)
    ends += tokens * 14 * d
    ends += words * (work.bytes_per_value * work.embedding_dim + (8 if work.precision == "bf16" else 12) * d)
    copies = 18 * d * d if work.precision == "bf16" else 0
    if work.checkpointing:
        return int(work.layers * 4 * tokens * d + _block_bytes(work) + ends + copies)
    return int(work.layers * _block_bytes(work) + ends + copies)


def _block_bytes(work: Workload) -> float:
    """What autograd keeps of one block, in bytes a value of [b, t, d] and a pair of tokens."""
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
    """Gradients of activations that live while the last block is walked back: the feed-forward's 8·d and 4·d."""
    tokens = work.batch_size * work.longest_tokens
    return int(14 * work.bytes_per_value * tokens * work.d_model)
