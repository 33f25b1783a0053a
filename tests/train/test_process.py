"""The trainer's process: an unexpected error is a sentence, and what can be saved is saved."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.record_log import RecordReader
from stickgen.runs.store import Run, create_run
from stickgen.train.checkpoints.checkpoint import newest_checkpoint

TINY = {
    "model.embedding_dim": 16, "model.d_model": 32, "model.nhead": 4, "model.num_layers": 1,
    "training.batch_size": 4, "training.grad_accum_steps": 2, "training.epochs": 3,
}  # fmt: skip

BREAKS = """
import logging, sys
from pathlib import Path
from stickgen.train import loop
from stickgen.train import trainer_process as process
logging.basicConfig(level=logging.INFO)
step = loop.optimizer_step
def breaks(*args, **facts):
    if facts["step"] == 3:
        raise {error}
    return step(*args, **facts)
loop.optimizer_step = breaks
sys.exit(process.run_training(Path(sys.argv[1])))
"""


def run_that_breaks(tmp_path: Path, data: Path, error: str) -> tuple[Run, str, str]:
    """The run, what its `failed` event says, and what train.log would hold."""
    run = create_run(TrainingConfig(preset_path("quickstart"), TINY), root=tmp_path, data_path=str(data))
    done = subprocess.run(
        [sys.executable, "-c", BREAKS.format(error=error), run.path], capture_output=True, text=True
    )
    assert done.returncode == 1
    (failed,) = [r for r in RecordReader(run.events_path).read_new() if r["event"] == "failed"]
    return run, failed["message"], done.stderr


def test_an_unexpected_error_is_a_sentence_and_the_last_step_is_saved(
    tmp_path: Path, tiny_dataset: Path
) -> None:
    run, said, log = run_that_breaks(tmp_path, tiny_dataset, 'ZeroDivisionError("what\\nis\\nthis")')
    assert said == f"unexpected ZeroDivisionError: what; the full traceback is in {run.log_path}"
    assert "Traceback" in log and "is\nthis" in log
    checkpoint, skipped = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None and (checkpoint.step, skipped) == (3, [])


def test_a_run_whose_folder_cannot_be_written_is_refused_before_the_model_is_built(tmp_path: Path) -> None:
    run = create_run(TrainingConfig(preset_path("quickstart")), root=tmp_path, data_path="nowhere.pt")
    run.checkpoints_dir.rmdir()
    run.checkpoints_dir.write_text("a file in its place")
    code = (
        "import sys; from pathlib import Path; from stickgen.train.trainer_process import run_training\n"
        f"code = run_training(Path({str(run.path)!r})); assert 'torch' not in sys.modules; sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    (failed,) = RecordReader(run.events_path).read_new()
    assert failed["message"].startswith(
        f"{run.checkpoints_dir}: it is a file, where a run directory has a folder"
    )
