"""A style file says how a figure looks; what it gets wrong is said with its line."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from motions import POSE
from PIL import Image

from stickgen.errors import StickgenError
from stickgen.motion_export.format import Clip
from stickgen.motion_export.look import CLEAR, Look, read_look
from stickgen.motion_export.raster import pictures, rgba, sheet
from stickgen.motion_export.registry import EXPORTS, export_of
from stickgen.motion_export.write import Place

CLIP = Clip("stands", [POSE] * 10)


def read(tmp_path: Path, text: str) -> Look:
    path = tmp_path / "look.yaml"
    path.write_text(text)
    return read_look(path)


def test_what_a_file_says_is_used_and_the_rest_is_as_usual(tmp_path: Path) -> None:
    look = read(
        tmp_path, 'left: "#FF0000"  # red\nbackground: transparent\nwidth: 100\nline_width: 0.1\nghosts: 0\n'
    )
    assert look == Look(left="#ff0000", background="transparent", width=100, line_width=0.1, ghosts=0)
    assert read(tmp_path, "# nothing\n") == Look()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("width: 100\nwidht: 3\n", "look.yaml:2: widht: unknown key"),
        ("width: 3\n", "look.yaml:1: width: must be a whole number from 16 to 4096"),
        ("width: 99.5\n", "whole number"),
        ("line_width: .nan\n", "line_width: must be"),
        ("left: red\n", "must be a colour"),
        ("left: transparent\n", "must be a colour in quotes"),
        ("caption: 1\n", "true or false"),
        ("ghosts: true\n", "whole number"),
        ("left: [1, 2]\n", "a list or a section"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(StickgenError, match=said):
        read(tmp_path, text)


def test_the_look_is_what_is_drawn() -> None:
    look = Look(
        left="#ff0000", background="transparent", floor="transparent", caption=False, width=100, height=90
    )
    picture = next(pictures(CLIP, look))
    assert picture.size == (100, 90) and picture.mode == "RGBA"
    pixels = list(
        picture.get_flattened_data() if hasattr(picture, "get_flattened_data") else picture.getdata()
    )
    assert pixels[0] == (0, 0, 0, 0)
    assert (255, 0, 0, 255) in pixels
    assert not any(
        alpha and (red, green, blue) == (0, 0, 0) for red, green, blue, alpha in pixels
    )  # no dark edge
    drawn = Image.open(io.BytesIO(sheet([CLIP], Look(background="#00ff00"))))
    assert drawn.getpixel((1, 60)) == (0, 255, 0, 255)


def test_a_ghost_fades_towards_the_paper_or_to_nothing() -> None:
    assert rgba("#000000", pale=0.5, paper="#ffffff") == (128, 128, 128, 255)
    assert rgba("#000000", pale=0.5) == (0, 0, 0, 128)
    assert rgba("#00000080", paper="#ffffff") == (127, 127, 127, 255)
    assert rgba("#11223344") == (0x11, 0x22, 0x33, 0x44)


def test_what_is_laid_over_something_shows_the_figure_alone_unless_the_style_says_otherwise(
    tmp_path: Path,
) -> None:
    over = {export.name for export in EXPORTS if export.look == CLEAR}
    assert over == {"apng", "webp", "webm", "png-sequence", "sprites"}
    Place(tmp_path / "x.apng", export_of(Path("x.apng"))).write([CLIP])
    alpha = np.asarray(Image.open(tmp_path / "x.apng").convert("RGBA"))[..., 3]
    assert (alpha == 0).mean() > 0.8 and alpha.max() == 255
    style = tmp_path / "style.yaml"
    style.write_text('background: "#00ff00"\n')
    look = read_look(style, export_of(Path("x.apng")).look)
    assert look.background == "#00ff00" and not look.caption and not look.ghosts


def test_a_style_holds_for_every_format(tmp_path: Path) -> None:
    """Whatever the format's own look, a key that is written in the style counts."""
    style = tmp_path / "style.yaml"
    style.write_text("ghosts: 1\ncaption: true\nwidth: 64\nheight: 48\n")
    for export in EXPORTS:
        look = read_look(style, export.look)
        assert (look.ghosts, look.caption, look.width, look.height) == (1, True, 64, 48), export.name
