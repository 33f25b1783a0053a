"""A new config from a run: the bytes that this run trains with, and no other.

Keys that were changed while it trained are set in them, each in its place; every other byte stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stickgen.atomic import write_bytes
from stickgen.errors import StickgenError
from stickgen.outputs import CONFIG, Output
from stickgen.runs.live import read_changes, values_at
from stickgen.runs.store import Run
from stickgen.yaml_edit import Document


@dataclass(frozen=True)
class Fork:
    """What became of a fork: the keys with a value of a live change, and where a config that was there is kept."""

    changed: tuple[str, ...]
    kept: Path | None


def forked_bytes(run: Run) -> tuple[bytes, tuple[str, ...]]:
    """The config of `run` as it trains now, and the keys in it that were changed while it trained.

    Raises StickgenError if it cannot be read.
    """
    try:
        data = run.config_bytes
    except OSError as error:
        raise StickgenError(f"{run.config_path}: cannot be read ({error.strerror or error})") from error
    changes = read_changes(run)
    values = values_at(run.config(), changes, None) if changes else {}
    if not values:
        return data, ()
    document = Document.parse(data, str(run.config_path))
    for path, value in values.items():
        document.set(path, value)
    return document.data, tuple(values)


def fork_config(run: Run, path: Path, *, force: bool = False) -> Fork:
    """Write the config of `run` to `path`. Raises StickgenError if it cannot be read, or `path` not be written."""
    data, changed = forked_bytes(run)
    kept = Output(path, CONFIG, (run.config_path,), force).make_way()
    try:
        write_bytes(path, data)
    except OSError as error:
        raise StickgenError(f"{path}: cannot be written ({error.strerror or error})") from error
    return Fork(changed, kept)
