"""What a save would write over: nothing that another program wrote since the file was opened."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from stickgen.errors import StickgenError
from stickgen.yaml_edit.files import read_yaml_file
from stickgen.yaml_edit.nodes import YamlError


class SaveConflictError(StickgenError):
    """The file on disk is no longer the one that was opened; `diff` is what another program changed in it."""

    def __init__(self, message: str, on_disk: bytes = b"", diff: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.on_disk, self.diff = on_disk, list(diff)


class ProtectedError(StickgenError):
    """The file is protected against being written; nothing was written."""


def check_conflict(target: Path, data: bytes, opened: bytes | None) -> None:
    """Raise SaveConflictError where `data` would take the place of something that nobody has seen.

    `opened` are the bytes that `target` held when it was opened or last saved; None if it is another file.
    """
    try:
        on_disk = read_yaml_file(target)
    except YamlError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return
        raise SaveConflictError(f"{error}; save under another name") from error
    if opened is None and on_disk != data:
        raise SaveConflictError(f"{target}: there is a file of this name already", on_disk)
    if opened is not None and on_disk != opened:
        raise SaveConflictError(
            f"{target}: changed on disk since it was opened; open it again, or save under another name",
            on_disk,
            text_diff(opened, on_disk),
        )


Disk = Literal["same", "changed", "gone"]


def disk_state(path: Path, opened: bytes) -> Disk:
    """How the file stands to the bytes that were opened or last saved. Raises YamlError if it cannot be read."""
    try:
        return "same" if read_yaml_file(path) == opened else "changed"
    except YamlError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return "gone"
        raise


def text_diff(before: bytes, after: bytes, *, context: int = 1) -> list[str]:
    """The lines of a unified diff, without its heading. Foreign text: clean it before it is shown."""
    old, new = (data.decode("utf-8", errors="replace").splitlines() for data in (before, after))
    lines = list(difflib.unified_diff(old, new, n=context, lineterm=""))[2:]
    if not lines and before != after:
        return ["the lines are the same; only their ends or a byte-order mark differ"]
    return lines
