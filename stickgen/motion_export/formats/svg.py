"""An animated SVG: the figure as lines that move, in one file without scripts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from stickgen.motion.skeleton import BONES
from stickgen.motion_export.format import Clip, Export
from stickgen.motion_export.look import TRANSPARENT, Look
from stickgen.motion_export.raster import TICK, colour_of_bone, cut, rgba
from stickgen.motion_export.stage import Stage
from stickgen.outputs import Kind, contains
from stickgen.text import clean

_NARROWER = 0.87  # the letters of pictures beside those that most systems draw an SVG with


def render(clips: Sequence[Clip], look: Look) -> bytes:
    """A panel for each clip. All of them begin again together, after the longest."""
    columns = math.ceil(math.sqrt(len(clips)))
    rows = math.ceil(len(clips) / columns)
    width, height = columns * look.width, rows * look.height
    stages = [Stage(clip, look) for clip in clips]
    pictures = max(len(stage.motion) for stage in stages)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>{_text('; '.join(clip.text for clip in clips))}</title>",
    ]
    if look.background != TRANSPARENT:
        lines.append(f'<rect width="{width}" height="{height}" {_paint("fill", look.background)}/>')
    for number, stage in enumerate(stages):
        row, column = divmod(number, columns)
        lines.append(
            f'<svg x="{column * look.width}" y="{row * look.height}" width="{look.width}" height="{look.height}">'
        )
        lines += _panel(stage, pictures)
        lines.append("</svg>")
    lines.append("</svg>\n")
    return "\n".join(lines).encode()


def _panel(stage: Stage, pictures: int) -> list[str]:
    look, seconds = stage.look, pictures / stage.look.fps
    shown = [min(number, len(stage.motion) - 1) for number in range(pictures)]
    lines = []
    if look.floor != TRANSPARENT:
        y = _number(stage.floor)
        lines.append(f'<line x1="0" y1="{y}" x2="{look.width}" y2="{y}" {_paint("stroke", look.floor)}/>')
    if look.caption:
        lines.append(
            f'<text x="8" y="18" font-family="sans-serif" font-size="12" {_paint("fill", look.text)}>'
            f"<title>{_text(stage.text)}</title>{_text(stage.text, look.width - 16)}</text>"
        )
    # the view: what is in it stands still, or goes the other way if the view follows
    track = [f"{_number(stage.left(number))} 0" for number in shown]
    lines.append(f'<g transform="translate({track[0]})">')
    if len(set(track)) > 1:
        lines.append(
            f'<animateTransform attributeName="transform" type="translate" dur="{seconds:g}s" repeatCount="indefinite" '
            f'calcMode="discrete" values="{";".join(track)}"/>'
        )
    if look.floor != TRANSPARENT:
        marks = "".join(f"M{_number(x)} {_number(stage.floor)}v{TICK}" for x in stage.ticks(*shown))
        lines.append(f'<path d="{marks}" {_paint("stroke", look.floor)}/>')
    for ago, pale in stage.ghosts():
        if ago < pictures:
            lines.append(f'<g opacity="{1 - pale:.2f}" visibility="hidden">')
            lines.append(
                f'<animate attributeName="visibility" dur="{seconds:g}s" repeatCount="indefinite" calcMode="discrete" '
                f'values="hidden;visible" keyTimes="0;{ago / pictures:.6f}"/>'
            )
            lines += _figure(stage, [shown[max(number - ago, 0)] for number in range(pictures)], seconds)
            lines.append("</g>")
    lines += _figure(stage, shown, seconds)
    lines.append("</g>")
    return lines


def _figure(stage: Stage, shown: Sequence[int], seconds: float) -> list[str]:
    look = stage.look
    drawn = [stage.at(number) for number in shown]
    lines = [f'<g stroke-width="{_number(look.line_width * stage.scale)}" stroke-linecap="round">']
    for index, bone in enumerate(BONES):
        values = list(zip(*(bones[index] for bones, _ in drawn), strict=True))
        first, animations = _moving(("x1", "y1", "x2", "y2"), values, seconds)
        lines.append(f"<line {_paint('stroke', colour_of_bone(bone, look))} {first}>{animations}</line>")
    lines.append("</g>")
    values = list(zip(*(head for _, head in drawn), strict=True))
    first, animations = _moving(("cx", "cy"), values, seconds)
    radius = look.head_radius * stage.scale
    if look.head_filled:
        paint = f'r="{_number(radius)}" {_paint("fill", look.head)}'
    else:  # as wide as on a picture, within the radius
        paint = f'r="{_number(radius * 5 / 6)}" fill="none" {_paint("stroke", look.head)} stroke-width="{_number(radius / 3)}"'
    lines.append(f"<circle {paint} {first}>{animations}</circle>")
    return lines


def _moving(names: Sequence[str], values: Sequence[Sequence[float]], seconds: float) -> tuple[str, str]:
    """Attributes at the first picture, and what moves those that change."""
    first, animations = [], []
    for name, track in zip(names, values, strict=True):
        texts = [_number(value) for value in track]
        first.append(f'{name}="{texts[0]}"')
        if len(set(texts)) > 1:
            animations.append(
                f'<animate attributeName="{name}" dur="{seconds:g}s" repeatCount="indefinite" '
                f'calcMode="discrete" values="{";".join(texts)}"/>'
            )
    return " ".join(first), "".join(animations)


def _number(value: float) -> str:
    """A pixel, to a hundredth of one, because an SVG is looked at enlarged."""
    return f"{round(value, 2) or 0.0:.10g}"


def _paint(attribute: str, colour: str) -> str:
    """A colour as an attribute; how opaque it is as one of its own, which older readers know."""
    red, green, blue, alpha = rgba(colour)
    opacity = f' {attribute}-opacity="{alpha / 255:.3g}"' if alpha < 255 else ""
    return f'{attribute}="#{red:02x}{green:02x}{blue:02x}"{opacity}'


def _text(text: str, room: float | None = None) -> str:
    """Foreign text as data; cut to about `room` pixels, since every reader has letters of its own width."""
    plain = clean(text, single_line=True, limit=500)
    return escape(plain if room is None else cut(plain, room * _NARROWER))


EXPORT = Export(
    name="svg",
    suffixes=(".svg",),
    kind=Kind("an SVG", contains(b"<svg"), suffixes=(".svg",)),
    about="moving lines in one file, sharp at any size, without scripts",
    opened_by="browsers, Inkscape (still)",
    limits="each ghost makes the file as large again as the figure does",
    render=render,
)
