"""`stickgen queue grid`, `random` and `results`: small searches over a few keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from stickgen.cli.options import JSON, OVERRIDES
from stickgen.cli.output import print_json
from stickgen.cli.queueing import PAUSED, added, job_options, warn
from stickgen.quantities import DASH, number_text
from stickgen.run_contract import Field
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig
    from stickgen.queue.adding import Options
    from stickgen.queue.results import How, Row
    from stickgen.queue.searching import Values

SEARCH = click.option(
    "--name", help="What the search is called (default: by its config); its runs get -1, -2, …"
)
DRY = click.option("--dry-run", is_flag=True, help="Show the combinations and add nothing.")


@click.command(
    "grid", epilog="Example: stickgen queue grid configs/small.yaml model.d_model=128,256 training.seed=1,2"
)
@click.argument("config")
@click.argument("choices", nargs=-1, required=True, metavar="KEY=A,B,C...")
@SEARCH
@OVERRIDES
@job_options
@PAUSED
@DRY
@JSON
def grid(
    config: str,
    choices: tuple[str, ...],
    name: str | None,
    overrides: tuple[str, ...],
    options: Options,
    paused: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Queue a job for every combination of some values of a few keys."""
    from stickgen.queue.searching import grid, parse_choice

    combinations = grid([parse_choice(text) for text in choices])
    _add(
        _base(config, overrides), combinations, options, name, paused=paused, dry_run=dry_run, as_json=as_json
    )


@click.command(
    "random",
    epilog="Example: stickgen queue random configs/small.yaml --trials 8 training.learning_rate=1e-5..1e-3:log",
)
@click.argument("config")
@click.argument("spaces", nargs=-1, required=True, metavar="KEY=LOW..HIGH[:log]|KEY=A,B...")
@click.option("--trials", type=click.IntRange(1), required=True, metavar="N", help="How many jobs.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed draws the same values.")
@SEARCH
@OVERRIDES
@job_options
@PAUSED
@DRY
@JSON
def random_(
    config: str,
    spaces: tuple[str, ...],
    trials: int,
    seed: int,
    name: str | None,
    overrides: tuple[str, ...],
    options: Options,
    paused: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Queue jobs with values drawn by chance; `:log` draws each power of ten as often as the others."""
    from stickgen.queue.searching import draw, parse_space

    combinations = draw([parse_space(text) for text in spaces], trials, seed)
    if len(combinations) < trials:
        click.echo(f"warning: there are only {len(combinations)} different combinations", err=True)
    _add(
        _base(config, overrides), combinations, options, name, paused=paused, dry_run=dry_run, as_json=as_json
    )


def _base(path: str, overrides: tuple[str, ...]) -> TrainingConfig:
    from stickgen.config.loading import TrainingConfig, parse_override

    return TrainingConfig(path, dict(map(parse_override, overrides)))


def _add(
    base: TrainingConfig,
    combinations: Sequence[Values],
    options: Options,
    name: str | None,
    *,
    paused: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Freeze a job of each combination and add them: all, or none if one of them is no valid config."""
    from stickgen.queue.adding import freeze
    from stickgen.queue.searching import configs_of, values_text
    from stickgen.queue.store import Queue

    configs = configs_of(base, combinations)
    if dry_run:
        for number, values in enumerate(combinations, 1):
            click.echo(f"{number:>3} {clean(values_text(values), single_line=True)}")
        return
    warn(configs, options)
    queue = Queue()
    search = _unused(
        name or Path(base.name).stem, [entry.job.search for entry in queue.entries() if entry.job]
    )
    frozen = [
        freeze(config, options, name=f"{search}-{number}", search=search, values=values)
        for number, (config, values) in enumerate(zip(configs, combinations, strict=True), 1)
    ]
    added(queue, frozen, paused=paused, as_json=as_json)
    if not as_json:
        click.echo(f"its table: stickgen queue results {search}")


def _unused(name: str, taken: Sequence[str]) -> str:
    """`name`, or with a number behind it if a search of the queue is called so."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found


@click.command("results", epilog="Example: stickgen queue results small --figure quality_contrast")
@click.argument("search", required=False)
@click.option(
    "--figure",
    "name",
    default=Field.LOSS_POSE,
    show_default=True,
    help="What to sort by: a measured number, of the held-out clips if they have it; or KIND.NUMBER, as train.loss.",
)
@click.option(
    "--how",
    type=click.Choice(["best", "last", "smoothed"]),
    default="best",
    show_default=True,
    help="Of a run's values the best, the last, or an exponential average.",
)
@JSON
def results(search: str | None, name: str, how: str, as_json: bool) -> None:
    """The jobs of a search (default: the newest), the best first, beside only the keys that were searched."""
    from stickgen.queue.results import figure_of, newest_search, rows
    from stickgen.queue.store import Queue

    figure = figure_of(name, cast("How", how))
    entries = Queue().entries()
    found = rows(entries, search or newest_search(entries), figure)
    if as_json:
        facts = {
            "figure": {"kind": figure.kind, "name": figure.field, "how": figure.how},
            "rows": [
                {"id": row.entry.id, "status": row.entry.state.status, "run": row.entry.job.run if row.entry.job else "",
                 "values": row.values, "figure": row.figure, "step": row.step}
                for row in found
            ],
        }  # fmt: skip
        print_json("queue.results", facts)
        return
    for line in table(found, str(figure)):
        click.echo(clean(line, single_line=True))


def table(rows: Sequence[Row], figure: str) -> list[str]:
    """The rows under a heading, each column as wide as it must be."""
    from stickgen.queue.searching import value_text

    keys = list(dict.fromkeys(key for row in rows for key in row.values))
    cells = [["job", "status", figure, "step", *keys]]
    for row in rows:
        at = DASH if row.step is None else f"{row.step:,}"
        values = [value_text(row.values[key]) if key in row.values else DASH for key in keys]
        cells.append([str(row.entry.id), row.entry.state.status, number_text(row.figure), at, *values])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
