"""Read a YAML file: only a regular file of a sensible size, and without ever waiting."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from stickgen.yaml_edit.nodes import YamlError
from stickgen.yaml_edit.parsing import MAX_BYTES


def read_yaml_file(path: Path) -> bytes:
    """The bytes of a file. Raises YamlError if it is missing, a directory, a FIFO, a device or too large."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO must not make us wait
    except OSError as error:
        if isinstance(error, FileNotFoundError) and path.is_symlink():
            raise YamlError(f"{path}: a link to {path.readlink()}, which does not exist") from error
        raise YamlError(f"{path}: {error.strerror}") from error
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            kinds = {stat.S_IFDIR: "a directory", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}
            raise YamlError(f"{path}: {kinds.get(stat.S_IFMT(status.st_mode), 'a device')}, not a file")
        parts: list[bytes] = []
        size = status.st_size  # files of /proc say 0 and hold more
        while size <= MAX_BYTES and (part := os.read(fd, MAX_BYTES + 1)):
            parts.append(part)
            size = max(status.st_size, sum(map(len, parts)))
        if size > MAX_BYTES:
            raise YamlError(f"{path}: too large: {size} bytes or more, and at most {MAX_BYTES} are read")
        return b"".join(parts)
    except OSError as error:
        raise YamlError(f"{path}: {error.strerror}") from error
    finally:
        os.close(fd)
