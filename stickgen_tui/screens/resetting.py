"""Putting values back: of a key, a group or the whole file; to what is saved, to a preset, to the defaults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from stickgen.config.schema import GROUPS, KEYS, Key, keys_of
from stickgen.yaml_edit import AnyPath, path_text
from stickgen_tui.editing.comparing import Reference
from stickgen_tui.editing.session import Edit, EditSession
from stickgen_tui.editing.values import value_text
from stickgen_tui.text import one_line
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.line import Line

MOST_SHOWN = 6


@dataclass(frozen=True)
class Target:
    """Where values go back to, and by which key it is chosen."""

    key: str
    title: str
    reference: Reference | None  # None: the defaults


class ResetScreen(ModalScreen[list[Edit]]):
    """Dismisses with the edits to make; none when it was left with escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("left", "widen(-1)", show=False),
        Binding("right,space", "widen(1)", show=False),
    ]

    def __init__(self, session: EditSession, key: Key, references: Sequence[Reference]) -> None:
        super().__init__()
        self._session = session
        group = next((group for group in GROUPS if group.name == key.group), None)
        unknown = session.unknown()
        members = keys_of(group.name) if group is not None else ()
        self._scopes: list[tuple[str, list[Key]]] = [(key.path, [key])]
        if group is not None:
            self._scopes.append((f"the group {group.title}", list(members)))
        self._scopes.append(("the whole file", [*KEYS, *unknown]))
        self._at = 0
        letters = {"disk": "s", "preset": "p", "run": "l"}
        names = {"disk": "what is saved"}
        self._targets = [Target("d", "the defaults", None)] + [
            Target(letters[reference.kind], names.get(reference.kind, reference.name), reference)
            for reference in references
        ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog reset") as box:
            box.border_title = "Reset"
            box.border_subtitle = "← → how much of it, esc leaves"
            with VerticalScroll(can_focus=False):
                yield Line(id="reset-body")

    def on_mount(self) -> None:
        self._show()

    def edits(self, target: Target) -> list[Edit]:
        """What this target changes in the present scope."""
        keys = self._scopes[self._at][1]
        if target.reference is None:
            known = [key for key in keys if key in KEYS]
            return self._session.default_edits(known)
        return self._session.reference_edits(keys, target.reference)

    def _show(self) -> None:
        title, _ = self._scopes[self._at]
        lines = [Content.assemble(("‹ ", MUTED), (title, "bold"), (" ›", MUTED)), Content("")]
        for target in self._targets:
            edits = self.edits(target)
            style = "" if edits else MUTED
            lines.append(
                Content.assemble((f"{target.key} ", "bold $text-accent"), (f"to {target.title}", style))
            )
            if not edits:
                lines.append(Content.styled("    is so already", MUTED))
            for path, value in edits[:MOST_SHOWN]:
                lines.append(one_line(f"    {self._change(path, value)}", MUTED, limit=90))
            if len(edits) > MOST_SHOWN:
                lines.append(Content.styled(f"    and {len(edits) - MOST_SHOWN} more keys", MUTED))
        self.query_one("#reset-body", Line).show(Content("\n").join(lines))

    def _change(self, path: AnyPath, value: object) -> str:
        here = value_text(self._session.value_at(path))
        shown = path if isinstance(path, str) else path_text(path)
        return f"{shown}: {here} → {'not in the file' if value is None else value_text(value)}"

    def on_key(self, event: events.Key) -> None:
        for target in self._targets:
            if event.character == target.key:
                event.stop()
                self.dismiss(self.edits(target))
                return

    def action_widen(self, by: int) -> None:
        self._at = (self._at + by) % len(self._scopes)
        self._show()

    def action_leave(self) -> None:
        self.dismiss([])
