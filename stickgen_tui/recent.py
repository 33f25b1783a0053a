"""The configs that were opened or launched lately, and the one that was launched last in each folder."""

from __future__ import annotations

import contextlib
from pathlib import Path

from stickgen.errors import StickgenError
from stickgen_tui.remembered import recall, remember

_FILES, _LAUNCHED = "recent_configs", "launched_configs"
MOST_FILES, MOST_FOLDERS = 12, 50


def recent_configs() -> list[Path]:
    """The newest first; those that are gone are left out."""
    known = recall(_FILES)
    paths = [Path(name) for name in known if isinstance(name, str)] if isinstance(known, list) else []
    return [path for path in paths if _is_file(path)]


def note_opened(path: Path) -> None:
    """It is the newest from now on. What cannot be kept is not worth a word: the next opening tries again."""
    name = str(path.absolute())
    others = [str(one) for one in recent_configs() if str(one) != name]
    with contextlib.suppress(StickgenError):
        remember(_FILES, [name, *others][:MOST_FILES])


def last_launched(folder: Path) -> Path | None:
    """The config whose run was launched last from `folder`, if it is still there."""
    known = recall(_LAUNCHED)
    name = known.get(str(folder)) if isinstance(known, dict) else None
    path = Path(name) if isinstance(name, str) else None
    return path if path is not None and _is_file(path) else None


def note_launched(folder: Path, path: Path) -> None:
    """The next start in `folder` offers this config."""
    known = recall(_LAUNCHED)
    folders = dict(known) if isinstance(known, dict) else {}
    folders.pop(str(folder), None)
    folders[str(folder)] = str(path.absolute())
    with contextlib.suppress(StickgenError):
        remember(_LAUNCHED, dict(list(folders.items())[-MOST_FOLDERS:]))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is no name
        return False
