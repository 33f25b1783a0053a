"""run.json: what runs, from what, where. Nothing is written over one that could not be read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stickgen.atomic import write_text
from stickgen.config.key import DEFAULTS
from stickgen.errors import StickgenError
from stickgen.foreign_files import read_json, read_regular
from stickgen.run_contract import MAX_CONFIG_BYTES, Field, File
from stickgen.runs.checkpoint_folders import checkpoint_folders

_STAMP = re.compile(r"(\d{8}-\d{6})-")


def read_identity(path: Path) -> dict[str, Any]:
    """What run.json in the run directory `path` says. Raises OSError or ValueError."""
    return read_json(path / File.IDENTITY)


def problem_of(path: Path) -> str | None:
    """Why run.json cannot be read, in words; None if it can."""
    try:
        read_identity(path)
    except OSError as error:
        return f"{path / File.IDENTITY}: it cannot be read ({error.strerror or error})"
    except ValueError as error:
        return f"{path / File.IDENTITY}: it is damaged ({error})"
    return None


def write_identity(path: Path, facts: dict[str, Any]) -> None:
    """Add `facts` to run.json and its copy, atomically. The caller holds the lock.

    Raises StickgenError, and writes nothing, if a run.json is there that cannot be read.
    """
    try:
        known = read_identity(path)
    except FileNotFoundError:
        known = {}
    except (OSError, ValueError) as error:
        raise StickgenError(f"{problem_of(path) or error}; nothing was written over it") from error
    text = json.dumps({**known, **facts}, indent=1)
    write_text(path / File.IDENTITY, text, mode=0o600, follow=False)
    with contextlib.suppress(OSError):
        write_text(path / File.IDENTITY_COPY, text, mode=0o600, follow=False)


def rebuild_identity(path: Path) -> str:
    """Make a run.json anew if it is damaged or gone; returns in words from what. The caller holds the lock.

    The damaged one is kept beside it. From the copy all comes back; without one what the other files say,
    which leaves out the dataset. Raises StickgenError if it cannot be read for another reason, which may pass.
    """
    place = path / File.IDENTITY
    try:
        read_identity(path)
        return "nothing: it can be read again"
    except FileNotFoundError:
        pass
    except OSError as error:
        raise StickgenError(
            f"{place}: it cannot be read ({error.strerror or error}); nothing was written over it"
        ) from error
    except ValueError:
        kept = next(p for n in range(1, 10**6) if not (p := path / f"run.json.damaged-{n}").exists())
        place.rename(kept)
    try:
        facts, source = read_json(path / File.IDENTITY_COPY), f"its copy, {File.IDENTITY_COPY}"
    except (OSError, ValueError):
        facts, source = _from_other_files(path), "the other files of the run; the dataset is not among them"
    write_text(place, json.dumps(facts, indent=1), mode=0o600, follow=False)
    return source


def _from_other_files(path: Path) -> dict[str, Any]:
    """Name, age, config with the defaults of its time, and number of launches."""
    try:
        config = read_regular(path / File.CONFIG, MAX_CONFIG_BYTES)
        changed = (path / File.CONFIG).lstat().st_mtime
    except OSError as error:
        raise StickgenError(
            f"{path}: neither run.json nor config.yaml can be read ({error.strerror or error}), so there is "
            "nothing to go on from"
        ) from error
    created = stamp_of(path.name) or datetime.fromtimestamp(changed, UTC)
    return {
        "name": path.name,
        "created": created.isoformat(timespec="seconds"),
        "created_unix": created.timestamp(),
        "config_name": File.CONFIG,
        "config_digest": hashlib.sha256(config).hexdigest(),
        "defaults": _defaults(path),
        "launches": [{"lost": True}] * _launches(path),
        "rebuilt": True,
    }


def _defaults(path: Path) -> int:
    """By which set of defaults its config is read, as its newest checkpoint says; of a run without one, today's."""
    for folder in reversed(checkpoint_folders(path / File.CHECKPOINTS)):
        with contextlib.suppress(OSError, ValueError):
            trainer = read_json(folder / "trainer.json")
            if type(trainer.get("step")) is int:
                noted = trainer.get("defaults")
                return noted if type(noted) is int else 1  # saved before sets were noted
    return DEFAULTS


def stamp_of(name: str) -> datetime | None:
    """When a run was made, by the name that it was given then."""
    match = _STAMP.match(name)
    try:
        return datetime.strptime(match[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC) if match else None
    except ValueError:
        return None


def _launches(path: Path) -> int:
    """The highest number of a launch that an exit file tells of."""
    highest = 0
    for file in path.glob("exit*.json"):
        with contextlib.suppress(OSError, ValueError):
            number = read_json(file).get(Field.LAUNCH)
            highest = max(highest, number if type(number) is int and number < 10_000 else 0)
    return highest
