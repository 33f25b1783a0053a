"""Odd files in a run directory: none hides another run, none is followed out of it, none makes anybody wait."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from stickgen.cli.runs import command as runs_command
from stickgen.config import TrainingConfig
from stickgen.config.key import DEFAULTS
from stickgen.errors import StickgenError
from stickgen.record_log import Damage, RecordReader, RecordWriter, faults
from stickgen.run_contract import File, Phase, Wish
from stickgen.runs.control import request, waiting
from stickgen.runs.launch import launch
from stickgen.runs.store import Run, Status, create_run, find_run, list_runs
from stickgen.tail import MAX_LINE_BYTES


def text(content: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(content)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 2**40)


ODD: dict[str, Callable[[Path], object]] = {
    "bomb": text("[" * 200_000),
    "infinity": text('{"step": Infinity, "code": Infinity, "created_unix": Infinity}'),
    "too large a number": text('{"step": 1e999, "created_unix": 1e999, "pid": 1e999}'),
    "a long integer": text('{"step": ' + "9" * 4000 + ', "created_unix": ' + "9" * 4000 + "}"),
    "other types": text('{"step": [], "code": [1], "launches": {"a": 1}, "created_unix": "x", "phase": {}}'),
    "not UTF-8": lambda path: path.write_bytes(b"\xff\xfe{}"),
    "pipe": pipe,
    "endless": endless,
    "huge": huge,
    "folder": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("odd", ODD, ids=str)
@pytest.mark.parametrize(
    "name", ["heartbeat", "exit.json", "run.json", "launch.lock", "run.lock", "metrics.jsonl"]
)
def test_one_odd_file_hides_no_run(tmp_path: Path, name: str, odd: str) -> None:
    root = tmp_path / "runs"
    good, bad = (create_run(TrainingConfig(), root=root, name=name) for name in ("good", "bad"))
    (bad.path / name).unlink(missing_ok=True)
    ODD[odd](bad.path / name)
    listed = CliRunner().invoke(runs_command, ["--runs", str(root), "list"])
    assert listed.exit_code == 0, listed.output
    assert good.name in listed.output and bad.name in listed.output
    assert find_run("good", root).path == good.path
    shown = CliRunner().invoke(runs_command, ["--runs", str(root), "show", str(bad.path)])
    assert shown.exit_code == 0, shown.exception


def test_a_log_without_a_line_takes_no_memory_and_is_passed(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    writer = RecordWriter(path)
    writer.write({"n": 1})
    with path.open("ab") as file:
        file.truncate(path.stat().st_size + 2 * MAX_LINE_BYTES)
    writer.write({"n": 2})  # stands behind the zeros, and on their line
    writer.write({"n": 3})
    reader = RecordReader(path)
    records = [record for _ in range(4) for record in reader.read_new()]
    assert [record["n"] for record in records] == [1, 3]
    assert reader.bad_lines == 1
    assert RecordWriter(path)._seq == 4


def test_damaged_lines_are_told(run: Run) -> None:
    writer = RecordWriter(run.events_path)
    for number in range(3):
        writer.write({"event": "alert", "message": str(number)})
    data = bytearray(run.events_path.read_bytes())
    data[5] ^= 1
    run.events_path.write_bytes(data)
    assert faults(run.metrics_path, run.events_path) == [Damage("events.jsonl", 1, 1)]
    shown = CliRunner().invoke(runs_command, ["--runs", str(run.path.parent), "show", run.name])
    assert "events.jsonl:1: this line could not be read and is passed over" in shown.output


def test_the_first_damaged_line_is_named_wherever_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    writer = RecordWriter(path)
    for number in range(200):
        writer.write({"n": number})
    lines = path.read_bytes().splitlines(keepends=True)
    lines[150], lines[160] = b"torn\n", b"\xff\x00\n"
    path.write_bytes(b"".join(lines))
    for piece in (-1, 50, 1000):
        reader = RecordReader(path)
        while reader.read_new(piece):
            pass
        assert reader.damage == Damage("metrics.jsonl", 2, 151)
    late = RecordReader(path)
    late.skip_to_end()
    assert late.damage is None
    with path.open("ab") as file:
        file.write(b"{}\n")
    late.read_new()
    assert late.damage == Damage("metrics.jsonl", 1, 201)
    path.write_bytes(lines[0])  # begun again: what was wrong with the old text is gone
    reader.read_new()
    assert reader.damage is None


def test_who_watches_is_told_of_damage_once(run: Run) -> None:
    run.metrics_path.write_bytes(b"torn\n\nonce more\n")
    run.events_path.write_bytes(b'{"event": 1}\n')
    (run.path / "exit.json").write_text('{"code": 0}')  # nobody waits for it to be launched
    watch = ["--runs", str(run.path.parent), "watch", run.name]
    shown = CliRunner().invoke(runs_command, watch).output
    assert shown.count("events.jsonl:1: this line could not be read") == 1
    assert (
        shown.count("metrics.jsonl: 2 lines could not be read and are passed over, the first is line 1") == 1
    )
    ended = [
        json.loads(line) for line in CliRunner().invoke(runs_command, [*watch, "--json"]).output.splitlines()
    ]
    damaged = {"file": "metrics.jsonl", "lines": 2, "first_line": 1}
    assert damaged in [line.get("damaged") for line in ended]


OUTSIDE = [
    "run.json", "config.yaml", "heartbeat", "exit.json", "train.log", "metrics.jsonl", "events.jsonl", "run.lock",
    "launch.lock", "run.json.lock", "control", "samples", "checkpoints", "tensorboard", "wandb",
    "samples/step_00000001.json", "control/x.json", "checkpoints/step_00000001/model.safetensors",
    "checkpoints/.step_00000001.7.tmp/config.yaml",
]  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_link_in_a_run_directory_is_followed(run: Run, tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "package.json").write_text("{}")
    (victim / "bashrc").write_text("precious")
    place = run.path / name
    place.parent.mkdir(exist_ok=True)
    if place.is_dir():
        place.rmdir()
    was = place.read_bytes() if place.is_file() else b"precious"
    place.unlink(missing_ok=True)
    is_folder = "." not in name
    (victim / "bashrc").write_bytes(was)
    place.symlink_to(victim if is_folder else victim / "bashrc")
    with pytest.raises(StickgenError, match="nothing in a run directory may lead out of it"):
        launch(run)
    with pytest.raises(StickgenError, match="nothing in a run directory may lead out of it"):
        run.check_writable()
    run.beat(Phase.TRAINING, 1, 2)
    if name == "control":
        assert waiting(run, 1) == []
        with pytest.raises(StickgenError):
            request(run, Wish.STOP)
    assert sorted(path.name for path in victim.iterdir()) == ["bashrc", "package.json"]
    assert (victim / "bashrc").read_bytes() == was


@pytest.mark.parametrize("damage", ['{"name": "x", "laun', "", "[1]", '{"a": NaN}'])
def test_a_damaged_run_json_is_not_written_over_and_comes_back_from_its_copy(run: Run, damage: str) -> None:
    run.update_identity(data_path="data/x.pt", launches=[{"pid": 1}])
    whole = run.identity
    (run.path / "run.json").write_text(damage)
    with pytest.raises(StickgenError, match="nothing was written over it"):
        run.update_identity(profile=True)
    assert (run.path / "run.json").read_text() == damage
    assert run.state().status == Status.UNREADABLE
    assert "copy" in run.rebuild_identity()
    assert run.identity == whole
    assert (run.path / "run.json.damaged-1").read_text() == damage


def test_without_a_copy_what_the_other_files_say_comes_back(run: Run) -> None:
    (run.path / "exit-1.json").write_text('{"launch": 1}')
    (run.path / "exit.json").write_text('{"launch": 2, "code": 0}')
    before = run.identity
    (run.path / "run.json").write_text("{")
    (run.path / File.IDENTITY_COPY).unlink()
    run.rebuild_identity()
    for name in ("name", "config_digest"):
        assert run.identity[name] == before[name]
    assert abs(run.identity["created_unix"] - before["created_unix"]) < 2
    assert len(run.launches) == 2


@pytest.mark.parametrize(
    ("saved", "defaults"),
    [
        ([], DEFAULTS),
        (['{"step": 3}'], 1),  # by a version that had one set
        (['{"step": 3, "defaults": 1}'], 1),
        (['{"step": 3, "defaults": 2}'], 2),
        (['{"step": 3, "defaults": 1}', '{"step": 6, "defaults": 2}'], 2),
        (['{"step": 3, "defaults": 1}', "damaged"], 1),
    ],
)
def test_the_defaults_of_its_time_come_back_from_the_newest_checkpoint(
    run: Run, saved: list[str], defaults: int
) -> None:
    for number, trainer in enumerate(saved, 1):
        folder = run.checkpoints_dir / f"step_{3 * number:08d}"
        folder.mkdir()
        (folder / "trainer.json").write_text(trainer)
    (run.path / "run.json").write_text("{")
    (run.path / File.IDENTITY_COPY).unlink()
    run.rebuild_identity()
    assert run.config().defaults == defaults
    assert run.config().model.text_tokens is (defaults >= 2)


def test_what_cannot_be_read_now_is_left_alone(run: Run) -> None:
    place = run.path / "run.json"
    kept = place.rename(run.path / "kept")
    place.symlink_to(kept)  # an error that may pass, like one of the disk
    for change in (run.rebuild_identity, lambda: run.update_identity(a=1)):
        with pytest.raises(StickgenError, match="cannot be read"):
            change()
    assert place.is_symlink() and json.loads(kept.read_text())["name"] == run.name


def test_a_folder_out_of_reach_is_not_never_launched(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def fails(path: str, *rest: int) -> int:
        if str(path).startswith(str(run.path)):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *rest)

    monkeypatch.setattr(os, "open", fails)
    state = run.state()
    assert state.status == Status.UNREADABLE and "Permission denied" in state.reason
    assert not state.alive
    assert [found.name for found in list_runs(run.path.parent)] == [run.name]
