"""Whatever happens to a log, however it is read and whoever kept its curves: they are what its lines say one by one."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickgen.config.loading import TrainingConfig
from stickgen.curves import cache, keeping, lengths
from stickgen.curves import history as history_module
from stickgen.curves import series as series_module
from stickgen.curves.folding import Curves
from stickgen.curves.history import History
from stickgen.curves.keeping import Keeper
from stickgen.record_log import decode, encode
from stickgen.runs import supervisor
from stickgen.runs.store import create_run

GARBAGE = [
    b"\n", b"garbage\n", b'{"step":3,"loss":1}\n', b'{"kind":"train","step":5,"crc32":"00000000"}\n', b"\xff\x00\n",
    encode({"kind": []}), encode({"step": None, "loss": 1}), b'{"kind":"train","step":9,"loss":NaN}\n', b'{"kind":"tr',
]  # fmt: skip
VALUES = st.one_of(
    st.floats(-9, 9), st.integers(-9, 9), st.sampled_from([None, float("nan"), float("inf"), "x"])
)
# a stretch of a run: how far it goes back first, how many steps it takes, what one of them holds, what comes after
STRETCHES = st.lists(
    st.tuples(
        st.one_of(st.just(-1), st.integers(0, 150)),
        st.integers(1, 70),
        st.lists(VALUES, min_size=1, max_size=5),
        st.sampled_from([b"", b"", *GARBAGE]),
    ),
    min_size=1,
    max_size=4,
)


@pytest.fixture(autouse=True)
def small_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of a few records counts as long, and only the newest points are kept as they are."""
    monkeypatch.setattr(series_module, "KEPT", 32)
    monkeypatch.setattr(lengths, "LONG_BYTES", 1500)
    monkeypatch.setattr(history_module, "_AT_ONCE_BYTES", 2000)
    monkeypatch.setattr(history_module, "_PEEK_BYTES", 700)


def log_of(stretches: list[tuple[int, int, list[Any], bytes]], number: int = 0) -> bytes:
    """The bytes of a log, whose records are numbered from there."""
    step, out = 0, []
    for back, count, values, after in stretches:
        step = max(step - back, 0) if back >= 0 else step + 1
        for at in range(count):
            number += 1
            value = values[at % len(values)]
            record = {
                "seq": number,
                "kind": "train",
                "time": 1e9 + number,
                "step": step,
                "loss": value,
                "lr": 1 / number,
            }
            if at % 11 == 7:
                del record["lr"]
            out.append(encode(record))
            if at % 13 == 5:
                out.append(encode({"seq": number, "kind": "val", "step": step, "loss": value}))
            step += 1
        out.append(after)
    return b"".join(out)


def plain(data: bytes) -> Curves:
    """The curves of a log, its lines read one after the other and every point kept."""
    curves = Curves()
    for line in data[: data.rfind(b"\n") + 1].split(b"\n"):
        record = decode(line)
        if record is not None:
            curves.fold([record])
    return curves


def check(history: History, data: bytes) -> None:
    """Read to the end, and compare with `plain`."""
    for _ in range(1000):
        if not history.read(0.0, threading.Event()) and not history.behind:
            break
    found, expected = history.curves, plain(data)
    assert found.newest == expected.newest
    for part in ("train", "validation", "clocks"):
        own, others = getattr(found, part), getattr(expected, part)
        assert set(own) == set(others)
        for name, series in own.items():
            other = others[name]
            assert (len(series), series.not_finite, series.ahead) == (len(other), other.not_finite, None)
            assert list(series.xs) == list(other.xs)[series.first :]
            assert list(series.ys) == list(other.ys)[series.first :]
            assert [level for level in series.levels if level] == [level for level in other.levels if level]


@given(STRETCHES, STRETCHES, st.lists(st.floats(0, 1), min_size=1, max_size=3), st.booleans(), st.data())
def test_curves_are_what_the_lines_of_the_log_say(
    stretches: list[Any], others: list[Any], cuts: list[float], in_place: bool, data: st.DataObject
) -> None:
    whole = log_of(stretches)
    with tempfile.TemporaryDirectory() as folder:
        log, beside, own = (Path(folder) / name for name in ("metrics.jsonl", "metrics.curves", "own.curves"))
        log.write_bytes(b"")
        keeper, follower = Keeper(log, beside), History(log, threading.Lock(), own, beside)
        for cut in [*sorted(cuts), 1.0]:  # it grows, torn wherever it is looked at
            at = int(cut * len(whole))
            with log.open("r+b") as file:
                file.seek(0, os.SEEK_END)
                file.write(whole[file.tell() : at])
            if data.draw(st.booleans()):
                keeper.keep(to_the_end=data.draw(st.booleans()))
            if data.draw(st.booleans()):
                check(follower, whole[:at])
            else:
                follower.read(0.0, threading.Event())
            check(History(log, threading.Lock(), None, beside), whole[:at])
        check(follower, whole)
        keeper.keep(to_the_end=True)
        assert not lengths.is_long(len(whole)) or cache.kept_bytes(beside) > 0
        check(History(log, threading.Lock(), own, beside), whole)

        new = log_of(others, 10**6)  # somebody writes another log in its place
        if in_place:
            log.write_bytes(new)
        else:
            (Path(folder) / "new").write_bytes(new)
            (Path(folder) / "new").replace(log)
        check(History(log, threading.Lock(), own, beside), new)
        check(follower, new)
        keeper.keep(to_the_end=True)
        check(History(log, threading.Lock(), None, beside), new)


def test_the_supervisor_keeps_the_curves_while_a_run_trains_and_all_of_them_at_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(supervisor, "ignore_stops", lambda: None)
    run = create_run(TrainingConfig(), root=tmp_path, name="calm-otter")
    data = log_of([(-1, 300, [1.0, 2.0], b"")])
    trainer = f"""
import sys, time; from pathlib import Path
log, kept = Path({str(run.metrics_path)!r}), Path({str(run.curves_path)!r})
data = {data!r}
half = len(data) // 2
log.write_bytes(data[:half])
end = time.monotonic() + 60
while not kept.exists() and time.monotonic() < end: time.sleep(0.01)
log.open("ab").write(data[half:])
"""
    supervise = supervisor.supervise
    monkeypatch.setattr(
        supervisor, "supervise", lambda run, _: supervise(run, [sys.executable, "-c", trainer])
    )
    left = run.path / ".metrics.curves.abc.tmp"  # by a supervisor that was killed as it wrote
    left.write_bytes(b"half of")
    lock = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    supervisor.main(str(run.path), lock)
    with pytest.raises(OSError):
        os.fstat(lock)
    assert cache.kept_bytes(run.curves_path) == len(data) and not left.exists()
    history = History(run.metrics_path, threading.Lock(), None, run.curves_path)
    monkeypatch.setattr(Curves, "fold", None)  # nothing is left to be folded
    assert history.read(0.0, threading.Event()) and len(history.curves.train["loss"]) == 300


def test_nothing_is_kept_where_the_disk_is_nearly_full_or_the_run_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, beside = tmp_path / "run" / "metrics.jsonl", tmp_path / "run" / "metrics.curves"
    Keeper(log, beside).keep(to_the_end=True)
    assert not beside.parent.exists()
    log.parent.mkdir()
    log.write_bytes(log_of([(-1, 300, [1.0], b"")]))
    monkeypatch.setattr(keeping, "_LEAST_FREE_BYTES", 2**70)
    Keeper(log, beside).keep(to_the_end=True)
    assert not beside.exists()
