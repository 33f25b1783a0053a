"""`stickgen recommend`: for a machine by flags, as text, as JSON and as a file that trains."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from stickgen.cli.recommend import command
from stickgen.config.loading import TrainingConfig
from stickgen.errors import StickgenError


def test_json_has_the_tier_what_fits_and_units() -> None:
    facts = json.loads(CliRunner().invoke(command, ["--ram", "16", "--cores", "8", "--json"]).stdout)
    assert facts["tier"] == "cpu_16gb"
    assert facts["recommended"]["peak_memory_bytes_high"] <= facts["memory_limit_bytes"]
    assert facts["recommended"]["batch_size"] * facts["recommended"]["grad_accum_steps"] == 64
    assert facts["largest"]["parameters"] >= facts["recommended"]["parameters"]
    assert facts["reasons"] and facts["headroom_share"] == 0.25


def test_the_file_it_writes_is_the_tiers_with_the_edits(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    shown = CliRunner().invoke(command, ["--ram", "8", "--largest", "-o", str(path)])
    assert shown.exit_code == 0 and f"--config {path}" in shown.stdout
    config = TrainingConfig(path)
    assert config.model.d_model == 512 and config.effective_batch == 64
    assert b"# Number of transformer layers" in path.read_bytes()
    again = CliRunner().invoke(command, ["--ram", "8", "-o", str(path)])
    assert isinstance(again.exception, StickgenError) and "--force replaces it" in str(again.exception)


def test_a_dataset_that_is_not_there_is_said(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["--data-path", str(tmp_path / "none.pt")])
    assert isinstance(result.exception, StickgenError)
