"""Every run of the folder: found, sorted, marked, compared, tagged, forked, exported, pruned, deleted."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from stickgen.catalogue.choosing import chosen
from stickgen.catalogue.entry import Entry
from stickgen.catalogue.fields import resolver
from stickgen.catalogue.query import QueryError, parse
from stickgen.errors import StickgenError
from stickgen_tui.comparing.columns import DEFAULT
from stickgen_tui.comparing.looking import RunLooker
from stickgen_tui.keeping import keep_choice
from stickgen_tui.notices import notice
from stickgen_tui.opens import opens
from stickgen_tui.remembered import recall
from stickgen_tui.screens.looking import LookingScreen
from stickgen_tui.screens.name import NameScreen
from stickgen_tui.screens.run_actions import RunActions
from stickgen_tui.text import clean, one_line
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.key_bar import KeyBar
from stickgen_tui.widgets.line import Line
from stickgen_tui.widgets.run_grid import RunGrid

_REMEMBERED = "runs.columns"


class RunsScreen(RunActions, LookingScreen[None]):
    """The table of all runs. Looking and choosing happen in workers; the table draws what they send."""

    HELP_TITLE = "Runs"
    HELP = (
        "Every run, those that are going first. / filters: `status:running`, `val.loss<0.1`, `optimizer=muon`, `tag:baseline`, "
        '`note~"left hand"`, joined by and, or, not and brackets. ← → reach a column and s sorts by it; so does a click on '
        "its heading. Space marks runs, and what is done is done to the marked ones: d lays their curves over each other "
        "beside the keys that differ.\n"
    )
    AUTO_FOCUS = "#all-runs"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/", tooltip="Show only the runs that pass a filter"),
        Binding("space", "mark", "Mark", tooltip="Mark this run, or not"),
        Binding("d", "diff", "Compare", tooltip="Lay the curves of the marked runs over each other, beside the keys that differ"),
        Binding("s", "sort", "Sort", tooltip="Sort by the column that is reached; again: the other way round"),
        Binding("left", "column(-1)", show=False, tooltip="The column before"),
        Binding("right", "column(1)", show=False, tooltip="The next column"),
        Binding("b", "best", "Best", tooltip="The best value of each figure, or the last"),
        Binding("S", "smoothed", "Smoothed", show=False, tooltip="Smoothed figures, or as they are"),
        Binding("c", "columns", "Columns", tooltip="Choose the columns behind the step"),
        Binding("t", "tag", "Tag", tooltip="Give tags, or take them off"),
        Binding("n", "note", "Note", tooltip="Write a note to the run"),
        Binding("F", "fork", "Fork", tooltip="Edit a copy of this run's config"),
        Binding("e", "export", "Export", tooltip="Write the metrics as a table, as JSON or for TensorBoard"),
        Binding("p", "prune", "Prune", tooltip="Remove checkpoints, and keep the newest and the best"),
        Binding("delete,D", "delete", "Delete", tooltip="Remove the run with all that is in it; asks"),
        Binding("u", "unmark", show=False, tooltip="Take all marks off"),
        Binding("escape", "leave", "Back"),
    ]  # fmt: skip

    class Rows(Message):
        """What a worker chose to show, of how many runs, for which question; or why the filter cannot be read."""

        def __init__(self, number: int, rows: Sequence[Entry], total: int, error: QueryError | None) -> None:
            super().__init__()
            self.number, self.rows, self.total, self.error = number, rows, total, error

    def __init__(self, root: Path | None, known: Sequence[Entry] = ()) -> None:
        """`known` are runs that are shown until the first look has found more."""
        super().__init__()
        self.looker = RunLooker(root)
        self._known = known
        self._looking = threading.Lock()
        self._grid = RunGrid(id="all-runs")
        # what the last look found, for which question, in which minute
        self._chosen_from: tuple[Sequence[Entry], tuple[int, float]] = ((), (0, 0.0))
        self._fields = _remembered_fields()
        self._filter = self._sort = ""
        self._reverse = self._best = self._smoothed = False
        self._column = "name"
        self._from_top = False  # the next rows are in another order
        self._asked = 0  # the number of the newest question; an answer to an older one is not shown
        self._rows: Sequence[Entry] = ()
        self._total = 0

    def compose(self) -> ComposeResult:
        yield Line(id="runs-title", classes="title-line")
        with Vertical(id="runs-filter"):
            yield Input(placeholder="status:running val.loss<0.1 optimizer=muon", id="filter", compact=True)
            yield Line(id="filter-said")
        with Vertical(id="all-runs-panel", classes="panel"):
            yield self._grid
        yield Line(id="run-detail")
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one("#runs-filter").display = False
        self._rows, self._total = self._known, len(self._known)
        self._show()
        self.start_looking()

    # -- workers

    def look(self) -> None:
        """The runs, piece by piece the first time, those that pass the filter chosen from them."""
        with self._looking:
            for entries in self.looker.look(self._grid.on_screen):
                question = self._asked, time.time() // 60  # a minute is how often an age changes
                if entries is not self._chosen_from[0] or question != self._chosen_from[1]:
                    self._chosen_from = entries, question
                    self._choose(entries)

    @work(thread=True, group="choose", exit_on_error=False)
    def _choose_again(self) -> None:
        self._choose(self.looker.entries or self._known)

    def _choose(self, entries: Sequence[Entry]) -> None:
        number = self._asked
        try:
            query = parse(self._filter, self._resolver(entries))
        except QueryError as error:
            self.post_message(self.Rows(number, self._rows, len(entries), error))
            return
        rows = chosen(
            entries, query, self._sort, best=self._best, smoothed=self._smoothed, reverse=self._reverse
        )
        self.post_message(self.Rows(number, rows, len(entries), None))

    def _resolver(self, entries: Sequence[Entry]):  # type: ignore[no-untyped-def]
        return resolver(lambda: {name for entry in entries for name in entry.figures})

    def on_runs_screen_rows(self, event: Rows) -> None:
        if event.number != self._asked:
            return
        self._rows, self._total = event.rows, event.total
        self._show(from_top=self._from_top)
        self._from_top = False
        said = self.query_one("#filter-said", Line)
        if event.error is not None:
            pointer = " " * min(event.error.at, 60) + "^ "
            said.show(one_line(pointer + event.error.sentence, "$text-error"))
        else:
            said.show(Content.styled(f"{len(event.rows):,} of {event.total:,} runs", MUTED))

    # -- what is shown

    @property
    def grid(self) -> RunGrid:
        """The table."""
        return self._grid

    def targets(self) -> list[Entry]:
        """The marked runs in the order of their marks; without any, the one under the cursor."""
        by_path = {entry.run.path: entry for entry in [*self._rows, *self.looker.entries]}
        marked = [by_path[path] for path in self.grid.marks if path in by_path]
        current = self.grid.current
        return marked or ([current] if current is not None else [])

    def changed(self, entries: Sequence[Entry]) -> None:
        """Something was done to these runs: look at them at once."""
        self._look_at(entries)

    @work(thread=True, group="look", exit_on_error=False)
    def _look_at(self, entries: Sequence[Entry]) -> None:
        with self._looking:
            for entry in entries:
                self.looker.look_at(entry.run)
            self._choose(self.looker.entries)

    def _show(self, *, from_top: bool = False) -> None:
        self.grid.show(
            self._rows, fields=self._fields, sort=self._sort, reverse=self._reverse, column=self._column,
            best=self._best, smoothed=self._smoothed, from_top=from_top,
        )  # fmt: skip
        count = f"{len(self._rows):,} of {self._total:,}" if self._filter else f"{self._total:,}"
        parts: list[tuple[str, str] | str] = [("Runs  ", "bold $primary"), (count, "bold")]
        view = " ".join(word for word, on in (("smoothed", self._smoothed), ("best", self._best)) if on)
        if self._sort:
            way = ", reversed" if self._reverse else ""
            parts.append((f"  by {clean(self._sort, single_line=True)}{way}", MUTED))
        if view:
            parts.append((f"  {view} values", "$text-accent"))
        if self.grid.marks:
            parts.append((f"  {len(self.grid.marks)} marked", "$text-warning"))
        if self._filter:
            parts.append((f"  /{clean(self._filter, single_line=True, limit=60)}", MUTED))
        self.query_one("#runs-title", Line).show(Content.assemble(*parts))
        self._show_detail()

    @on(RunGrid.Moved)
    def _show_detail(self) -> None:
        entry = self.grid.current
        detail = self.query_one("#run-detail", Line)
        if entry is None:
            detail.show(Content.styled("no run passes" if self._total else "no runs yet", MUTED))
            return
        tags = "".join(f"  #{tag}" for tag in entry.labels.tags)
        note = f"  {entry.labels.note}" if entry.labels.note else ""
        reason = f"  {entry.state.reason}" if entry.state.reason else ""
        detail.show(
            one_line(entry.run.name, "bold") + one_line(tags, "$text-accent") + one_line(note) + one_line(reason, MUTED)
        )  # fmt: skip

    def _ask_again(self) -> None:
        self._asked += 1
        self._show()
        self._choose_again()

    # -- keys of the table

    def action_filter(self) -> None:
        self.query_one("#runs-filter").display = True
        box = self.query_one("#filter", Input)
        box.select_all()
        self.set_focus(box)

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self._filter = event.value.strip()
        self._ask_again()

    @on(Input.Submitted, "#filter")
    def _filter_taken(self) -> None:
        if not self._filter:
            self.query_one("#runs-filter").display = False
        self.set_focus(self.grid)

    def action_leave(self) -> None:
        if self.query_one("#runs-filter").display:
            self.query_one("#filter", Input).value = ""
            self.query_one("#runs-filter").display = False
            self.set_focus(self.grid)
        else:
            self.dismiss(None)

    def action_column(self, by: int) -> None:
        fields = [column.field for column in self.grid.columns]
        at = fields.index(self._column) if self._column in fields else 0
        self._column = fields[(at + by) % len(fields)]
        self._show()

    def action_sort(self) -> None:
        self._sort_by(self._column)

    @on(RunGrid.Sort)
    def _heading_clicked(self, event: RunGrid.Sort) -> None:
        self._column = event.field
        self._sort_by(event.field)

    def _sort_by(self, field: str) -> None:
        """By this field; then the other way round; then as without."""
        if self._sort != field:
            self._sort, self._reverse = field, False
        elif not self._reverse:
            self._reverse = True
        else:
            self._sort, self._reverse = "", False
        self._from_top = True
        self._ask_again()

    def action_best(self) -> None:
        self._best = not self._best
        self._from_top = True
        self._ask_again()

    def action_smoothed(self) -> None:
        self._smoothed = not self._smoothed
        self._from_top = True
        self._ask_again()

    @work(group="ask", exclusive=True)
    async def action_columns(self) -> None:
        said = await self.app.push_screen_wait(
            NameScreen("The columns behind the step, with commas", ",".join(self._fields))
        )
        if not said:
            return
        resolve = self._resolver(self.looker.entries)
        try:
            self._fields = tuple(
                dict.fromkeys(resolve(name.strip()) for name in said.split(",") if name.strip())
            )
        except StickgenError as error:
            notice(self.app, error, error=True)
        else:
            keep_choice(self, _REMEMBERED, list(self._fields))
        self._ask_again()
        shown = {column.field for column in self.grid.columns}
        if left := [field for field in self._fields if field not in shown]:
            notice(self.app, f"no room for {', '.join(left)}: a wider terminal shows it")

    def action_mark(self) -> None:
        self.grid.mark()
        self._show()

    def action_unmark(self) -> None:
        self.grid.marks.clear()
        self.grid.refresh()
        self._show()

    @on(RunGrid.Chosen)
    def _open(self, event: RunGrid.Chosen) -> None:
        opens(self.app).open_monitor(event.entry.run, above=True)

    def action_diff(self) -> None:
        entries = self.targets()
        current = self.grid.current
        if len(entries) == 1 and current is not None and current.run.path != entries[0].run.path:
            entries.append(current)
        if len(entries) < 2:
            notice(self.app, "mark two runs or more with space, then d compares them")
            return
        from stickgen_tui.screens.compare import CompareScreen

        self.app.push_screen(CompareScreen([entry.run for entry in entries], self.looker.catalogue.root))


def _remembered_fields() -> tuple[str, ...]:
    known = recall(_REMEMBERED)
    fields = tuple(field for field in known if isinstance(field, str)) if isinstance(known, list) else ()
    return fields or DEFAULT
