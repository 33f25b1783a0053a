"""The app in a real browser, where there is one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.mark.drill
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_curves_move_in_a_browser_and_strangers_are_refused(repo: Path) -> None:
    done = subprocess.run(
        [sys.executable, "scripts/web_drive.py"], cwd=repo, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
