"""`stickgen estimate` from a shell: words, JSON, and nothing of torch in its own process."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from stickgen.cli.estimate import command
from stickgen.hardware.machine import local_machine_fast


def test_json_has_units_in_its_names_and_a_change_moves_it(repo: Path) -> None:
    config = str(repo / "configs/small.yaml")
    plain = json.loads(CliRunner().invoke(command, [config, "--json"]).stdout)
    assert {"parameters", "peak_memory_bytes", "peak_memory_bytes_low", "peak_memory_bytes_high",
            "seconds_per_step", "seconds_per_epoch", "checkpoint_bytes"} <= plain.keys()  # fmt: skip
    larger = CliRunner().invoke(command, [config, "--json", "--set", "training.batch_size=16"])
    assert json.loads(larger.stdout)["peak_memory_bytes"] > plain["peak_memory_bytes"]


def test_words_say_whether_it_fits_and_what_is_not_known(repo: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        command, [str(repo / "configs/large.yaml"), "--data-path", str(tmp_path / "none.pt")]
    )
    assert result.exit_code == 0
    assert "peak memory" in result.stdout and ("fits" in result.stdout or "fit" in result.stdout)
    assert "no dataset facts" in result.stdout


def test_torch_is_not_imported(repo: Path) -> None:
    code = (
        "import sys; from stickgen.cli.estimate import command; "
        f"command.main([{str(repo / 'configs/small.yaml')!r}], standalone_mode=False); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120).returncode == 0


def test_a_device_that_is_not_there_has_no_memory_that_is_full(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stickgen.hardware.machine.detect", lambda: replace(local_machine_fast(), gpus=()))
    said = CliRunner().invoke(command, [str(repo / "configs/small.yaml"), "--set", "device.type=cuda"]).stdout
    assert "this machine has no cuda device; device.type: auto" in said
    assert "0 B" not in said and "does not fit" not in said


def test_words_say_what_of_the_peak_is_the_text_encoder(repo: Path) -> None:
    config = str(repo / "configs/small.yaml")
    said = CliRunner().invoke(command, [config]).stdout
    assert "for the text encoder that evaluations load (evaluation.every_minutes: 0" in said
    assert (
        "encoder" not in CliRunner().invoke(command, [config, "--set", "evaluation.every_minutes=0"]).stdout
    )
