"""Reads the numbers of NumPy's files. What they may hold as Python objects is never unpickled."""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stickgen.errors import StickgenError
from stickgen.importing.capture import Floats
from stickgen.importing.sources import Found

MAX_ARRAY_BYTES = 2**29  # of one array, unpacked: a body model has 96 MB, the longest captures less
_FARTHEST = 1e9  # millimetres, of anything that a capture says
Array = NDArray[Any]


@dataclass(frozen=True)
class Header:
    """What an array is, without its numbers."""

    shape: tuple[int, ...]
    pickled: bool
    size: int  # bytes of its numbers


def npy_header(data: bytes) -> Header | None:
    """The header at the beginning of an NPY file; None if there is none."""
    try:
        stream = io.BytesIO(data)
        version = np.lib.format.read_magic(stream)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(stream)
    except (ValueError, TypeError, SyntaxError, tokenize.TokenError, EOFError, RecursionError, MemoryError):
        return None
    return Header(shape, dtype.hasobject, math.prod(shape) * dtype.itemsize)


def read_npy(data: bytes, name: str) -> Floats:
    """The array of an NPY file as floats. Raises StickgenError if it is cut short or holds no numbers."""
    header = npy_header(data)
    if header is None:
        raise StickgenError(f"{name}: not an array of NumPy (NPY); get it again")
    if header.pickled:
        raise StickgenError(
            f"{name}: it holds Python objects, which can run code and are never read; save its numbers "
            "with numpy.save as a plain array"
        )
    return _numbers(_array(data, header, name), name)


def _array(data: bytes, header: Header | None, name: str) -> Array:
    """The array of an NPY file that has this header. A header may promise more than there is memory."""
    try:
        if header is None or not 0 <= header.size <= len(data):
            raise ValueError
        array: Array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except (ValueError, TypeError, EOFError, MemoryError) as error:
        raise StickgenError(f"{name}: the array is cut short or damaged; get it again") from error
    return array


def _numbers(array: Array, name: str) -> Floats:
    if array.dtype.kind not in "fiub":
        raise StickgenError(f"{name}: it holds {array.dtype}, not numbers")
    return array.astype(np.float64)


def first_bad_frame(*arrays: Floats) -> int | None:
    """The first frame, from 1, in which one of `arrays` [t, …] has NaN or a number that no capture has; None if none."""
    sound = np.ones(len(arrays[0]), bool)
    for array in arrays:
        flat = array.reshape(len(array), -1)
        sound &= (np.abs(np.nan_to_num(flat, nan=np.inf)) < _FARTHEST).all(axis=1)
    return None if sound.all() else int(np.argmin(sound)) + 1


class Npz:
    """The arrays of an NPZ file, each read when it is asked for."""

    def __init__(self, file: Found, limit: int) -> None:
        """Open the file. Raises StickgenError if it is no NPZ file or has more than `limit` bytes."""
        self.name = file.name
        try:
            if file.entry is None and file.size <= limit:
                self._archive = zipfile.ZipFile(file.path)
            else:
                self._archive = zipfile.ZipFile(io.BytesIO(file.read(limit)))
        except zipfile.BadZipFile as error:
            raise StickgenError(
                f"{file.name}: the file is cut short, or no NumPy archive (NPZ); get it again"
            ) from error
        self.keys = {entry.filename.removesuffix(".npy"): entry for entry in self._archive.infolist()}

    def __enter__(self) -> Npz:
        return self

    def __exit__(self, *error: object) -> None:
        self._archive.close()

    def shape(self, key: str) -> tuple[int, ...]:
        """The shape of an array; () if it is not there or a single value."""
        if key not in self.keys:
            return ()
        with self._archive.open(self.keys[key]) as stream:
            header = npy_header(stream.read(4096))
        return header.shape if header else ()

    def numbers(self, keys: Iterable[str], *, columns: int | None = None) -> Floats | None:
        """The first of `keys` that is there, or None; of a table at most its first `columns`.

        Raises StickgenError if it is damaged or holds no numbers.
        """
        key = next((key for key in keys if key in self.keys), None)
        if key is None:
            return None
        array = self._read(key)
        return _numbers(array if columns is None else array[:, :columns], f"{self.name}: {key}")

    def word(self, key: str) -> str:
        """A text, which programs write as str or bytes; "" if there is none, or one that is pickled."""
        try:
            array = self._read(key) if key in self.keys else None
        except StickgenError:
            return ""
        if array is None or array.dtype.kind not in "US" or array.size != 1:
            return ""
        value = array.reshape(-1)[0]
        return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)

    def words(self, key: str) -> list[str]:
        """The texts of a list; [] if there is none, or one that is pickled."""
        try:
            array = self._read(key) if key in self.keys else None
        except StickgenError:
            return []
        if array is None or array.dtype.kind not in "US":
            return []
        return [
            str(text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
            for text in array.ravel()
        ]

    def _read(self, key: str) -> Array:
        entry = self.keys[key]
        if entry.file_size > MAX_ARRAY_BYTES:
            raise StickgenError(f"{self.name}: {key} has {entry.file_size:,} bytes, more than any capture")
        try:
            data = self._archive.read(entry)
        except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError, OSError) as error:
            raise StickgenError(f"{self.name}: {key} is damaged ({error}); get the file again") from error
        header = npy_header(data)
        if header is not None and header.pickled:
            raise StickgenError(
                f"{self.name}: {key} holds Python objects, which can run code and are never read; "
                "save it as plain numbers"
            )
        return _array(data, header, f"{self.name}: {key}")
