"""Lottie: the vector animation of web pages, phones and After Effects, as JSON (https://lottie.github.io/lottie-spec).

Every bone is a path of two points, and the head an ellipse; each has a keyframe a picture, held until the next.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from stickgen.motion.skeleton import BONES
from stickgen.motion_export.format import Clip, Export
from stickgen.motion_export.look import TRANSPARENT, Look
from stickgen.motion_export.raster import TICK, colour_of_bone, rgba
from stickgen.motion_export.stage import Stage
from stickgen.outputs import Kind, contains
from stickgen.text import clean

Json = dict[str, Any]
_VERSION = "5.7.0"


def render(clips: Sequence[Clip], look: Look) -> bytes:
    """The clips one after the other, each under a marker with its text."""
    layers: list[Json] = []
    markers: list[Json] = []
    begin = 0
    for number, clip in enumerate(clips, 1):
        stage = Stage(clip, look)
        end = begin + len(stage.motion)
        text = clean(clip.text, single_line=True, limit=500)
        markers.append({"cm": text, "tm": begin, "dr": end - begin})
        own = _clip_layers(stage, text, begin)
        if number < len(clips):  # rlottie still shows a layer in the picture at which it ends
            for layer in own:
                opacity = layer["ks"]["o"]["k"]
                layer["ks"]["o"] = {
                    "a": 1,
                    "k": [{"t": begin, "s": [opacity], "h": 1}, {"t": end, "s": [0], "h": 1}],
                }
        layers += own
        begin = end
    if look.floor != TRANSPARENT:
        floor = _line([(0, stage.floor, look.width, stage.floor)], 0, look.floor, 1.0)
        layers.append(_layer("floor", [floor], 0, begin))
    if look.background != TRANSPARENT:
        paper = {
            "ty": "gr", "nm": "paper", "it": [
                {"ty": "rc", "p": _still([look.width / 2, look.height / 2]), "s": _still([look.width, look.height]), "r": _still(0)},
                _fill(look.background), _unmoved(),
            ],
        }  # fmt: skip
        layers.append(_layer("background", [paper], 0, begin))
    for number, layer in enumerate(layers, 1):
        layer["ind"] = number
    whole = {
        "v": _VERSION, "nm": "stickgen", "fr": look.fps, "ip": 0, "op": begin, "w": look.width, "h": look.height,
        "ddd": 0, "assets": [], "layers": layers, "markers": markers,
    }  # fmt: skip
    # < as an escape, so that the text of a clip ends no script when a page has the animation within it
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c").encode()


def _clip_layers(stage: Stage, text: str, begin: int) -> list[Json]:
    """The figure, its ghosts and the marks on the floor; what comes first is painted last."""
    look, pictures = stage.look, range(len(stage.motion))
    end = begin + len(pictures)
    # what is in the view stands still, or goes the other way if the view follows
    view = _steps([[round(stage.left(number), 2), 0, 0] for number in pictures], begin)
    layers = [_layer(text, _figure(stage, begin), begin, end, view)]
    for ago, pale in reversed(stage.ghosts()):
        if ago < len(pictures):
            layers.append(
                _layer("ghost", _figure(stage, begin + ago), begin + ago, end, view, round(100 * (1 - pale)))
            )
    if look.floor != TRANSPARENT:
        marks = [
            _line([(x, stage.floor, x, stage.floor + TICK)], begin, look.floor, 1.0)
            for x in stage.ticks(*pictures)
        ]
        layers.append(_layer("marks on the floor", marks, begin, end, view))
    return layers


def _figure(stage: Stage, begin: int) -> list[Json]:
    """The shapes of a figure; what comes first is painted last."""
    look = stage.look
    shown = [stage.at(picture) for picture in range(len(stage.motion))]
    radius = look.head_radius * stage.scale
    size = 2 * radius if look.head_filled else radius * 5 / 3  # a ring as on a picture, within the radius
    head = {
        "ty": "gr", "nm": "head", "it": [
            {"ty": "el", "p": _steps([[round(x, 2), round(y, 2)] for _, (x, y) in shown], begin), "s": _still([size, size])},
            _fill(look.head) if look.head_filled else _stroke(look.head, radius / 3),
            _unmoved(),
        ],
    }  # fmt: skip
    bones = [
        _line(
            [bones[index] for bones, _ in shown],
            begin,
            colour_of_bone(bone, look),
            look.line_width * stage.scale,
        )
        for index, bone in enumerate(BONES)
    ]
    return [head, *reversed(bones)]


def _line(track: Sequence[tuple[float, float, float, float]], begin: int, colour: str, width: float) -> Json:
    """A line through time: (x0, y0, x1, y1) for each picture."""
    flat = [[0, 0], [0, 0]]
    shapes = [
        {"c": False, "v": [[round(x0, 2), round(y0, 2)], [round(x1, 2), round(y1, 2)]], "i": flat, "o": flat}
        for x0, y0, x1, y1 in track
    ]
    return {"ty": "gr", "it": [{"ty": "sh", "ks": _steps(shapes, begin)}, _stroke(colour, width), _unmoved()]}


def _steps(values: Sequence[Any], begin: int) -> Json:
    """A property that takes these values, one a picture."""
    if all(value == values[0] for value in values):
        return _still(values[0])
    key = (lambda value: [value]) if isinstance(values[0], dict) else (lambda value: value)
    return {
        "a": 1,
        "k": [{"t": begin + number, "s": key(value), "h": 1} for number, value in enumerate(values)],
    }


def _still(value: Any) -> Json:
    return {"a": 0, "k": value}


def _paint(colour: str) -> tuple[list[float], float]:
    red, green, blue, alpha = rgba(colour)
    return [round(value / 255, 4) for value in (red, green, blue)], round(alpha / 2.55, 2)


def _stroke(colour: str, width: float) -> Json:
    paint, opacity = _paint(colour)
    return {
        "ty": "st",
        "c": _still(paint),
        "o": _still(opacity),
        "w": _still(round(width, 2)),
        "lc": 2,
        "lj": 2,
    }


def _fill(colour: str) -> Json:
    paint, opacity = _paint(colour)
    return {"ty": "fl", "c": _still(paint), "o": _still(opacity), "r": 1}


def _unmoved() -> Json:
    return {
        "ty": "tr", "p": _still([0, 0]), "a": _still([0, 0]), "s": _still([100, 100]), "r": _still(0), "o": _still(100),
        "sk": _still(0), "sa": _still(0),
    }  # fmt: skip


def _layer(
    name: str, shapes: list[Json], begin: int, end: int, view: Json | None = None, opacity: float = 100
) -> Json:
    place = {
        "o": _still(opacity),
        "r": _still(0),
        "p": view or _still([0, 0, 0]),
        "a": _still([0, 0, 0]),
        "s": _still([100, 100, 100]),
    }
    return {
        "ty": 4, "nm": name, "ddd": 0, "sr": 1, "ks": place, "ao": 0, "shapes": shapes, "ip": begin, "op": end, "st": 0,
        "bm": 0,
    }  # fmt: skip


EXPORT = Export(
    name="lottie",
    suffixes=(".lottie.json",),
    kind=Kind("a Lottie animation", contains(b'"layers"'), suffixes=(".json",)),
    about="a vector animation; several clips follow each other, each under a marker with its text",
    opened_by="lottie-web, iOS, Android, After Effects, Figma",
    limits="no caption in the picture; each ghost makes the file as large again as the figure does",
    render=render,
)
