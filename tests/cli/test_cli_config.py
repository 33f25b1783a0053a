"""`stickgen config` as a person calls it, in a process of its own."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from forked_command import stickgen

from stickgen.cli import root
from stickgen.config import drafts
from stickgen.errors import StickgenError
from stickgen.yaml_edit import Document


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
    assert values["missing"] == [path for path in values["missing"] if values[path] is not None]
    assert "training.seed" in values["missing"]
    assert values["unknown"] == []


def copied(repo: Path, folder: Path) -> Path:
    path = folder / "c.yaml"
    path.write_bytes((repo / "configs/medium.yaml").read_bytes())
    return path


def test_set_and_unset_keep_the_rest_and_dry_run_writes_nothing(tmp_path: Path, repo: Path) -> None:
    path = copied(repo, tmp_path)
    original = path.read_bytes()
    shown = stickgen("config", "set", path, "training.epochs=7", "training.seed=3", "--dry-run").stdout
    assert "+  epochs: 7                # Number of training epochs" in shown
    assert path.read_bytes() == original
    assert stickgen("config", "set", path, "training.seed=3").stdout == "training.seed: not there → 3\n"
    result = stickgen("config", "unset", path, "training.seed", "data.curated_sft_data")
    assert "training.seed: taken out, now the default 42" in result.stdout
    assert b"curated_sft_data" not in path.read_bytes()
    assert len(path.read_bytes().splitlines()) == len(original.splitlines()) - 1
    result = stickgen("config", "unset", path, "training.seed")
    assert result.returncode == 2
    assert "there is no training.seed to delete" in result.stderr


def test_keys_of_other_programs_and_anchors_are_set_where_they_are_there(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("mine: {tag: '7', x: 1_000}\ntraining:\n  epochs: &e 20\n  warmup_epochs: 2\nalso: *e\n")
    result = stickgen("config", "set", path, "mine.tag=8", "mine.x=2000", "training.epochs=30")
    assert result.returncode == 0
    assert "through its anchor: also" in result.stdout
    assert path.read_text().startswith("mine: {tag: '8', x: 2_000}\ntraining:\n  epochs: &e 30\n")
    result = stickgen("config", "set", path, "mine.new=1")
    assert result.returncode == 2
    assert "unknown key" in result.stderr


def test_rename_keeps_value_place_and_comment_and_check_names_it(tmp_path: Path) -> None:
    path = tmp_path / "my config.yaml"
    path.write_text("training:\n  batch_sise: 3  # small\n")
    shown = stickgen("config", "check", path, "--anywhere").stdout
    command = f"stickgen config rename '{path}' training.batch_sise batch_size"
    assert command in shown
    result = stickgen(*shlex.split(command)[1:])
    assert result.stdout == "training.batch_sise: now named batch_size\n"
    assert path.read_text() == "training:\n  batch_size: 3  # small\n"
    result = stickgen("config", "rename", path, "training.batch_sise", "x")
    assert result.returncode == 2 and "there is no training.batch_sise to rename" in result.stderr


def test_diff_by_values_text_preset_and_draft(tmp_path: Path, repo: Path) -> None:
    path = copied(repo, tmp_path)
    assert "means the same as the defaults" in stickgen("config", "diff", path).stdout
    stickgen("config", "set", path, "training.epochs=7")
    assert (
        stickgen("config", "diff", path, repo / "configs/medium.yaml").stdout
        == "training.epochs\n  - 50\n  + 7\n"
    )
    found = json.loads(stickgen("config", "diff", path, "--preset", "small", "--json").stdout)["differences"]
    assert {"path": "model.d_model", "value": 384, "other": 256} in found
    text = stickgen("config", "diff", path, "--preset", "medium", "--text").stdout
    assert "-  epochs: 50               # Number of training epochs" in text
    result = stickgen("config", "diff", path, "--disk")
    assert result.returncode == 2
    assert "no edits were left behind" in result.stderr
    document = Document.open(path)
    journal = drafts.keep(document)
    document.set("training.epochs", 9)
    journal.close()
    assert stickgen("config", "diff", path, "--disk").stdout == "training.epochs\n  - 7\n  + 9\n"
    assert stickgen("config", "diff", path, "x", "--disk").returncode == 2


def test_check_as_json_brings_the_edit(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("model:\n  nhead: 7\n")
    result = stickgen("config", "check", path, "--anywhere", "--json")
    assert result.returncode == 2
    (problem,) = json.loads(result.stdout)["problems"]
    assert (problem["severity"], problem["line"], problem["edit"]) == ("error", 2, ["model.nhead", 6])
    shown = stickgen("config", "check", path, "--anywhere").stdout
    assert f"stickgen config set {path} model.nhead=6" in shown


def test_a_repeated_key_names_the_command_that_fixes_it(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("training:\n  epochs: 1\n  epochs: 2\n")
    for arguments in (("config", "check"), ("config", "show"), ("train", "--config")):
        result = stickgen(*arguments, path)
        assert result.returncode == 2 and "c.yaml:3:3" in result.stderr
        assert "stickgen config fmt-check --fix" in result.stderr


def test_fmt_check_finds_and_fixes(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("training:\n  learning_rate: 1e-4   # slow\n  seed: 1\n  seed: 2\n")
    result = stickgen("config", "fmt-check", path)
    assert result.returncode == 2
    assert f"{path}:2:18: training.learning_rate: 1e-4 reads as text" in result.stdout
    assert stickgen("config", "check", path).returncode == 2  # a key twice
    assert stickgen("config", "fmt-check", "--fix", path).returncode == 0
    assert path.read_text() == "training:\n  learning_rate: 1.0e-4 # slow\n  seed: 2\n"
    assert stickgen("config", "fmt-check", path).returncode == 0


def test_schema_is_json(tmp_path: Path, repo: Path) -> None:
    printed = json.loads(stickgen("config", "schema").stdout)
    stickgen("config", "schema", "-o", tmp_path / "s.json")
    assert json.loads((tmp_path / "s.json").read_text()) == printed
    assert (tmp_path / "s.json").read_bytes() == (repo / "configs/schema.json").read_bytes()


def test_hostile_files_are_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"a: \x1b]0;owned\x07\n")
    for command in (
        ("check", path),
        ("show", path),
        ("fmt-check", path),
        ("diff", path),
        ("unset", path, "a"),
    ):
        result = stickgen("config", *command)
        assert result.returncode == 2
        assert "\x1b" not in result.stdout + result.stderr
        assert "Traceback" not in result.stderr


def test_check_refuses_what_train_refuses(tmp_path: Path, dataset: Path, repo: Path) -> None:
    """One list for two commands: the dataset, the tracker's package, the width."""
    text = tmp_path / "text.pt"
    text.write_text("hello")
    for settings, data, says in (
        ((), tmp_path / "none.pt", "there is no such dataset"),
        ((), text, "not a dataset"),
        (("logging.tracker=wandb",), dataset, "wandb is not installed"),
        (("model.embedding_dim=384",), dataset, "embedding_dim"),
        (("training.stage=sft",), None, "there is no such dataset"),
        (
            ("training.stage=sft", f"data.curated_sft_data={dataset}", "model.embedding_dim=384"),
            None,
            "embedding_dim",
        ),
    ):
        path = copied(repo, tmp_path)
        for setting in settings:
            assert stickgen("config", "set", path, setting).returncode == 0
        where = () if data is None else ("--data-path", data)
        checked = stickgen("config", "check", path, *where)
        trained = stickgen("train", "--runs", tmp_path / "runs", "--config", path, *where, "--force")
        assert (checked.returncode, trained.returncode) == (2, 2), (settings, checked.stdout, trained.stderr)
        assert says in checked.stdout and says in trained.stderr
    path = copied(repo, tmp_path)
    assert stickgen("config", "check", path, "--anywhere").returncode == 0
    assert stickgen("config", "check", path, "--data-path", dataset).returncode == 0


@pytest.mark.parametrize(
    "command",
    [
        ("config", "set", "PRESET", "training.epochs=3"),
        ("config", "unset", "PRESET", "training.epochs"),
        ("config", "rename", "PRESET", "training.epochs", "epoch"),
        ("config", "fmt-check", "--fix", "PRESET"),
        ("advise", "PRESET", "--for", "memory", "--apply", "1"),
        ("recommend", "--ram", "16", "-o", "PRESET", "--force"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_a_preset_that_is_shipped_is_never_written(command: tuple[str, ...], shipped: Path) -> None:
    before = shipped.read_bytes()
    with pytest.raises(StickgenError, match="comes with stickgen and stays as it is; "):
        called(*(str(shipped) if word == "PRESET" else word for word in command))
    assert shipped.read_bytes() == before


def test_the_edit_of_a_preset_goes_elsewhere(shipped: Path, tmp_path: Path) -> None:
    before, mine = shipped.read_text(), tmp_path / "mine.yaml"
    edit = ("config", "set", str(shipped), "training.epochs=4")
    called("config", "set", str(shipped), "training.epochs=3", "-o", str(mine))
    assert Document.open(mine).get("training.epochs") == 3
    assert len(mine.read_text().splitlines()) == len(before.splitlines())
    with pytest.raises(StickgenError, match="--force replaces it"):
        called(*edit, "-o", str(mine))
    with pytest.raises(StickgenError, match="name another file"):
        called(*edit, "-o", str(shipped))
    assert "+  epochs: 4" in called(*edit, "--dry-run")
    assert shipped.read_text() == before and Document.open(mine).get("training.epochs") == 3


def called(*arguments: str) -> str:
    """What the command prints, in this process; its error is raised."""
    result = CliRunner().invoke(root, arguments, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.output


@pytest.fixture
def shipped(tmp_path: Path, repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A preset, in a folder of presets that a test may lose."""
    folder = tmp_path / "shipped"
    shutil.copytree(repo / "configs", folder)
    monkeypatch.setattr("stickgen.config.presets.shipped_directory", lambda: folder)
    return folder / "medium.yaml"
