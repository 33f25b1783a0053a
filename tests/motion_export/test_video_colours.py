"""Video by a decoder: colours as they are in the look, odd sizes filled with the background, clear on white in MP4."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from motions import POSE

from stickgen.errors import StickgenError
from stickgen.motion_export.format import Clip
from stickgen.motion_export.formats import video
from stickgen.motion_export.look import Look
from stickgen.motion_export.write import Place

STAND = [Clip("stands", [POSE] * 15)]
ODD = {"width": 161, "height": 121, "caption": False, "ghosts": 0}


def decoded(path: Path, size: tuple[int, int], *options: str) -> np.ndarray:
    """The pictures of a video, uint8 [n, height, width, 4], as ffmpeg makes them of what the file says of itself."""
    program = pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg is not installed").get_ffmpeg_exe()
    raw = subprocess.run(
        [program, "-v", "error", *options, "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgba", "-"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    return np.frombuffer(raw, np.uint8).reshape(-1, size[1], size[0], 4)


@pytest.mark.parametrize("export", [video.MP4, video.WEBM], ids=lambda export: str(export.name))
@pytest.mark.parametrize("paper", ["#2e68a8", "#c44e38", "#faf9f6"])
def test_the_background_has_its_colour_to_the_last_column(tmp_path: Path, export: object, paper: str) -> None:
    assert export in (video.MP4, video.WEBM)
    chosen = video.MP4 if export is video.MP4 else video.WEBM
    path = tmp_path / f"stands{chosen.suffixes[0]}"
    Place(path, chosen).write(STAND, Look(background=paper, floor="transparent", fps=30, **ODD))  # type: ignore[arg-type]
    pictures = decoded(path, (162, 122))
    assert len(pictures) == 18  # 0.6 s
    colour = [int(paper[place : place + 2], 16) for place in (1, 3, 5)]
    for x, y in ((0, 0), (161, 121), (161, 60), (4, 121)):
        assert np.abs(pictures[9, y, x, :3].astype(int) - colour).max() <= 6, (x, y)


def test_a_clear_figure_is_on_white_in_an_mp4(tmp_path: Path) -> None:
    path = tmp_path / "stands.mp4"
    Place(path, video.MP4).write(STAND, Look(background="transparent", **ODD))  # type: ignore[arg-type]
    assert (decoded(path, (162, 122))[0, 0, 0, :3] > 250).all()


def test_a_webm_is_clear_around_the_figure_and_to_its_last_column(tmp_path: Path) -> None:
    path = tmp_path / "stands.webm"
    look = Look(background="transparent", floor="transparent", **ODD)  # type: ignore[arg-type]
    Place(path, video.WEBM).write(STAND, look)
    alpha = decoded(path, (162, 122), "-c:v", "libvpx-vp9")[7, ..., 3]
    assert alpha[0, 0] < 10 and alpha[121, 161] < 10 and alpha.max() > 240


def test_what_ffmpeg_says_is_said_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\necho 'Unknown encoder \\033[31mlibx264' >&2\nexit 8\n")
    broken.chmod(0o755)
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(StickgenError, match="could not write the video: Unknown encoder"):
        Place(tmp_path / "x.mp4", video.MP4).write(STAND, Look(**ODD))  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["ffmpeg"]


def test_without_ffmpeg_no_motion_is_drawn_for_a_video(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    for export in (video.MP4, video.WEBM):
        with pytest.raises(StickgenError, match="video needs ffmpeg: install"):
            Place(tmp_path / f"x{export.suffixes[0]}", export)  # a command makes it before it loads the model
