"""The engine's digest changes with what is computed, and with nothing else."""

from __future__ import annotations

import ast
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stickgen.planner.measured import engine_version
from stickgen.planner.measured.engine_version import digest_of, engine_digest

CODE = '''"""One step."""
from stickgen.train.loop import move

RATE = 0.1  # learning rate


def step(x: int) -> int:
    """Make a step. Raises ValueError."""
    if x < 0:
        raise ValueError("below zero")
    return move(x, RATE)
'''


def digest(folder: Path, text: str, name: str = "step.py") -> str:
    (folder / name).write_text(text)
    return digest_of([folder / name])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Make a step", "Take one step"),
        ('"""One step."""\n', ""),
        ("  # learning rate", ""),
        ("\n\n\ndef", "\n\n\n\n# the step\ndef"),
        ("x: int", "x: float"),
        ("below zero", "must be 0 or more"),
        ("train.loop", "train.optim.moving"),
    ],
)
def test_words_layout_and_places_leave_it_alone(tmp_path: Path, old: str, new: str) -> None:
    assert old in CODE
    assert digest(tmp_path, CODE.replace(old, new)) == digest(tmp_path, CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.1", "0.2"),
        ("x < 0", "x <= 0"),
        ("move(x, RATE)", "move(RATE, x)"),
        ('        raise ValueError("below zero")', "        pass"),
        ("return move(x, RATE)", "return move(x, RATE) + 0"),
    ],
)
def test_what_is_computed_changes_it(tmp_path: Path, old: str, new: str) -> None:
    assert old in CODE
    assert digest(tmp_path, CODE.replace(old, new)) != digest(tmp_path, CODE)


def test_a_file_that_moves_leaves_it_alone_and_one_more_changes_it(tmp_path: Path) -> None:
    before = digest(tmp_path, CODE, "b.py")
    assert digest(tmp_path, CODE, "a.py") == before
    assert digest_of([tmp_path / "a.py", tmp_path / "b.py"]) != before


def test_every_file_of_the_engine_counts_however_deep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repo: Path
) -> None:
    for room in engine_version.ROOMS:
        shutil.copytree(repo / "stickgen" / room, tmp_path / room)
    monkeypatch.setattr(
        engine_version, "__file__", str(tmp_path / "planner" / "measured" / "engine_version.py")
    )
    whole = engine_digest.__wrapped__()
    assert whole == engine_digest()
    with (tmp_path / "train" / "optim" / "step.py").open("a") as file:
        file.write("\nFASTER = True\n")
    assert engine_digest.__wrapped__() != whole


def test_threads_never_parse_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.11 raises SystemError if they do: the app asks from several workers."""
    inside = most = 0
    parse = ast.parse

    def watched(source: bytes) -> Any:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.01)
        tree = parse(source)
        inside -= 1
        return tree

    monkeypatch.setattr(ast, "parse", watched)
    paths = sorted(Path(engine_version.__file__).parent.glob("*.py"))
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: digest_of(paths), range(4)))) == 1
    assert most == 1
