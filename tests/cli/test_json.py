"""What `--json` prints: one documented shape a command, an error too, and never what is no JSON."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from shapes_of import document, documents

from stickgen import cli
from stickgen.cli import COMMANDS, output, root
from stickgen.cli.exit_codes import ExitCode
from stickgen.cli.shapes import SHAPES
from stickgen.record_log import RecordWriter
from stickgen.run_contract import EventKind

# those that print no facts, or JSON and nothing else
WITHOUT = {
    "config schema": "prints a JSON Schema",
    "data clips": "prints nothing but JSON",
    "mcp": "is a server",
    "queue run": "is a worker",
}


def leaves(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that can be called."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for below in command.list_commands(context):
        found = command.get_command(context, below)
        assert found is not None
        yield from leaves(found, f"{name} {below}".strip())


def run(*words: object) -> str:
    """stdout of a command that succeeds."""
    done = CliRunner().invoke(root, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def call(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command as the program runs it."""
    monkeypatch.setattr(sys, "argv", ["stickgen", *words])
    monkeypatch.setattr(cli, "prepare_streams", lambda: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, err = capfd.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err


def test_every_command_speaks_json() -> None:
    without = {
        name
        for name, command in leaves(root)
        if not any("--json" in option.opts for option in command.params)
    }
    assert without == {name for name in WITHOUT if name.split()[0] in COMMANDS}


def test_every_command_has_a_shape() -> None:
    shown = " ".join(shape.command for shape in SHAPES.values())
    for name, _ in leaves(root):
        if name not in WITHOUT:
            assert name.split()[-1] in shown, name


def test_numbers_that_are_not_finite_and_halves_of_characters_are_json_all_the_same() -> None:
    text = output.json_text(
        "config.show",
        {
            "missing": [],
            "unknown": ["\udcff"],
            "a": math.nan,
            "b": [math.inf, -math.inf, 1.5],
            "p": Path("x"),
        },
    )
    assert document(text)["b"] == [None, None, 1.5]
    assert json.loads(text)["unknown"] == ["\\udcff"]
    assert text.isascii()


@pytest.mark.parametrize(
    "words",
    [
        ["runs", "show", "nothing-is-called-so", "--json"],  # refused by us
        ["runs", "list", "--json", "--no-such-option"],  # by click
        ["config", "check", "no-such-file.yaml", "--json"],
    ],
)
def test_an_error_is_the_one_document(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = call(monkeypatch, capfd, *words)
    told = document(out)
    assert (code, told["schema"], told["exit_code"]) == (2, "stickgen.error/1", 2)
    assert told["error"] and told["error"] in err  # a person reads it too


def test_without_json_an_error_leaves_stdout_empty(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, capfd, "runs", "show", "x")[:2] == (2, "")
    assert call(monkeypatch, capfd, "runs", "show", "--", "--json")[:2] == (2, "")


def test_the_machine_and_plans(repo: Path) -> None:
    config = repo / "configs/small.yaml"
    document(run("hardware", "--json"))
    document(run("estimate", config, "--json"))
    document(run("recommend", "--ram", 16, "--cores", 8, "--json"))
    assert document(run("advise", config, "--for", "speed", "--json"))["applied"] is None


def test_configs(repo: Path, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_bytes((repo / "configs/small.yaml").read_bytes())
    document(run("config", "check", config, "--anywhere", "--json"))
    assert document(run("config", "show", config, "--json"))["training.epochs"]
    changed = document(run("config", "set", config, "training.epochs=3", "--json"))
    assert changed["changes"][0] == {"key": "training.epochs", "was": 50, "is": 3, "also": []}
    assert document(run("config", "diff", config, "--preset", "small", "--json"))["differences"]
    document(run("config", "fmt-check", config, "--json"))
    assert not document(run("config", "unset", config, "training.epochs", "--dry-run", "--json"))["written"]
    assert document(run("config", "rename", config, "training.epochs", "epoch", "--json"))["written"]


def test_datasets(dataset: Path, tmp_path: Path) -> None:
    new = tmp_path / "s.pt"
    assert document(run("data", "synth", "-n", 12, "--actions", "bow", "-o", new, "--json"))["datasets"]
    document(run("data", "info", dataset, "--json"))
    assert len(documents(run("data", "clips", new, 0, 3))) == 2
    document(run("data", "edit", new, "--drop", 1, "--json"))
    assert document(run("data", "split", new, "-o", tmp_path / "p.pt", "--json"))["sides"]["train"]["clips"]
    merged = document(run("data", "merge", new, new, "-o", tmp_path / "m.pt", "--json"))
    assert merged["left_out"]["there already"]
    document(run("data", "preview", new, "-o", tmp_path / "p.png", "--clips", 2, "--json"))


def test_runs(tmp_path: Path) -> None:
    from stickgen.config.loading import TrainingConfig
    from stickgen.runs.store import create_run

    made = create_run(TrainingConfig(None), root=tmp_path, name="mine")
    writer = RecordWriter(made.events_path)
    writer.write({"event": EventKind.STARTED, "time": 1.0, "step": 0, "message": "begun"})
    writer.close()
    assert document(run("runs", "--runs", tmp_path, "list", "--json"))["runs"][0]["status"] == "starting"
    shown = document(run("runs", "--runs", tmp_path, "show", "--json"))
    assert (shown["name"], shown["events"][0]["message"]) == (made.name, "begun")
    assert document(run("runs", "--runs", tmp_path, "rm", made.name, "--yes", "--json"))["path"] == str(
        made.path
    )


def test_examples_of_the_guides_have_their_shape(repo: Path) -> None:
    found = 0
    for page in ("json.md", "mcp.md"):
        for block in re.findall(r"```json\n(.*?)```", (repo / "docs" / page).read_text(), re.DOTALL):
            if '"schema"' in block:
                document(block)
                found += 1
    assert found


def test_the_table_of_exit_codes_is_whole(repo: Path) -> None:
    page = (repo / "docs/json.md").read_text()
    assert all(f"| {code} | {code.about} |" in page for code in ExitCode)


def test_reading_shapes_costs_no_torch() -> None:
    code = "import sys, stickgen.cli.shapes; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
