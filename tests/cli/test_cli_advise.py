"""`stickgen advise`: a list, JSON, and an edit made in a file of which every other byte stays."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from click.testing import CliRunner

from stickgen.cli.advise import command
from stickgen.errors import StickgenError


def test_the_list_and_the_json_say_the_same(repo: Path) -> None:
    config = str(repo / "configs/large.yaml")
    shown = CliRunner().invoke(command, [config, "--for", "memory"])
    assert shown.exit_code == 0 and " 1. batch_size 16 → " in shown.stdout
    facts = json.loads(CliRunner().invoke(command, [config, "--for", "memory", "--json"]).stdout)["advice"]
    assert facts[0]["edits"].keys() == {"training.batch_size", "training.grad_accum_steps"}
    assert facts[0]["peak_memory_bytes_after"] < facts[0]["peak_memory_bytes_before"]


def test_apply_changes_two_lines_and_no_other_byte(repo: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    shutil.copy(repo / "configs/large.yaml", path)
    before = path.read_bytes().splitlines()
    assert CliRunner().invoke(command, [str(path), "--for", "memory", "--apply", "1"]).exit_code == 0
    after = path.read_bytes().splitlines()
    changed = [line for line, old in zip(after, before, strict=True) if line != old]
    assert len(changed) == 2 and b"batch_size" in changed[0] and b"# Batch size" in changed[0]


def test_a_line_that_is_not_there_is_refused(repo: Path) -> None:
    result = CliRunner().invoke(command, [str(repo / "configs/large.yaml"), "--apply", "99"])
    assert isinstance(result.exception, StickgenError) and "99" in str(result.exception)
