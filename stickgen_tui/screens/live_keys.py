"""The keys of a run that can change while it trains: the editor's rows, and what the change would mean."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from stickgen.config.loading import TrainingConfig
from stickgen.config.schema import Value
from stickgen.errors import StickgenError
from stickgen.planner.decisions.schedule import scheduled_rate
from stickgen.quantities import duration_text
from stickgen.runs.live import LIVE_KEYS, check_changes, effective_config, effective_text, warnings_of
from stickgen.runs.steering import AskedFor, ask_for_change, schedule_share, step_seconds
from stickgen.runs.store import Run
from stickgen.yaml_edit import Document
from stickgen_tui.editing.session import Edit, EditSession
from stickgen_tui.screens.choice import ChoiceScreen
from stickgen_tui.text import clean
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.field import Field
from stickgen_tui.widgets.form import Form


@dataclass(frozen=True)
class Present:
    """What is so when the dialog opens."""

    config: TrainingConfig
    step: int
    steps_per_epoch: int
    step_seconds: float | None
    share: float = 0.0  # of the learning rate's schedule, over by now

    @classmethod
    def of(cls, run: Run) -> Present:
        """Read it from the run directory. Raises StickgenError or OSError where that cannot be."""
        per_epoch = run.identity.get("steps_per_epoch")
        share = schedule_share(run)
        return cls(
            effective_config(run), run.state().step,
            per_epoch if isinstance(per_epoch, int) else 0, step_seconds(run), share,
        )  # fmt: skip


class LiveKeysScreen(ModalScreen[AskedFor | None]):
    """Dismisses with what was asked for, or None when it was left."""

    HELP_TITLE = "Live keys"
    HELP = "A value counts from the next step on, and is kept when the run is resumed. config.yaml is not touched.\n"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False, tooltip="The key above"),
        Binding("down", "move(1)", show=False, tooltip="The key below"),
        Binding("ctrl+z", "undo", "Undo", show=False, tooltip="Take back the last edit"),
        Binding(
            "ctrl+s,f5", "ask", "Ask for it", tooltip="Ask the trainer to change these keys after this step"
        ),
        Binding("escape", "leave", "Back", tooltip="Leave without a change"),
    ]

    def __init__(self, run: Run, present: Present) -> None:
        super().__init__()
        self._run, self._present = run, present
        text = effective_text(present.config)
        self._session = EditSession(Document.parse(text.encode(), "the keys of the run"))
        self._asking = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog live") as box:
            box.border_title = "Change keys while it trains"
            box.border_subtitle = "^s asks for it, del takes one back, esc leaves"
            yield Form(self._session, keys=LIVE_KEYS, id="live-form")
            yield Static(id="live-means", markup=False)

    def on_mount(self) -> None:
        self._form.go_to(self._form.first)
        self.call_after_refresh(self._form.scroll_home, animate=False)  # rows move up as it takes its size
        self._show()

    @property
    def _form(self) -> Form:
        return self.query_one(Form)

    # -- what it would mean

    def values(self) -> dict[str, Value]:
        """The keys that have another value than the run's."""
        paths = [path for path, _, _ in self._session.changes()]
        return {path: self._session.value_at(path) for path in paths}  # type: ignore[misc]

    def _show(self, refusal: str = "") -> None:
        self._form.reload(self._session)
        problem = refusal or self._problem()
        if problem:
            means = Content.styled(f"✗ {clean(problem, single_line=True, limit=300)}", "$text-error")
        elif not self.values():
            means = Content.styled("Nothing is changed yet.", MUTED)
        else:
            means = Content("\n").join(self._consequences())
        self.query_one("#live-means", Static).update(means)

    def _problem(self) -> str:
        if errors := self._session.errors:
            return f"{errors[0].path}: {errors[0].message}; {errors[0].fix}"
        if not (values := self.values()):
            return ""
        now = self._present
        try:
            check_changes(now.config, values, step=now.step, steps_per_epoch=now.steps_per_epoch)
        except StickgenError as error:
            return str(error)
        return ""

    def _consequences(self) -> list[Content]:
        now, values = self._present, self.values()
        changes = check_changes(now.config, values, step=now.step, steps_per_epoch=now.steps_per_epoch)
        lines = [Content.styled(clean(str(change), single_line=True), "bold") for change in changes]
        paths = {change.path for change in changes}
        if "training.epochs" in paths and now.steps_per_epoch:
            total = now.config.changed(values).training.epochs * now.steps_per_epoch
            lines.append(Content(f"The run ends after step {total:,}: {total - now.step:,} to go."))
        if paths & {
            "training.learning_rate",
            "training.schedule",
            "training.min_lr_ratio",
            "training.schedule_until",
            "training.epochs",
        }:
            lines.append(Content(self._next_rate(now.config.changed(values))))
        if any(path.startswith("loss_weights.") for path in paths):
            lines.append(
                Content("The loss is another sum from there on; the best checkpoint so far no longer counts.")
            )
        took = "" if now.step_seconds is None else f"; a step takes {duration_text(now.step_seconds)}"
        lines.append(Content.styled(f"It counts from the step after the present one on{took}.", MUTED))
        lines += [
            Content.styled(f"! {clean(each, single_line=True)}", "$text-warning")
            for each in warnings_of(now.config, changes)
        ]
        return lines

    def _next_rate(self, after: TrainingConfig) -> str:
        """`The learning rate of the next step: 4.1e-04 → 1.4e-04; the schedule goes on from there.`"""
        now = self._present
        if not now.steps_per_epoch:
            return "The schedule goes on where it is, as the new values have it."
        was, is_ = (
            scheduled_rate(config, now.step, now.steps_per_epoch, now.share) for config in (now.config, after)
        )
        return f"The learning rate of the next step: {was:.3g} → {is_:.3g}; the schedule goes on from there."

    # -- editing, as in the editor

    def _settle(self) -> bool:
        """Take what stands in an open box; False if it is refused."""
        field = self._form.open_field
        if field is None:
            return True
        try:
            edits = field.typed_edits()
        except StickgenError as error:
            field.refuse(error)
            return False
        field.close()
        return not edits or self._apply(edits)

    def _apply(self, edits: Sequence[Edit]) -> bool:
        try:
            self._session.apply(edits)
        except StickgenError as error:
            self._show(str(error))
            return False
        self._show()
        return True

    @on(Field.Take)
    def _take(self, event: Field.Take) -> None:
        if self._settle() and event.then:
            self._form.move(event.then)

    @on(Field.Open)
    async def _open_box(self, event: Field.Open) -> None:
        if self._settle():
            await event.field.open_box()

    @on(Field.Step)
    def _step(self, event: Field.Step) -> None:
        if self._settle() and (value := self._session.stepped(event.field.key, event.direction)) is not None:
            self._apply([(event.field.key.parts, value)])

    @on(Field.Default)
    def _as_it_was(self, event: Field.Default) -> None:
        if self._settle():
            self._apply([(event.field.key.parts, self._present.config.get(event.field.key.path))])

    @on(Field.Choose)
    def _choose(self, event: Field.Choose) -> None:
        if self._settle():
            self._choose_for(event.field)

    @work(group="choose", exclusive=True)
    async def _choose_for(self, field: Field) -> None:
        choices = [(choice, choice) for choice in field.key.choices]
        screen = ChoiceScreen(field.key.path, choices, at=field.state.text)
        if chosen := await self.app.push_screen_wait(screen):
            self._apply([(field.key.parts, chosen)])

    # -- keys

    def action_move(self, by: int) -> None:
        self._form.move(by)

    def action_undo(self) -> None:
        if self._settle() and self._session.undo():
            self._show()

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_ask(self) -> None:
        if self._settle() and not self._problem() and self.values() and not self._asking:
            self._asking = True
            self._ask(self.values())

    @work(group="ask", exclusive=True)
    async def _ask(self, values: dict[str, Value]) -> None:
        try:
            asked = await asyncio.to_thread(ask_for_change, self._run, values)
        except (StickgenError, OSError) as error:
            self._asking = False
            self._show(str(error))
            return
        self.dismiss(asked)
