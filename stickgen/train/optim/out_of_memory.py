"""How many clips go through the model at once: fewer if memory runs out, with the same effective batch."""

from __future__ import annotations

import gc
import re
import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import torch

from stickgen.model.objective import Batch
from stickgen.quantities import byte_text

T = TypeVar("T")

# PyTorch's allocators, oneDNN (whose primitives need scratch memory), C++, the kernel, cuBLAS
_WORDS = re.compile(
    r"DefaultCPUAllocator|out of memory|could not create a memory|could not create a primitive(?! descriptor)"
    r"|bad_alloc|Cannot allocate memory|can't allocate memory|CUBLAS_STATUS_ALLOC_FAILED"
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch or Python failed to allocate memory; for RAM, torch raises a plain RuntimeError."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and _WORDS.search(str(error)) is not None


class MicroBatchLimit:
    """The most clips of a micro-batch: unlimited until memory has run out, in this launch or an earlier one.

    A step's gradient does not depend on how its clips are cut: the same clips with the same noise count the
    same. Only rounding differs, and the dropout of clips that are cut apart.
    """

    def __init__(
        self,
        say: Callable[[str, int], None] = lambda message, clips: None,
        clips: int | None = None,
        repaired: Callable[[Exception], bool] = lambda error: False,
    ) -> None:
        """`say` gets a sentence and the new limit when memory runs out. `clips` is the limit of earlier launches.

        `repaired` gets any other error and says whether its cause is gone, so that the step is worth repeating.
        """
        self.clips = clips
        self._say, self._repaired = say, repaired

    def replay(
        self, work: Callable[[Iterable[Batch]], T], batches: Iterator[Batch], *, undo: Callable[[], None]
    ) -> T:
        """Do `work` on `batches`, cut to the limit. If memory runs out, `undo` it, halve the limit and start over.

        The same after an error that was repaired. Raises MemoryError if a single clip does not fit.
        """
        seen: list[Batch] = []

        def from_the_first() -> Iterator[Batch]:
            yield from list(seen)
            for batch in batches:
                seen.append(batch)
                yield batch

        while True:
            try:
                return work(part for batch in from_the_first() for part in self.cut(batch))
            except Exception as error:
                reason = str(error) if is_out_of_memory(error) else None
                if reason is None and not self._repaired(error):
                    raise
            # outside of the handler, whose exception keeps alive the tensors of every frame it passed through
            undo()
            if reason is not None:
                self.halve(max(map(len, seen)), reason)

    def cut(self, batch: Batch) -> list[Batch]:
        """`batch` in parts within the limit."""
        return [batch] if self.clips is None or len(batch) <= self.clips else batch.split(self.clips)

    def halve(self, largest: int, reason: str) -> None:
        """Halve the limit, or set it to half of `largest` clips. Raises MemoryError if a single clip did not fit."""
        tried = min(largest, self.clips or largest)
        if tried <= 1:
            raise MemoryError(f"with a single clip at a time, at a peak of {_peak()}: {reason}")
        self.clips = tried // 2
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        self._say(
            f"out of memory with {tried} clips at a time ({reason}); the step is repeated with {self.clips} "
            "at a time, with the same clips and the same effective batch",
            self.clips,
        )


def _peak() -> str:
    if torch.cuda.is_available() and torch.cuda.max_memory_reserved():
        return f"{byte_text(torch.cuda.max_memory_reserved())} of the GPU"
    unit = 1 if sys.platform == "darwin" else 1024
    return byte_text(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
