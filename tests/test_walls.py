"""`stickgen --help` and what the screen loads stay light. `make check` runs the contracts between the rooms."""

from __future__ import annotations

import subprocess
import sys

LIGHT = (
    "stickgen.cli", "stickgen.config.schema", "stickgen.motion.skeleton", "stickgen.hardware", "stickgen.runs",
    "stickgen.planner.arithmetic.parameters", "stickgen_tui",
)  # fmt: skip


def test_light_modules_import_no_torch() -> None:
    """What the screen and `--help` load pulls in no torch, seen in a process of its own."""
    code = (
        "import sys, importlib\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module(name)\n"
        "    assert not {'torch', 'sentence_transformers'} & set(sys.modules), name"
    )
    result = subprocess.run([sys.executable, "-c", code, *LIGHT], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


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
