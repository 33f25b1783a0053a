"""The whole way from nothing to a drawn motion, each step a command: synth, embed, train, generate."""

from __future__ import annotations

from pathlib import Path

import pytest
from forked_command import stickgen
from PIL import Image

from stickgen.motion.skeleton import FPS


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, repo: Path) -> Path:
    folder = tmp_path_factory.mktemp("first_light")
    for arguments in (
        ("data", "synth", "-n", "64", "-o", "data/quickstart.pt"),
        ("data", "embed", "data/quickstart.pt", "--encoder", "offline"),
        (
            "train", "--config", str(repo / "configs/quickstart.yaml"), "--max-steps", "3",
            "--set", "model.num_layers=2", "--set", "diffusion.sampling_steps=2",
        ),
    ):  # fmt: skip
        result = stickgen(*arguments, cwd=folder)
        assert result.returncode == 0, result.stdout + result.stderr
    return folder


def test_several_texts_become_one_animation_of_natural_length(trained: Path) -> None:
    result = stickgen("generate", "latest", "a person bows", "a person walks", "-o", "both.gif", cwd=trained)
    assert result.returncode == 0, result.stderr
    assert "weights of step 3" in result.stdout
    with Image.open(trained / "both.gif") as image:
        assert image.size == (640, 260)
        assert 20 <= image.n_frames <= 100  # type: ignore[attr-defined]


def test_a_format_of_one_motion_a_file_writes_several_files(trained: Path) -> None:
    result = stickgen(
        "generate",
        "latest",
        "a person bows",
        "a person walks",
        "-o",
        "both.bvh",
        "--seconds",
        "1",
        cwd=trained,
    )
    assert result.returncode == 0, result.stderr
    assert "both-1.bvh to both-2.bvh (1.0 s" in result.stdout and "BVH has rigid bones" in result.stderr
    assert (trained / "both-2.bvh").read_text().startswith("HIERARCHY")


def test_the_length_can_be_asked_for(trained: Path) -> None:
    result = stickgen("generate", "latest", "a person bows", "-o", "bow.gif", "--seconds", "1.2", cwd=trained)
    assert result.returncode == 0, result.stderr
    with Image.open(trained / "bow.gif") as image:
        assert image.n_frames == round(1.2 * FPS)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("latest", "a person bows", "-o", "bow.mp5"), "no format ends like this"),
        (("nothing", "a person bows", "-o", "new.gif"), "no run is called"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_a_sentence(
    trained: Path, arguments: tuple[str, ...], says: str
) -> None:
    result = stickgen("generate", *arguments, cwd=trained)
    assert result.returncode == 2
    assert says in result.stderr and "Traceback" not in result.stderr
