"""What a config is compared with: the file on disk, the preset nearest to it, the config of the last run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stickgen.config.comparing import differences
from stickgen.config.presets import preset_names, preset_path
from stickgen.config.schema import Key
from stickgen.errors import StickgenError
from stickgen.runs.store import list_runs, runs_root
from stickgen.yaml_edit import MISSING, Document
from stickgen_tui.text import clean

Kind = Literal["disk", "preset", "run"]


@dataclass(frozen=True)
class Reference:
    """Another config beside the one under edit."""

    kind: Kind
    name: str  # as a sentence says it: `the file on disk`, `the preset medium`
    short: str  # as a column says it: `disk`, `medium`
    document: Document

    def value(self, key: Key) -> object:
        """Its value of a key, which is the default where it leaves the key out."""
        found = self.document.get(key.parts)
        return key.default if found is MISSING else found


def preset_reference(name: str) -> Reference:
    """A shipped config. Raises StickgenError that names the ones there are."""
    return Reference("preset", f"the preset {name}", name.split("/")[-1], Document.open(preset_path(name)))


def nearest_preset(document: Document) -> Reference | None:
    """The preset of the same file name, else the one with the fewest values that differ."""
    names = preset_names()
    stem = Path(document.name).stem
    if stem in names:
        return preset_reference(stem)
    found = [preset_reference(name) for name in names]
    return min(found, key=lambda reference: len(differences(document, reference.document)), default=None)


def last_run(root: Path | None, name: str) -> Reference | None:
    """The config of the newest run of the file `name`, else of the newest run; None if there is none."""
    runs = list_runs(root or runs_root())[:50]
    own = [run for run in runs if Path(str(run.identity.get("config_name"))).name == Path(name).name]
    for run in (*own[:1], *runs[:1]):
        try:
            document = Document.parse(run.config_bytes, run.name)
        except (StickgenError, OSError):
            continue
        return Reference(
            "run", f"the last run, {clean(run.name, single_line=True, limit=60)}", "last run", document
        )
    return None
