"""What the app remembers: kept apart by name, never worth an error when it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from stickgen.errors import StickgenError
from stickgen_tui.remembered import recall, remember, remembered_path


def test_a_choice_is_found_again_and_others_stay() -> None:
    remember("theme", "dark")
    remember("recent", ["a.yaml", "b.yaml"])
    remember("theme", "light")
    assert recall("theme") == "light"
    assert recall("recent") == ["a.yaml", "b.yaml"]
    remember("theme", None)
    assert recall("theme") is None
    assert recall("recent") == ["a.yaml", "b.yaml"]


@pytest.mark.parametrize("content", [b"", b"[1, 2]", b'{"theme": ', b"\xff\xfe", b'{"theme": NaN}'])
def test_a_damaged_file_is_as_good_as_none_and_is_written_anew(content: bytes) -> None:
    remembered_path().parent.mkdir(parents=True, exist_ok=True)
    remembered_path().write_bytes(content)
    assert recall("theme") is None
    remember("theme", "dark")
    assert recall("theme") == "dark"


def test_a_folder_that_cannot_be_made_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert recall("theme") is None
    with pytest.raises(StickgenError, match="cannot be kept"):
        remember("theme", "dark")
