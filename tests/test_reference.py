"""The reference pages say what the program says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_reference_pages_are_of_this_version(repo: Path) -> None:
    done = subprocess.run(
        [sys.executable, "scripts/reference.py", "--check"],
        cwd=repo,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
