"""Every command that writes, with every file of a real project as its output: nothing that is there is lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from real_run import TINY

from stickgen.cli import root
from stickgen.config.presets import preset_path
from stickgen.errors import StickgenError

pytestmark = pytest.mark.drill

BVH = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 3 Xposition Yposition Zposition
  End Site
  { OFFSET 0 1 0 }
}
MOTION
Frames: 1
Frame Time: 0.04
0 0 0
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as it is after a day: captures, an index, a dataset, a config, a run, pictures, a model."""
    here = tmp_path_factory.mktemp("project")
    (here / "caps").mkdir()
    (here / "caps" / "walk.bvh").write_text(BVH)
    (here / "index.csv").write_text("file,description\nwalk.bvh,a man walks\n")
    (here / "train.txt").write_text("walk.bvh\n")
    (here / "notes.md").write_text("mine")
    (here / "mine.yaml").write_bytes(preset_path("quickstart").read_bytes())
    values = [f"{key}={value}".lower() for key, value in TINY.items() if key != "model.embedding_dim"]
    for words in (
        ["data", "synth", "-n", "24", "--actions", "walk,wave", "-o", "data.pt"],
        ["data", "embed", "data.pt", "--encoder", "offline"],
        ["train", "--config", "mine.yaml", "--data-path", "data.pt", "--run-dir", "runs/one", "--max-steps", "2",
         *(word for value in values for word in ("--set", value))],
        ["generate", "runs/one", "a person walks", "-o", "drawn.gif"],
        ["data", "preview", "data.pt", "-o", "sheet.png"],
        ["export", "runs/one", "-o", "model"],
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "stickgen", *words], cwd=here, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
    return here


COMMANDS: dict[str, list[str]] = {
    "synth": ["data", "synth", "-n", "2", "--actions", "walk", "-o"],
    "import": ["data", "import", "caps", "--index", "index.csv", "--split", "train=train.txt", "-o"],
    "embed": ["data", "embed", "data.pt", "--encoder", "offline", "-o"],
    "preview": ["data", "preview", "data.pt", "-o"],
    "preview as film": ["data", "preview", "data.pt", "--format", "gif", "-o"],
    "generate": ["generate", "runs/one", "a person walks", "-o"],
    "evaluate": ["evaluate", "runs/one", "--report"],
    "export": ["export", "runs/one", "-o"],
    "recommend": ["recommend", "-o"],
    "schema": ["config", "schema", "-o"],
}
# what a command may replace with --force where it is no input of it: a file of its own kind
OWN = {
    "synth": {"data.pt"}, "import": {"data.pt"}, "preview": {"sheet.png"}, "preview as film": {"drawn.gif"},
    "generate": {"sheet.png", "drawn.gif"}, "recommend": {"mine.yaml"},
}  # fmt: skip
NAMINGS: dict[str, Callable[[Path, Path], str]] = {
    "relative": lambda here, path: str(path.relative_to(here)),
    "absolute": lambda here, path: str(path),
    "by a detour": lambda here, path: f"caps/../{path.relative_to(here)}",
    "by a link to its folder": lambda here, path: f"{link_to(path.parent, here)}/{path.name}",
    "by a link": lambda here, path: str(link_to(path, here)),
    "by a second name": lambda here, path: str(second_name(path, here)),
}


def link_to(path: Path, here: Path) -> Path:
    link = here.parent / f"link{path.suffix}"
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    return link


def second_name(path: Path, here: Path) -> Path:
    name = here.parent / f"second{path.suffix}"
    name.unlink(missing_ok=True)
    name.hardlink_to(path)
    return name


def everything(here: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(here.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("naming", NAMINGS)
@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_of_a_project_is_written_over(
    project: Path, command: str, naming: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    before = everything(project)
    for name in before:
        victim = Path(name)
        if not before[name]:
            continue  # an empty one is nobody's loss
        inside = str(victim.relative_to(project))
        for flags in ((), ("--force",)):
            if flags and inside in OWN.get(command, ()):
                continue
            words = [*COMMANDS[command], NAMINGS[naming](project, victim), *flags]
            result = CliRunner().invoke(root, words)
            refusal = isinstance(result.exception, StickgenError) or result.exit_code == 2
            replaced = (
                naming == "by a second name" and result.exit_code == 0
            )  # the first name keeps the content
            assert refusal or replaced, (words, result.output, result.exception)
            assert victim.read_bytes() == before[name], words
    assert everything(project) == before
