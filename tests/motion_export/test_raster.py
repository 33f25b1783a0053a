"""Pictures are of the right size and rate, show the figure where it is, and refuse what cannot be drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from motions import POSE
from PIL import Image, ImageFont

from stickgen.errors import StickgenError
from stickgen.motion_export.format import Clip, Motion
from stickgen.motion_export.look import Look
from stickgen.motion_export.raster import _fitted, rgba, sheet
from stickgen.motion_export.registry import export_of
from stickgen.motion_export.write import Place

LOOK = Look()
PANEL = LOOK.width, LOOK.height
FAINT, INK, LEFT, PAPER, RIGHT = (
    rgba(colour)[:3] for colour in (LOOK.floor, LOOK.body, LOOK.left, LOOK.background, LOOK.right)
)


def draw(clips: list[tuple[str, Motion]], path: Path) -> None:
    Place(path, export_of(path)).write([Clip(*clip) for clip in clips])


def draw_sheet(clips: list[tuple[str, Motion]], path: Path, poses: int = 12) -> None:
    path.write_bytes(sheet([Clip(*clip) for clip in clips], LOOK, poses=poses))


def motion(frames: int, step: float = 0.0) -> list[list[float]]:
    poses = np.tile(POSE, (frames, 1))
    poses[:, 0::2] += step * np.arange(frames)[:, None]
    walk: list[list[float]] = poses.tolist()
    return walk


def near(image: Image.Image, colour: tuple[int, int, int]) -> np.ndarray:
    """Where a picture has about that colour, bool [height, width]."""
    alike: np.ndarray = np.abs(np.asarray(image.convert("RGB")).astype(int) - colour).max(axis=2) < 24
    return alike


def test_a_sheet_has_a_row_a_clip_and_a_figure_a_pose(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    draw_sheet([("walks", motion(50, 0.05)), ("stands", motion(9))], path, poses=5)
    image = Image.open(path)
    assert image.size == (5 * 88, 2 * 132)
    for row in range(2):
        for column in range(5):
            cell = image.crop((column * 88, row * 132 + 22, column * 88 + 88, row * 132 + 132))
            left, right = np.argwhere(near(cell, LEFT)), np.argwhere(near(cell, RIGHT))
            assert len(left) > 20 < len(right)
            assert left[:, 1].mean() < 44 < right[:, 1].mean()  # the left limbs of this pose are at -x
            head = np.argwhere(near(cell, INK))
            assert head[:, 0].min() < left[:, 0].max()  # upright: the head over the feet


def test_a_jump_stays_inside_its_row(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    high = [[value + (0.8 if index % 2 else 0) for index, value in enumerate(POSE)]]
    draw_sheet([("", motion(3)), ("", motion(3) + high)], path, poses=4)
    image = Image.open(path)
    assert not near(image.crop((0, 132, 352, 132 + 22)), INK)[:, 200:].any()


def test_a_gif_plays_at_25_fps_and_its_figure_travels(tmp_path: Path) -> None:
    path = tmp_path / "walk.gif"
    draw([("walks", motion(20, 0.02))], path)
    image = Image.open(path)
    assert image.n_frames == 20  # type: ignore[attr-defined]
    assert image.info["duration"] == 40
    assert image.info["loop"] == 0
    middles = []
    for frame in (0, 19):
        image.seek(frame)
        middles.append(np.argwhere(near(image, LEFT))[:, 1].mean())
    assert middles[1] > middles[0] + 30
    assert near(image, PAPER).mean() > 0.8


def test_a_long_way_is_followed_and_the_floor_moves(tmp_path: Path) -> None:
    path = tmp_path / "run.gif"
    draw([("runs", motion(40, 0.2))], path)
    image = Image.open(path)
    ticks, middles = [], []
    for frame in (15, 16, 20):
        image.seek(frame)
        middles.append(np.argwhere(near(image, LEFT))[:, 1].mean())
        ticks.append(tuple(np.flatnonzero(near(image, FAINT)[-20])))
    assert max(middles) - min(middles) < 3
    assert ticks[0] != ticks[1]


def test_a_foreign_caption_is_drawn_clean(tmp_path: Path) -> None:
    draw_sheet([("\x1b[31mred\u202e " * 200, motion(2))], tmp_path / "sheet.png", poses=2)
    assert Image.open(tmp_path / "sheet.png").size == (176, 132)


def test_a_line_is_cut_as_late_as_fits() -> None:
    font = ImageFont.load_default(36)
    for line in ("a person walks, then waves with both hands", "WiWiWiWiWi", "i", "", "日本 text"):
        for room in range(0, round(font.getlength(line)) + 20, 3):
            shown = _fitted(line, room, font.getlength)
            if font.getlength(line) <= room:
                assert shown == line
                continue
            cuts = [line[:count].rstrip() + "…" for count in range(len(line))]
            assert shown == max((cut for cut in cuts if font.getlength(cut) <= room), key=len, default="…")


@pytest.mark.parametrize("bad", [[], [[0.0] * 19], [POSE, [float("nan")] * 20], [[1e9] * 20]])
def test_what_cannot_be_drawn_is_refused(tmp_path: Path, bad: list[list[float]]) -> None:
    for name in ("x.gif", "x.png"):
        with pytest.raises(StickgenError, match="drawn|draw"):
            draw([("", bad)], tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_picture_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(StickgenError, match="could not be written"):
        draw([("", motion(2))], tmp_path / "no" / "such" / "place.gif")


def test_an_animation_of_several_clips_has_a_panel_each_and_the_short_ones_wait(tmp_path: Path) -> None:
    path = tmp_path / "three.gif"
    draw([("walks", motion(20, 0.05)), ("stands", motion(4)), ("waits", motion(9))], path)
    with Image.open(path) as image:
        assert image.size == (2 * PANEL[0], 2 * PANEL[1])
        assert image.n_frames == 20  # type: ignore[attr-defined]
        image.seek(19)
        for column, row, drawn in ((0, 0, True), (1, 0, True), (0, 1, True), (1, 1, False)):
            panel = image.crop(
                (column * PANEL[0], row * PANEL[1], (column + 1) * PANEL[0], (row + 1) * PANEL[1])
            )
            assert near(panel, LEFT).any() == drawn
