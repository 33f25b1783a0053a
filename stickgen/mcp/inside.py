"""Which run an assistant means: only those that lie in the folder of the runs, by name."""

from __future__ import annotations

import os
from pathlib import Path

from stickgen.errors import StickgenError
from stickgen.runs.store import Run, list_runs
from stickgen.text import clean


def runs_inside(root: Path) -> list[Run]:
    """Every run of `root`, the newest first; a link that leads out of it is none."""
    real = Path(os.path.realpath(root))
    return [run for run in list_runs(root) if Path(os.path.realpath(run.path)).parent == real]


def run_inside(root: Path, name: str) -> Run:
    """A run by its name, by a part that only it has, or `latest`. Raises StickgenError with the names there are.

    A path is no name, so that nothing outside of `root` is ever read.
    """
    runs = runs_inside(root)
    if name == "latest" and runs:
        return runs[0]
    found = [run for run in runs if run.name == name] or [run for run in runs if name and name in run.name]
    if len(found) == 1:
        return found[0]
    names = ", ".join(clean(run.name, single_line=True, limit=100) for run in (found or runs)[:10])
    what = "several runs match" if found else "no run is called"
    raise StickgenError(
        f"{what} {clean(name, single_line=True, limit=100)!r}; there are {names or 'no runs yet'}"
    )
