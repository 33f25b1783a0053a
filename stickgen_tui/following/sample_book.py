"""The samples of a run by the sentence that they show, and the sentences that are pinned to it."""

from __future__ import annotations

import re
import time
from pathlib import Path

from stickgen.foreign_files import is_own_folder
from stickgen.runs.pinned import Pinned, pinned_folder, pinned_prompts
from stickgen.runs.store import Run

OWN = ""  # the sentence that every run draws: one of its held-out texts
_NAME = re.compile(r"step_(\d{1,15})(?:-([0-9a-f]{8}))?\.json")
_MOST_SAMPLES = 10_000  # of each sentence
_SURE_SECONDS = 2.0  # within this time, a folder may change again without another time stamp


class SampleBook:
    """What lies in `samples/` and `prompts/`, listed again only when a folder changed."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._seen: tuple[int, int] = (-1, -1)  # when the folders were changed last, ns
        self.files: dict[str, list[Path]] = {OWN: []}  # by sentence, the oldest first
        self.pinned: dict[str, Pinned] = {}

    def refresh(self) -> bool:
        """Look whether something is new; whether it is."""
        stamps = _changed(self._run.samples_dir), _changed(pinned_folder(self._run))
        settled = time.time() - max(stamps) / 1e9 > _SURE_SECONDS
        if stamps == self._seen and settled:
            return False
        self._seen = stamps
        pinned = {one.id: one for one in pinned_prompts(self._run)[0]}
        files = self._listed()
        new = {OWN: files.pop(OWN, [])} | {one: files.pop(one, []) for one in pinned} | files
        if (new, pinned) == (self.files, self.pinned) and list(new) == list(self.files):
            return False
        self.files, self.pinned = new, pinned
        return True

    def _listed(self) -> dict[str, list[Path]]:
        found: dict[str, list[tuple[int, Path]]] = {}
        folder = self._run.samples_dir
        try:
            for path in folder.iterdir() if is_own_folder(folder) else ():
                if match := _NAME.fullmatch(path.name):
                    found.setdefault(match[2] or OWN, []).append((int(match[1]), path))
        except OSError:
            return {}
        return {
            prompt: [path for _, path in sorted(having)[-_MOST_SAMPLES:]]
            for prompt, having in sorted(found.items())
        }


def step_of(path: Path) -> int:
    """The step that the name of a sample says."""
    match = _NAME.fullmatch(path.name)
    return int(match[1]) if match else 0


def _changed(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0
