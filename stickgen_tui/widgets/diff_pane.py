"""How the config differs, now, from the file on disk, a preset, or the last run."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from stickgen.config.comparing import differences
from stickgen.yaml_edit import MISSING
from stickgen_tui.editing.comparing import Reference
from stickgen_tui.editing.session import EditSession
from stickgen_tui.editing.values import value_text
from stickgen_tui.text import clean, one_line
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.line import Line


class DiffPane(VerticalScroll, can_focus=True):
    """Line by line against the file on disk; key by key against another config, whose comments are its own."""

    def compose(self) -> ComposeResult:
        yield Line(id="diff-lines")

    def show(self, session: EditSession, reference: Reference) -> None:
        """Show the difference as it is at this moment."""
        if reference.kind == "disk":
            lines = session.diff()
            body = diff_content(lines) if lines else Content.styled("no changes", MUTED)
        else:
            body = values_content(session, reference)
        self.query_one("#diff-lines", Line).show(body)


def diff_content(lines: list[str]) -> Content:
    """A unified diff in colour; the marks at the line beginnings say the same without."""
    out = []
    for line in lines:
        if line.startswith("@@"):
            out.append(one_line("line " + line.split("+")[-1].split(" ")[0].split(",")[0], MUTED))
        else:
            style = {"-": "$text-error", "+": "$text-success"}.get(line[:1], MUTED)
            out.append(one_line(line, style, limit=200))
    return Content("\n").join(out)


def values_content(session: EditSession, reference: Reference) -> Content:
    """`training.batch_size  2 → 16`, a line a key: there, then here."""
    found = differences(session.document, reference.document)
    if not found:
        return Content.styled("every key has the same value", MUTED)
    width = max(len(difference.path) for difference in found)
    lines = [Content.assemble((f"{'':{min(width, 32)}}  {reference.short} → this file", MUTED))]
    for difference in found:
        lines.append(
            one_line(f"{difference.path:<{min(width, 32)}}  ", limit=80)
            + Content.styled(_shown(difference.there), "$text-error")
            + Content.styled(" → ", MUTED)
            + Content.styled(_shown(difference.here), "$text-success")
        )
    return Content("\n").join(lines)


def _shown(value: object) -> str:
    return "not there" if value is MISSING else clean(value_text(value), single_line=True, limit=60)
