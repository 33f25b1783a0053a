"""What the app remembers from one start to the next: the theme, recent files, how panels are laid out.

One JSON object in the state folder, a member a choice. Only choices live here; nothing that would be missed if the file
were lost. Apps that run side by side each write only the member they change.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from stickgen.atomic import write_text
from stickgen.errors import StickgenError
from stickgen.folders import state_path
from stickgen.foreign_files import read_json


def remembered_path() -> Path:
    """The file, which need not be there."""
    return state_path("app.json")


def recall(name: str) -> Any:
    """What was remembered under `name`, as JSON has it; None if nothing was, or if it cannot be read.

    The caller checks the shape: an older or newer version, or a person, may have written it.
    """
    return _read(remembered_path()).get(name)


def remember(name: str, value: Any) -> None:
    """Keep `value`, which JSON can hold, under `name`; None forgets it.

    Raises StickgenError if the file cannot be written.
    """
    from stickgen.runs.locks import exclusive

    path = remembered_path()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with exclusive(path.with_suffix(".lock")):
            known = _read(path)
            if known.get(name) == value:
                return
            known.pop(name, None)
            if value is not None:
                known[name] = value
            write_text(path, json.dumps(known, indent=1) + os.linesep, mode=0o600, follow=False)
    except OSError as error:
        raise StickgenError(f"{path}: the choice cannot be kept ({error.strerror or error})") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_json(path)
    except (OSError, ValueError):
        return {}
