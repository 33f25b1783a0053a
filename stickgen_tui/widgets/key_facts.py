"""What there is to know about the key that has the focus, in a few lines."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from stickgen.config.schema import KEY_BY_PARTS, Key
from stickgen_tui.editing.comparing import Reference
from stickgen_tui.editing.session import EditSession
from stickgen_tui.editing.values import value_text
from stickgen_tui.text import clean, one_line
from stickgen_tui.tones import MUTED


def key_facts(key: Key, session: EditSession, references: Sequence[Reference]) -> Content:
    """Its place in the file, its help, what is allowed, and the values that it has elsewhere."""
    position = session.document.position(key.parts)
    where = f"line {position[0]} of the file" if position else "not in the file: it takes the default"
    head = one_line(key.path, "bold $primary", limit=80) + Content.styled("  " + where, MUTED)
    lines = [head, _elsewhere(key, references), Content(key.help)]
    if key.parts in KEY_BY_PARTS:
        allowed = key.range_text().capitalize()
        usual = "  ·  usual: " + ", ".join(value_text(step) for step in key.steps) if key.steps else ""
        lines.append(Content.styled(allowed + usual, MUTED))
    return Content("\n").join(lines)


def _elsewhere(key: Key, references: Sequence[Reference]) -> Content:
    """`default 384 · disk 128 · medium 384 · last run 192`."""
    values: list[tuple[str, object]] = []
    if key.parts in KEY_BY_PARTS:
        values.append(("default", key.default))
    values += [(reference.short, reference.value(key)) for reference in references]
    parts = [
        Content.assemble((f"{name} ", MUTED)) + (clean(value_text(value), single_line=True, limit=40) or "–")
        for name, value in values
    ]
    unit = f" {key.unit}" if key.unit else ""
    return Content(" · ").join(parts) + Content.styled(unit, MUTED)
