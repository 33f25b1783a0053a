"""No command lets its idle threads spin on cores that others need."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """
import os, sys
sys.argv = ["stickgen", "--version"]
from stickgen.cli import main
try:
    main()
except SystemExit:
    print("torch" in sys.modules, os.environ.get("GOMP_SPINCOUNT"))
"""


@pytest.mark.parametrize(("own", "expected"), [(None, "0"), ("5", "5")])
def test_threads_do_not_spin_unless_a_person_wants_it(own: str | None, expected: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    if own is not None:
        environment["GOMP_SPINCOUNT"] = own
    said = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert said.splitlines()[-1] == f"False {expected}"  # it is there before torch is
