"""The log loses no whole record, whatever happens to its bytes."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickgen.record_log import RecordReader, RecordWriter, decode, decode_lines, encode, last_record

records = st.dictionaries(
    st.text(max_size=8), st.one_of(st.integers(-(2**53), 2**53), st.text(max_size=20), st.none()), max_size=5
)


@given(records)
def test_a_line_says_what_was_written(record: dict[str, object]) -> None:
    assert decode(encode(record)[:-1]) == record


def write(path: Path, count: int, start: int = 0) -> None:
    writer = RecordWriter(path)
    for step in range(start, start + count):
        writer.write({"step": step, "loss": 1 / (step + 1)})
    writer.close()


def test_a_tail_torn_at_any_byte_loses_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    write(path, 3)
    data = path.read_bytes()
    last = data.rstrip(b"\n").rfind(b"\n") + 1
    for cut in range(last, len(data)):
        path.write_bytes(data[:cut])
        write(path, 1, start=9)
        steps = [record["step"] for record in RecordReader(path).read_new()]
        assert steps == [0, 1, 9] if cut < len(data) - 1 else steps == [0, 1, 2, 9]


@given(position=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_damaged_byte_is_counted_and_the_rest_is_read(position: int, byte: int) -> None:
    lines = [encode({"seq": i, "step": i}) for i in range(10)]
    data = bytearray(b"".join(lines))
    position %= len(data)
    changed = data[position] != byte
    data[position] = byte
    good = [record for record in map(decode, bytes(data).split(b"\n")) if record is not None]
    assert len(good) >= 8
    assert len(good) < 10 or not changed


def test_reading_follows_and_numbers_go_on(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    reader = RecordReader(path)
    assert reader.read_new() == []
    write(path, 2)
    assert [record["seq"] for record in reader.read_new()] == [1, 2]
    write(path, 2)
    assert [record["seq"] for record in reader.read_new()] == [3, 4]
    with path.open("ab") as file:
        file.write(b"garbage\n" + encode({"seq": 5, "step": 5})[:10])
    assert reader.read_new() == []
    assert reader.bad_lines == 1


@given(st.lists(st.one_of(records.map(lambda r: encode(r)[:-1]), st.binary(max_size=60)), max_size=8))
def test_many_lines_decode_as_one_by_one(lines: list[bytes]) -> None:
    assert decode_lines(lines) == [record for record in map(decode, lines) if record is not None]


@pytest.mark.parametrize(
    "body", [b'{"a":1},{"b":2}', b'{"a":[1,{"b":2}', b'{"c":3}]}', b"[1]}", b'{"a":NaN}', b"}"]
)
def test_a_line_that_is_no_record_gives_none_although_its_checksum_is_right(body: bytes) -> None:
    line = body[:-1] + b',"crc32":"%08x"}' % zlib.crc32(body)
    whole = encode({"step": 1})[:-1]
    assert decode_lines([whole, line, whole]) == [{"step": 1}, {"step": 1}]


def test_what_json_lacks_stops_no_training(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path / "m.jsonl")
    writer.write({"loss": float("nan"), "step": np.int64(3), "path": tmp_path})
    writer.write({1: "a key that is no text"})  # type: ignore[dict-item]
    writer.close()
    (record,) = RecordReader(tmp_path / "m.jsonl").read_new()
    assert (record["loss"], record["step"], record["path"]) == (None, 3, str(tmp_path))
    assert writer.lost == 1


def test_a_full_disk_joins_no_two_records_and_loses_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every second write is short, and every third short one cannot be taken back."""
    path, real, calls = tmp_path / "m.jsonl", os.write, 0
    writer = RecordWriter(path)

    def write_short(fd: int, data: bytes) -> int:
        nonlocal calls
        calls += 1
        return real(fd, data[: len(data) // 2] if calls % 2 else data)

    def no_truncate(fd: int, size: int) -> None:
        if calls % 3 == 0:
            raise OSError(28, "No space left on device")
        real_truncate(fd, size)

    real_truncate = os.ftruncate
    monkeypatch.setattr("stickgen.record_log.os.write", write_short)
    monkeypatch.setattr("stickgen.record_log.os.ftruncate", no_truncate)
    for step in range(50):
        writer.write({"step": step})
    monkeypatch.undo()
    writer.close()
    assert [record["step"] for record in RecordReader(path).read_new()] == list(range(50))


def test_a_log_that_was_replaced_or_cut_is_read_again(tmp_path: Path) -> None:
    path, other = tmp_path / "m.jsonl", tmp_path / "other"
    write(path, 3)
    write(other, 5, start=10)
    reader = RecordReader(path)
    assert len(reader.read_new()) == 3
    other.rename(path)  # longer than what was read: only the inode tells
    assert [record["step"] for record in reader.read_new()] == [10, 11, 12, 13, 14]
    path.write_bytes(encode({"step": 20}))
    assert [record["step"] for record in reader.read_new()] == [20]


def test_a_limit_passes_damage_and_lines_longer_than_itself(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(b"x\n" * 5000 + encode({"text": "y" * 500}) + encode({"step": 1}))
    reader, found = RecordReader(path), []
    while records := reader.read_new(4):
        found.extend(records)
    assert [sorted(record) for record in found] == [["text"], ["step"]]
    assert reader.bad_lines == 5000


def test_skipping_to_the_end_leaves_what_comes_after(tmp_path: Path) -> None:
    path, line = tmp_path / "m.jsonl", encode({"step": 4})
    write(path, 3)
    with path.open("ab") as file:
        file.write(line[:9])
    reader = RecordReader(path)
    reader.skip_to_end()
    assert reader.read_new() == []
    with path.open("ab") as file:
        file.write(line[9:])
    assert [record["step"] for record in reader.read_new()] == [4]


def test_the_last_record_of_a_kind_is_found_from_the_end(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    assert last_record(path, kind="train") is None
    path.write_bytes(
        b"".join(encode({"kind": kind, "step": step}) for step in range(3) for kind in "ab") + b"torn"
    )
    assert last_record(path, kind="a") == {"kind": "a", "step": 2}
    assert last_record(path, kind="c") is None


def test_numbers_go_on_behind_a_tail_of_garbage(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    write(path, 3)
    with path.open("ab") as file:
        file.write(b"\0" * 200_000)
    write(path, 1)
    assert [record["seq"] for record in RecordReader(path).read_new()] == [1, 2, 3, 4]
