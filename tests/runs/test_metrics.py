"""The log loses no whole record, whatever happens to its bytes."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stickgen.runs.metrics import RecordReader, RecordWriter, decode, encode

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
def test_a_damaged_byte_is_counted_and_the_rest_is_read(
    position: int, byte: int
) -> None:
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
