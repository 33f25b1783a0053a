"""`stickgen runs list`, `tag`, `note`, `diff`, `fork`, `export` and `prune`: many runs, found and compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stickgen.cli.options import JSON
from stickgen.cli.output import FORCE, print_json, say_kept, say_note
from stickgen.errors import StickgenError
from stickgen.quantities import byte_text, counted
from stickgen.run_contract import Field
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.catalogue.entry import Entry
    from stickgen.runs.pruning import Pruning


@click.command(
    "list",
    epilog="Example: stickgen runs list 'status:finished val.loss<0.1 optimizer=muon' --sort val.loss_pose --best",
)
@click.argument("words", nargs=-1, metavar="[FILTER]")
@click.option("--sort", metavar="FIELD", help="By a fact, a key or a figure: the better one first.")
@click.option("--reverse", is_flag=True, help="The other way round.")
@click.option("--best", is_flag=True, help="Sort by, and show, the best value of a figure, not the last.")
@click.option("--smoothed", is_flag=True, help="The running mean of a figure (docs/comparing.md).")
@click.option("--columns", metavar="A,B,…", help="What to show of each run.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="So many runs at most.")
@JSON
@click.pass_obj
def list_(
    root: Path,
    words: tuple[str, ...],
    sort: str | None,
    reverse: bool,
    best: bool,
    smoothed: bool,
    columns: str | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """Every run and how it is: those that are going first, then the newest first.

    FILTER leaves out the others, as `status:running`, `val.loss<0.1`, `optimizer=muon`, `tag:baseline`, `note~"left
    hand"`, joined by and, or, not and brackets (docs/comparing.md).
    """
    from stickgen.catalogue.catalogue import Catalogue
    from stickgen.catalogue.choosing import chosen, needs
    from stickgen.catalogue.query import fields_of

    catalogue = Catalogue(root)
    text = " ".join(words)
    query, resolve = catalogue.query(text), catalogue.resolver()
    order = _resolved(sort, resolve, "--sort") if sort else ""
    names = [
        _resolved(name.strip(), resolve, "--columns") for name in (columns or "").split(",") if name.strip()
    ]
    figures, config = needs({*fields_of(query), *names, *([order] if order else [])})
    entries = catalogue.look(figures=figures, config=config)
    rows = chosen(entries, query, order, best=best, smoothed=smoothed, reverse=reverse)
    left = len(rows) - len(rows[:limit])
    rows = rows[:limit]
    if order and order not in names and not columns:
        names = [order]
    if as_json:
        print_json("runs.list", {"runs": [_facts(entry, names, best, smoothed) for entry in rows]})
        return
    if names:
        _print_columns(rows, names if columns else ["status", *names, "name", "tag"], best, smoothed)
    else:
        _print_plain(rows)
    if left:
        say_note(f"{counted(left, 'more run')}; --limit is {limit}")
    if not entries:
        click.echo(f"no runs in {clean(root)}; start one with: stickgen train")
    elif not rows:
        click.echo(f"none of {counted(len(entries), 'run')} is so: {clean(text, single_line=True)}")


def _resolved(name: str, resolve: Any, option: str) -> str:
    try:
        found = resolve(name)
    except StickgenError as error:
        raise StickgenError(f"{option}: {error}") from error
    return str(found)


def _facts(entry: Entry, names: list[str], best: bool, smoothed: bool) -> dict[str, object]:
    values = {name: entry.value(name, best=best, smoothed=smoothed) for name in names}
    return {
        "name": entry.run.name,
        "status": entry.state.status,
        "reason": entry.state.reason,
        Field.STEP: entry.state.step,
        Field.TOTAL_STEPS: entry.state.total_steps,
        "unwritten_records": entry.state.unwritten,
        "tags": entry.labels.tags,
        "note": entry.labels.note,
        **({"values": values} if names else {}),
    }


def _print_plain(rows: list[Entry]) -> None:
    for entry in rows:
        state = entry.state
        unwritten = f"  ({counted(state.unwritten, 'record')} not on disk)" if state.unwritten else ""
        tags = "".join(f"  #{tag}" for tag in entry.labels.tags)
        name = clean(entry.run.name, single_line=True)
        click.echo(
            f"{state.status:<9} {state.step:>8}/{state.total_steps:<8} {name}"
            f"{clean(tags, single_line=True)}{unwritten}"
        )


def _print_columns(rows: list[Entry], names: list[str], best: bool, smoothed: bool) -> None:
    from stickgen.catalogue.fields import is_figure
    from stickgen.cli.runs_table import shown, table

    values = [[entry.value(name, best=best, smoothed=smoothed) for name in names] for entry in rows]
    cells = [[shown(name, value) for name, value in zip(names, row, strict=True)] for row in values]
    numeric = [any(isinstance(row[at], int | float) for row in values) for at in range(len(names))]
    words = " ".join(word for word, on in (("smoothed", smoothed), ("best", best)) if on)
    heads = [f"{name} ({words})" if words and is_figure(name) else name for name in names]
    if rows:
        for line in table(heads, cells, numeric):
            click.echo(line)


@click.command(
    "tag",
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},  # -shared has an h
    epilog="Example: stickgen runs tag latest +baseline -draft",
)
@click.argument("which")
@click.argument("changes", nargs=-1, metavar="[+TAG|-TAG]…")
@JSON
@click.pass_obj
def tag(root: Path, which: str, changes: tuple[str, ...], as_json: bool) -> None:
    """Give a run tags, or take them off; without any, show them."""
    from stickgen.runs.labels import change_tags, read_labels
    from stickgen.runs.store import find_run

    run = find_run(which, root)
    for change in changes:
        if change[:1] not in "+-" or not change[1:]:
            raise StickgenError(
                f"{clean(change, single_line=True)!r}: write +TAG to give it, -TAG to take it off"
            )
    add = [change[1:] for change in changes if change[0] == "+"]
    remove = [change[1:] for change in changes if change[0] == "-"]
    labels = change_tags(run, add=add, remove=remove) if changes else read_labels(run)
    if as_json:
        print_json("runs.labels", {"name": run.name, "tags": labels.tags, "note": labels.note})
        return
    click.echo(
        f"{clean(run.name, single_line=True)}: {clean(' '.join(labels.tags), single_line=True) or 'no tags'}"
    )


@click.command("note", epilog="Example: stickgen runs note latest 'the left hand lags'")
@click.argument("which")
@click.argument("text", required=False)
@JSON
@click.pass_obj
def note(root: Path, which: str, text: str | None, as_json: bool) -> None:
    """Write a note to a run in the place of the one before; without TEXT, show it. "" takes it off."""
    from stickgen.runs.labels import read_labels, write_note
    from stickgen.runs.store import find_run

    run = find_run(which, root)
    labels = read_labels(run) if text is None else write_note(run, text)
    if as_json:
        print_json("runs.labels", {"name": run.name, "tags": labels.tags, "note": labels.note})
        return
    click.echo(f"{clean(run.name, single_line=True)}: {clean(labels.note) or 'no note'}")


@click.command("diff", epilog="Example: stickgen runs diff calm-otter brisk-fox")
@click.argument("which", nargs=-1, required=True)
@JSON
@click.pass_obj
def diff(root: Path, which: tuple[str, ...], as_json: bool) -> None:
    """Only the keys in which runs differ, beside the last and best figures of each."""
    from stickgen.catalogue.catalogue import Catalogue
    from stickgen.catalogue.differing import differing, letter, measured
    from stickgen.cli.runs_table import shown, table
    from stickgen.runs.store import find_run

    runs = list({run.path: run for run in (find_run(one, root) for one in which)}.values())
    if len(runs) < 2:
        raise StickgenError("name two runs or more; what differs is a matter of several")
    catalogue = Catalogue(root)
    entries = [catalogue.entry(run) for run in runs]
    keys, figures = differing(entries), measured(entries)
    if as_json:
        body = {
            "runs": [entry.run.name for entry in entries],
            "differ": {row.name: list(row.values) for row in keys},
            "last": {row.name: [f.last if f else None for f in row.values] for row in figures},
            "best": {row.name: [f.best if f else None for f in row.values] for row in figures},
            "best_step": {row.name: [f.best_step if f else None for f in row.values] for row in figures},
        }
        print_json("runs.diff", body)
        return
    letters = [letter(at) for at in range(len(entries))]
    for mark, entry in zip(letters, entries, strict=True):
        tags = "".join(f"  #{one}" for one in entry.labels.tags)
        click.echo(f"{mark}  {clean(entry.run.name, single_line=True)}  {entry.state.status}{clean(tags)}")
    click.echo()
    rows = [[clean(row.name), *(shown(row.name, value) for value in row.values)] for row in keys]
    figure_rows = [
        [clean(row.name), *("–" if f is None else f"{shown(row.name, f.last)} (best {shown(row.name, f.best)})" for f in row.values)]
        for row in figures
    ]  # fmt: skip
    numeric = [False, *[True] * len(entries)]
    for line in table(["key", *letters], rows, numeric) if rows else ["no key differs"]:
        click.echo(line)
    click.echo()
    for line in (
        table(["figure", *letters], figure_rows, numeric) if figure_rows else ["nothing measured yet"]
    ):
        click.echo(line)


@click.command("fork", epilog="Example: stickgen runs fork calm-otter -o configs/longer.yaml")
@click.argument("which")
@click.option("-o", "output", metavar="FILE", required=True, help="The config to write.")
@FORCE
@JSON
@click.pass_obj
def fork(root: Path, which: str, output: str, force: bool, as_json: bool) -> None:
    """Write the config of a run as a new file to start from: its very bytes, with what was changed while it trained."""
    from stickgen.catalogue.forking import fork_config
    from stickgen.runs.store import find_run

    run = find_run(which, root)
    made = fork_config(run, Path(output), force=force)
    say_kept(made.kept)
    if made.changed:
        say_note(f"{', '.join(made.changed)}: as changed while it trained")
    if as_json:
        print_json("runs.fork", {"name": run.name, "path": output, "changed": made.changed})
        return
    click.echo(f"{clean(output)}: the config of {clean(run.name, single_line=True)}")


@click.command("export", epilog="Example: stickgen runs export latest --csv -o metrics.csv")
@click.argument("which")
@click.option("--csv", "form", flag_value="csv", help="A table, a line a record.")
@click.option("--json", "form", flag_value="json", help="The run with config, labels and records.")
@click.option("--tensorboard", "form", flag_value="tensorboard", help="Event files, in a new folder.")
@click.option("-o", "output", metavar="FILE", required=True, help="The file, or folder of event files.")
@FORCE
@click.pass_obj
def export(root: Path, which: str, form: str | None, output: str, force: bool) -> None:
    """Write the metrics of a run for other programs; what a resumed run did again stands there once."""
    from stickgen.catalogue.catalogue import Catalogue
    from stickgen.catalogue.exporting import export_run
    from stickgen.runs.store import find_run

    run = find_run(which, root)
    count = export_run(Catalogue(root).entry(run), Path(output), form, force=force)
    click.echo(f"{clean(output)}: {counted(count, 'record')} of {clean(run.name, single_line=True)}")


@click.command("prune", epilog="Example: stickgen runs prune --all --keep 1")
@click.argument("which", required=False)
@click.option("--all", "every", is_flag=True, help="Every run that is not going.")
@click.option("--keep", type=click.IntRange(0), default=1, show_default=True, help="The newest so many.")
@click.option("--keep-best/--drop-best", default=True, show_default=True, help="The best by validation, too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@JSON
@click.pass_obj
def prune(
    root: Path, which: str | None, every: bool, keep: int, keep_best: bool, yes: bool, as_json: bool
) -> None:
    """Remove checkpoints and keep the newest and the best; nothing else of a run is touched."""
    from stickgen.runs.pruning import carry_out

    if bool(which) == every:
        raise StickgenError("name a run, or --all for every run that is not going")
    plans = _plans(root, which, keep, keep_best)
    for plan in plans:
        without = "" if plan.kept else "; it cannot be resumed after that"
        click.echo(  # before the question
            f"{clean(plan.run.name, single_line=True)}: {counted(len(plan.removed), 'checkpoint')} of "
            f"{byte_text(plan.bytes)}, {len(plan.kept)} stay{without}",
            err=as_json,
        )
    if not plans and not as_json:
        click.echo("there is nothing to remove")
        return
    total = sum(plan.bytes for plan in plans)
    count = sum(len(plan.removed) for plan in plans)
    if not yes and plans:
        click.confirm(f"remove {counted(count, 'checkpoint')}, {byte_text(total)}?", abort=True, err=as_json)
    freed = sum(carry_out(plan) for plan in plans)
    if as_json:
        removed = [
            {"name": plan.run.name, "removed": len(plan.removed), "kept": len(plan.kept)} for plan in plans
        ]
        print_json("runs.prune", {"runs": removed, "freed_bytes": freed})
        return
    click.echo(f"{byte_text(freed)} freed")


def _plans(root: Path, which: str | None, keep: int, keep_best: bool) -> list[Pruning]:
    from stickgen.runs.pruning import plan_pruning
    from stickgen.runs.store import find_run, list_runs

    if which:
        found = [plan_pruning(find_run(which, root), keep=keep, keep_best=keep_best)]
    else:
        found = []
        for run in list_runs(root):
            try:
                found.append(plan_pruning(run, keep=keep, keep_best=keep_best))
            except StickgenError as error:
                say_note(error)
    return [plan for plan in found if plan.removed]


COMMANDS = (list_, tag, note, diff, fork, export, prune)
