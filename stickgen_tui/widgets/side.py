"""Beside the form: what there is to know of the key, the problems, and the file itself or how it differs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from stickgen.config.schema import Key
from stickgen.errors import StickgenError
from stickgen_tui.editing.comparing import Kind, Reference, last_run, nearest_preset, preset_reference
from stickgen_tui.editing.session import EditSession
from stickgen_tui.text import clean, one_line
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.diff_pane import DiffPane
from stickgen_tui.widgets.key_facts import key_facts
from stickgen_tui.widgets.line import Line
from stickgen_tui.widgets.yaml_view import YamlView

Pane = Literal["usual", "yaml", "diff", "none"]  # usual: the file where there is room for it
MOST_PROBLEMS = 6


class Side(Vertical):
    """Follows the session; the screen says what is shown."""

    class Compared(Message):
        """A worker has read what the config can be compared with."""

        def __init__(self, references: Sequence[Reference]) -> None:
            super().__init__()
            self.references = references

    def __init__(self, session: EditSession, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._session = session
        self._references: tuple[Reference, ...] = ()
        self._key: Key | None = None
        self._kind: Kind = "disk"
        self.pane: Pane = "usual"

    def compose(self) -> ComposeResult:
        yield Line(id="key-help")
        yield Line(id="problems")
        with Vertical(id="pane"):
            yield Line(id="pane-title")
            yield YamlView(id="yaml")
            yield DiffPane(id="diff")

    def on_mount(self) -> None:
        self.turn_to("usual")

    # -- what is shown

    @property
    def references(self) -> tuple[Reference, ...]:
        """What the config can be compared with; the file on disk comes first."""
        disk = Reference("disk", "the file on disk", "disk", self._session.saved)
        return (disk, *self._references)

    @work(thread=True, exclusive=True, group="references", exit_on_error=False)
    def find_references(self, root: Path | None, preset: str = "") -> None:
        """Read what it can be compared with: the preset named, or the nearest, and the last run under `root`.

        Presets are parsed and runs looked through: some tenths of a second, so not here and now.
        """
        found: list[Reference | None] = []
        document = self._session.saved
        try:
            found.append(preset_reference(preset) if preset else nearest_preset(document))
        except StickgenError:
            found.append(None)
        found.append(last_run(root, document.name))
        self.post_message(self.Compared([reference for reference in found if reference is not None]))

    def on_side_compared(self, event: Compared) -> None:
        event.stop()
        self._references = tuple(event.references)
        self.refresh_all()

    def turn_to(self, pane: Pane) -> None:
        """Show this pane from now on."""
        self.pane = pane
        for name in ("usual", "yaml", "diff", "none"):
            self.screen.set_class(name == pane, f"-pane-{name}")
        self.refresh_all()
        self.call_after_refresh(self._follow)

    def next_difference(self) -> None:
        """The difference to the file on disk, then to the preset, then to the last run, then none."""
        kinds = [reference.kind for reference in self.references]
        if self.pane != "diff":
            self._kind = "disk"
        elif self._kind == kinds[-1]:
            self.turn_to("usual")
            return
        else:
            self._kind = kinds[kinds.index(self._kind) + 1]
        self.turn_to("diff")

    def show_difference_to(self, kind: Kind) -> None:
        """The difference to this one."""
        self._kind = kind
        self.turn_to("diff")

    # -- following

    def follow(self, key: Key) -> None:
        """The row of this key has the focus."""
        self._key = key
        self._show_key()
        self._follow()

    def refresh_all(self, session: EditSession | None = None) -> None:
        """The session has changed, or is another one."""
        self._session = session or self._session
        self._show_key()
        self.query_one("#problems", Line).show(problem_lines(self._session))
        shown = next((r for r in self.references if r.kind == self._kind), self.references[0])
        if self.pane == "diff":
            title = Content.assemble(("against ", MUTED), (shown.name, "bold"))
            following = self._next_name()
            title += Content.styled(f"  d {following}" if following else "  d closes", MUTED)
            self.query_one(DiffPane).show(self._session, shown)
        else:
            title = Content.styled("the file, as it would be saved", MUTED)
            if self.query_one(YamlView).display:
                self.query_one(YamlView).show(self._session.document.text)
                self._follow()
        self.query_one("#pane-title", Line).show(title)

    def _next_name(self) -> str:
        kinds = [reference.kind for reference in self.references]
        at = kinds.index(self._kind) if self._kind in kinds else 0
        return self.references[at + 1].short if at + 1 < len(kinds) else ""

    def _show_key(self) -> None:
        if self._key is not None:
            self.query_one("#key-help", Line).show(key_facts(self._key, self._session, self.references))

    def _follow(self) -> None:
        if self._key is not None:
            position = self._session.document.position(self._key.parts)
            self.query_one(YamlView).point_at(position[0] if position else None)

    def scroll_pane(self, by: int) -> None:
        """Move the pane by so many lines."""
        pane = self.query_one(DiffPane) if self.pane == "diff" else self.query_one(YamlView)
        pane.scroll_relative(y=by, animate=False)


def problem_lines(session: EditSession) -> Content:
    """The worst problems, a line each with its code (docs/problems.md)."""
    lines: list[Content] = []
    for problem in session.problems[:MOST_PROBLEMS]:
        glyph, style = ("✗", "$text-error") if problem.severity == "error" else ("!", "$text-warning")
        where = f"line {problem.line}: " if problem.line else ""
        fix = f"; {clean(problem.fix)}" if problem.fix else ""
        lines.append(
            one_line(
                f"{glyph} {problem.code} {where}{problem.path}: {problem.message}{fix}", style, limit=300
            )
        )
    more = len(session.problems) - len(lines)
    if more > 0:
        lines.append(Content.styled(f"and {more} more", MUTED))
    return Content("\n").join(lines or [Content.styled("✓ no problems in this config", "$text-success")])
