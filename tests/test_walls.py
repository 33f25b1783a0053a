"""The walls between the rooms hold, and `stickgen --help` stays light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def test_import_contracts_hold(repo: Path) -> None:
    """import-linter's contracts in pyproject.toml: who may import what."""
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=repo, capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    "module",
    [
        "stickgen.cli",
        "stickgen.config.schema",
        "stickgen.motion.skeleton",
        "stickgen.hardware",
        "stickgen.runs",
        "stickgen.planner.arithmetic.parameters",
        "stickgen_tui",
    ],
)
def test_light_modules_import_no_torch(module: str) -> None:
    """What the screen and `--help` load pulls in no torch, seen in a process of its own."""
    code = f"import sys, {module}; sys.exit(bool({{'torch', 'sentence_transformers'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_help_imports_neither_torch_nor_textual() -> None:
    """`stickgen --help` in a process of its own."""
    code = (
        "import sys; sys.argv = ['stickgen', '--help']\n"
        "from stickgen.cli import root\n"
        "root.main(standalone_mode=False)\n"
        "assert not {'torch', 'textual'} & set(sys.modules), 'heavy import'"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "train" in result.stdout
