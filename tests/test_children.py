"""No Python that this program starts runs code that merely lies in the working folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stickgen.children import GROUP_VARIABLES, child_environment

NAMES = ("statistics", "logging", "json", "pathlib", "__future__", "random", "psutil", "sitecustomize")


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder holds modules of well-known names, which leave a mark when they run."""
    folder = tmp_path / "foreign"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write('{name} ')\n")
    monkeypatch.chdir(folder)
    return tmp_path / "ran"


@pytest.mark.parametrize("path", [None, "", ":", ".", "..:.", ":{home}"])
@pytest.mark.parametrize(
    "module",
    ["stickgen.runs.supervisor", "stickgen.runs.tracking", "stickgen.train", "stickgen.hardware.probe"],
)
def test_a_child_does_not_run_what_lies_in_the_working_folder(
    foreign: Path, monkeypatch: pytest.MonkeyPatch, module: str, path: str | None, repo: Path
) -> None:
    if path is not None:
        monkeypatch.setenv("PYTHONPATH", path.format(home=repo))
    code = f"import importlib.util, statistics, json, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    done = subprocess.run([sys.executable, "-c", code], env=child_environment(), capture_output=True)
    assert done.returncode == 0, done.stderr
    assert not foreign.exists()


@pytest.mark.parametrize("module", ["stickgen", "stickgen_tui", "stickgen.train"])
def test_nor_does_the_program_itself_when_it_is_started_by_hand(foreign: Path, module: str) -> None:
    subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, stdin=subprocess.DEVNULL)
    assert not foreign.exists()


def test_what_a_child_starts_is_as_safe(foreign: Path) -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import statistics'])"
    subprocess.run([sys.executable, "-c", code], env=child_environment(), check=True)
    spawn = (
        "import multiprocessing\n"
        "if __name__ == '__main__':\n"
        "    process = multiprocessing.get_context('spawn').Process(target=print)\n"
        "    process.start(); process.join()\n"
    )
    subprocess.run([sys.executable, "-c", spawn], env=child_environment(), check=True)
    assert not foreign.exists()


def test_a_child_belongs_to_no_group_of_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*GROUP_VARIABLES, "TORCHELASTIC_RUN_ID"):
        monkeypatch.setenv(name, "2")
    left = child_environment(RANK="0")
    assert left["RANK"] == "0"
    assert not {*GROUP_VARIABLES, "TORCHELASTIC_RUN_ID"} - {"RANK"} & left.keys()
    assert left["PATH"] == os.environ["PATH"]
