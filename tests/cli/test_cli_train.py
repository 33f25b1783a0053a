"""`stickgen train` from a shell: train, resume, refuse."""

from __future__ import annotations

import subprocess
from pathlib import Path

from forked_command import stickgen


def train(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return stickgen("train", "--runs", folder, *arguments)


def test_train_then_resume(tmp_path: Path, dataset: Path, repo: Path) -> None:
    common = ("--set", "training.grad_accum_steps=2", "--set", "logging.sample_minutes=0",
              "--set", "model.num_layers=2", "--set", "diffusion.sampling_steps=1")  # fmt: skip
    first = train(
        tmp_path, "--config", repo / "configs/small.yaml", "--data_path", dataset, "--max-steps", "2", *common
    )
    assert first.returncode == 0, first.stdout + first.stderr
    assert "parameters, effective batch 2 (1 × 2)" in first.stdout
    second = train(tmp_path, "--resume", "latest", "--max-steps", "1")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "reached --max-steps after step 3" in second.stdout
    listed = stickgen("runs", "--runs", tmp_path, "list")
    assert listed.stdout.startswith("early            3/")  # --max-steps


def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path: Path, dataset: Path, repo: Path) -> None:
    text = tmp_path / "not-a-dataset.pt"
    text.write_text("hello")
    config = ("--config", repo / "configs/small.yaml")
    for arguments, says in (
        (("--config", tmp_path / "none.yaml"), "no such config"),
        ((*config, "--data-path", tmp_path / "none.pt"), "no such dataset"),
        ((*config, "--data-path", text), "not a dataset"),
        (
            (*config, "--data-path", dataset, "--set", "model.embedding_dim=384"),
            "--set model.embedding_dim=1024",
        ),
        ((*config, "--set", "model.nhead=7"), "does not divide d_model 256"),
        ((*config, "--set", "model.nheads=8"), "did you mean model.nhead"),
        (
            ("--resume", "nothing"),
            "there are no runs" if not list(tmp_path.glob("*/run.json")) else "no run is called",
        ),
    ):
        result = train(tmp_path / "runs", *arguments)
        assert result.returncode == 2, (arguments, result.stdout, result.stderr)
        sentences = [line for line in result.stderr.splitlines() if line.startswith("stickgen: ")]
        assert len(sentences) == 1
        assert says in sentences[0] or "no run" in sentences[0]
        assert "Traceback" not in result.stderr
