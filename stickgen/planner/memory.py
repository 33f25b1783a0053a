"""How much memory training takes at its peak, by arithmetic: the terms are those of `stickgen.train`.

The peak comes with the first gradients of a step's last micro-batch: weights, their running average, both moments
of AdamW and the gradients lie there in fp32, and all that the backward pass needs of a micro-batch.
What autograd keeps of a micro-batch was counted with `torch.autograd.graph.saved_tensors_hooks`, each
storage once; a test compares. How much more than the live bytes a process holds (freed memory that the
allocator keeps) was fitted on the runs of `benchmarks/planner_error.py`: of 22 configs from 2.8 M to 44.5 M
parameters the median error is 5 %, the largest 17 %, each for the first five steps of a run.
"""

from __future__ import annotations

from dataclasses import dataclass

from stickgen.planner.workload import Workload

MIB = 2**20
BASE_BYTES = 330 * MIB  # a trainer that has loaded torch and made its first step, without the rest
BF16_KERNEL_BYTES = 110 * MIB  # kernels and buffers that oneDNN keeps for the shapes of a run in bf16
CUDA_HOST_BASE_BYTES = 2_500 * MIB  # RAM of a trainer on CUDA: not measured here, from torch's own figures
CUDA_CONTEXT_BYTES = 500 * MIB  # VRAM that a process takes before its first tensor: not measured here
RETENTION = 1.3  # bytes held for each live byte of activations
WORKER_BYTES = 260 * MIB  # RAM of one data worker: what it does not share with the trainer


@dataclass(frozen=True)
class MemoryParts:
    """Bytes at the peak, by what they are for. On CUDA it is VRAM, else RAM with the data workers'."""

    base: int
    weights: int
    average: int
    gradients: int
    optimizer: int
    activations: int  # with what the allocator keeps of those that were freed
    workers: int

    @property
    def states(self) -> int:
        """What there is for each parameter."""
        return self.weights + self.average + self.gradients + self.optimizer

    @property
    def total(self) -> int:
        """All of it."""
        return self.base + self.states + self.activations + self.workers


def memory_parts(work: Workload) -> MemoryParts:
    """What is there at the peak of `work`."""
    weights = 4 * work.parameters
    live = saved_bytes(work) + backward_bytes(work)
    on_gpu = work.device == "cuda"
    base = BASE_BYTES + (BF16_KERNEL_BYTES if work.precision == "bf16" else 0)
    return MemoryParts(
        base=CUDA_CONTEXT_BYTES if on_gpu else base,
        weights=weights,
        average=weights if work.averaged else 0,
        gradients=weights,
        optimizer=2 * weights,
        activations=int(RETENTION * live),
        workers=0 if on_gpu else work.workers * WORKER_BYTES,
    )


def saved_bytes(work: Workload) -> int:
    """What autograd keeps of one micro-batch of the longest clips until its backward pass."""
    tokens = work.batch_size * (work.longest_frames + 1)  # the text is a token too
    low = work.precision == "bf16"
    # a value of [b, t, d] in each block: fp32 keeps 33 of them, bf16 a mix; dropout keeps two of 2 or 4 bytes
    per_value = (78.9 if low else 132.4) + (work.bytes_per_value * 2 if work.dropout else 0)
    block = per_value * tokens * work.d_model
    if not work.denoising:  # the causal mask, as numbers
        block += work.bytes_per_value * work.batch_size * (work.longest_frames + 1) ** 2
    ends = tokens * (800 + 14 * work.d_model)  # the way in, the heads and the losses
    copies = 2 * work.parameters if low else 0  # autocast's bf16 copies of the matrices
    return int(work.layers * block + ends + copies)


def backward_bytes(work: Workload) -> int:
    """Gradients of activations that live while the last block is walked back: the feed-forward's 8·d and 4·d."""
    tokens = work.batch_size * (work.longest_frames + 1)
    return int(14 * work.bytes_per_value * tokens * work.d_model)
