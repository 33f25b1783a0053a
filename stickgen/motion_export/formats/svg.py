"""An animated SVG: the figure as lines that move, in one file without scripts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from stickgen.motion.skeleton import BONES
from stickgen.motion_export.format import Clip, Export
from stickgen.motion_export.look import TRANSPARENT, Look
from stickgen.motion_export.raster import colour_of_bone
from stickgen.motion_export.stage import Stage
from stickgen.outputs import Kind, contains
from stickgen.text import clean


def render(clips: Sequence[Clip], look: Look) -> bytes:
    """A panel for each clip. All of them begin again together, after the longest."""
    columns = math.ceil(math.sqrt(len(clips)))
    rows = math.ceil(len(clips) / columns)
    width, height = columns * look.width, rows * look.height
    stages = [Stage(clip, look) for clip in clips]
    frames = max(len(stage.motion) for stage in stages)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>{_text('; '.join(clip.text for clip in clips))}</title>",
    ]
    if look.background != TRANSPARENT:
        lines.append(f'<rect width="{width}" height="{height}" fill="{look.background}"/>')
    for number, stage in enumerate(stages):
        row, column = divmod(number, columns)
        lines.append(
            f'<svg x="{column * look.width}" y="{row * look.height}" width="{look.width}" height="{look.height}">'
        )
        lines += _panel(stage, frames)
        lines.append("</svg>")
    lines.append("</svg>\n")
    return "\n".join(lines).encode()


def _panel(stage: Stage, frames: int) -> list[str]:
    look = stage.look
    lines = []
    if look.floor != TRANSPARENT:
        lines.append(
            f'<line x1="0" y1="{stage.floor:g}" x2="{look.width}" y2="{stage.floor:g}" stroke="{look.floor}"/>'
        )
    if look.caption:
        lines.append(
            f'<text x="8" y="18" font-family="sans-serif" font-size="12" fill="{look.text}">{_text(stage.text, (look.width - 16) / 6.2)}</text>'
        )
    shown = [stage.at(min(frame, len(stage.motion) - 1)) for frame in range(frames)]
    seconds = frames / look.fps
    lines.append(f'<g stroke-width="{look.line_width * stage.scale:.2f}" stroke-linecap="round">')
    for index, bone in enumerate(BONES):
        values = list(zip(*(bones[index] for bones, _ in shown), strict=True))
        attributes = _moving(("x1", "y1", "x2", "y2"), values, seconds)
        lines.append(
            f"<line stroke={quoteattr(colour_of_bone(bone, look))} {attributes[0]}>{attributes[1]}</line>"
        )
    values = list(zip(*(head for _, head in shown), strict=True))
    first, animations = _moving(("cx", "cy"), values, seconds)
    radius = look.head_radius * stage.scale
    paint = f'fill="{look.head}"' if look.head_filled else f'fill="none" stroke="{look.head}"'
    lines.append(f'<circle r="{radius:.2f}" {paint} {first}>{animations}</circle>')
    lines.append("</g>")
    return lines


def _moving(names: Sequence[str], values: Sequence[Sequence[float]], seconds: float) -> tuple[str, str]:
    """Attributes at the first frame, and what moves those that change."""
    first, animations = [], []
    for name, track in zip(names, values, strict=True):
        texts = [f"{value:.1f}" for value in track]
        first.append(f'{name}="{texts[0]}"')
        if len(set(texts)) > 1:
            animations.append(
                f'<animate attributeName="{name}" dur="{seconds:g}s" repeatCount="indefinite" '
                f'calcMode="discrete" values="{";".join(texts)}"/>'
            )
    return " ".join(first), "".join(animations)


def _text(text: str, characters: float = 500) -> str:
    return escape(clean(text, single_line=True, limit=max(int(characters), 1)))


EXPORT = Export(
    name="svg",
    suffixes=(".svg",),
    kind=Kind("an SVG", contains(b"<svg"), suffixes=(".svg",)),
    about="moving lines in one file, sharp at any size, without scripts",
    opened_by="browsers, Inkscape (still)",
    limits="no ghosts",
    render=render,
)
