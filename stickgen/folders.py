"""Where a person's own files are, as the system wants it: settings, what must last (state), what can be made again (cache).

On Linux these are `$XDG_STATE_HOME/stickgen` (`~/.local/state`) and `$XDG_CACHE_HOME/stickgen` (`~/.cache`), on macOS
folders in `~/Library`. Earlier versions used the first two everywhere: what they left there is still found and used.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_NAME = "stickgen"


def state_path(name: str) -> Path:
    """The place of `name` in the state folder, which is not made; an existing one of an earlier version first."""
    return _place(platformdirs.user_state_path(_NAME), "XDG_STATE_HOME", (".local", "state"), name)


def cache_path(name: str) -> Path:
    """The place of `name` in the cache, which is not made; an existing one of an earlier version first."""
    return _place(platformdirs.user_cache_path(_NAME), "XDG_CACHE_HOME", (".cache",), name)


def _place(folder: Path, variable: str, default: tuple[str, ...], name: str) -> Path:
    """`name` in `folder`, or where it was before if it lies only there."""
    now = folder / name
    home = os.environ.get(variable)
    before = (Path(home) if home else Path.home().joinpath(*default)) / _NAME / name
    return before if before != now and before.exists() and not now.exists() else now


def config_path(name: str) -> Path:
    """The place of `name` in the folder of what a person sets, `$XDG_CONFIG_HOME/stickgen` (`~/.config`) on Linux."""
    return platformdirs.user_config_path(_NAME) / name
