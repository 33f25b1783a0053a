"""Watch a run from its directory: a progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TextIO, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from stickgen.cli.exit_codes import ExitCode
from stickgen.cli.output import json_text
from stickgen.cli.streams import Unbreakable, is_plain_terminal
from stickgen.errors import StickgenError
from stickgen.planner.advising.rescue import memory_advice, ran_out_of_memory
from stickgen.quantities import byte_text, duration_text
from stickgen.record_log import Damage, RecordReader, last_record
from stickgen.run_contract import EventKind, Field, RecordKind
from stickgen.runs.in_words import Narrator
from stickgen.runs.launch import save_now, stop
from stickgen.runs.live import effective_config
from stickgen.runs.notifying import sentence as end_in_words
from stickgen.runs.notifying import tell, webhook_of
from stickgen.runs.state import State
from stickgen.runs.stops import STOPS, Stops, ignore_stops
from stickgen.runs.store import Run, Status
from stickgen.terminal_notice import terminal_notice
from stickgen.text import clean
from stickgen.watchdog.learned import learned as has_learned

POLL_SECONDS = 0.25
PLAIN_LINE_SECONDS = 10.0
STOP_COMES_WITH = 0.5  # seconds within which SIGTERM follows a SIGHUP if both are sent
TERMINAL_NOTICES = ("bell", "osc9", "osc777")
NOTICES = (*TERMINAL_NOTICES, "desktop", "webhook")
EXIT_CODES = {
    Status.FINISHED: ExitCode.DONE,
    Status.EARLY: ExitCode.DONE,
    Status.PAUSED: ExitCode.STOPPED,
    Status.STOPPED: ExitCode.STOPPED,
}


def describe(record: dict[str, Any]) -> str:
    """A metrics record of kind `train` in a line."""
    return (
        f"step {record[Field.STEP]}/{record[Field.TOTAL_STEPS]}  epoch {record[Field.EPOCH]:.1f}  loss {_number(record[Field.LOSS])}  "
        f"lr {record[Field.LR]:.2e}  {record[Field.SEQUENCES_PER_SECOND]:.1f} clips/s  "
        f"{byte_text(record[Field.RSS_BYTES])}  ETA {duration_text(record[Field.ETA_SECONDS])}"
    )


def _number(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.4f}"


class Told:
    """What the process that watches is told by signals."""

    def __init__(self) -> None:
        self.stops = Stops()
        self.at_once = False
        self.save = False
        self.hung_up: float | None = None  # when
        self.refused = ""  # why a stop could not be passed on, as it was said

    def listen(self) -> None:
        """Take them from now on. A hang-up that `nohup` made nothing stays nothing."""
        for number in STOPS:
            signal.signal(number, self._stop)
        signal.signal(signal.SIGUSR1, self._save)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._hang_up)

    def _stop(self, number: int, _: FrameType | None) -> None:
        self.at_once = self.stops.add(number) or self.at_once

    def _save(self, number: int, _: FrameType | None) -> None:
        self.save = True

    def _hang_up(self, number: int, _: FrameType | None) -> None:
        self.hung_up = self.hung_up or time.monotonic()

    @property
    def alone(self) -> bool:
        """Whether the terminal is gone, and no stop came with that: service managers send both, in any order."""
        return (
            self.hung_up is not None and not self.stops and time.monotonic() > self.hung_up + STOP_COMES_WITH
        )


def follow(
    run: Run,
    *,
    owner: bool,
    as_json: bool = False,
    plain: bool = False,
    notify: Sequence[str] = (),
    told: Told | None = None,
    out: Unbreakable | None = None,
) -> int:
    """Show a run until it ends; returns its exit code.

    `as_json`: a line of JSON for each event and each metrics record, and one for the end.

    `plain`: in sentences, a line each, and a line only for what is new.

    `notify`: of NOTICES, how to tell of the end beside what the run's own `notify` keys do.

    `owner`: Ctrl-C, SIGTERM and their kind ask the run to stop with a checkpoint, and Ctrl-C again, later, kills
    it. Without, they only end the watching. A closed terminal (SIGHUP) ends the watching and never the run.
    Output that breaks, by a full disk or a closed pipe, ends the watching of whoever is not the owner; the owner
    goes on in silence, for it passes on the stops. `told` and `out` are those of a command that listens already.
    """
    if told is None:
        told = Told()
        told.listen()
    out, err = out or Unbreakable(sys.stdout), Unbreakable(sys.stderr)
    view = _Sentences(run, out) if plain else _View(run, out, as_json)
    if owner:
        view.metrics.skip_to_end()
    else:
        view.metrics.pass_over()  # who looks at a run that is there is told what of its log is damaged
    answered = 0  # 1: asked to stop, 2: killed
    with view.bar:
        while True:
            state = run.state()
            view.show_news(state)
            if told.alone:
                return ExitCode.HUNG_UP
            if not owner and (told.stops or out.reason):
                return _broken(out, err) if out.reason else 0
            if told.save:
                told.save = False
                save_now(run)
            if answered < bool(told.stops) + told.at_once:
                answered = _pass_on(run, told, answered, err if as_json else out, err)
            if not state.alive:
                break
            time.sleep(POLL_SECONDS)
    code = _report(run, as_json, out, err)
    if notify:
        _tell(run, notify, err)
    elif not as_json:
        _ring(run)
    if out.reason:
        _broken(out, err)
    return code


class _View:
    """What a run writes, shown as it comes: a bar on a terminal, plain lines elsewhere, or lines of JSON."""

    def __init__(self, run: Run, out: Unbreakable, as_json: bool, *, live: bool = True) -> None:
        self._out, self._as_json = out, as_json
        self._console = Console(highlight=False, file=cast(TextIO, out))
        self._live = live and self._console.is_terminal and not is_plain_terminal()
        self._events, self.metrics = RecordReader(run.events_path), RecordReader(run.metrics_path)
        self._launch = len(run.launches)
        self._said: set[tuple[RecordReader, type]] = set()  # faults of a log; more of them is in `runs show`
        self._said_unwritten = False
        self._last_line = time.monotonic()
        spinner = "dots" if out.encoding.lower().startswith("utf") else "line"
        self.bar = Progress(
            SpinnerColumn(spinner), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn(),
            console=self._console, disable=as_json or not self._live,
        )  # fmt: skip
        self._task = self.bar.add_task("starting", total=None)

    def show_news(self, state: State) -> None:
        """Show what came since the last time."""
        for event in self._events.read_new():
            if event.get(Field.LAUNCH, self._launch) == self._launch:  # not of an older one
                self._show_event(event)
        for record in self.metrics.read_new():
            self._show_record(record)
        for reader in (self._events, self.metrics):
            for fault in reader.faults:
                if (reader, type(fault)) not in self._said:
                    self._said.add((reader, type(fault)))
                    kind = "damaged" if isinstance(fault, Damage) else "lost"
                    self._say(str(fault), {kind: asdict(fault)})
        if state.unwritten and not self._said_unwritten:
            self._said_unwritten = True
            sentence = f"records of this run are not on disk ({state.unwritten:,} so far): it is full or refuses them"
            self._say(sentence, {"unwritten": state.unwritten})

    def _say(self, sentence: str, as_json: dict[str, Any]) -> None:
        if self._as_json:
            self._out.say(json_text("runs.watch", as_json, line=True))
        else:
            self._console.print(Text(sentence), soft_wrap=True)

    def _show_event(self, event: dict[str, Any]) -> None:
        if not self._as_json and event.get(Field.EVENT) == EventKind.FAILED:
            return  # the report at the end says it
        sentence = clean(f"{event.get(Field.EVENT)}: {event.get(Field.MESSAGE)}", single_line=True)
        self._say(sentence, {"event": event})

    def _show_record(self, record: dict[str, Any]) -> None:
        if self._as_json:
            self._out.say(json_text("runs.watch", {"metrics": record}, line=True))
        elif record.get(Field.KIND) == RecordKind.TRAIN:
            line = describe(record)
            total, step = record[Field.TOTAL_STEPS], record[Field.STEP]
            self.bar.update(self._task, total=total, completed=step, description=line)
            if not self._live and time.monotonic() - self._last_line > PLAIN_LINE_SECONDS:
                self._last_line = time.monotonic()
                self._console.print(line, soft_wrap=True)


class _Sentences(_View):
    """The same in sentences that a screen reader can say."""

    def __init__(self, run: Run, out: Unbreakable) -> None:
        super().__init__(run, out, as_json=False, live=False)
        self._narrator = Narrator(run)

    def show_news(self, state: State) -> None:
        """Say what is new."""
        for sentence in self._narrator.news():
            self._out.say(sentence)


def _pass_on(run: Run, told: Told, answered: int, out: Unbreakable, err: Unbreakable) -> int:
    """Stop the run, or kill it. What is answered now: it is tried again while there is no trainer to ask."""
    if told.at_once:
        out.say("killing the run")
    elif not told.refused:
        out.say("stopping with a checkpoint; Ctrl-C once more kills the run")
    try:
        stop(run, force=told.at_once)
    except StickgenError as error:
        if str(error) != told.refused and run.state().alive:
            told.refused = str(error)
            err.say(f"stickgen: {clean(error)}")
        return answered
    return 1 + told.at_once


def _ring(run: Run) -> None:
    """Let the terminal tell of the end as `notify.terminal` says. A pipe or a file is told nothing."""
    if not sys.stderr.isatty():
        return
    with contextlib.suppress(OSError, ValueError, StickgenError):
        kind = effective_config(run).notify.terminal
        sys.stderr.write(terminal_notice(kind, "stickgen", end_in_words(run, run.state()), os.environ))
        sys.stderr.flush()


def _tell(run: Run, notify: Sequence[str], err: Unbreakable) -> None:
    """Tell of the end in these ways, and say what could not be told."""
    for kind in notify:
        if kind in TERMINAL_NOTICES and sys.stderr.isatty():
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write(
                    terminal_notice(kind, "stickgen", end_in_words(run, run.state()), os.environ)
                )
                sys.stderr.flush()
    webhook = webhook_of(run) if "webhook" in notify else ""
    for failure in tell(run, webhook=webhook, desktop="desktop" in notify):
        err.say(f"notification: {failure}")


def _broken(out: Unbreakable, err: Unbreakable) -> int:
    """Say on stderr that stdout broke, unless its reader merely had enough; the exit code of a watcher."""
    if out.closed_pipe:
        return 0
    err.say(f"stickgen: {out.reason}")
    return 1


@dataclass(frozen=True)
class Ending:
    """How a run ended and what there is of it now. Paths are absolute; None if there is none."""

    name: str
    status: str
    reason: str
    step: int
    total_steps: int
    checkpoint: str | None  # the newest one, by its name; whether it is whole is found out when it is used
    sample: str | None
    gif: str | None
    log: str
    resume: str | None  # the command that goes on with it
    exit_code: int

    @classmethod
    def of(cls, run: Run) -> Ending:
        """Read it from the run directory."""
        state = run.state()
        code = run.exit.get("code")
        return cls(
            run.name, state.status, state.reason, state.step, state.total_steps,
            checkpoint=str(run.checkpoints[-1]) if run.checkpoints else None,
            sample=_last(run.samples_dir, "step_*.json"),
            gif=_last(run.samples_dir, "*.gif"), log=str(run.log_path),
            resume=None if state.alive else f"stickgen train --resume {run.reference}",
            exit_code=EXIT_CODES.get(state.status, ExitCode.REFUSED if code == 2 else ExitCode.FAILED),
        )  # fmt: skip


def _last(folder: Path, pattern: str) -> str | None:
    """The last by name; the names carry the step, with leading zeros."""
    return max(map(str, folder.glob(pattern)), default=None)


def _report(run: Run, as_json: bool, out: Unbreakable, err: Unbreakable) -> int:
    ending = Ending.of(run)
    if as_json:
        out.say(json_text("runs.watch", {"end": asdict(ending)}, line=True))
        return ending.exit_code
    failed = ending.status not in EXIT_CODES
    where = err if failed or out.reason else out
    learned = last_record(run.metrics_path, kind=RecordKind.VAL)
    worked = last_record(run.metrics_path, kind=RecordKind.TRAIN)
    if failed:
        err.say(f"stickgen: {clean(ending.reason)}")
    else:
        out.say(f"{clean(run.name)}: {clean(ending.reason)}")
    if ending.exit_code != ExitCode.REFUSED:  # bad input: there is nothing yet but the sentence
        if learned is not None and learned.get(Field.MEAN_POSE_LOSS):
            losses = (
                f"validation pose loss {_number(learned.get(Field.LOSS_POSE))}, against "
                f"{_number(learned[Field.MEAN_POSE_LOSS])} for always saying the mean pose"
            )
            if has_learned(learned) is False:
                where.say(f"  NOT LEARNED  {losses}: try a tenth of training.learning_rate")
            else:
                where.say(f"  learned    {losses}")
        if worked is not None:
            where.say(
                f"  worked     {worked[Field.SEQUENCES_PER_SECOND]:.1f} clips/s, {byte_text(worked[Field.RSS_BYTES])}"
            )
        for what, path in (
            ("checkpoint", ending.checkpoint), ("sample", ending.sample), ("GIF", ending.gif),
            ("log", ending.log if failed else None),
        ):  # fmt: skip
            if path is not None:
                where.say(f"  {what:<10} {clean(path)}")
        if ending.status in {Status.FINISHED, Status.EARLY}:
            out.say(f'  draw with  stickgen generate {run.reference} "a person waves" -o wave.gif')
        if failed and ran_out_of_memory(run):
            for advice in memory_advice(run)[:3]:
                err.say(f"  try        {advice.change} ({advice.effect})")
            err.say(f"  all edits  stickgen advise {clean(run.config_path)} --for memory")
        if ending.resume is not None and ending.step < ending.total_steps:
            where.say(f"  go on with {ending.resume}")
    return ending.exit_code


def follow_and_exit(run: Run, *, owner: bool, as_json: bool = False, **begun: Any) -> None:
    """`follow`, then leave with its code."""
    code = follow(run, owner=owner, as_json=as_json, **begun)
    ignore_stops()
    sys.exit(code)
