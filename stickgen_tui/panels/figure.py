"""What the model draws: its samples through training, the pinned sentences, and those that a person types, moving."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.message import Message

from stickgen.errors import StickgenError
from stickgen.run_contract import Wish
from stickgen.runs.control import request
from stickgen.runs.pinned import unpin
from stickgen_tui.following.run_follower import RunFollower
from stickgen_tui.following.sample import Sample
from stickgen_tui.following.sample_book import OWN, step_of
from stickgen_tui.following.sketcher import Sketch, Sketcher, sketch_of
from stickgen_tui.notices import notice
from stickgen_tui.panels.panel import Panel
from stickgen_tui.text import clean, one_line
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.line import Line
from stickgen_tui.widgets.sentence_box import SentenceBox
from stickgen_tui.widgets.sentence_list import Sentence, SentenceList
from stickgen_tui.widgets.step_strip import StepStrip
from stickgen_tui.widgets.stick_canvas import StickCanvas

if TYPE_CHECKING:
    from stickgen_tui.following.moment import Moment

MOST_YOURS = 20  # sentences of a person that are kept while the monitor is open
NO_SAMPLE = "no sample yet: p asks the trainer for one"
NOT_YET = "not drawn yet: it comes with the next checkpoint; p asks a running trainer for it now"
ALONE, BESIDE_TRUTH, BESIDE_STEP, BESIDE_BEST, BESIDE_RUN = "alone", "truth", "step", "best", "run:"


class FigurePanel(Panel):
    """Plays what is chosen by the sentence and by the step. A sentence that is typed is drawn by a process of its own."""

    NAME = "figure"
    LEAST_COLUMNS = 30
    WEIGHT = 2
    KEYS = (
        Binding("w", "write", "Write", tooltip="Type a sentence and see it drawn now by the last checkpoint"),
        Binding("left_square_bracket", "scrub(-1)", "Older", show=False, key_display="[", tooltip="The figure as the model was earlier"),
        Binding("right_square_bracket", "scrub(1)", "Newer", show=False, key_display="]", tooltip="The figure as the model was later"),
        Binding("up", "sentence(-1)", "Sentence", show=False, tooltip="The figure of the sentence above"),
        Binding("down", "sentence(1)", "Sentence", show=False, tooltip="The figure of the sentence below"),
        Binding("P", "pin", "Pin", show=False, tooltip="Draw this sentence at every checkpoint of the run, or no longer"),
        Binding("b", "beside", "Beside", show=False, tooltip="Another step, the best checkpoint, another run or a real clip beside the figure"),
        Binding("space", "pause", "Pause", show=False, tooltip="Pause the figure, or let it move"),
        Binding("ctrl+s", "export", "GIF", show=False, tooltip="Save the figure as a GIF in this folder"),
    )  # fmt: skip

    class WantsBeside(Message):
        """The person wants to choose what stands beside the figure; `choices` are (what to hand back, what to say)."""

        def __init__(self, choices: list[tuple[str, str]]) -> None:
            super().__init__()
            self.choices = choices

    def __init__(self, follower: RunFollower) -> None:
        super().__init__(follower)
        self._sketcher = Sketcher(follower.run.path)
        self._yours: list[Sketch] = []
        self._chosen: Sketch | None = None  # of yours; None: a sentence of the run
        self._beside: Sketch | None = None
        self._texts = {
            OWN: "a text that it was not trained on"
        }  # of the run's sentences, as far as they are known
        self._busy = ""  # what the drawing process does
        self._failed = ""  # why the last sentence was not drawn
        self._ready_at: float | None = None  # by its forecast, monotonic s
        self._total_told: int | None = None

    def compose(self) -> ComposeResult:
        self.border_title = "what it draws"
        yield StickCanvas(NO_SAMPLE, id="canvas")
        yield StepStrip(id="steps")
        yield Line(id="caption")
        yield SentenceList(id="sentences")
        yield SentenceBox(id="sentence")

    def on_mount(self) -> None:
        self._clock = self.set_interval(1.0, self._show_caption, pause=True)
        self._show_caption()

    def on_resize(self) -> None:
        self._show_caption()  # a wide panel has room for more words

    async def on_unmount(self) -> None:
        await self._sketcher.close()

    # -- showing

    def show(self, what: frozenset[str]) -> None:
        if "status" in what:
            self.query_one(StickCanvas).set_live(self.follower.state.alive)
        if "sample" in what and self.follower.sample is not None:
            self._texts[self.follower.prompt] = self.follower.sample.text
            if self._chosen is None:
                self._play()
        if what & {"sample", "samples", "status"} or self.follower.total_steps != self._total_told:
            self._show_caption()

    def look_at(self, moment: Moment | None) -> None:
        """The figure as the model drew it then."""
        self.follower.scrub_to(None if moment is None else moment.step)
        self.post_message(self.Poll())
        self._show_caption()

    def set_watched(self, watched: bool) -> None:
        self.query_one(StickCanvas).set_shown(watched)

    @property
    def _sample(self) -> Sample | None:
        """What is shown; None while there is nothing of the chosen sentence."""
        if self._chosen is not None:
            return self._chosen.sample
        return self.follower.sample if self.follower.samples else None

    def _play(self) -> None:
        sample, other, canvas = self._sample, self._beside, self.query_one(StickCanvas)
        if sample is None:
            canvas.show_nothing(NOT_YET if self.follower.prompt != OWN else NO_SAMPLE)
        elif other is None:
            canvas.show(sample)
        else:
            canvas.show(
                sample, other.sample, (f"step {sample.step:,}", other.about or f"step {other.sample.step:,}")
            )

    def _show_caption(self) -> None:
        """The lines below the figure: where it is from, what it shows, what is being drawn."""
        sample, follower, sentences = self._sample, self.follower, self._sentences()
        steps = [step_of(path) for path in follower.samples] if self._chosen is None else []
        index = follower.sampled_index
        self._total_told = follower.total_steps
        total = self._total_told or 0
        strip = self.query_one(StepStrip)
        strip.display = len(steps) > 1 and self.size.height > 12
        strip.show(steps, sample.step if sample else None, total)
        lines = []
        if self._busy:
            left = "" if self._ready_at is None else _left(self._ready_at - time.monotonic())
            lines.append(Content.styled(f"⧖ {self._busy}{left}", "$text-warning"))
        elif self._failed:
            lines.append(Content.styled(f"✗ {self._failed}", "$text-error"))
        if sample is not None:
            of = f" of {total:,}" if total >= sample.step and self.size.width > 34 else ""
            place = f"  ‹ {len(steps) if index is None else index + 1}/{len(steps)} ›" if steps else "  yours"
            paused = "" if self.query_one(StickCanvas).playing else "  paused"
            lines.append(Content.styled(f"step {sample.step:,}{of}{place}{paused}", MUTED))
            if len(sentences) < 2 or len(sample.text) > self.size.width - 12:  # the list would cut it
                lines.append(one_line(f"“{sample.text}”", limit=200))
            if self._beside is not None and self._beside.sample.text != sample.text:
                lines.append(one_line(f"{self._beside.about}: “{self._beside.sample.text}”", limit=200))
        self.query_one("#caption", Line).show(Content("\n").join(lines))
        self.query_one(SentenceList).show([sentence for _, sentence in sentences], self._at(sentences))

    def _sentences(self) -> list[tuple[str | Sketch, Sentence]]:
        """What can be chosen: the run's own sentence, the pinned ones, yours."""
        book = self.follower.book
        found: list[tuple[str | Sketch, Sentence]] = []
        for prompt in book.files:
            pinned = book.pinned.get(prompt)
            kind = "the run" if prompt == OWN else "pinned" if pinned else "before"
            if pinned:
                self._texts[prompt] = pinned.text
            found.append((prompt, Sentence(kind, self._texts.get(prompt, prompt))))
        found += [(sketch, Sentence("yours", sketch.sample.text)) for sketch in self._yours]
        return found

    def _at(self, sentences: list[tuple[str | Sketch, Sentence]]) -> int:
        """The number of the chosen one."""
        wanted: str | Sketch = self.follower.prompt if self._chosen is None else self._chosen
        return next(
            (number for number, (what, _) in enumerate(sentences) if what is wanted or what == wanted), 0
        )

    # -- choosing

    def action_scrub(self, by: int) -> None:
        if self._chosen is not None:
            notice(
                self.app,
                "this sentence was drawn once; P draws it at every checkpoint, up and down choose another",
            )
            return
        self.follower.scrub(by)
        self._looked()

    @on(StepStrip.Chosen)
    def _step_chosen(self, event: StepStrip.Chosen) -> None:
        self.follower.scrub_to(event.step)
        self._looked()

    def action_sentence(self, by: int) -> None:
        sentences = self._sentences()
        self._choose(sentences, min(max(self._at(sentences) + by, 0), len(sentences) - 1))

    @on(SentenceList.Chosen)
    def _sentence_chosen(self, event: SentenceList.Chosen) -> None:
        self._choose(self._sentences(), event.number)

    def _choose(self, sentences: list[tuple[str | Sketch, Sentence]], number: int) -> None:
        if number >= len(sentences):
            return
        what = sentences[number][0]
        before = self._sample
        self._chosen = what if isinstance(what, Sketch) else None
        if isinstance(what, str):
            self.follower.look_at(what)
        self._beside = None
        if self._sample is not before or self._sample is None:
            self._play()
        self._looked()

    def _looked(self) -> None:
        """The person moved on: have it read, and say where we are."""
        self._failed = ""
        self.query_one(StickCanvas).wake()
        self.post_message(self.Poll())
        self._show_caption()

    def action_pause(self) -> None:
        self.query_one(StickCanvas).toggle()
        self._show_caption()

    # -- drawing a sentence

    def action_write(self) -> None:
        self.query_one(SentenceBox).open()

    @on(SentenceBox.Taken)
    def _taken(self, event: SentenceBox.Taken) -> None:
        self._draw(event.text)

    @work(group="draw")
    async def _draw(self, text: str) -> None:
        """Draw a sentence by the last checkpoint. The same again is drawn from other noise."""
        seed = sum(sketch.sample.text == text and not sketch.about for sketch in self._yours)
        answer = await self._asked(f"drawing “{text}”", text=text, seed=seed)
        if answer is None:
            return
        try:
            sketch = sketch_of(answer)
        except ValueError as error:
            notice(self.app, error, error=True)
            return
        for sentence in answer.get("notes") or ():
            notice(self.app, sentence)
        self._yours = [*self._yours, sketch][-MOST_YOURS:]
        self._chosen, self._beside = sketch, None
        self._play()
        self._show_caption()

    async def _asked(self, doing: str, **asked: Any) -> dict[str, Any] | None:
        """What the drawing process answers; None after an error, which is told."""
        self._failed = ""
        self._tell(doing, "", None)
        try:
            return await self._sketcher.ask(lambda phase, left: self._tell(doing, phase, left), **asked)
        except (ValueError, OSError) as error:
            notice(self.app, error, error=True)
            self._failed = clean(error, single_line=True, limit=300)
            return None
        finally:
            self._tell("", "", None)

    def _tell(self, doing: str, phase: str, left: float | None) -> None:
        self._busy = clean(
            f"{doing}: {phase}" if phase and phase != "drawing" else doing, single_line=True, limit=120
        )
        self._ready_at = None if left is None else time.monotonic() + left
        if self.is_mounted:
            self._show_caption()
            if self._busy:
                self._clock.resume()
            else:
                self._clock.pause()

    # -- pinned sentences

    def action_pin(self) -> None:
        prompt = self.follower.prompt
        if self._chosen is not None:
            self._pin(self._chosen)
        elif prompt in self.follower.book.pinned:
            self._unpin(prompt)
        elif prompt == OWN:
            notice(self.app, "the run draws this one anyway; w draws a sentence of yours, which P then pins")
        elif self._sample is not None:
            self._pin(Sketch(self._sample, 0))

    @work(group="draw")
    async def _pin(self, sketch: Sketch) -> None:
        """Have the run draw this sentence at every checkpoint; a running trainer is asked for a sample now."""
        answer = await self._asked("pinning", text=sketch.sample.text, seed=sketch.seed, pin=True)
        if answer is None:
            return
        when = "at every checkpoint, once the run goes on"
        if self.follower.state.alive:
            try:
                request(self.follower.run, Wish.SAMPLE)
                when = "between two steps now, and at every checkpoint"
            except (StickgenError, OSError):
                when = "at every checkpoint"
        notice(self.app, f"pinned: the run draws it {when}")
        self._looked()

    def _unpin(self, prompt: str) -> None:
        try:
            pinned = unpin(self.follower.run, prompt)
        except StickgenError as error:
            notice(self.app, error, error=True)
            return
        notice(self.app, f"no longer pinned: “{pinned.text}”; what was drawn of it stays")
        self._looked()

    # -- beside each other

    def action_beside(self) -> None:
        if self._sample is None:
            notice(self.app, "there is no figure yet to put something beside")
            return
        choices = [(ALONE, "Nothing: the figure alone")] if self._beside is not None else []
        choices.append((BESIDE_TRUTH, "The real clip whose caption is nearest"))
        if self._chosen is None and len(self.follower.samples) > 1:
            choices.append((BESIDE_STEP, f"Step {self._sample.step:,}, held while [ and ] move on"))
        if self.follower.run.checkpoints:
            choices.append((BESIDE_BEST, "The best checkpoint"))
        self.post_message(self.WantsBeside(choices))

    def put_beside(self, choice: str) -> None:
        """What was chosen of `WantsBeside`, or `run:` and the folder of another run."""
        sample = self._sample
        if sample is None:
            return
        if choice not in (ALONE, BESIDE_STEP):
            self._fetch_beside(choice, sample)
            return
        self._beside = Sketch(sample, 0) if choice == BESIDE_STEP else None
        self._play()
        self._show_caption()

    @work(group="draw")
    async def _fetch_beside(self, choice: str, sample: Sample) -> None:
        seed = self._chosen.seed if self._chosen is not None else 0
        asked: dict[str, Any] = {"text": sample.text, "seed": seed}
        if choice == BESIDE_TRUTH:
            asked["truth"] = True
        elif choice == BESIDE_BEST:
            asked["checkpoint"] = "best"
        else:
            asked["run"] = choice.removeprefix(BESIDE_RUN)
        answer = await self._asked("drawing what stands beside", **asked)
        if answer is None or self._sample is None or self._sample.text != sample.text:
            return
        try:
            sketch = sketch_of(answer)
        except ValueError as error:
            notice(self.app, error, error=True)
            return
        names = {
            BESIDE_TRUTH: "a real clip",
            BESIDE_BEST: f"best, step {sketch.sample.step:,}",
        }
        run = clean(asked.get("run", "").rpartition("/")[2], single_line=True, limit=60)
        other = f"step {sketch.sample.step:,} of {run}"
        self._beside = replace(sketch, about=names.get(choice, other))
        self._play()
        self._show_caption()

    # -- keeping

    def action_export(self) -> None:
        if self._sample is None:
            notice(self.app, "there is no figure yet to save")
        else:
            self._export(self._sample)

    @work(thread=True, group="export", exit_on_error=False)
    def _export(self, sample: Sample) -> None:
        """Write what is shown as a GIF, in a worker: it is hundreds of pictures."""
        from stickgen_tui.following.export_sample import export_gif

        try:
            path = export_gif(sample)
        except (StickgenError, OSError) as error:
            self.app.call_from_thread(notice, self.app, error, error=True)
            return
        self.app.call_from_thread(notice, self.app, f"saved {path}")


def _left(seconds: float) -> str:
    return f", about {seconds:.0f} s left" if seconds >= 1 else "…"
