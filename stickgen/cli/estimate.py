"""`stickgen estimate`: the memory, time and disk a config needs on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from stickgen.cli.numbers import Finite
from stickgen.cli.options import JSON, OVERRIDES
from stickgen.cli.output import print_json
from stickgen.cli.streams import is_plain_terminal
from stickgen.errors import StickgenError
from stickgen.quantities import byte_text, duration_text
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig
    from stickgen.datasets.facts import DatasetFacts
    from stickgen.hardware.machine import Machine
    from stickgen.planner.arithmetic.prediction import Prediction
    from stickgen.planner.estimate import Estimate
    from stickgen.planner.measured.calibration import Basis
    from stickgen.planner.probe import ProbeProgress

SECONDS_BETWEEN_LINES = 10.0
BASES: dict[Basis, str] = {
    "arithmetic": "by arithmetic",
    "learned": "learned from other runs here",
    "measured": "measured here",
}


@click.command(
    "estimate",
    epilog="Examples: stickgen estimate configs/small.yaml --data-path data/real.pt   "
    "stickgen estimate configs/large.yaml --set training.batch_size=4 --probe",
)
@click.argument("config_path", metavar="CONFIG")
@click.option(
    "--data-path", "--data_path", metavar="FILE", help="The dataset, for steps per epoch and total time."
)
@OVERRIDES
@click.option("--probe", "probing", is_flag=True, help="Measure: train on made-up clips for a minute or two.")
@click.option(
    "--probe-seconds", type=Finite(1), default=180.0, show_default=True, metavar="S",
    help="The longest the probe may take.",
)  # fmt: skip
@JSON
def command(
    config_path: str,
    data_path: str | None,
    overrides: tuple[str, ...],
    probing: bool,
    probe_seconds: float,
    as_json: bool,
) -> None:
    """Predict the memory, time and disk of a run before it is launched.

    Runs and probes on this machine are remembered and improve later predictions.
    """
    from stickgen.config.chosen_dataset import dataset_path
    from stickgen.config.loading import TrainingConfig, parse_override
    from stickgen.datasets.facts import read_dataset_facts
    from stickgen.hardware.machine import detect
    from stickgen.planner.budget import free_disk_bytes
    from stickgen.planner.estimate import estimate
    from stickgen.planner.measured.calibration import calibration_of
    from stickgen.runs.store import runs_root

    config = TrainingConfig(config_path, dict(map(parse_override, overrides)))
    data = dataset_path(config.get, data_path)
    facts = read_dataset_facts(data)
    machine = detect()
    if probing:
        _probe(config, machine, facts, probe_seconds)
    answer = estimate(
        config, machine, facts, disk_free_bytes=free_disk_bytes(runs_root()),
        calibration=calibration_of(machine),
    )  # fmt: skip
    if as_json:
        print_json("estimate", answer.to_json())
        return
    for label, fact in facts_of(answer):
        click.echo(f"{label:<12} {fact}")
    if facts is None:
        click.echo(f"no dataset facts at {clean(data)}: steps per epoch and total time are unknown")
    if answer.memory_basis != "measured":
        click.echo("predicted, not measured: --probe trains for a minute or two and narrows the figures")


def _probe(
    config: TrainingConfig, machine: Machine, facts: DatasetFacts | None, limit_seconds: float
) -> None:
    """Measure `config` and remember the result. Progress goes to stderr."""
    from stickgen.planner.estimate import estimate
    from stickgen.planner.measured.calibration import calibration_of
    from stickgen.planner.measured.measurements import keep, measurements_path
    from stickgen.planner.probe import probe

    known = calibration_of(machine)
    before = estimate(config, machine, facts, calibration=known)
    peak = before.peak_memory.less(before.encoder_bytes)  # a probe does not evaluate
    if before.memory_total_bytes and peak.low > before.memory_free_bytes:
        raise StickgenError(
            f"--probe would need {byte_text(peak.value)}, "
            f"but {byte_text(before.memory_free_bytes)} are free; run: stickgen advise {clean(config.name)}"
        )
    with shown_probe() as show:
        measured = probe(
            config, machine, facts, calibration=known, limit_seconds=limit_seconds, progress=show
        )
    if measured.contended:
        click.echo(
            "warning: other processes used the cores, so only the memory is remembered, not the step time",
            err=True,
        )
    if not keep(measured):
        click.echo(
            f"warning: {measurements_path()} cannot be written, so this measurement is not remembered",
            err=True,
        )


@contextmanager
def shown_probe() -> Iterator[Callable[[ProbeProgress], None]]:
    """Yield a function that shows a probe's progress: a bar on a terminal, a plain line now and then elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True, highlight=False)
    bar = Progress(TextColumn("probe"), BarColumn(), TextColumn("{task.description}"), console=console,
                   transient=True, disable=not console.is_terminal or is_plain_terminal())  # fmt: skip
    said = time.monotonic()

    def show(at: ProbeProgress) -> None:
        nonlocal said
        left = f"at most {at.seconds_left:.0f} s left"
        line = (
            f"{at.steps} steps, peak {byte_text(at.peak_bytes)}, {left}" if at.steps else f"starting, {left}"
        )
        whole = at.seconds + at.seconds_left
        bar.update(task, total=whole, completed=at.seconds, description=line)
        if not console.is_terminal and time.monotonic() - said > SECONDS_BETWEEN_LINES:
            said = time.monotonic()
            click.echo(f"probe: {line}", err=True)

    with bar:
        task = bar.add_task("starting", total=None)
        yield show


def facts_of(answer: Estimate) -> list[tuple[str, str]]:
    """Return the label and the fact of each line."""
    free = f"{byte_text(answer.memory_free_bytes)} free of {byte_text(answer.memory_total_bytes)}: {answer.verdict}"
    if not answer.memory_total_bytes:
        free = f"this machine has no {answer.device} device; device.type: auto takes what there is"
    lines = [
        ("parameters", f"{answer.parameters:,}, effective batch {answer.effective_batch}"),
        ("device", f"{answer.device} in {answer.precision}"),
        ("peak memory", f"{_gib(answer.peak_memory)}, {BASES[answer.memory_basis]}"),
        *([("of it", encoder_text(answer))] if answer.encoder_bytes else []),
        ("free", free),
        ("a step", f"{_time(answer.seconds_per_step)}, {BASES[answer.time_basis]}"),
    ]
    if answer.seconds_per_epoch is not None and answer.seconds_total is not None:
        lines += [
            ("an epoch", f"{_time(answer.seconds_per_epoch)}, {answer.steps_per_epoch:,} steps"),
            ("in all", f"{_time(answer.seconds_total)}, at most {answer.total_steps:,} steps"),
        ]
    if said := str(answer.schedule or ""):
        lines.append(("a limit", said.removeprefix("a limit ")))
    disk = f"{byte_text(answer.disk_bytes)} for checkpoints"
    if answer.disk_free_bytes is not None:
        disk += f", {byte_text(answer.disk_free_bytes)} free"
    lines.append(("disk", disk + ("" if answer.disk_fits else ": TOO LITTLE")))
    return lines


def encoder_text(answer: Estimate) -> str:
    """What of the peak is the text encoder, and the key that does without it."""
    return f"{byte_text(answer.encoder_bytes)} for the text encoder that evaluations load (evaluation.every_minutes: 0 does without)"


def _gib(size: Prediction) -> str:
    return f"{byte_text(size.value)} ({byte_text(size.low)} to {byte_text(size.high)})"


def _time(seconds: Prediction) -> str:
    def shown(value: float) -> str:
        return f"{value:.2f} s" if value < 10 else duration_text(value)

    return f"about {shown(seconds.value)} ({shown(seconds.low)} to {shown(seconds.high)})"
