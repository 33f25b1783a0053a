"""A training as a job of Slurm: the script, what sbatch is told, and what the script does with Slurm's notice."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from shapes_of import document

from stickgen.cli import root
from stickgen.config.presets import preset_path
from stickgen.errors import StickgenError
from stickgen.queue.slurm import Wants, script
from stickgen.queue.store import Queue
from stickgen.runs.store import list_runs

SBATCH = """#!/bin/sh
echo "$@" > "$SUBMITTED"
[ -z "$REFUSES" ] || { echo "sbatch: error: invalid partition" >&2; exit 1; }
echo "4711;cluster"
"""


@pytest.fixture
def sbatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with an sbatch that notes what it is told."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "sbatch").write_text(SBATCH)
    (programs / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("SUBMITTED", str(tmp_path / "submitted"))
    return tmp_path / "submitted"


def submit(dataset: Path, *more: str) -> Result:
    config = str(preset_path("quickstart"))
    return CliRunner().invoke(
        root, ["queue", "submit", "--slurm", config, "--data-path", str(dataset), *more]
    )


def test_the_run_is_made_and_its_script_submitted(queue: Queue, dataset: Path, sbatch: Path) -> None:
    said = submit(dataset, "--time", "12:00:00", "--gpus", "1", "--sbatch=--account=lab", "--name", "far")
    assert said.exception is None, said.exception
    (run,) = list_runs(Path("runs"))
    assert sbatch.read_text().split() == ["--parsable", str(run.path / "slurm.sh")]
    text = (run.path / "slurm.sh").read_text()
    for option in (
        "--time=12:00:00",
        "--gpus=1",
        "--account=lab",
        "--requeue",
        "--signal=B:TERM@300",
        "--open-mode=append",
    ):
        assert f"#SBATCH {option}\n" in text
    assert f"train --resume {run.path}" in text
    assert "Slurm's job 4711" in said.output and run.identity["slurm_job"] == "4711"
    state = run.state()
    assert (state.status, state.alive) == ("stopped", False) and "waits in Slurm as job 4711" in state.reason


def test_print_makes_nothing(queue: Queue, dataset: Path, sbatch: Path) -> None:
    said = submit(dataset, "--print")
    assert said.output.startswith("#!/bin/bash\n#SBATCH --job-name=")
    assert not Path("runs").exists() and not sbatch.exists()


def test_a_refusal_is_said_in_sbatch_s_words(
    queue: Queue, dataset: Path, sbatch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFUSES", "1")
    assert "sbatch refused: sbatch: error: invalid partition; the script is" in str(submit(dataset).exception)
    monkeypatch.setenv("PATH", "/nowhere")
    assert "there is no sbatch on this machine" in str(submit(dataset).exception)


def test_no_option_brings_another_line(tmp_path: Path) -> None:
    for wants in (Wants(time="1\n#SBATCH --x"), Wants(partition="a b"), Wants(more=["--x\nrm -rf /"])):
        with pytest.raises(StickgenError):
            script(tmp_path / "run", wants)
    with pytest.raises(StickgenError):
        script(tmp_path / "run\nrm -rf", Wants())


@pytest.mark.parametrize(("code", "asked", "expected"), [
    (130, True, ("0", "requeue 12")), (0, False, ("0", "")), (0, True, ("0", "")), (1, True, ("1", "")),
    (130, False, ("130", "")),
])  # fmt: skip
def test_told_to_stop_the_script_waits_for_the_checkpoint_and_queues_again(
    tmp_path: Path, code: int, asked: bool, expected: tuple[str, str]
) -> None:
    """The training is a process that takes its time to stop, as one that saves does."""
    (tmp_path / "scontrol").write_text(f'#!/bin/sh\necho "$@" > {tmp_path / "requeued"}\n')
    (tmp_path / "scontrol").chmod(0o755)
    training = tmp_path / "training.sh"
    waits = "sleep 0.01 & while :; do wait; sleep 0.01; done" if asked else ":"
    training.write_text(
        f"trap 'sleep 0.1; exit {code}' TERM\ntouch {tmp_path / 'began'}\n{waits}\nexit {code}\n"
    )
    lines = script(tmp_path / "run", Wants(), cwd=tmp_path).splitlines()
    command = next(number for number, line in enumerate(lines) if line.startswith(sys.executable))
    lines[command] = f"/bin/sh {training} </dev/null &"
    batch = tmp_path / "batch.sh"
    batch.write_text("\n".join(lines) + "\n")
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SLURM_JOB_ID": "12"}
    # a shell cannot trap what was ignored before it began, as an earlier test may have left it
    process = subprocess.Popen(
        ["/bin/bash", str(batch)],
        env=environment,
        preexec_fn=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL),
    )
    if asked:
        while not (tmp_path / "began").exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
    assert str(process.wait(timeout=60)) == expected[0]
    requeued = tmp_path / "requeued"
    assert (requeued.read_text().strip() if requeued.exists() else "") == expected[1]


def test_programs_are_told_of_the_run_and_slurms_number(queue: Queue, dataset: Path, sbatch: Path) -> None:
    shown = document(submit(dataset, "--print", "--json").stdout)
    assert shown["run"] is None and shown["script"].startswith("#!/bin/bash") and not Path("runs").exists()
    told = document(submit(dataset, "--json", "--name", "far").stdout)
    (run,) = list_runs(Path("runs"))
    assert (told["run"], told["slurm_job"]) == (str(run.path), "4711")
    assert told["script"] == (run.path / "slurm.sh").read_text()
