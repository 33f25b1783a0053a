"""Several processes that train one model: each takes its share of a step's clips, and all hold the same weights.

A step's loss is a sum over its clips divided by their number, so the sum of the processes' gradients is the
gradient of one process with the same effective batch. Nothing here depends on how the processes were started:
`stickgen train --nproc` (elastic.py) and `torchrun` set the same variables.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from stickgen.errors import StickgenError
from stickgen.train.processes.arrivals import FILE, Arrivals
from stickgen.train.processes.elastic import STORE

BUCKET_BYTES = 32 * 2**20  # gradients that are sent together
TIMEOUT = timedelta(minutes=30)  # for the other processes, one of which may be drawing a long sample

T = TypeVar("T")


class Ranks:
    """The processes of a run, as one of them sees it. A process on its own is a group of one: nothing is exchanged."""

    def __init__(
        self,
        rank: int = 0,
        size: int = 1,
        device: torch.device | None = None,
        arrivals: Arrivals | None = None,
    ) -> None:
        """`arrivals` is where the keeper reads how far each process is; None without a keeper."""
        self.rank, self.size, self._arrivals = rank, size, arrivals
        self._device = device or torch.device("cpu")

    @classmethod
    def join(cls, device: torch.device) -> Ranks:
        """Join the group that RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT name; without them, a group of one.

        The processes of `--nproc` meet in a file instead, which no other user can open. On CUDA, this process
        takes the GPU of its LOCAL_RANK. Raises StickgenError if there is no such GPU.
        """
        size = _number("WORLD_SIZE", 1)
        if size == 1:
            return cls()
        rank, local = _number("RANK"), _number("LOCAL_RANK", 0)
        if device.type == "cuda":
            if local >= torch.cuda.device_count():
                raise StickgenError(
                    f"at least {local + 1} processes need a GPU each, but this machine has "
                    f"{torch.cuda.device_count()}; use a smaller --nproc"
                )
            torch.cuda.set_device(local)
        elif device.type == "mps":
            raise StickgenError("several processes cannot share an Apple GPU; use --set device.type=cpu")
        backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
        store = os.environ.get(STORE)
        arrivals = None
        if store is None:
            dist.init_process_group(backend, timeout=TIMEOUT)
        else:
            shared = dist.FileStore(store, size)  # type: ignore[attr-defined]
            dist.init_process_group(backend, store=shared, rank=rank, world_size=size, timeout=TIMEOUT)
            with contextlib.suppress(OSError):
                arrivals = Arrivals(Path(store).with_name(FILE), size)
        return cls(rank, size, device, arrivals)

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def share(self, parts: Sequence[T]) -> list[T]:
        """This process's share of `parts`. As they are sorted by length, each process gets short and long ones."""
        return list(parts[self.rank :: self.size])

    def most(self, parts: Sequence[T]) -> int:
        """The most parts that any process gets."""
        return -(-len(parts) // self.size)

    def sum(self, values: Tensor) -> Tensor:
        """`values` summed over all processes, in place."""
        if self.size > 1:
            self._arrive()
            dist.all_reduce(values)
        return values

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Sum the gradients of `parameters` over all processes. A process without a clip of the step adds zeros."""
        if self.size == 1:
            return
        bucket: list[Tensor] = []
        for parameter in parameters:
            if not parameter.requires_grad:
                continue
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            bucket.append(parameter.grad)
            if sum(gradient.nbytes for gradient in bucket) >= BUCKET_BYTES:
                self._sum_bucket(bucket)
                bucket = []
        if bucket:
            self._sum_bucket(bucket)

    def _sum_bucket(self, gradients: list[Tensor]) -> None:
        flat = self.sum(torch.cat([gradient.flatten() for gradient in gradients]))
        parts = flat.split([gradient.numel() for gradient in gradients])
        torch._foreach_copy_(gradients, [p.view_as(g) for p, g in zip(parts, gradients, strict=True)])

    def any_of(self, wishes: Sequence[bool]) -> list[bool]:
        """For each wish, whether any process has it. All processes get the same answer, and so act at the same step."""
        if self.size == 1:
            return list(wishes)
        return [bool(value) for value in self.sum(torch.tensor(wishes, dtype=torch.float32))]

    def greatest(self, value: float) -> float:
        """The greatest `value` of all processes."""
        if self.size == 1:
            return value
        self._arrive()
        box = torch.tensor(value, dtype=torch.float64)
        dist.all_reduce(box, op=dist.ReduceOp.MAX)
        return float(box)

    def from_first(self, value: Any) -> Any:
        """The first process's `value`, on all processes."""
        if self.size == 1:
            return value
        self._arrive()
        box = [value if self.leads else None]
        dist.broadcast_object_list(box, src=0, device=torch.device("cpu"))
        return box[0]

    def _arrive(self) -> None:
        if self._arrivals is not None:
            self._arrivals.arrive(self.rank)

    def leave(self) -> None:
        """Close the connections."""
        if self.size > 1:
            dist.destroy_process_group()


ALONE = Ranks()


def _number(name: str, default: int | None = None) -> int:
    value = os.environ.get(name, "" if default is None else str(default))
    try:
        return int(value)
    except ValueError as error:
        raise StickgenError(
            f"{name} is {value!r} in the environment, and WORLD_SIZE {os.environ.get('WORLD_SIZE')!r}: several "
            "processes are started by `stickgen train --nproc` or torchrun, which set both"
        ) from error


def is_first() -> bool:
    """Whether this process is the one that writes, before it has joined the group."""
    return os.environ.get("RANK", "0") == "0"
