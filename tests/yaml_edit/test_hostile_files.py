"""Files that are no configs, by mistake or by malice: refused with a reason, and nothing is read that costs much."""

from __future__ import annotations

import os
import socket
import sys
import tracemalloc
from pathlib import Path

import pytest

from stickgen.config import TrainingConfig
from stickgen.yaml_edit import Document, YamlError
from stickgen.yaml_edit.parsing import MAX_BYTES

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from config_bombs import bombs

READ = {"one long text", "blank lines", "digits"}  # large, but no bombs: they are read


@pytest.mark.parametrize(("name", "data"), bombs().items(), ids=bombs())
def test_bombs_are_refused_and_cost_no_memory(name: str, data: bytes) -> None:
    tracemalloc.start()
    try:
        if name in READ:
            Document.parse(data[: len(data) // 4])
        else:
            with pytest.raises(YamlError, match="bomb"):
                Document.parse(data, "bomb")
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


def test_a_bomb_made_by_an_edit_is_refused() -> None:
    document = Document.parse(b"a: 1\n")
    with pytest.raises(YamlError):
        document.replace("a: " + "[" * 10_000)
    with pytest.raises(Exception, match="at most"):
        document.set("a", "x" * MAX_BYTES)
    assert document.data == b"a: 1\n"


def test_what_is_no_file_is_refused_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fifo, loop, dangling, large = (tmp_path / name for name in ("fifo", "loop", "dangling", "large"))
    os.mkfifo(fifo)
    loop.symlink_to(loop)
    dangling.symlink_to(tmp_path / "gone.yaml")
    with large.open("wb") as file:
        file.truncate(100_000_000)
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # the path of a socket is short
        server.bind("socket")
    for path, says in {
        tmp_path: "a directory, not a file",
        fifo: "a FIFO, not a file",
        Path("/dev/zero"): "a device, not a file",
        loop: "symbolic links",
        dangling: "a link to .*gone.yaml, which does not exist",
        large: "100000000 bytes",
        tmp_path / "socket": "socket|No such device",
        tmp_path / "missing": "No such file",
        tmp_path / ("n" * 300): "too long",
    }.items():
        for read in (Document.open, TrainingConfig):
            with pytest.raises(YamlError, match=f"{says}|there is no such config") as caught:
                read(path)
            assert str(path)[:60] in str(caught.value)


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("a: 1\n")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("root reads everything")
    with pytest.raises(YamlError, match="Permission denied"):
        Document.open(path)


def test_a_file_of_no_size_that_has_content_is_read(tmp_path: Path) -> None:
    """Files of /proc say that they have 0 bytes."""
    path = Path("/proc/self/cmdline")
    if not path.exists():
        pytest.skip("no /proc")
    with pytest.raises(YamlError, match="NUL"):
        Document.open(path)
