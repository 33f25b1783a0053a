"""`o`: a config to open, the newest first; what is typed narrows the list, or is a path with completion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from stickgen.config.presets import preset_names, preset_path
from stickgen_tui.launching.preflight import shown_path
from stickgen_tui.path_suggester import PathSuggester
from stickgen_tui.recent import recent_configs
from stickgen_tui.text import one_line
from stickgen_tui.tones import MUTED

_PLACES = ("*.yaml", "*.yml", "configs/*.yaml", "configs/*.yml")  # below the working folder
_MOST = 200


def configs_here() -> list[tuple[Path, str]]:
    """(config, where it comes from): those opened lately, those of this folder, the shipped presets; each once."""
    named = [(path, "opened lately") for path in recent_configs()]
    shipped = {path.resolve(): name for name in preset_names() if (path := preset_path(name)).is_file()}
    for pattern in _PLACES:
        lying = sorted(path for path in Path().glob(pattern) if path.is_file())
        named += [(path, "here") for path in lying if path.resolve() not in shipped][:_MOST]
    named += [(preset_path(name), f"preset {name}") for name in shipped.values()]
    found: dict[Path, tuple[Path, str]] = {}
    for path, origin in named:
        real = path.resolve()
        found.setdefault(real, (path, f"preset {shipped[real]}" if real in shipped else origin))
    return list(found.values())


class OpenScreen(ModalScreen[Path | None]):
    """Dismisses with the config, or None when it was left with escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(self, configs: Sequence[tuple[Path, str]]) -> None:
        super().__init__()
        self._configs = tuple(configs)
        self._listed: list[Path] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog choice") as box:
            box.border_title = "Open a config"
            box.border_subtitle = "↑ ↓ and Enter, or type a path (tab completes it)"
            yield Input(
                placeholder="part of a name, or a path",
                compact=True,
                suggester=PathSuggester(),
                id="open-path",
            )
            yield OptionList(compact=True)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False  # the arrows reach it from the box
        self._list("")

    def _list(self, text: str) -> None:
        words = text.lower().split()
        options = self.query_one(OptionList)
        options.clear_options()
        self._listed = []
        for path, origin in self._configs:
            shown = shown_path(path)
            if all(word in f"{shown} {origin}".lower() for word in words):
                self._listed.append(path)
                name = shown if not origin.startswith("preset ") else Path(shown).name
                options.add_option(Option(one_line(name) + Content.styled(f"  {origin}", MUTED)))
        if self._listed:
            options.highlighted = 0

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        event.stop()
        self._list(event.value)

    @on(Input.Submitted)
    def _take(self, event: Input.Submitted) -> None:
        event.stop()
        typed = event.value.strip()
        at = self.query_one(OptionList).highlighted
        if typed and Path(typed).expanduser().is_file():
            self.dismiss(Path(typed).expanduser())
        elif at is not None and self._listed:
            self.dismiss(self._listed[at])
        elif typed:
            self.dismiss(Path(typed).expanduser())  # the screen that opens says what is wrong with it

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._listed[event.option_index])

    def on_key(self, event: events.Key) -> None:
        options, box = self.query_one(OptionList), self.query_one(Input)
        if event.key in ("up", "down"):
            event.stop()
            event.prevent_default()
            (options.action_cursor_down if event.key == "down" else options.action_cursor_up)()
        elif event.key == "tab":  # takes what is suggested
            event.stop()
            event.prevent_default()
            box.cursor_position = len(box.value)
            box.action_cursor_right()

    def action_leave(self) -> None:
        self.dismiss(None)
