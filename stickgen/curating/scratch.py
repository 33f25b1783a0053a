"""Tensors that are larger than memory while a dataset is put together: they lie in a file without a name."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from stickgen.data.resident import Resident
from stickgen.errors import StickgenError

_ALIGNED = 64  # bytes


class Scratch:
    """Rows written one after the other beside the dataset to come, read back through a mapping.

    The file has no name, so that it vanishes with the process, however that ends.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - it lives as long as the tensors
        except OSError as error:
            raise StickgenError(
                f"{folder}: nothing can be written there ({error.strerror or error}); name another folder"
            ) from error
        self._folder = folder
        self._tensors: list[Tensor] = []

    def tensor(self, pieces: Iterable[Tensor], width: int | None, dtype: torch.dtype) -> Tensor:
        """The rows of all `pieces` as one tensor [rows, width], or [rows] where `width` is None.

        Raises StickgenError if the disk is full.
        """
        rows = 0
        try:
            start = -(-self._file.seek(0, os.SEEK_END) // _ALIGNED) * _ALIGNED
            self._file.seek(start)
            for piece in pieces:
                self._file.write(piece.to(dtype).contiguous().numpy().tobytes())
                rows += len(piece)
            self._file.flush()
        except OSError as error:
            raise StickgenError(
                f"{self._folder}: the dataset could not be written ({error.strerror or error}); make room, or name another place"
            ) from error
        shape = (rows,) if width is None else (rows, width)
        if not rows:
            return torch.zeros(shape, dtype=dtype)
        kind = torch.zeros(0, dtype=dtype).numpy().dtype
        tensor = torch.from_numpy(np.memmap(self._file, kind, mode="c", offset=start, shape=shape))
        self._tensors.append(tensor)
        return tensor

    def resident(self) -> Resident:
        """Gives the memory of these tensors back while they are read."""
        name = Path(f"/proc/self/fd/{self._file.fileno()}")
        return Resident(name.readlink() if name.is_symlink() else None, tuple(self._tensors))
