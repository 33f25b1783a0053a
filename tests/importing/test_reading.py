"""An import gives the same whatever the number of processes, and goes on from where it was ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import psutil
import pytest
from click.testing import CliRunner
from walking import walking_bvh

from stickgen.datasets.facts import read_dataset_facts
from stickgen.errors import StickgenError
from stickgen.importing.capture import Capture
from stickgen.importing.clips import ImportReport, import_archives
from stickgen.importing.journal import Journal, journal_of
from stickgen.importing.outcome import Outcome, as_record, from_record
from stickgen.importing.processes import Died, done_in_processes


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    """A folder with eight walks: a copy of one, one that is damaged, one that stands still, two in an archive."""
    folder = tmp_path / "captures"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.bvh").write_text(walking_bvh(seed=number / 10, frames=30))
    (folder / "copy.bvh").write_text(walking_bvh(seed=0.0, frames=30))
    (folder / "cut.bvh").write_text(walking_bvh()[:-900])
    (folder / "still.bvh").write_text(walking_bvh(still=True))
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        for number in (5, 6):
            archive.writestr(f"{number}.bvh", walking_bvh(seed=number / 10, frames=30))
    return folder


def told(report: ImportReport) -> tuple[object, ...]:
    clips = [
        (clip.name, clip.motion.tobytes(), clip.actions.tobytes(), clip.texts, clip.view)
        for clip in report.clips
    ]
    return clips, report.skipped, report.notes, report.account.lines()


def test_the_number_of_processes_changes_nothing(captures: Path) -> None:
    one, three = import_archives([captures]), import_archives([captures], jobs=3)
    assert told(one) == told(three)
    assert [clip.name for clip in one.clips] == ["0.bvh", "1.bvh", "2.bvh", "3.bvh", "5.bvh", "6.bvh"]
    assert len(one.skipped) == 3


@pytest.mark.parametrize("error", [IndexError("list index out of range"), MemoryError()])
def test_a_fault_of_a_reader_costs_its_file_alone(
    captures: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    from stickgen.importing.formats import bvh

    read = bvh.read_bvh

    def faulty(data: bytes, name: str) -> Capture:
        if name == "1.bvh":
            raise error
        return read(data, name)

    monkeypatch.setattr(bvh, "read_bvh", faulty)
    report = import_archives([captures])
    assert len(report.clips) == 5
    sentence = next(reason for reason in report.skipped if reason.startswith("1.bvh: "))
    assert ("please report it" in sentence) == isinstance(error, IndexError)
    if isinstance(error, IndexError):
        monkeypatch.setenv("STICKGEN_TRACEBACK", "1")
        with pytest.raises(IndexError):
            import_archives([captures])


def test_a_process_that_is_killed_costs_its_task_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    results = dict(done_in_processes("dying", 100, [1, -1, 2, 3, -2, 4], 2))
    assert results == {
        0: 101,
        2: 104,
        3: 109,
        5: 116,
        1: Died("killed by SIGKILL"),
        4: Died("killed by SIGKILL"),
    }
    monkeypatch.setenv("DIES_AT_ONCE", "1")
    with pytest.raises(StickgenError, match="ended as it started.*--jobs 1"):
        list(done_in_processes("dying", 100, [1], 2))


def test_processes_end_when_nobody_waits_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    before = set(psutil.Process().children())
    results = done_in_processes("dying", 0, [1, 2, 3, 4], 2)
    next(results)
    assert set(psutil.Process().children()) - before
    results.close()  # type: ignore[attr-defined]
    assert not set(psutil.Process().children()) - before


class _StoppedError(Exception):
    pass


def stopped_after(folder: Path, count: int, journal: Journal) -> None:
    def stop(done: int, total: int) -> None:
        if done == count:
            raise _StoppedError

    with pytest.raises(_StoppedError):
        import_archives([folder], journal=journal, progress=stop)
    journal.close()


def resumed(folder: Path, path: Path, **more: object) -> tuple[ImportReport, int]:
    """The report of an import that goes on, and how many files it found read."""
    journal = Journal(path)
    report = import_archives([folder], journal=journal, **more)  # type: ignore[arg-type]
    journal.close()
    return report, journal.found


def test_an_import_goes_on_from_where_it_was_stopped(captures: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    stopped_after(captures, 5, Journal(path))
    seen: list[int] = []
    report, found = resumed(captures, path, progress=lambda done, total: seen.append(done))
    assert found == 5
    assert seen == [5, 6, 7, 8]
    assert told(report) == told(import_archives([captures]))
    report, found = resumed(captures, path, jobs=2)
    assert found == 9
    assert told(report) == told(import_archives([captures]))


def test_what_changed_is_read_again(captures: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    resumed(captures, path)
    (captures / "1.bvh").write_text(walking_bvh(seed=0.7, frames=30))
    (tmp_path / "i.csv").write_text("file,captions\n2.bvh,a man strolls\n")
    report, found = resumed(captures, path, index=tmp_path / "i.csv")
    assert found == 7
    assert told(report) == told(import_archives([captures], index=tmp_path / "i.csv"))
    assert resumed(captures, path, view="front")[1] == 0


def test_a_torn_or_damaged_journal_costs_only_its_lines(captures: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    resumed(captures, path)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"A", b"B")
    path.write_bytes(b"".join(lines)[:-40])
    report, found = resumed(captures, path)
    assert found == 7
    assert told(report) == told(import_archives([captures]))
    path.write_bytes(b"\xff" * 1000)
    assert resumed(captures, path)[1] == 0
    assert resumed(captures, path)[1] == 9


def test_a_disk_that_refuses_the_journal_stops_nothing(captures: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "a.journal")
    assert len(import_archives([captures], journal=journal).clips) == 6
    journal.remove()


def test_an_outcome_is_written_as_it_is(captures: Path) -> None:
    clips = import_archives([captures]).clips
    clips[1].mirror_of = clips[0]
    record = as_record(Outcome(clips, ["a note"], ["a reason"]))
    assert record is not None
    back = from_record(record)
    assert back is not None
    assert back.clips[1].mirror_of is back.clips[0]
    np.testing.assert_array_equal(back.clips[2].motion, clips[2].motion)
    assert back.clips[2].motion.dtype == np.float32
    assert (back.notes, back.refused, back.clips[3].texts) == (["a note"], ["a reason"], clips[3].texts)
    assert from_record({"clips": [{"motion": {"clip": 4}}]}) is None


def test_ctrl_c_says_what_is_kept_and_a_finished_import_leaves_nothing(
    captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stickgen.cli.data import command
    from stickgen.importing import clips

    output = tmp_path / "o.pt"
    stopped_after(captures, 4, journal_of(output))
    whole = clips.import_archives

    def interrupted(*arguments: object, **more: object) -> ImportReport:
        raise KeyboardInterrupt

    monkeypatch.setattr(clips, "import_archives", interrupted)
    result = CliRunner().invoke(command, ["import", str(captures), "-o", str(output)])
    said = "stopped; 4 files read so far: the same command goes on from there"
    assert result.stderr.splitlines()[0] == said
    monkeypatch.setattr(clips, "import_archives", whole)
    result = CliRunner().invoke(command, ["import", str(captures), "-o", str(output), "--no-mirror"])
    assert result.exit_code == 0
    assert "4 files had been read before" in result.stderr
    assert output.exists()
    assert not journal_of(output).path.exists()


def _hears_ctrl_c() -> None:
    """A test that a shell runs in the background does not, nor do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.drill
@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_an_import_that_is_killed_goes_on_and_gives_the_same_dataset(
    tmp_path: Path, kind: signal.Signals
) -> None:
    folder, output = tmp_path / "captures", tmp_path / "o.pt"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number:02}.bvh").write_text(walking_bvh(seed=number / 30, frames=400))
    command = [sys.executable, "-m", "stickgen", "data", "import", str(folder), "--jobs", "2", "-o"]
    program = subprocess.Popen(
        [*command, str(output)], stderr=subprocess.PIPE, text=True, preexec_fn=_hears_ctrl_c
    )
    journal = journal_of(output).path
    while program.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < 10):
        time.sleep(0.02)
    workers = psutil.Process(program.pid).children()
    os.kill(program.pid, kind)
    _, said = program.communicate()
    assert not output.exists()
    assert len(workers) == 2
    assert not psutil.wait_procs(workers, timeout=20)[1]
    if kind == signal.SIGINT:
        assert program.returncode == 130
        assert said.strip().startswith("stopped; ")
    again = subprocess.run([*command, str(output)], capture_output=True, text=True, check=True)
    assert "had been read before, by an import that did not end" in again.stderr
    other = tmp_path / "other.pt"
    subprocess.run([*command[:-3], "--jobs", "1", "-o", str(other)], capture_output=True, check=True)
    first, second = (read_dataset_facts(file) for file in (output, other))
    assert first is not None
    assert second is not None
    assert first.fingerprint == second.fingerprint
    assert not journal.exists()
