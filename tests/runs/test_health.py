"""How a run is doing, in sentences: each follows from its records, and none is said of a run that is too young."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from shapes_of import document

from stickgen.cli import root
from stickgen.config.loading import TrainingConfig
from stickgen.record_log import RecordWriter
from stickgen.run_contract import EventKind
from stickgen.runs.health import health
from stickgen.runs.store import Run, create_run

MIB = 2**20
PREDICTED = {"peak_memory_bytes": 400.0 * MIB, "peak_memory_bytes_high": 500.0 * MIB}


def made(folder: Path, *records: dict[str, Any], predicted: Any = None) -> Run:
    run = create_run(TrainingConfig(None), root=folder, name="mine", predicted=predicted)
    write(run.metrics_path, records)
    return run


def write(path: Path, records: Iterable[dict[str, Any]]) -> None:
    writer = RecordWriter(path)
    for number, record in enumerate(records):
        writer.write({"step": number, "time": float(number), **record})
    writer.close()


def train(step: int, loss: float, **more: Any) -> dict[str, Any]:
    return {"kind": "train", "step": step, "loss": loss, "loss_pose": loss, **more}


def val(step: int, loss: float) -> dict[str, Any]:
    return {"kind": "val", "step": step, "loss": loss, "loss_pose": loss, "mean_pose_loss": 1.0}


def said(run: Run) -> tuple[str, str]:
    """What is well, and what is wrong."""
    signs = health(run, alive=False)
    return (
        "\n".join(sign.sentence for sign in signs if not sign.wrong),
        "\n".join(sign.sentence for sign in signs if sign.wrong),
    )


def test_a_run_without_records_has_nothing_said_of_it(tmp_path: Path) -> None:
    assert health(made(tmp_path), alive=True) == []


def test_a_run_that_learns_is_well(tmp_path: Path) -> None:
    steps = [train(step, 1 / (step + 1), grad_norm=0.5, rss_bytes=300 * MIB) for step in range(100)]
    well, wrong = said(made(tmp_path, *steps, val(100, 0.25), predicted=PREDICTED))
    assert "0.250" in well and "it learns" in well and "gradient norm is 0.5" in well
    assert "at most 300 MiB of memory; 400 MiB were predicted" in well and not wrong


def test_what_is_not_as_it_should_be_is_said(tmp_path: Path) -> None:
    steps = [
        train(step, float("nan") if step == 99 else 1.0, grad_norm=900.0, rss_bytes=600 * MIB)
        for step in range(100)
    ]
    _, wrong = said(made(tmp_path, *steps, val(100, 1.5), predicted=PREDICTED))
    assert "the training loss at step 99 is not finite" in wrong
    assert "it did not learn" in wrong
    assert "gradient norm is 900" in wrong and "lower training.learning_rate" in wrong
    assert "600 MiB of memory; 400 MiB were predicted, 500 MiB at the most: more" in wrong


def test_overfitting_is_validation_that_rises_while_training_falls(tmp_path: Path) -> None:
    rising = (0.8, 0.5, 0.3, 0.4, 0.5, 0.6)
    falls = [train(step, 1 - step / 1000) for step in range(600)]
    stands = [train(step, 0.5) for step in range(600)]
    validations = [val(100 * number, loss) for number, loss in enumerate(rising)]
    assert "it overfits" in said(made(tmp_path / "a", *falls, *validations))[1]
    assert "overfits" not in said(made(tmp_path / "b", *stands, *validations))[1]
    assert "overfits" not in said(made(tmp_path / "c", *falls, *validations[:4]))[1]


def test_the_watchdogs_findings_are_said_unless_its_events_have_them(tmp_path: Path) -> None:
    full = [
        train(step, 0.5, rss_bytes=10**9, ram_free_bytes=10**6, disk_free_bytes=10**12) for step in range(50)
    ]
    run = made(tmp_path, *full)
    assert "memory is nearly full" in said(run)[1]
    write(run.events_path, [{"event": EventKind.ALERT, "rule": "memory", "message": "memory is nearly full"}])
    assert "memory is nearly full" not in said(run)[1]


def test_the_shell_shows_what_an_assistant_is_told(tmp_path: Path) -> None:
    run = made(tmp_path, train(1, 1.0, grad_norm=0.5), val(2, 1.5))
    shown = CliRunner().invoke(root, ["runs", "--runs", str(tmp_path), "show", run.name])
    assert "did not learn" in shown.stdout and "· the gradient norm is 0.5" in shown.stdout
    told = document(
        CliRunner().invoke(root, ["runs", "--runs", str(tmp_path), "show", run.name, "--json"]).stdout
    )
    assert [one["wrong"] for one in told["health"]] == [True, False]
