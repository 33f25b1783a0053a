"""Histories of runs, long ones first their end: the cache is only believed when it is right, a resumed run stays exact."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from stickgen.curves import cache as history_cache
from stickgen.curves import history as history_module
from stickgen.curves import lengths
from stickgen.curves import series as series_module
from stickgen.curves.folding import Curves
from stickgen.curves.history import History
from stickgen.record_log import encode


@pytest.fixture(autouse=True)
def small_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of a thousand records counts as long."""
    monkeypatch.setattr(series_module, "KEPT", 64)
    monkeypatch.setattr(lengths, "LONG_BYTES", 20_000)
    monkeypatch.setattr(history_module, "_AT_ONCE_BYTES", 8_000)
    monkeypatch.setattr(history_module, "_PEEK_BYTES", 4_000)


def write(path: Path, steps: range, *, begin: int = 1, value: float = 0.0) -> int:
    """Append train records, a validation record every hundred steps. Returns the number of the next record."""
    with path.open("ab") as file:
        for step in steps:
            common = {"time": 1e9 + step, "step": step, "epoch": step / 100}
            record = {
                "seq": begin,
                "kind": "train",
                **common,
                "loss": value + step,
                "grad_norm": 1.0,
                "note": "x",
            }
            file.write(encode(record))
            begin += 1
            if step % 100 == 0:
                file.write(encode({"seq": begin, "kind": "val", **common, "loss": value + step + 0.5}))
                begin += 1
    return begin


def read(history: History) -> None:
    """Read to the end."""
    for _ in range(1000):
        if not history.read(0.0, threading.Event()) and not history.behind:
            return
    raise AssertionError("it never ends")


def opened(log: Path, cache: Path | None = None) -> History:
    """The history of a log, read to its end."""
    history = History(log, threading.Lock(), cache)
    read(history)
    return history


def points(curves: Curves) -> list[object]:
    """All that is known of the curves, for comparing."""
    return [
        (name, len(s), list(s.ys)[-20:], [list(level.sums) for level in s.levels if level], s.not_finite)
        for part in (curves.train, curves.validation, curves.clocks)
        for name, s in sorted(part.items())
    ]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "metrics.jsonl"
    write(path, range(1, 1501))
    return path


def test_the_end_of_a_long_log_is_there_at_once_and_all_of_it_later(log: Path) -> None:
    history = History(log, threading.Lock())
    assert history.read(0.0, threading.Event())
    loss = history.curves.train["loss"]
    assert (loss.last_x, loss.last) == (1500.0, 1500.0) and len(loss) < 100
    assert history.behind and history.curves.newest["step"] == 1500
    history.read(0.0, threading.Event())
    assert history.progress is not None and 0 < history.progress < 1
    assert history.curves.newest["step"] == 1500  # the status line does not go back to the first step
    assert (loss.first_x, loss.last_x) == (1.0, 1500.0)
    read(history)
    assert not history.behind and history.progress is None
    assert (len(loss), loss.ahead, loss.whole_extent) == (1500, None, (1.0, 1500.0))
    assert set(history.curves.train) == {"loss", "grad_norm"}
    assert list(history.curves.validation["loss"].ys)[:2] == [100.5, 200.5]
    assert history.curves.clocks["epoch"].last == 15.0


def test_what_is_cached_is_what_was_read_and_only_new_records_are_read(log: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "a.curves"
    first = opened(log, cache)
    assert cache.exists()
    write(log, range(1501, 1511), begin=1516)
    again = History(log, threading.Lock(), cache)
    assert again.read(1.0, threading.Event())
    taken = again.reader.offset
    read(again)
    assert again.reader.offset == log.stat().st_size
    assert len(again.curves.train["loss"]) == 1510 and taken > 20_000
    assert points(again.curves) == points(opened(log).curves)
    assert again.reader.lost == first.reader.lost == 0


@pytest.mark.parametrize("how", ["torn", "a bit", "foreign", "empty", "other format", "folder"])
def test_a_cache_that_is_damaged_is_made_anew(log: Path, tmp_path: Path, how: str) -> None:
    cache = tmp_path / "a.curves"
    expected = points(opened(log, cache).curves)
    data = cache.read_bytes()
    if how == "torn":
        cache.write_bytes(data[: len(data) // 2])
    elif how == "a bit":
        cache.write_bytes(data[:-100] + bytes([data[-100] ^ 1]) + data[-99:])
    elif how == "foreign":
        cache.write_bytes(b"\x1b[2Jhello\n" * 50)
    elif how == "empty":
        cache.write_bytes(b"")
    elif how == "other format":
        cache.write_bytes(data.replace(b"stickgen curves", b"stickgen curvez", 1))
    else:
        cache.unlink()
        cache.mkdir()
    assert points(opened(log, cache).curves) == expected
    if how != "folder":
        assert cache.read_bytes()[:20] == data[:20]


@pytest.mark.parametrize("how", ["replaced", "shortened", "other end", "other beginning"])
def test_the_cache_of_another_log_is_not_believed(log: Path, tmp_path: Path, how: str) -> None:
    cache = tmp_path / "a.curves"
    opened(log, cache)
    data = log.read_bytes()
    if how == "replaced":
        copy = tmp_path / "copy"
        write(copy, range(1, 1501), value=7.0)
        copy.replace(log)
    elif how == "shortened":
        os.truncate(log, data[:90_000].rfind(b"\n") + 1)
    else:
        lines = data.splitlines(keepends=True)
        lines[3 if how == "other beginning" else -3] = encode(
            {"seq": 4, "kind": "train", "step": 4, "loss": 77.0}
        )
        text = b"".join(lines)
        with log.open("r+b") as file:  # the same file, longer than what was read
            file.write(text + b"\n" * max(len(data) - len(text), 0))
    assert points(opened(log, cache).curves) == points(opened(log).curves)


def test_without_a_place_for_the_cache_the_log_is_read(log: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert len(opened(log, tmp_path / "file" / "a.curves").curves.train["loss"]) == 1500


@pytest.mark.parametrize("back_to", [1450, 300])
def test_a_resume_from_an_older_checkpoint_leaves_no_point_of_the_former_tail(
    log: Path, tmp_path: Path, back_to: int
) -> None:
    """Near the end, and far back, where only groups of points are kept."""
    history = opened(log, tmp_path / "a.curves")
    write(log, range(back_to, back_to + 400), begin=1516, value=5000.0)
    read(history)
    fresh = opened(log)
    for found in (history, fresh, opened(log, tmp_path / "a.curves")):
        loss = found.curves.train["loss"]
        assert len(loss) == back_to + 399
        assert loss.last_x == back_to + 399
        # as old points are only known by groups, not up to the last one
        before = loss.extent(1, back_to - 40)
        assert before is not None and before[0] == 1.0 and before[1] < back_to
        after = loss.extent(back_to + 40, 2000)
        assert after is not None and after[0] > 5000 + back_to and after[1] == 5000 + back_to + 399
        assert list(found.curves.validation["loss"].ys)[-1] > 5000
    assert points(history.curves) == points(fresh.curves)


def test_a_log_that_was_begun_again_is_read_from_its_start(log: Path) -> None:
    history = opened(log)
    log.unlink()
    write(log, range(1, 31), value=-1.0)
    read(history)
    assert (len(history.curves.train["loss"]), history.curves.train["loss"].last) == (30, 29.0)


def test_a_clock_that_is_set_back_stands_still(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    with path.open("wb") as file:
        for number, seconds in enumerate((10.0, 20.0, 5.0, 30.0)):
            file.write(
                encode({"seq": number + 1, "kind": "train", "step": number, "time": seconds, "loss": 1.0})
            )
    assert list(opened(path).curves.clocks["time"].ys) == [10.0, 20.0, 20.0, 30.0]


def test_records_of_several_shapes_lose_nothing() -> None:
    curves = Curves()
    curves.fold(
        [
            {"kind": "train", "step": 1, "loss": 1.0, "lr": None},
            {"kind": "train", "step": 2, "loss": None, "lr": 0.5},
            {"kind": "train", "step": 3, "loss": 3},
            {"kind": "train", "step": "4", "loss": 4},
            {"kind": "train"},
            {"kind": "quality", "step": 3, "quality_contrast": 0.5},
        ]
    )
    assert (list(curves.train["loss"].ys), curves.train["loss"].not_finite) == ([1.0, 3.0], 1)
    assert list(curves.train["lr"].ys) == [0.5]
    assert list(curves.validation["quality_contrast"].ys) == [0.5]
    assert curves.newest["step"] == 3


def test_only_the_newest_cache_files_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_cache, "_MOST_FILES", 2)
    for number in range(4):
        log = tmp_path / f"{number}.jsonl"
        write(log, range(1, 601))
        opened(log, tmp_path / "cache" / f"{number}.curves")
        os.utime(tmp_path / "cache" / f"{number}.curves", (number, number))
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["2.curves", "3.curves"]


@pytest.mark.parametrize("cached", [False, True])
def test_old_points_seen_closely_are_read_once_more(log: Path, tmp_path: Path, cached: bool) -> None:
    write(log, range(400, 1500), begin=1516, value=0.25)  # a run that was resumed: its newer records count
    cache = tmp_path / "a.curves"
    history = opened(log, cache)
    if cached:
        history = opened(log, cache)
    loss, clock = history.curves.train["loss"], history.curves.clocks["epoch"]
    assert loss.first > 600
    assert not history.needs_detail(1490, 1499)  # those are known
    for low, high in ((380, 430), (600, 640), (100, 120)):
        assert history.needs_detail(low, high)
        history.read_detail(low, high)
        assert not history.needs_detail(low, high)
        expected = [step + (0.25 if step >= 400 else 0) for step in range(low, high + 1)]
        assert list(loss.entries(low, high, 500).lows) == expected
        assert loss.near(low + 3.5) == (low + 3, *[expected[3]] * 3)
        assert clock.near(low + 3.5) == (low + 3, *[pytest.approx((low + 3) / 100)] * 3)
        assert loss.last == 1499.25 and len(loss) == 1499
    write(log, range(1490, 1500), begin=3000)
    read(history)
    assert not history.needs_detail(100, 120)
