"""The screen stays light: no torch, no numpy, no engine rooms above runs, and the CLI's help no Textual."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("torch", "numpy", "sentence_transformers", "transformers", "pydantic", "PIL")
UNWANTED_ROOMS = (
    "stickgen.data.",
    "stickgen.model.",
    "stickgen.train.",
    "stickgen.generate.",
    "stickgen.cli.",
)

# Every screen is opened, so that what they import late counts as well.
TUI = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, "tests/tui")
from stickgen_tui.app import StickgenApp
from stickgen_tui.screens.monitor import MonitorScreen
from stickgen.hardware import machine
import stickgen_tui.screens.home as home
home.detect = lambda refresh=False: machine.local_machine_fast()

async def go():
    app = StickgenApp(config=Path("configs/quickstart.yaml"), root=Path(sys.argv[1]))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("e")
        await pilot.pause(0.4)
        await pilot.press("escape", "question_mark", "escape", "m")
        await pilot.pause(0.4)
        assert isinstance(app.screen, MonitorScreen), app.screen

from run_fixture import finished_run
finished_run(Path(sys.argv[1]), Path("configs/quickstart.yaml"))
asyncio.run(go())
print("\\n".join(sys.modules))
"""


def _modules(code: str, *arguments: str, cwd: object) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=str(cwd), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_screen_with_all_its_rooms_open_loads_nothing_heavy(repo: object, tmp_path: object) -> None:
    loaded = _modules(TUI, str(tmp_path), cwd=repo)
    assert "stickgen_tui.screens.editor" in loaded
    assert not loaded & set(HEAVY)
    assert not {name for name in loaded if f"{name}.".startswith(UNWANTED_ROOMS)}


def test_the_first_frame_loads_nothing_of_the_engine_that_reads_runs_or_configs(repo: object) -> None:
    code = "import stickgen_tui.cli, stickgen_tui.app, stickgen_tui.screens.home, sys; print('\\n'.join(sys.modules))"
    loaded = _modules(code, cwd=repo)
    late = (
        "stickgen.runs.",
        "stickgen.catalogue.",
        "stickgen.config.schema",
        "ruamel.",
        "yaml.",
        "orjson.",
        "sqlite3.",
    )
    assert not {name for name in loaded if f"{name}.".startswith(late)}


def test_help_of_the_command_line_loads_neither_torch_nor_textual(repo: object) -> None:
    code = (
        "import sys, contextlib, io; sys.argv = ['stickgen', '--help']\n"
        "from stickgen.cli import root\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    root.main(standalone_mode=False)\n"
        "print('\\n'.join(sys.modules))"
    )
    loaded = _modules(code, cwd=repo)
    assert "click" in loaded and not loaded & {"torch", "numpy", "textual", "rich"}


def test_usage_of_the_screen_loads_no_textual(repo: object) -> None:
    code = (
        "import sys, contextlib, io\n"
        "from stickgen_tui.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main(['--version'])\n"
        "print('\\n'.join(sys.modules))"
    )
    assert not _modules(code, cwd=repo) & {"textual", "torch", "psutil"}
