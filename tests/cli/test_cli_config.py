"""`stickgen config` as a person calls it, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def stickgen(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stickgen", *map(str, arguments)], capture_output=True, text=True, timeout=60
    )


def test_set_changes_one_line_and_keeps_its_comment(tmp_path: Path, repo: Path) -> None:
    path = tmp_path / "c.yaml"
    original = (repo / "configs/medium.yaml").read_text()
    path.write_text(original)
    assert stickgen("config", "set", path, "training.batch_size=4").returncode == 0
    changed = path.read_text().splitlines()
    differing = [pair for pair in zip(original.splitlines(), changed, strict=True) if pair[0] != pair[1]]
    assert differing == [(line, line.replace("2 ", "4 ", 1)) for line, _ in differing]
    assert len(differing) == 1
    assert "# Batch size (reduce if OOM)" in differing[0][1]


def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("model:\n  nhead: 7\n")
    for arguments in (("show", path), ("show", tmp_path / "none.yaml"), ("set", path, "model.nheads=2")):
        result = stickgen("config", *arguments)
        assert result.returncode == 2
        assert "Traceback" not in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
    result = stickgen("config", "check", path)
    assert result.returncode == 2
    assert "does not divide d_model 384; use one of 1, 2, 3, 4, 6, 8, 12" in result.stdout


def test_show_json_has_every_key(repo: Path) -> None:
    result = stickgen("config", "show", repo / "configs/small.yaml", "--json", "--set", "training.epochs=3")
    values = json.loads(result.stdout)
    assert values["model.d_model"] == 256
    assert values["training.epochs"] == 3
