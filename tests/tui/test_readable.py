"""Numbers and foreign text as a person, and a terminal, gets to see them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_fixture import wave

from stickgen.motion.in_braille import draw_figure
from stickgen.motion.skeleton import POSE_DIM
from stickgen.quantities import age_text, byte_text, count_text, duration_text, number_text
from stickgen.queue.state import JobStatus
from stickgen.runs.store import Status
from stickgen_tui.drawing.progress_bar import progress_bar
from stickgen_tui.drawing.states import LOOKS, look_of
from stickgen_tui.following.log_tail import LogTail
from stickgen_tui.following.sample import read_sample
from stickgen_tui.text import foreign, one_line


@pytest.mark.parametrize(
    ("got", "wanted"),
    [
        (byte_text(512), "512 B"),
        (byte_text(8.6 * 2**30), "8.6 GiB"),
        (byte_text(512 * 2**20), "512 MiB"),
        (byte_text(None), "–"),
        (duration_text(42), "42 s"),
        (duration_text(185), "3 min 05 s"),
        (duration_text(7620), "2 h 07 min"),
        (duration_text(4 * 86400 + 3600), "4 d 01 h"),
        (duration_text(float("inf")), "–"),
        (age_text(3), "now"),
        (age_text(300), "5 min ago"),
        (age_text(3 * 86400), "3 d ago"),
        (number_text(0.04123), "0.04123"),
        (number_text(12.345), "12.35"),
        (number_text(3e-5), "3.00e-05"),
        (number_text(float("nan")), "nan"),
        (number_text(1234.5), "1,234"),
        (count_text(20_500_000), "20.5 M"),
        (count_text(1204), "1,204"),
        (progress_bar(0.25, 8), "━━──────"),
        (progress_bar(2.0, 4), "━━━━"),
        (progress_bar(float("nan"), 4), "────"),
    ],
)
def test_quantities(got: str, wanted: str) -> None:
    assert got == wanted


def test_every_status_has_a_glyph_and_a_word_of_its_own() -> None:
    assert set(LOOKS) == {str(status) for status in (*Status, *JobStatus)}
    assert len({look.glyph for look in LOOKS.values()}) == len(LOOKS)
    assert look_of("something new").word == "something new"


HOSTILE = "\x1b]52;c;aGk=\x07 \x9b31m [/bold] [@click=app.quit]x[/] \u202e \x00 \r gone"


def test_foreign_text_is_shown_literally_and_inert() -> None:
    for content in (foreign(HOSTILE), one_line(HOSTILE)):
        assert "[/bold] [@click=app.quit]x[/]" in content.plain
        assert not {"\x1b", "\x07", "\x9b", "\u202e", "\x00", "\r"} & set(content.plain)


def test_a_log_is_followed_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "train.log"
    tail = LogTail(path)
    assert tail.read_new() == []
    path.write_bytes(b"one\n\x1b[32mtwo\x1b[0m\nprogress 1%\rprogress 2%\nhalf")
    assert tail.read_new() == ["one", "two", "progress 2%"]
    with path.open("ab") as file:
        file.write(b" done\n\x1b]0;title\x07\n\xff\n")
    assert tail.read_new() == ["half done", "\\x1b]0;title\\x07", "�"]
    path.write_bytes(b"new\n")
    assert tail.read_new() == ["new"]


def test_of_a_long_log_only_the_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "train.log"
    path.write_bytes(b"".join(b"line %06d\n" % number for number in range(50_000)))
    lines = LogTail(path).read_new()
    assert lines[-1] == "line 049999"
    assert lines[0].startswith("line ") and len(lines) < 10_000


def test_a_sample_is_read_and_a_broken_one_is_not(tmp_path: Path) -> None:
    good = {"step": 3, "text": "a \x1b[2Jwave", "fps": 25, "motion": wave(5)}
    (tmp_path / "step_000003.json").write_text(json.dumps(good))
    sample = read_sample(tmp_path / "step_000003.json")
    assert sample is not None
    assert (sample.step, sample.text, len(sample.motion)) == (3, "a \\x1b[2Jwave", 5)
    for number, broken in enumerate(
        (b"", b"[]", b'{"step": 1}', json.dumps({**good, "motion": [[1.0] * 19]}).encode(), b"[" * 100_000,
         json.dumps({**good, "motion": [[float("nan")] * POSE_DIM]}).encode(),
         json.dumps({**good, "fps": 0}).encode())
    ):  # fmt: skip
        path = tmp_path / f"step_1{number:05d}.json"
        path.write_bytes(broken)
        assert read_sample(path) is None, broken[:40]
    assert read_sample(tmp_path / "nothing.json") is None


@given(
    st.lists(st.lists(st.floats(-1e3, 1e3), min_size=POSE_DIM, max_size=POSE_DIM), min_size=1, max_size=4),
    st.integers(0, 60),
    st.integers(0, 30),
)
def test_any_motion_is_drawn_in_its_room(motion: list[list[float]], columns: int, rows: int) -> None:
    lines = draw_figure(motion, 0, columns, rows)
    assert lines == [] if columns < 4 or rows < 3 else len(lines) == rows
    assert all(len(line) == columns for line in lines)


def test_the_figure_moves_and_stands_on_the_floor() -> None:
    motion = wave(25)
    first, later = draw_figure(motion, 0, 40, 20), draw_figure(motion, 12, 40, 20)
    assert first != later
    assert first[-1].strip() and later[-1].strip()
