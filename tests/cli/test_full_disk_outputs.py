"""Every `-o` on a disk without room: one sentence, exit code 2, and nothing half-written beside what was there."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stickgen import cli
from stickgen.data.embed import Encoder

ROOM = 100  # bytes that a file can have

COMMANDS: dict[str, list[str]] = {
    "schema": ["config", "schema", "-o", "out.json"],
    "set": ["config", "set", "my.yaml", "model.d_model=64"],
    "unset": ["config", "unset", "my.yaml", "model.nhead"],
    "recommend": ["recommend", "-o", "out.yaml"],
    "synth": ["data", "synth", "-n", "3", "--actions", "walk", "-o", "out.pt"],
    "embed": ["data", "embed", "tiny.pt", "--encoder", "offline", "-o", "out.pt"],
    "embed in place": ["data", "embed", "tiny.pt", "--encoder", "offline", "--force"],
    "sheet": ["data", "preview", "tiny.pt", "--clips", "1", "-o", "out.png"],
    "animation": ["data", "preview", "tiny.pt", "--clips", "1", "-o", "out.gif"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_no_room_is_a_sentence_and_leaves_nothing(
    name: str,
    tmp_path: Path,
    tiny_dataset: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    from stickgen.data import embed

    class Model:
        pass

    fake = Encoder("fake", "d", 4, Model())
    monkeypatch.setattr(embed, "load_encoder", lambda name: fake)
    monkeypatch.setattr(
        Encoder,
        "read",
        lambda self, texts, **_: embed.EncodedTexts(
            torch.ones(len(texts), 4), [torch.ones(1, 4).half() for _ in texts]
        ),
    )
    monkeypatch.chdir(tmp_path)
    Path("tiny.pt").write_bytes(tiny_dataset.read_bytes())
    Path("my.yaml").write_text("# " + "mine " * 60 + "\nmodel:\n  d_model: 128\n  nhead: 4\n")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(sys, "argv", ["stickgen", *COMMANDS[name]])
    heard = io.StringIO()  # what pytest captures goes into a file, which would be short of room too
    with contextlib.redirect_stderr(heard):
        code = _with_little_room(cli._run)
    said = heard.getvalue().strip().splitlines()[-1]
    assert code == 2
    assert said.startswith("stickgen: ") and "unexpected" not in said
    assert os.strerror(errno.EFBIG) in said
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {name: data for name, data in after.items() if not name.endswith(".bak")} == before


def _with_little_room(call: Callable[[], int]) -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    try:
        return call()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
