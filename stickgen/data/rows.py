"""Reads rows of a dataset from its file instead of through the mapping.

If somebody cuts a mapped file short, reading the mapping ends the process by SIGBUS, without a message and without a
checkpoint. Here, a short read is an error that names the file, and a changed file is noticed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from stickgen.data.resident import mappings
from stickgen.errors import RunFailedError


class DatasetChangedError(RunFailedError):
    """The dataset was cut short, overwritten or appended to while it was read."""


class Rows:
    """Reads rows of tensors that are mapped from one file. Of other tensors it returns the rows themselves."""

    def __init__(self, path: Path | None = None, tensors: Sequence[Tensor] = ()) -> None:
        self._path = path
        self._offsets: dict[int, int] = {}  # the file offset of each tensor, by its address
        self._file = None
        if path is None:
            return
        try:
            self._file = path.open("rb", buffering=0)
        except OSError:
            return
        self._stamp = _stamp(self._file.fileno())
        there = mappings(path)
        for tensor in tensors:
            start, end = tensor.data_ptr(), tensor.data_ptr() + tensor.nbytes
            for low, high, offset in there:
                if tensor.is_contiguous() and low <= start and end <= high:
                    self._offsets[start] = start - low + offset

    def read(self, tensor: Tensor, first: int, last: int) -> Tensor:
        """Rows `first` to `last`, excluding `last`. Raises DatasetChangedError."""
        offset = self._offsets.get(tensor.data_ptr())
        if offset is None or self._file is None or last <= first:
            return tensor[first:last]
        row = tensor[:1].nbytes
        wanted = (last - first) * row
        data = bytearray(wanted)
        if os.preadv(self._file.fileno(), [data], offset + first * row) != wanted:
            raise self._error()
        rows = torch.frombuffer(data, dtype=tensor.dtype).reshape(last - first, *tensor.shape[1:])
        self.check()  # after the read, so that what was written meanwhile is not used
        return rows

    def check(self) -> None:
        """Raise DatasetChangedError if the file is not as it was when it was opened."""
        if self.changed:
            raise self._error()

    @property
    def changed(self) -> bool:
        """Whether somebody wrote to the file since it was opened. Replacing it by another file does not count."""
        return self._file is not None and _stamp(self._file.fileno()) != self._stamp

    def _error(self) -> DatasetChangedError:
        return DatasetChangedError(
            f"{self._path}: the dataset was changed while it was read; restore it and go on with "
            "--resume, and write another dataset under another name"
        )


def _stamp(fd: int) -> tuple[int, int]:
    status = os.fstat(fd)
    return status.st_size, status.st_mtime_ns
