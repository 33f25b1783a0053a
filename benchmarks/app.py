"""What the app costs: its first frame, at rest, an editor, a run that is over, one that trains, and long histories.

    python benchmarks/app.py                    # all of it, some fifteen minutes
    python benchmarks/app.py --only home,live
    python benchmarks/app.py --peers FOLDER     # beside other terminal apps, each from a virtual environment of its name

Each line is one program in a terminal of 120 × 40 cells: CPU seconds of the process (its children, like the one that
asks torch for a GPU, apart), memory, and the bytes that it sends to the terminal. Runs are made by the engine's own
writers; the one that trains is a process that writes a record twice a second.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

import psutil
from terminal import Terminal

if TYPE_CHECKING:
    from stickgen.runs.store import Run

TUI = str(Path(sys.executable).with_name("stickgen-tui"))
SETTLED = 5.0  # s after the first frame, before anything is called rest
REST = 10.0  # s over which rest is measured
SAID = "said.txt"  # what a trainer prints
PAIRS, STRETCH, WARM_STEPS = 15, 6.0, 20  # of the trainer that is watched: s a stretch
# nothing but steps: no compiling, no validation, no samples, no checkpoints, no evaluation, and no end before it is over
STEADY = [
    part
    for value in (
        "training.max_minutes=0", "training.epochs=100000", "logging.save_interval=100000",
        "logging.sample_minutes=0", "evaluation.every_minutes=0", "logging.log_interval=1", "training.compile=never",
        "training.val_fraction=0",
    )
    for part in ("--set", value)
]  # fmt: skip
STILL, ROUNDS = 1.5, 3  # s in which a screen that is drawn does not change; how often each app is started
PATIENCE = 15.0  # s, for a screen that never stands still
CURSOR = 100  # bytes: one that blinks changes nothing
SCREEN = 300  # bytes: less is no screen yet, but the questions that a program asks its terminal as it starts
PEERS = {
    "posting": (),
    "harlequin": (),
    "epokio": ("watch",),
    "wandb": ("leet", "symon"),
}
PLAYED = 75.0  # s after which the figure of a run that is over has played

BARE = """
from textual.app import App
from textual.widgets import Static


class Bare(App):
    def compose(self):
        yield Static("cores")


Bare().run()
"""

LIVE = """
import sys, time, os
from pathlib import Path
from stickgen.record_log import RecordWriter
from stickgen.runs.locks import RunLock
from stickgen.runs.store import Run
run = Run(Path(sys.argv[1]))
lock = RunLock(run); lock.acquire()
writer = RecordWriter(run.metrics_path)
step = int(sys.argv[2])
while True:
    step += 1
    run.beat("training", step, 2 * int(sys.argv[2]) + 100000, 0.5)
    writer.write({"kind": "train", "time": time.time(), "step": step, "epoch": step / 50, "loss": 1 / step,
        "loss_pose": 0.5 / step, "lr": 1e-3, "grad_norm": 1.0, "sequences_per_second": 40.0, "frames_per_second": 4000.0,
        "rss_bytes": 5e8, "eta_seconds": 3600.0, "total_steps": 2 * int(sys.argv[2]) + 100000})
    time.sleep(0.5)
"""


def make_run(root: Path, steps: int, name: str, *, over: bool = True) -> Path:
    """A run of so many records of training, one a step."""
    from stickgen.config.loading import TrainingConfig
    from stickgen.curves.keeping import Keeper
    from stickgen.record_log import RecordWriter
    from stickgen.runs.store import create_run

    run = create_run(TrainingConfig(), root=root, name=name)
    writer = RecordWriter(run.metrics_path)
    for step in range(1, steps + 1):
        writer.write(
            {
                "kind": "train", "time": 1.79e9 + step, "step": step, "epoch": step / 50, "loss": 1 / step,
                "loss_pose": 0.5 / step, "lr": 1e-3, "grad_norm": 1.0, "sequences_per_second": 40.0,
                "frames_per_second": 4000.0, "rss_bytes": 5e8, "eta_seconds": 0.0, "total_steps": steps,
            }
        )  # fmt: skip
    writer.close()
    Keeper(run.metrics_path, run.curves_path).keep(to_the_end=True)  # as a supervisor does
    frames = [[0.5 + 0.002 * (frame % 50) * (joint % 2) for joint in range(20)] for frame in range(250)]
    sample = {"step": steps, "text": "a person waves", "fps": 25, "motion": frames}
    (run.samples_dir / f"step_{steps:06d}.json").write_text(json.dumps(sample))
    if over:
        run.exit_path.write_text(json.dumps({"code": 0, "reason": "all steps done", "event": "finished"}))
        run.update_identity(launches=[{"pid": 1, "started": "2026-09-21T14:13:20+00:00"}])
    return run.path


class Bench:
    """A folder to start the app in, and the table of what was measured."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "STICKGEN"))},
            "HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor",
        }  # fmt: skip

    def start(self, folder: Path, *arguments: str) -> Terminal:
        """The app in `folder`."""
        folder.mkdir(exist_ok=True)
        return Terminal([TUI, *arguments], folder, self.environment)

    def rest(self, terminal: Terminal, label: str) -> None:
        """Print what the app costs while nothing is asked of it."""
        cpu, sent, began = terminal.cpu_seconds, terminal.sent, time.monotonic()
        terminal.run(REST)
        passed = time.monotonic() - began
        busy, rate = (terminal.cpu_seconds - cpu) / passed, (terminal.sent - sent) / passed
        print(f"{label:<44} {busy:7.2%} CPU {rate:9.0f} B/s {terminal.rss_mib:6.0f} MiB", flush=True)

    # -- the lines of the table

    def home_screen(self) -> None:
        """First useful frame, beside that of an app that is nothing but Textual; and rest, with no run and with a thousand."""
        first: dict[str, float] = {}
        for _ in range(ROUNDS):  # in turns: what else this machine does falls on both
            for name, command in {"bare": [sys.executable, "-c", BARE], "home": [TUI]}.items():
                (self.home / name).mkdir(exist_ok=True)
                terminal = Terminal(command, self.home / name, self.environment)
                terminal.until("cores")
                first[name] = min(first.get(name, math.inf), terminal.cpu_at_last_byte)
                terminal.end()
        print(f"{'a Textual app of one Static, first frame':<44} {first['bare']:7.2f} CPU-s", flush=True)
        print(
            f"{'home, first useful frame':<44} {first['home']:7.2f} CPU-s, {first['home'] / first['bare']:.2f} times as much",
            flush=True,
        )
        self._home("home, no runs", self.home / "empty")
        folder = self.home / "many"
        (folder / "runs").mkdir(parents=True)
        for number in range(1000):  # one an hour
            path = make_run(folder / "runs", 20, f"run-{number}")
            ended = time.time() - 3600 * (1 + number)
            for place in (*path.iterdir(), path):
                os.utime(place, (ended, ended))
        self._home("home, 1,000 runs", folder)

    def _home(self, label: str, folder: Path) -> None:
        terminal = self.start(folder)
        terminal.until("cores")
        print(f"{label + ', first useful frame':<44} {terminal.cpu_at_last_byte:7.2f} CPU-s", flush=True)
        terminal.run(SETTLED)
        self.rest(terminal, label + ", at rest")
        terminal.end()

    def editor(self) -> None:
        """From the key to the form."""
        terminal = self.start(self.home / "editor")
        terminal.until("recommended")  # `e` opens it
        terminal.run(SETTLED)
        before = terminal.cpu_seconds
        terminal.type("e")
        terminal.until("d_model")
        print(
            f"{'editor, from its key to the form':<44} {terminal.cpu_seconds - before:7.2f} CPU-s", flush=True
        )
        terminal.end()

    def histories(self) -> None:
        """Reading and drawing 100,000 and a million records, with the curves that were kept while it trained and without
        them, as of an older run; each then again. And what a run that is over costs.
        """
        folder = self.home / "long"
        (folder / "runs").mkdir(parents=True)
        for steps in (100_000, 1_000_000):
            path = make_run(folder / "runs", steps, f"steps-{steps}")
            for label in ("first time", "again", "nothing kept", "nothing kept, again"):
                if label == "nothing kept":
                    (path / "metrics.curves").unlink()
                terminal = self.start(folder, "--run", str(path))
                began = time.monotonic()
                terminal.until("train ")
                picture = time.monotonic() - began
                terminal.run(SETTLED if steps < 1e6 else 3 * SETTLED)
                print(
                    f"{f'{steps:,} records, {label}':<44} {terminal.cpu_seconds:7.2f} CPU-s "
                    f"{terminal.rss_mib:6.0f} MiB, first picture after {picture:.2f} s",
                    flush=True,
                )
                if steps < 1e6 and label == "again":
                    terminal.run(PLAYED)
                    self.rest(terminal, "a run that is over, after its figure has played")
                terminal.end()

    def live(self) -> None:
        """A run that trains: seen, and behind another window."""
        folder = self.home / "live"
        (folder / "runs").mkdir(parents=True)
        path = make_run(folder / "runs", 5000, "live", over=False)
        trainer = subprocess.Popen([sys.executable, "-c", LIVE, str(path), "5000"])
        try:
            terminal = self.start(folder, "--run", str(path))
            terminal.until("train ")
            terminal.run(SETTLED)
            self.rest(terminal, "a run that trains")
            terminal.type("\x1b[O")  # the terminal says that it lost the focus
            terminal.run(2)
            self.rest(terminal, "a run that trains, without the focus")
            terminal.end()
        finally:
            trainer.kill()
            trainer.wait()

    def trainer(self) -> None:
        """CPU seconds of a step of a trainer, alone and with the app open on it, by turns within one run.

        A pair is two stretches of the same run, one after the other, so that how busy the machine is, which steps
        these are and what starting cost matter little; the order within a pair changes. Nothing comes between steps.
        """
        folder = self.home / "trainer"
        folder.mkdir()
        command = str(Path(sys.executable).with_name("stickgen"))

        def stickgen(*arguments: str) -> None:
            subprocess.run(
                [command, *arguments], cwd=folder, env=self.environment, check=True, capture_output=True
            )

        stickgen("data", "synth", "-n", "200", "--actions", "walk,wave", "-o", "data/quickstart.pt")
        stickgen("data", "embed", "data/quickstart.pt", "--encoder", "offline")
        config = Path(__file__).parents[1] / "configs" / "quickstart.yaml"
        trainer = subprocess.Popen(
            [command, "train", "--config", str(config), "--name", "watched", "--beside", *STEADY],
            cwd=folder, env=self.environment, stdout=subprocess.DEVNULL, stderr=(folder / SAID).open("wb"),
        )  # fmt: skip
        try:
            run = _run_called(folder, "watched", trainer)
            process = psutil.Process(run.launches[-1]["pid"])
            _next_step(run, after=WARM_STEPS)
            ratios = []
            for pair in range(PAIRS):
                seconds = {}
                for watched in (False, True) if pair % 2 else (True, False):
                    terminal = self.start(folder, "--run", str(run.path)) if watched else None
                    if terminal is not None:
                        terminal.until("train ")
                        terminal.run(SETTLED)
                    seconds[watched] = _seconds_a_step(run, process, terminal)
                    if terminal is not None:
                        terminal.end()
                ratios.append(seconds[True] / seconds[False])
        finally:
            trainer.send_signal(signal.SIGTERM)
            trainer.wait()
        low, middle, high = quantiles(ratios, n=4)
        print(
            f"{f'a trainer with the app open, {PAIRS} pairs of {STRETCH:.0f} s':<44} {middle - 1:+7.2%} CPU a step "
            f"(half of the pairs {low - 1:+.2%} to {high - 1:+.2%})",
            flush=True,
        )

    def peers(self, folder: Path) -> None:
        """Other terminal apps from the virtual environments in `folder`, and this one, until their screen stands still."""
        commands = {"stickgen-tui": [TUI]} | {
            name: [str(folder / name / "bin" / name), *arguments] for name, arguments in PEERS.items()
        }
        for _ in range(ROUNDS):
            for name, command in commands.items():
                (self.home / name).mkdir(exist_ok=True)
                terminal = Terminal(command, self.home / name, self.environment)
                seconds, still, end = 0.0, 0.0, time.monotonic() + PATIENCE
                while still < STILL and time.monotonic() < end:
                    sent = terminal.sent
                    terminal.run(0.1)
                    if terminal.sent < SCREEN:
                        continue
                    if terminal.sent - sent > CURSOR:
                        seconds, still = terminal.cpu_seconds, 0.0
                    elif seconds:
                        still += 0.1
                terminal.run(SETTLED)
                self.rest(terminal, f"{name}: drawn after {seconds:.2f} CPU-s, at rest")
                terminal.end()


def _next_step(run: Run, after: int, terminal: Terminal | None = None) -> int:
    """Wait until a step past `after` begins. Returns its number."""
    while (step := run.state().step or 0) <= after:
        if terminal is not None:
            terminal.run(0.01)
        else:
            time.sleep(0.01)
        if run.exit:
            raise SystemExit(f"the trainer ended: {run.exit}")
    return step


def _seconds_a_step(run: Run, process: psutil.Process, terminal: Terminal | None) -> float:
    """CPU seconds of the trainer, by step, over STRETCH seconds, from the beginning of a step to that of another."""

    def spent() -> float:
        times = process.cpu_times()
        return float(times.user + times.system)

    first = _next_step(run, run.state().step or 0, terminal)
    before, end = spent(), time.monotonic() + STRETCH
    last = first
    while time.monotonic() < end:
        last = _next_step(run, last, terminal)
    return (spent() - before) / (last - first)


def _run_called(folder: Path, name: str, command: subprocess.Popen[bytes]) -> Run:
    """The run of that name, once `command` has launched it in `folder`."""
    from stickgen.runs.store import list_runs

    while command.poll() is None:
        for run in list_runs(folder / "runs"):
            if run.path.name.endswith(name) and run.launches:
                return run
        time.sleep(0.1)
    raise SystemExit(f"the trainer did not start: {(folder / SAID).read_text()}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", default="home,editor,live,histories,trainer", help="parts, separated by commas"
    )
    parser.add_argument(
        "--peers", type=Path, help="a folder of virtual environments: posting, harlequin, epokio, wandb"
    )
    arguments = parser.parse_args()
    wanted = arguments.only.split(",") if arguments.peers is None else []
    with tempfile.TemporaryDirectory() as home:
        bench = Bench(Path(home))
        parts: dict[str, Callable[[], None]] = {
            "home": bench.home_screen, "editor": bench.editor, "live": bench.live, "histories": bench.histories,
            "trainer": bench.trainer,
        }  # fmt: skip
        for name in wanted:
            parts[name]()
        if arguments.peers is not None:
            bench.peers(arguments.peers)


if __name__ == "__main__":
    main()
