"""`stickgen-tui --demo`: a recorded run that comes as a live one does, says that it is none, and leaves nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from stickgen.errors import StickgenError
from stickgen.record_log import RecordReader, faults
from stickgen.run_contract import EventKind, Field, Wish
from stickgen.runs.control import request
from stickgen.runs.store import Run, Status
from stickgen_tui import cli
from stickgen_tui.demo.player import NAME, Player
from stickgen_tui.demo.recording import PLACE, read_recording
from stickgen_tui.demo.starting import Demo
from stickgen_tui.following.run_follower import RunFollower


@pytest.fixture
def player(tmp_path: Path) -> Player:
    return Player(Run(tmp_path / NAME), read_recording())


def test_the_recording_is_small_and_whole_and_says_nothing_of_who_made_it() -> None:
    recording = read_recording()
    kinds = Counter(piece.kind for piece in recording.pieces)
    assert PLACE.stat().st_size < 300_000
    assert all(kinds[kind] > 10 for kind in ("metrics", "events", "log", "sample"))
    assert [piece.seconds for piece in recording.pieces] == sorted(
        piece.seconds for piece in recording.pieces
    )
    assert not {"host", "cwd", "argv", "run_path", "launches"} & recording.identity.keys()
    text = json.dumps([recording.identity, [piece.content for piece in recording.pieces]])
    assert not re.search(r"/(home|root|work|tmp|Users)/", text + recording.config)


def test_it_comes_piece_by_piece_and_ends(player: Player) -> None:
    run = player.run
    assert player.write_due()
    follower = RunFollower(run)
    follower.poll()
    assert run.state().status == Status.RUNNING and 0 < run.state().step < run.state().total_steps
    first = len(RecordReader(run.metrics_path).read_new())
    player._began -= 20.0
    assert player.write_due()
    assert len(RecordReader(run.metrics_path).read_new()) > first > 0
    player._began -= 10_000.0
    assert not player.write_due()
    player.end(stopped=False)
    assert run.state().status in {Status.FINISHED, Status.EARLY} and "recording is over" in run.state().reason
    assert faults(run.metrics_path, run.events_path) == [] and len(list(run.samples_dir.glob("*.json"))) > 10
    assert run.config().training.epochs


def test_what_is_asked_of_it_is_refused_in_a_sentence(player: Player) -> None:
    identifier = request(player.run, Wish.SAMPLE)
    player.write_due()
    player.write_due()
    told = [r for r in RecordReader(player.run.events_path).read_new() if r.get(Field.ID) == identifier]
    assert len(told) == 1 and told[0][Field.APPLIED] is False and "nothing trains" in told[0][Field.MESSAGE]
    assert not list(player.run.control_dir.glob("*.json"))


def test_a_stop_ends_it(player: Player) -> None:
    player.write_due()
    player.end(stopped=True)
    assert player.run.state().status == Status.STOPPED
    last = RecordReader(player.run.events_path).read_new()[-1]
    assert (last[Field.EVENT], last[Field.MESSAGE]) == (EventKind.STOPPED, "the demo was stopped")


def test_nothing_stays_of_it() -> None:
    demo = Demo()
    with demo as run:
        assert run.name == "DEMO" and run.state().status == Status.RUNNING
    assert not demo.folder.exists() and demo._player.returncode == 0


def test_a_player_whose_app_was_killed_takes_the_folder_with_it() -> None:
    demo = Demo()
    with demo:
        assert demo._player.stdin is not None
        demo._player.stdin.close()
        assert demo._player.wait(20) == 0
        assert not demo.folder.exists()


def test_a_demo_shows_no_other_run() -> None:
    with pytest.raises(StickgenError, match="--demo"):
        cli.build_app(cli.parser().parse_args(["--demo", "--run", "latest"]))


def test_a_damaged_recording_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "r.xz"
    path.write_bytes(b"no")
    with pytest.raises(StickgenError, match="install again"):
        read_recording(path)


def test_the_player_needs_neither_torch_nor_textual() -> None:
    code = "import sys, stickgen_tui.demo.player; sys.exit(bool({'torch', 'textual'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
