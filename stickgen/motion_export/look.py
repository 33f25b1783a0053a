"""How a drawn figure looks: colours, lines, background, size, ghosts. A small YAML file may say it (`--style`)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from stickgen.errors import StickgenError
from stickgen.text import clean
from stickgen.yaml_edit import Document, Scalar, line_and_column

TRANSPARENT = "transparent"


@dataclass(frozen=True)
class Look:
    """Lengths are in skeleton units (a person is about 1) or pixels, colours `#rrggbb` or `#rrggbbaa`."""

    line_width: float = 0.03  # units
    head_radius: float = 0.06  # units
    body: str = "#282c34"
    left: str = "#c44e38"  # the figure's own left arm and leg
    right: str = "#2e68a8"
    head: str = "#282c34"
    head_filled: bool = True
    background: str = "#faf9f6"  # or transparent
    floor: str = "#c4c4c0"  # or transparent
    caption: bool = True
    text: str = "#282c34"  # of the caption
    ghosts: int = 2  # paler figures that trail behind
    ghost_frames: int = 4  # from one to the next
    width: int = 320  # pixels of one clip
    height: int = 260
    fps: int = 25  # of what is written

    @property
    def is_transparent(self) -> bool:
        """Whether nothing is painted behind the figure."""
        return self.background == TRANSPARENT


# the figure alone, for what is laid over something else
CLEAR = Look(background=TRANSPARENT, floor=TRANSPARENT, caption=False, ghosts=0)

_RANGES: dict[str, tuple[float, float]] = {
    "line_width": (0.002, 0.3), "head_radius": (0.01, 0.5), "ghosts": (0, 20), "ghost_frames": (1, 100),
    "width": (16, 4096), "height": (16, 4096), "fps": (1, 100),
}  # fmt: skip
_COLOURS = {"body", "left", "right", "head", "background", "floor", "text"}
_MAY_BE_CLEAR = {"background", "floor"}


def read_look(path: Path, look: Look | None = None) -> Look:
    """Read a style file: `key: value` lines of the names of `Look`. What it does not say is as in `look`.

    Raises StickgenError with `file:line` for an unknown key or a value that is not allowed, and YamlError if it
    cannot be read.
    """
    document = Document.open(path)
    look = look or Look()
    known = {field.name: getattr(look, field.name) for field in fields(Look)}
    root = document.node_root
    values: dict[str, Any] = {}
    for name, entry in (root.items if root is not None else {}).items():
        line, _ = line_and_column(document.text, entry.key.start)
        where = f"{document.name}:{line}: {clean(name, single_line=True, limit=40)}"
        if name not in known:
            raise StickgenError(f"{where}: unknown key; the keys of a style are {', '.join(known)}")
        if not isinstance(entry.value, Scalar):
            raise StickgenError(f"{where}: is a list or a section; write one value")
        try:
            values[name] = _checked(name, known[name], entry.value.value)
        except ValueError as error:
            raise StickgenError(f"{where}: {error}") from None
    return replace(look, **values)


def _checked(name: str, default: object, value: object) -> object:
    """`value` as the type of the key. Raises ValueError that says what it must be."""
    if name in _COLOURS:
        text = str(value).strip().lower()
        if text == TRANSPARENT and name in _MAY_BE_CLEAR:
            return text
        if not (text.startswith("#") and len(text) in (7, 9) and _is_hex(text[1:])):
            clear = " or transparent" if name in _MAY_BE_CLEAR else ""
            raise ValueError(f'must be a colour in quotes like "#2e68a8"{clear}')
        return text
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise ValueError("must be true or false")
        return value
    least, most = _RANGES[name]
    whole = isinstance(default, int)
    if (
        isinstance(value, bool)
        or not isinstance(value, int if whole else int | float)
        or not least <= value <= most
    ):
        raise ValueError(f"must be a {'whole number' if whole else 'number'} from {least:g} to {most:g}")
    return value


def _is_hex(text: str) -> bool:
    return all(character in "0123456789abcdef" for character in text)
