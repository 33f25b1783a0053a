"""Following a run directory: what is on disk is what is shown, and only what is new is read."""

from __future__ import annotations

import json
import os
from pathlib import Path

from run_fixture import finished_run, write_metrics, write_sample

from stickgen.record_log import RecordWriter, last_record
from stickgen.run_contract import Phase
from stickgen.runs.process import describe_process
from stickgen.runs.store import Run
from stickgen_tui.following.metric_names import curve_names, title_of
from stickgen_tui.following.run_follower import RunFollower, trainer_process
from stickgen_tui.following.run_list import RunCatalogue
from stickgen_tui.widgets.event_list import event_line
from stickgen_tui.widgets.run_facts import run_facts
from stickgen_tui.widgets.status_line import status_content


def test_a_finished_run_is_read_whole_once(run: Run) -> None:
    follower = RunFollower(run)
    assert follower.poll() >= {"status", "metrics", "events", "log", "samples", "sample"}
    assert (follower.step, follower.total_steps, str(follower.state.status)) == (1000, 1000, "finished")
    assert len(follower.train["loss"]) == 100 and len(follower.validation["loss"]) == 10
    assert [event["event"] for event in follower.events] == ["started", "sample", "checkpoint", "finished"]
    assert follower.sample is not None and follower.sample.step == 1000
    assert len(follower.take_log_lines()) == 40 and follower.take_log_lines() == []
    assert follower.poll() == frozenset()  # nothing new: nothing to draw


def test_new_records_arrive_and_a_torn_one_waits(run: Run) -> None:
    follower = RunFollower(run)
    follower.poll()
    with run.metrics_path.open("ab") as file:
        file.write(b'{"seq":1000,"kind":"train","step":1010,"lo')
    assert "metrics" not in follower.poll()
    run.metrics_path.write_bytes(run.metrics_path.read_bytes().rpartition(b"\n")[0] + b"\n")
    writer = RecordWriter(run.metrics_path)
    writer.write({"kind": "train", "step": 1010, "loss": 0.5})
    writer.write({"kind": "train", "step": 1020, "loss": None})
    writer.close()
    assert "metrics" in follower.poll()
    assert follower.train["loss"].last == 0.5
    assert follower.train["loss"].not_finite == 1  # a null stands for NaN


def test_scrubbing_goes_to_older_samples_and_back_to_the_newest(run: Run) -> None:
    follower = RunFollower(run)
    follower.poll()
    follower.scrub(-1)
    assert "sample" in follower.poll()
    assert follower.sample is not None and follower.sample.step == 500
    follower.scrub(-5)
    follower.poll()
    assert follower.sample.step == 250
    write_sample(run, 1100, "new")
    follower.poll()
    assert follower.sample.step == 250  # a person is looking at it
    follower.scrub(+9)
    follower.poll()
    assert follower.sample.step == 1100 and follower.sampled_index is None


def test_a_sample_cut_off_leaves_the_one_before(run: Run) -> None:
    follower = RunFollower(run)
    follower.poll()
    (run.samples_dir / "step_002000.json").write_text('{"step": 2000, "mot')
    follower.poll()
    assert follower.sample is not None and follower.sample.step == 1000


def test_only_the_very_process_of_the_launch_is_measured() -> None:
    launch = describe_process(os.getpid())
    found = trainer_process({"launches": [launch]})
    assert found is not None and found.pid == os.getpid()
    assert trainer_process({"launches": [{**launch, "start_ticks": 1}]}) is None
    assert trainer_process({"launches": []}) is None
    assert trainer_process({"launches": ["nonsense"]}) is None


def test_memory_of_a_live_run_is_that_of_its_process_tree(run: Run) -> None:
    run.exit_path.unlink()
    run.update_identity(launches=[{**describe_process(os.getpid()), "started": ""}])
    run.beat(Phase.TRAINING, 1001, 2000)
    follower = RunFollower(run)
    assert "memory" in follower.poll()
    assert follower.tree_rss_bytes is not None and follower.tree_rss_bytes > 10 * 2**20
    assert (follower.phase, follower.step) == ("training", 1001)
    assert status_content(follower, 80).plain.startswith("● running   step 1,001 of 1,000")
    assert any(label == "RAM" for label, _ in run_facts(follower, 2**34))


def test_facts_compare_with_the_mean_pose(run: Run) -> None:
    follower = RunFollower(run)
    follower.poll()
    facts = {label: str(value) for label, value in run_facts(follower, 2**34)}
    ratio = 0.21 / follower.validation["loss_pose"].ys[-1]
    assert facts["val pose"].endswith(f"{ratio:.1f}× below mean pose")
    assert facts["model"] == "2.8 M parameters, cpu fp32"
    assert "RAM" not in facts and "peak RAM" in facts


def test_rows_of_the_run_list(workplace: Path, config: Path, run: Run) -> None:
    second = finished_run(workplace / "runs", config, name="proud-swan", steps=200)
    second.exit_path.write_text(json.dumps({"code": 1, "reason": "no dataset"}))
    rows = RunCatalogue().look(workplace / "runs").rows
    assert {row.name for _, row in rows} == {run.name, second.name}
    row = next(row for _, row in rows if row.name == second.name)
    assert (row.status, row.step, row.total_steps, row.alive) == ("failed", 200, 200, False)
    assert RunCatalogue().look(workplace / "nowhere").rows == []


def test_the_newest_train_record_is_found_from_the_end(run: Run) -> None:
    write_metrics(run, 20_000)
    assert (last_record(run.metrics_path, kind="train") or {})["step"] == 20_000
    assert last_record(run.path / "nothing", kind="train") is None


def test_an_event_from_outside_is_one_clean_line() -> None:
    line = event_line(
        {"event": "\x1b[2J", "time": "yesterday", "step": "x", "message": "a\nb\x07[/red]"}, 40
    ).plain
    assert "\n" not in line and "\x1b" not in line and "a b\\x07[/red]" in line


def test_an_evaluation_of_the_motion_is_a_curve_beside_the_training(run: Run) -> None:
    writer = RecordWriter(run.metrics_path)
    for step, share in ((400, 0.5), (800, 0.75)):
        writer.write(
            {"kind": "quality", "step": step, "quality_contrast": share, "quality_skate_ratio": 0.2,
             "quality_skate_ratio_real": 0.1}
        )  # fmt: skip
    writer.close()
    follower = RunFollower(run)
    follower.poll()
    assert list(follower.validation["quality_contrast"].ys) == [0.5, 0.75]
    assert follower.newest["kind"] == "train"  # what the status line tells of
    names = curve_names(follower.train, follower.validation)
    assert {"quality_contrast", "quality_skate_ratio"} <= set(names)
    assert "quality_skate_ratio_real" not in names  # the level that the other is compared with
    assert title_of("quality_contrast") == "quality: texts obeyed"
