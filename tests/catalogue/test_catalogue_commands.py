"""`stickgen runs list`, tag, note, diff, fork, export and prune, as a person types them."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest
from catalogue_runs import Make, write
from click.testing import CliRunner, Result

from stickgen.catalogue.catalogue import Catalogue
from stickgen.cli.runs import command
from stickgen.config.loading import TrainingConfig
from stickgen.errors import StickgenError
from stickgen.runs.live import KeyChange, LiveChange, add_change
from stickgen.runs.process import describe_process
from stickgen.runs.store import Run


@pytest.fixture
def two(make: Make, root: Path) -> Path:
    make("calm-otter", [0.5, 0.1, 0.3], training__optimizer="muon")
    make("brisk-fox", [0.4, 0.2, 0.2], training__epochs=7)
    return root


def stickgen(root: Path, *arguments: str, say: str = "") -> str:
    result = invoke(root, *arguments, say=say)
    assert result.exit_code == 0, result.output
    return result.stdout


def invoke(root: Path, *arguments: str, say: str = "") -> Result:
    return CliRunner().invoke(command, ["--runs", str(root), *arguments], input=say)


def checkpoint(run: Run, step: int, *, best: int | None = None, whole: bool = True) -> Path:
    """A checkpoint as a save leaves it, without weights."""
    folder = run.checkpoints_dir / f"step_{step:08d}"
    folder.mkdir()
    (folder / "trainer.json").write_text(json.dumps({"step": step, "best_step": best}))
    (folder / "model.safetensors").write_bytes(b"x" * 1000)
    sizes = {path.name: {"bytes": path.stat().st_size, "sha256": ""} for path in folder.iterdir()}
    (folder / "MANIFEST.json").write_text(json.dumps(sizes))
    if not whole:
        (folder / "model.safetensors").write_bytes(b"x")
    return folder


def test_list_filters_sorts_and_shows_columns(two: Path) -> None:
    found = stickgen(two, "list", "--sort", "val.loss_pose", "--best")
    lines = [line.split() for line in found.splitlines()]
    assert lines[0] == ["status", "val.loss_pose", "(best)", "name", "tag"]
    assert [line[:3] for line in lines[1:]] == [
        ["finished", "0.1000", "calm-otter"],
        ["finished", "0.2000", "brisk-fox"],
    ]
    assert "brisk-fox" not in stickgen(two, "list", "optimizer=muon", "and", "val.loss>0.2")
    assert stickgen(two, "list", "zebra").strip() == "none of 2 runs is so: zebra"
    shown = json.loads(stickgen(two, "list", "--columns", "val.loss,epochs,tag", "--limit", "1", "--json"))[
        "runs"
    ]
    assert shown[0]["values"] == {"val.loss": 0.2, "training.epochs": 7, "tag": []}
    assert "1 more run" in invoke(two, "list", "--limit", "1").stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["val.loss<"], "filter, character 10: there is nothing behind <"),
        (["--sort", "val.los"], "--sort: val.los is no fact, key or figure of a run; did you mean val.loss?"),
        (["--columns", "name,nope"], "--columns: nope is no fact"),
    ],
)
def test_what_is_not_understood_is_said(two: Path, arguments: list[str], says: str) -> None:
    error = invoke(two, "list", *arguments).exception
    assert isinstance(error, StickgenError) and says in str(error)


def test_tags_and_notes(two: Path) -> None:
    assert (
        stickgen(two, "tag", "calm-otter", "+baseline", "+shared", "-none") == "calm-otter: baseline shared\n"
    )
    assert stickgen(two, "tag", "calm-otter", "-shared") == "calm-otter: baseline\n"
    assert "#baseline" in stickgen(two, "list") and "brisk" not in stickgen(two, "list", "tag:baseline")
    assert (
        stickgen(two, "note", "calm-otter", "the left hand\x1b[31m lags")
        == "calm-otter: the left hand\\x1b[31m lags\n"
    )
    assert "calm-otter" in stickgen(two, "list", 'note~"left hand"')
    assert stickgen(two, "note", "calm-otter", "") == "calm-otter: no note\n"
    assert isinstance(invoke(two, "tag", "calm-otter", "baseline").exception, StickgenError)


def test_diff_shows_only_the_keys_that_differ_beside_the_figures(two: Path) -> None:
    said = stickgen(two, "diff", "calm-otter", "brisk-fox")
    assert "training.optimizer" in said and "training.epochs" in said and "training.seed" not in said
    assert "0.3000 (best 0.1000)" in said and "A  calm-otter  finished" in said
    facts = json.loads(stickgen(two, "diff", "calm-otter", "brisk-fox", "--json"))
    assert facts["best"]["val.loss"] == [0.1, 0.2] and facts["best_step"]["val.loss"] == [20, 20]
    assert isinstance(invoke(two, "diff", "calm-otter", "calm-otter").exception, StickgenError)


def test_fork_writes_the_bytes_of_that_run(two: Path, tmp_path: Path) -> None:
    run, out = Run(two / "calm-otter"), tmp_path / "mine.yaml"
    data = run.config_bytes + b"# mine\n"
    run.config_path.write_bytes(data)
    stickgen(two, "fork", "calm-otter", "-o", str(out))
    assert out.read_bytes() == data
    assert "--force" in str(invoke(two, "fork", "calm-otter", "-o", str(out)).exception)
    stickgen(two, "fork", "brisk-fox", "-o", str(out), "--force")
    assert (tmp_path / "mine.yaml.bak").read_bytes() == data
    change = KeyChange("training.learning_rate", 3e-4, 1e-4, run.config().training.learning_rate)
    add_change(run, LiveChange("id", 5, 1, (change,)), run.config())
    live = tmp_path / "live.yaml"
    assert "training.learning_rate: as changed" in invoke(two, "fork", "calm-otter", "-o", str(live)).stderr
    forked = TrainingConfig(live)
    assert forked.training.learning_rate == 1e-4 and live.read_bytes().endswith(b"# mine\n")
    (entry,) = (e for e in Catalogue(two).look() if e.run.name == "calm-otter")
    assert entry.config["training.learning_rate"] == 1e-4
    into = invoke(two, "fork", "calm-otter", "-o", str(two / "brisk-fox" / "config.yaml"), "--force")
    assert "belongs to the run" in str(into.exception)


def test_export_writes_once_what_a_resumed_run_did_again(two: Path, tmp_path: Path) -> None:
    run = Run(two / "calm-otter")
    write(run, [0.05], start=20)  # from step 21 again
    out = tmp_path / "m.csv"
    assert "33 records" in stickgen(two, "export", "calm-otter", "-o", str(out))
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    steps = [int(row["step"]) for row in rows if row["kind"] == "train"]
    assert steps == list(range(1, 31))
    assert [row["loss"] for row in rows if row["kind"] == "val"] == ["0.5", "0.1", "0.05"]
    assert "--force" in str(invoke(two, "export", "calm-otter", "-o", str(out)).exception)
    other = tmp_path / "m.json"
    stickgen(two, "export", "calm-otter", "--json", "-o", str(other))
    body = json.loads(other.read_text())
    assert body["config"]["training.optimizer"] == "muon" and len(body["records"]) == 33
    stickgen(two, "export", "brisk-fox", "-o", str(other), "--force")
    assert json.loads(other.read_text())["name"] == "brisk-fox"
    assert "name a .csv" in str(invoke(two, "export", "calm-otter", "-o", str(tmp_path / "x")).exception)


def test_event_files_are_read_by_tensorboards_own_format(two: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    from tensorboardX.proto.event_pb2 import Event

    folder = tmp_path / "events"
    stickgen(two, "export", "calm-otter", "--tensorboard", "-o", str(folder))
    (file,) = folder.glob("events*")
    data, at, points = file.read_bytes(), 0, []
    while at < len(data):
        length = int.from_bytes(data[at : at + 8], "little")
        event = Event.FromString(data[at + 12 : at + 12 + length])
        points += [(value.tag, event.step, value.simple_value) for value in event.summary.value]
        at += 16 + length
    assert ("val/loss_pose", 20, pytest.approx(0.1)) in points and sum(
        tag == "train/loss" for tag, *_ in points
    ) == 30
    assert "already" in str(invoke(two, "export", "calm-otter", "--tensorboard", "-o", str(folder)).exception)
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []


def test_prune_asks_frees_and_touches_only_checkpoints(two: Path) -> None:
    run = Run(two / "calm-otter")
    for step in (10, 20, 30):
        checkpoint(run, step, best=10)
    damaged = checkpoint(run, 40, best=10, whole=False)
    mine = run.checkpoints_dir / "step_00000020-mine"
    mine.mkdir()
    (run.checkpoints_dir / "step_00000050").symlink_to(two)
    cut_off = run.checkpoints_dir / ".step_00000060.tmp"
    cut_off.mkdir()
    asked = invoke(two, "prune", "calm-otter", say="n\n")
    assert asked.exit_code == 1 and "remove 3 checkpoints" in asked.output and damaged.exists()
    said = stickgen(two, "prune", "--all", "--yes")
    assert "2 stay" in said and "freed" in said
    left = {path.name for path in run.checkpoints_dir.iterdir()}
    assert left == {"step_00000010", "step_00000030", mine.name, "step_00000050"}
    assert (two / "brisk-fox").is_dir() and "nothing to remove" in stickgen(two, "prune", "--all")
    stickgen(two, "prune", "calm-otter", "--drop-best", "--yes")
    assert not (run.checkpoints_dir / "step_00000010").exists()
    assert "cannot be resumed" in stickgen(two, "prune", "calm-otter", "--keep", "0", "--drop-best", "--yes")
    assert isinstance(invoke(two, "prune").exception, StickgenError)


def test_a_run_that_is_going_is_not_pruned(two: Path) -> None:
    run = Run(two / "calm-otter")
    folder = checkpoint(run, 10)
    checkpoint(run, 20)
    run.exit_path.unlink()
    run.update_identity(launches=[describe_process(os.getpid())])
    assert "prunes its checkpoints itself" in str(invoke(two, "prune", "calm-otter", "--yes").exception)
    assert "NOTE: calm-otter" in invoke(two, "prune", "--all", "--yes").stderr
    assert folder.exists()


def test_rm_names_what_is_not_of_stickgen_and_removes_a_link_as_a_link(two: Path, tmp_path: Path) -> None:
    run = Run(two / "calm-otter")
    (run.path / "thesis.tex").write_text("mine")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    (run.path / "link").symlink_to(elsewhere)
    asked = invoke(two, "rm", "calm-otter", say="n\n")
    assert "what is not of stickgen: link, thesis.tex" in asked.output and run.path.exists()
    stickgen(two, "rm", "calm-otter", "--yes")
    assert not run.path.exists() and (elsewhere / "kept").exists()
    through = invoke(two, "rm", str(two / "brisk-fox" / "samples" / ".."), "--yes")
    assert isinstance(through.exception, StickgenError) and (two / "brisk-fox" / "run.json").exists()
    (two / "alias").symlink_to(two / "brisk-fox")
    assert isinstance(invoke(two, "rm", str(two / "alias"), "--yes").exception, StickgenError)


def test_a_run_of_ours_holds_nothing_strange(two: Path) -> None:
    from stickgen.runs.layout import strange_entries

    Catalogue(two).look()
    assert strange_entries(two / "calm-otter") == []
