"""`stickgen estimate` from a shell: words, JSON, and nothing of torch in its own process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from stickgen.cli.estimate import command


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
