"""The reader of a growing file: each whole line once, in bounded memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from stickgen.tail import Tail
from stickgen_tui.following.log_tail import LogTail


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log"


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_whole_lines_come_once(path: Path, limit: int) -> None:
    append(path, b"one\ntwo\nhal")
    tail = Tail(path)
    read = b""
    while data := tail.read(limit):
        read += data
    assert read == b"one\ntwo\n"
    append(path, b"f\n")
    assert tail.read(limit) == b"half\n" and tail.read(limit) == b""


@pytest.mark.parametrize("again", [b"new\n", b"one\nnew\nand longer than before\n"])
def test_a_file_that_was_cut_or_replaced_is_read_from_its_start(path: Path, again: bytes) -> None:
    append(path, b"one\ntwo\n")
    tail = Tail(path)
    tail.read(100)
    other = path.with_name("other")
    other.write_bytes(again)
    other.replace(path)
    assert tail.read(100) == again and tail.begun_again == 1


def test_a_line_that_is_too_long_is_passed_over_and_counted(path: Path) -> None:
    append(path, b"one\n" + b"x" * 1000)
    tail = Tail(path, longest_line=100)
    assert tail.read(10) == b"one\n" and tail.read(10) == b""
    assert tail.too_long == 1
    append(path, b"x" * 1000 + b"\ntwo\n")
    read = b""
    for _ in range(200):
        read += tail.read(10)
    assert read == b"two\n" and tail.too_long == 1


@pytest.mark.parametrize(
    ("count", "expected"), [(3, b""), (4, b""), (5, b"two\n"), (8, b"one\ntwo\n"), (99, b"one\ntwo\n")]
)
def test_the_last_bytes_begin_at_a_line(path: Path, count: int, expected: bytes) -> None:
    append(path, b"one\ntwo\n")
    tail = Tail(path)
    assert tail.skip_to_last(count)
    assert tail.read(100) == expected
    append(path, b"three\n")
    assert tail.read(100) == b"three\n"


def test_in_the_middle_of_a_long_line_its_rest_is_no_line(path: Path) -> None:
    append(path, b"x" * 100)
    tail = Tail(path)
    assert tail.skip_to_last(10) and tail.read(100) == b""
    append(path, b"x\nnext\n")
    assert tail.read(100) == b"next\n"


def test_a_file_that_is_not_there_can_come(path: Path) -> None:
    tail = Tail(path)
    tail.skip_to_end()
    assert not tail.skip_to_last(10)
    with pytest.raises(FileNotFoundError):
        tail.read(10)
    append(path, b"one\n")
    assert tail.read(10) == b"one\n"


def test_a_log_without_line_ends_costs_no_memory(path: Path) -> None:
    append(path, b"first\n" + b"x" * 3_000_000)
    log = LogTail(path)
    assert log.read_new() == []
    append(path, b"\nnext\n")
    assert [line for _ in range(3) for line in log.read_new()] == ["next"]


def test_a_file_written_anew_in_its_place_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"first line\nsecond line\n")
    tail = Tail(path)
    assert tail.read(100) == b"first line\nsecond line\n"
    path.write_bytes(
        b"other line\nanother one\nand more\n"
    )  # the same file, with a line end at the same place
    assert (tail.read(100), tail.begun_again) == (b"other line\nanother one\nand more\n", 1)


def test_a_file_that_was_changed_in_its_middle_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"%063d\n" % 7 * 10_000)
    tail = Tail(path)
    while tail.read(-1):
        pass
    position = tail.position()
    assert Tail(path).go_on_from(position)
    with path.open("r+b") as file:  # a line was taken out: all behind it is elsewhere
        file.seek(200_000)
        file.write(b"x" + b"%063d\n" % 8 * 2000)
    assert not Tail(path).go_on_from(position)
