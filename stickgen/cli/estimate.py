"""`stickgen estimate`: what a config would need of this machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.planner.estimate import Estimate
    from stickgen.planner.prediction import Prediction

GIB = 2**30


@click.command(
    "estimate",
    epilog="Examples: stickgen estimate configs/small.yaml --data-path data/real.pt   "
    "stickgen estimate configs/large.yaml --set training.batch_size=4 --json",
)
@click.argument("config_path", metavar="CONFIG")
@click.option("--data-path", "--data_path", metavar="FILE", help="The dataset, for steps an epoch and times.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="A value that wins over the config's."
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON, units in the names.")
def command(config_path: str, data_path: str | None, overrides: tuple[str, ...], as_json: bool) -> None:
    """Predict memory, time and disk of a run before it is launched."""
    from stickgen.config.loading import TrainingConfig, parse_override
    from stickgen.hardware.machine import detect
    from stickgen.planner.estimate import estimate
    from stickgen.runs.dataset_facts import dataset_path, read_dataset_facts

    config = TrainingConfig(config_path, dict(map(parse_override, overrides)))
    data = dataset_path(config, data_path)
    facts = read_dataset_facts(data)
    answer = estimate(config, detect(), facts, disk_free_bytes=shutil.disk_usage(Path.cwd()).free)
    if as_json:
        click.echo(json.dumps(answer.to_json(), indent=1))
        return
    for label, fact in facts_of(answer):
        click.echo(f"{label:<12} {fact}")
    if facts is None:
        click.echo(f"no facts of a dataset at {clean(data)}: steps an epoch and times in all are not known")


def facts_of(answer: Estimate) -> list[tuple[str, str]]:
    """Label and fact of each line."""
    free = f"{answer.memory_free_bytes / GIB:.1f} GiB free of {answer.memory_total_bytes / GIB:.1f}"
    lines = [
        ("parameters", f"{answer.parameters:,}, effective batch {answer.effective_batch}"),
        ("device", f"{answer.device} in {answer.precision}"),
        ("peak memory", f"{_gib(answer.peak_memory)}, {free}: {answer.verdict}"),
        ("a step", _time(answer.seconds_per_step)),
    ]
    if answer.seconds_per_epoch is not None and answer.seconds_total is not None:
        lines += [
            ("an epoch", f"{_time(answer.seconds_per_epoch)}, {answer.steps_per_epoch:,} steps"),
            ("in all", f"{_time(answer.seconds_total)}, at most {answer.total_steps:,} steps"),
        ]
    disk = f"{answer.disk_bytes / GIB:.2f} GiB for checkpoints"
    if answer.disk_free_bytes is not None:
        disk += f", {answer.disk_free_bytes / GIB:.1f} GiB free"
    lines.append(("disk", disk + ("" if answer.disk_fits else ": TOO LITTLE")))
    return lines


def _gib(size: Prediction) -> str:
    return f"{size.value / GIB:.2f} GiB ({size.low / GIB:.2f} to {size.high / GIB:.2f})"


def _time(seconds: Prediction) -> str:
    from stickgen.cli.follow import duration

    def shown(value: float) -> str:
        return f"{value:.2f} s" if value < 10 else duration(value)

    return f"about {shown(seconds.value)} ({shown(seconds.low)} to {shown(seconds.high)})"
