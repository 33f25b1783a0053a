"""What is compiled and executed later lies where nobody else can put anything."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from stickgen.runs.private_folder import INDUCTOR, is_private, keep_compiled_code_private, private_folder


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv(INDUCTOR, raising=False)
    return tmp_path


def test_it_lies_in_the_cache_and_is_ours_alone(places: Path) -> None:
    keep_compiled_code_private()
    chosen = Path(os.environ[INDUCTOR])
    assert chosen == places / "cache/stickgen/torchinductor" and stat.S_IMODE(chosen.stat().st_mode) == 0o700
    keep_compiled_code_private()
    assert os.environ[INDUCTOR] == str(chosen)


@pytest.mark.parametrize("trap", ["writable by all", "a link", "a file", "another user's"])
def test_a_folder_that_somebody_else_could_fill_is_not_taken(
    places: Path, trap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = places / "cache/stickgen/torchinductor"
    path.parent.mkdir(parents=True, mode=0o700)
    if trap == "a file":
        path.write_text("")
    elif trap == "a link":
        (places / "elsewhere").mkdir()
        path.symlink_to(places / "elsewhere")
    else:
        path.mkdir()
        path.chmod(0o777 if trap == "writable by all" else 0o755)
        if trap == "another user's":
            monkeypatch.setattr(os, "geteuid", lambda: 12345)
    taken = private_folder("torchinductor")
    assert taken != path and taken.parent == places
    assert trap == "another user's" or is_private(taken)
    monkeypatch.setenv(INDUCTOR, str(path))
    keep_compiled_code_private()
    assert os.environ[INDUCTOR] != str(path)


def test_what_the_person_chose_stays(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(INDUCTOR, str(places / "mine"))
    keep_compiled_code_private()
    assert os.environ[INDUCTOR] == str(places / "mine")
