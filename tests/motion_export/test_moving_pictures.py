"""Vector animations in the middle of their way: a view that follows, marks on the floor, ghosts, rings, clear colours."""

from __future__ import annotations

import io
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from motions import POSE
from PIL import Image

from stickgen.motion_export.format import Clip
from stickgen.motion_export.formats import lottie, svg
from stickgen.motion_export.look import Look
from stickgen.motion_export.raster import Film, pictures

RUN = Clip(
    "runs", [[x + 0.12 * frame * (1 - axis % 2) for axis, x in enumerate(POSE)] for frame in range(30)]
)
STAND = Clip("stands", [POSE] * 12)
FAR = {"width": 200, "height": 160, "caption": False}
LOOKS = {
    "plain": Look(ghosts=0, **FAR),  # type: ignore[arg-type]
    "ghosts": Look(ghosts=2, **FAR),  # type: ignore[arg-type]
    "ring": Look(ghosts=0, head_filled=False, left="#00aa0080", **FAR),  # type: ignore[arg-type]
    "clear": Look(ghosts=1, background="transparent", floor="transparent", fps=40, **FAR),  # type: ignore[arg-type]
}


def at(text: bytes, share: float) -> str:
    """An animated SVG as it stands at a share of its time: what SMIL says of discrete values, applied."""
    tree = ElementTree.fromstring(text)
    for parent in list(tree.iter()):
        for child in list(parent):
            name = child.tag.rpartition("}")[2]
            if name not in ("animate", "animateTransform"):
                continue
            assert child.attrib["calcMode"] == "discrete"
            values = child.attrib["values"].split(";")
            times = [float(time) for time in child.attrib.get("keyTimes", "").split(";") if time]
            times = times or [number / len(values) for number in range(len(values))]
            value = values[max(number for number, time in enumerate(times) if time <= share)]
            kind = child.attrib.get("type")
            parent.set(child.attrib["attributeName"], value if kind is None else f"{kind}({value})")
            parent.remove(child)
    return ElementTree.tostring(tree, "unicode")


def differ(one: Image.Image, other: Image.Image) -> float:
    """The share of pixels that differ by much over white."""
    flat = [
        np.asarray(
            Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown.convert("RGBA"))
        ).astype(int)
        for shown in (one, other)
    ]
    assert flat[0].shape == flat[1].shape
    return float((np.abs(flat[0] - flat[1]).max(axis=2) > 60).mean())


@pytest.mark.parametrize("name", LOOKS)
def test_an_svg_shows_what_the_pictures_show_at_any_time(name: str) -> None:
    resvg = pytest.importorskip("resvg_py", reason="resvg_py is not installed")
    look = LOOKS[name]
    film = list(Film([RUN, STAND], look))
    text = svg.render([RUN, STAND], look)
    for number in (0, 5, 17, len(film) - 1):
        still = at(text, (number + 0.5) / len(film))
        drawn = Image.open(io.BytesIO(bytes(resvg.svg_to_bytes(svg_string=still))))
        assert differ(drawn, film[number]) < 0.004, number
        if number:
            assert differ(drawn, film[0]) > 0.004


@pytest.mark.parametrize("name", LOOKS)
def test_a_lottie_shows_what_the_pictures_show_at_any_time(tmp_path: Path, name: str) -> None:
    rlottie = pytest.importorskip("rlottie_python", reason="rlottie-python is not installed")
    path = tmp_path / "run.json"
    path.write_bytes(lottie.render([STAND, RUN], LOOKS[name]))
    played = rlottie.LottieAnimation.from_file(str(path))
    expected = [*pictures(STAND, LOOKS[name]), *pictures(RUN, LOOKS[name])]
    begin = len(list(pictures(STAND, LOOKS[name])))
    for number in (0, begin, begin + 6, begin + 17, len(expected) - 1):
        assert differ(played.render_pillow_frame(frame_num=number), expected[number]) < 0.004, number
    # this player shows the picture at which the animation ends too, before it begins again
    assert differ(played.render_pillow_frame(frame_num=len(expected)), expected[-1]) < 0.004


def test_a_long_caption_ends_in_an_ellipsis_and_is_there_in_whole() -> None:
    said = "a person walks " * 12
    tree = ElementTree.fromstring(svg.render([Clip(said, RUN.motion)], Look()))
    text = next(element for element in tree.iter() if element.tag.endswith("}text"))
    assert text[0].tail is not None and text[0].tail.endswith("…") and len(text[0].tail) < 60
    assert text[0].text == said.replace("\n", " ")


def test_a_lottie_within_a_page_ends_no_script() -> None:
    written = lottie.render([Clip("</script><script>alert(1)", STAND.motion)], Look())
    assert b"<" not in written
    assert json.loads(written)["markers"][0]["cm"] == "</script><script>alert(1)"
