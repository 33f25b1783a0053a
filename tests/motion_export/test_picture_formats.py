"""Every picture format, read back by a program that is not ours."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from motions import POSE
from PIL import Image

from stickgen.errors import StickgenError
from stickgen.motion_export.format import Clip
from stickgen.motion_export.formats import frames, images, lottie, svg, video
from stickgen.motion_export.look import Look
from stickgen.motion_export.raster import pictures
from stickgen.motion_export.registry import EXPORTS, export_of
from stickgen.motion_export.write import Place

HOSTILE = '</text><script>alert(1)</script> & "walks" \x1b[31m'


def walk(frames: int, step: float = 0.03) -> list[list[float]]:
    poses = np.tile(POSE, (frames, 1))
    poses[:, 0::2] += step * np.arange(frames)[:, None]
    made: list[list[float]] = poses.tolist()
    return made


CLIP = Clip("a person walks", walk(20))
CLEAR = Look(background="transparent", floor="transparent", caption=False, ghosts=0, width=160, height=130)
OPAQUE = Look(caption=False, ghosts=0, width=160, height=130)


def middle(picture: Image.Image, colour: tuple[int, int, int]) -> float:
    """The mean column of the pixels of about this colour."""
    alike = np.abs(np.asarray(picture.convert("RGB")).astype(int) - colour).max(axis=2) < 60
    assert alike.any()
    return float(np.argwhere(alike)[:, 1].mean())


def alike(picture: Image.Image, other: Image.Image, most: float) -> None:
    """Both pictures over white differ in few pixels by much: only where edges are smoothed."""
    flat = [
        np.asarray(
            Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown.convert("RGBA"))
        ).astype(int)
        for shown in (picture, other)
    ]
    assert flat[0].shape == flat[1].shape
    assert (np.abs(flat[0] - flat[1]).max(axis=2) > 100).mean() < most


@pytest.mark.parametrize("export", [images.APNG, images.WEBP], ids=lambda export: export.name)
def test_pillow_plays_it_with_its_clear_pixels(export: object) -> None:
    assert export in (images.APNG, images.WEBP)
    render = images.render_apng if export is images.APNG else images.render_webp
    shown = Image.open(io.BytesIO(render([CLIP], CLEAR)))
    assert shown.n_frames == 20  # type: ignore[attr-defined]
    for frame, drawn in ((0, 0), (19, 19)):
        shown.seek(frame)
        picture = shown.convert("RGBA")
        alike(picture, list(pictures(CLIP, CLEAR))[drawn], 0.002)
        assert picture.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert shown.info["duration"] == 40


def test_a_rate_of_its_own_keeps_the_length() -> None:
    slower = Image.open(io.BytesIO(images.render_apng([CLIP], Look(fps=10, width=64, height=64))))
    assert slower.n_frames == 8 and slower.info["duration"] == 100  # type: ignore[attr-defined]
    faster = list(frames.png_sequence([CLIP], Look(fps=50, width=64, height=64)))
    assert len(faster) == 40


def test_a_sequence_and_its_sheet_show_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    Place(folder, frames.SEQUENCE).write([CLIP], CLEAR)
    names = sorted(path.name for path in folder.glob("*.png"))
    assert names == [f"{number:04d}.png" for number in range(1, 21)]
    Place(tmp_path / "sprites", frames.SPRITES).write([CLIP, Clip("turns", walk(5, 0.0))], CLEAR)
    table = json.loads((tmp_path / "sprites" / "sprites.json").read_text())
    page = Image.open(tmp_path / "sprites" / table["meta"]["image"])
    assert page.size == (table["meta"]["size"]["w"], table["meta"]["size"]["h"])
    assert len(table["frames"]) == 25
    assert [(tag["name"], tag["from"], tag["to"]) for tag in table["meta"]["frameTags"]] == [
        ("a person walks", 0, 19), ("turns", 20, 24),
    ]  # fmt: skip
    for number, entry in enumerate(list(table["frames"].values())[:20], 1):
        box = entry["frame"]
        cut = page.crop((box["x"], box["y"], box["x"] + box["w"], box["y"] + box["h"]))
        assert cut.tobytes() == Image.open(folder / f"{number:04d}.png").tobytes()


def test_a_folder_of_somebody_else_is_not_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "0001.png").write_bytes(b"mine")
    for force in (False, True):
        with pytest.raises(StickgenError, match="not empty"):
            Place(folder, frames.SEQUENCE, force=force)
    assert (folder / "0001.png").read_bytes() == b"mine"
    ours = tmp_path / "ours"
    Place(ours, frames.SEQUENCE).write([CLIP], CLEAR)
    with pytest.raises(StickgenError, match="--force"):
        Place(ours, frames.SEQUENCE)
    Place(ours, frames.SEQUENCE, force=True).write([Clip("stands", walk(3))], CLEAR)
    assert len(list(ours.glob("*.png"))) == 3
    assert len(list((tmp_path / "ours.bak").glob("*.png"))) == 20


def test_an_svg_reader_draws_what_we_draw() -> None:
    resvg = pytest.importorskip("resvg_py", reason="resvg_py is not installed")
    drawn = Image.open(io.BytesIO(bytes(resvg.svg_to_bytes(svg_string=svg.render([CLIP], OPAQUE).decode()))))
    alike(drawn, next(pictures(CLIP, OPAQUE)), 0.03)


def test_an_svg_moves_each_line_through_all_frames_and_its_text_is_only_text() -> None:
    tree = ElementTree.fromstring(svg.render([Clip(HOSTILE, CLIP.motion)], Look()))
    names = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert "script" not in names
    tracks = [element for element in tree.iter() if element.tag.endswith("animate")]
    tracks = [track for track in tracks if track.attrib["attributeName"] != "visibility"]
    assert tracks and all(len(track.attrib["values"].split(";")) == 20 for track in tracks)
    assert {track.attrib["dur"] for track in tracks} == {"0.8s"}


def test_a_lottie_player_draws_what_we_draw(tmp_path: Path) -> None:
    rlottie = pytest.importorskip("rlottie_python", reason="rlottie-python is not installed")
    path = tmp_path / "walk.json"
    path.write_bytes(lottie.render([CLIP, Clip("stands", walk(5, 0.0))], OPAQUE))
    played = rlottie.LottieAnimation.from_file(str(path))
    assert played.lottie_animation_get_totalframe() in (25, 26)  # some versions count the end as a frame
    assert played.lottie_animation_get_framerate() == 25
    for frame in (0, 10, 19):
        alike(played.render_pillow_frame(frame_num=frame), list(pictures(CLIP, OPAQUE))[frame], 0.03)


def test_the_lottie_packages_own_reader_takes_it() -> None:
    objects = pytest.importorskip("lottie.objects", reason="the package lottie is not installed")
    animation = objects.Animation.load(json.loads(lottie.render([Clip(HOSTILE, CLIP.motion)], Look())))
    assert (animation.width, animation.height, animation.frame_rate) == (320, 260, 25)
    assert [layer.name for layer in animation.layers][1:] == [
        "ghost",
        "ghost",
        "marks on the floor",
        "floor",
        "background",
    ]


@pytest.mark.parametrize("look", [OPAQUE, CLEAR], ids=["opaque", "clear"])
@pytest.mark.parametrize("export", [video.MP4, video.WEBM], ids=lambda export: str(export.name))
def test_ffmpeg_reads_the_video_back(tmp_path: Path, export: object, look: Look) -> None:
    program = pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg is not installed").get_ffmpeg_exe()
    found = video.MP4 if export is video.MP4 else video.WEBM
    path = tmp_path / f"walk.{found.name}"
    Place(path, found).write([CLIP], look)
    decoder = ["-c:v", "libvpx-vp9"] if found is video.WEBM else []
    raw = subprocess.run(
        [program, "-v", "error", *decoder, "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgba", "-"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    shape = (130, 160, 4)
    films = np.frombuffer(raw, np.uint8).reshape(-1, *shape)
    assert len(films) == 20
    clear = found is video.WEBM and look is CLEAR
    assert (films[0, 0, 0, 3] < 10) == clear
    assert films[0, ..., 3].max() > 240
    red = (196, 78, 56)
    first, last = (middle(Image.fromarray(films[frame]), red) for frame in (0, 19))
    expected = list(pictures(CLIP, look))
    assert abs(first - middle(expected[0], red)) < 4 and abs(last - middle(expected[19], red)) < 4


def test_without_ffmpeg_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(StickgenError, match="pip install imageio-ffmpeg"):
        video.ffmpeg()


def test_the_ending_chooses_and_a_name_overrides() -> None:
    assert export_of(Path("a.SVG")).name == "svg"
    assert export_of(Path("a.png")).name == "sheet"
    assert export_of(Path("a.png"), "apng") is images.APNG
    assert export_of(Path("a.lottie.json")).name == "lottie"
    for name in ("nope", "\x1b[31m"):
        with pytest.raises(StickgenError, match="there are gif"):
            export_of(Path("a.png"), name)
    suffixes = [suffix for export in EXPORTS for suffix in export.suffixes]
    assert len(suffixes) == len(set(suffixes))
    for export in EXPORTS:
        assert [export.render, export.each, export.several].count(None) == 2, export.name
