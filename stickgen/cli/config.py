"""`stickgen config`: check, show, compare and edit a training config."""

from __future__ import annotations

import json
import re
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stickgen.cli.edited_config import ELSEWHERE, PROTECTED, Place, place_for, say_lost
from stickgen.cli.options import JSON, OVERRIDES
from stickgen.cli.output import FORCE, print_json
from stickgen.errors import StickgenError
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.config.checking import Problem
    from stickgen.config.rules import Severity, Site
    from stickgen.yaml_edit import Document


@click.group("config")
def command() -> None:
    """Check, show, compare and edit training configs."""


@command.command("check", epilog="Example: stickgen config check configs/medium.yaml")
@click.argument("path")
@click.option("--anywhere", is_flag=True, help="Leave out what depends on this machine and its dataset.")
@click.option("--data-path", "--data_path", metavar="FILE", help="The dataset, as for stickgen train.")
@JSON
def check_(path: str, anywhere: bool, data_path: str | None, as_json: bool) -> None:
    """Say everything that is wrong with a config; exit code 2 if `stickgen train` would refuse it here."""
    from stickgen.config.checking import check
    from stickgen.yaml_edit import Document

    document = Document.open(path)
    problems = check(document, None if anywhere else _site(document, data_path), infos=True)
    if not anywhere and not any(problem.severity == "error" for problem in problems):
        problems += _launch_problems(document, data_path)
    if as_json:
        print_json("config.check", {"problems": problems})
    for problem in problems if not as_json else []:
        click.echo(f"{problem.severity}: {clean(problem.sentence(path))}")
        if problem.fixable and problem.severity != "info":
            click.echo(f"    stickgen config {_fix(problem, path)}")
    if any(problem.severity == "error" for problem in problems):
        sys.exit(2)
    if not as_json:
        wrong = [problem for problem in problems if problem.severity != "info"]
        click.echo(f"{clean(path)}: usable" if wrong else f"{clean(path)}: fine")


@command.command("show", epilog="Example: stickgen config show configs/medium.yaml --json")
@click.argument("path", required=False)
@OVERRIDES
@JSON
def show(path: str | None, overrides: tuple[str, ...], as_json: bool) -> None:
    """Show every value in force and where it comes from (default: the shipped medium config).

    The JSON has each key by its path, the keys that the file leaves out under `missing`, and those that have no
    effect under `unknown`.
    """
    from stickgen.config.loading import TrainingConfig, parse_override
    from stickgen.config.schema import KEYS

    given = dict(parse_override(text) for text in overrides)
    config = TrainingConfig(path, given)
    if as_json:
        values = {key.path: config.get(key.path) for key in KEYS}
        print_json("config.show", {**values, "missing": config.missing, "unknown": config.unknown})
        return
    for key in KEYS:
        origin = "--set" if key.path in given else "default" if key.path in config.missing else "file"
        value = clean(config.get(key.path), single_line=True)
        if origin != "default" and config.get(key.path) == key.default:
            origin += ", as the default"
        click.echo(f"{key.path:<30} {value:<45} {origin}")
    for unknown in config.unknown:
        click.echo(f"{clean(unknown, single_line=True):<30} {'':<45} unknown: kept, no effect")
    click.echo(f"effective batch {config.effective_batch}")
    for problem in config.warnings:
        click.echo(f"warning: {clean(problem.sentence(config.name))}")


@command.command("set", epilog="Example: stickgen config set configs/custom.yaml training.batch_size=4")
@click.argument("path")
@click.argument("assignments", nargs=-1, required=True, metavar="KEY=VALUE...")
@ELSEWHERE
@click.option("--dry-run", is_flag=True, help="Show the difference and write nothing.")
@PROTECTED
@JSON
def set_(
    path: str, assignments: tuple[str, ...], output: str | None, dry_run: bool, force: bool, as_json: bool
) -> None:
    """Change values in a config and keep every other byte of it.

    A key that the config does not have is added; one that stickgen does not know must be there already.
    """
    from stickgen.yaml_edit import MISSING, Document

    place = None if dry_run else place_for(path, output, force)
    document = Document.open(path)
    changes: list[dict[str, Any]] = []
    for assignment in assignments:
        key, value = _assignment(document, assignment)
        before = document.get(key)
        also = document.set(key, value)
        changes.append({"key": key, "was": _plain(before), "is": value, "also": also})
        if as_json:
            continue
        was = "not there" if before is MISSING else _text(before)
        click.echo(f"{clean(key, single_line=True)}: {clean(was, single_line=True)} → {clean(_text(value))}")
        if also:
            click.echo(f"    and with it, through its anchor: {clean(', '.join(also), single_line=True)}")
    _finish(document, place, changes if as_json else None)


@command.command("unset", epilog="Example: stickgen config unset configs/custom.yaml training.seed")
@click.argument("path")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@ELSEWHERE
@click.option("--dry-run", is_flag=True, help="Show the difference and write nothing.")
@PROTECTED
@JSON
def unset(
    path: str, keys: tuple[str, ...], output: str | None, dry_run: bool, force: bool, as_json: bool
) -> None:
    """Take keys or whole sections out of a config; they then have their defaults."""
    from stickgen.config.schema import KEY_BY_PATH
    from stickgen.yaml_edit import Document

    place = None if dry_run else place_for(path, output, force)
    document = Document.open(path)
    changes: list[dict[str, Any]] = []
    for key in keys:
        changes.append({"key": key, "was": _plain(document.get(key)), "is": None})
        document.delete(key)
        if as_json:
            continue
        known = KEY_BY_PATH.get(key)
        now = f", now the default {_text(known.default)}" if known is not None else ""
        click.echo(f"{clean(key, single_line=True)}: taken out{clean(now)}")
    _finish(document, place, changes if as_json else None)


@command.command("rename", epilog="Example: stickgen config rename my.yaml training.batch_sise batch_size")
@click.argument("path")
@click.argument("key")
@click.argument("name")
@ELSEWHERE
@click.option("--dry-run", is_flag=True, help="Show the difference and write nothing.")
@PROTECTED
@JSON
def rename(
    path: str, key: str, name: str, output: str | None, dry_run: bool, force: bool, as_json: bool
) -> None:
    """Give a key or a section another name; its value, its place and its comment stay."""
    from stickgen.yaml_edit import Document

    place = None if dry_run else place_for(path, output, force)
    document = Document.open(path)
    value = _plain(document.get(key))
    document.rename(key, name)
    if not as_json:
        click.echo(f"{clean(key, single_line=True)}: now named {clean(name, single_line=True)}")
    change = {"key": key, "was": value, "is": value, "renamed_to": name}
    _finish(document, place, [change] if as_json else None)


@command.command(
    "diff",
    epilog="Examples: stickgen config diff my.yaml --preset medium   stickgen config diff my.yaml --run latest",
)
@click.argument("path")
@click.argument("other", required=False)
@click.option("--preset", metavar="NAME", help="Compare with a shipped config.")
@click.option(
    "--run", "run_name", metavar="RUN", help="Compare with the config of a run, or of the `latest`."
)
@click.option("--disk", is_flag=True, help="Compare edits that a killed editor left with the file on disk.")
@click.option("--text", is_flag=True, help="Compare the lines instead of the values.")
@JSON
def diff(
    path: str,
    other: str | None,
    preset: str | None,
    run_name: str | None,
    disk: bool,
    text: bool,
    as_json: bool,
) -> None:
    """Show in which values a config differs from another one (default: from the defaults).

    `-` is the other's value, `+` that of the config. Exit code 0 in either case.
    """
    from stickgen.config.comparing import differences
    from stickgen.yaml_edit import Document, text_diff

    if sum((other is not None, preset is not None, run_name is not None, disk)) > 1:
        raise StickgenError("name one thing to compare with: another file, --preset, --run or --disk")
    document = _draft(path) if disk else Document.open(path)
    reference, name = _reference(path, other, preset, run_name, disk)
    if text:
        for line in text_diff(reference.data, document.data, context=3):
            click.echo(clean(line))
        return
    found = differences(document, reference)
    if as_json:
        listed = [{"path": d.path, "value": _plain(d.here), "other": _plain(d.there)} for d in found]
        print_json("config.diff", {"differences": listed})
        return
    for difference in found:
        click.echo(clean(difference.path, single_line=True))
        click.echo(f"  - {clean(_text(difference.there), single_line=True)}")
        click.echo(f"  + {clean(_text(difference.here), single_line=True)}")
    if not found:
        click.echo(f"{clean(path)} means the same as {clean(name)}")


@command.command("schema", epilog="Example: stickgen config schema -o configs/schema.json")
@click.option("-o", "--output", metavar="FILE", help="Write it here instead of to the terminal.")
@FORCE
def schema(output: str | None, force: bool) -> None:
    """Print the keys as a JSON Schema, for editors that complete and check YAML.

    A config that begins with `# yaml-language-server: $schema=PATH` is completed and checked by it.
    """
    from stickgen.atomic import write_text
    from stickgen.config.json_schema import json_schema
    from stickgen.outputs import SCHEMA, Output

    place = Output(Path(output), SCHEMA, force=force) if output is not None else None
    text = json.dumps(json_schema(), indent=1, ensure_ascii=False)
    if place is None:
        click.echo(text)
        return
    try:
        place.make_way()
        write_text(place.path, text + "\n")
    except OSError as error:
        raise StickgenError(f"{output}: cannot be written ({error.strerror})") from error


@command.command("fmt-check", epilog="Example: stickgen config fmt-check --fix my.yaml")
@click.argument("paths", nargs=-1, required=True, metavar="FILE...")
@click.option("--fix", is_flag=True, help="Write those places anew, and keep every other byte.")
@PROTECTED
@JSON
def fmt_check(paths: tuple[str, ...], fix: bool, force: bool, as_json: bool) -> None:
    """Find what other YAML readers read differently: 1e-4, on, 017, 12:30, keys that are there twice.

    Exit code 2 if there is something and it was not fixed.
    """
    from stickgen.atomic import WriteProtectedError, replacing
    from stickgen.config.presets import refuse_shipped
    from stickgen.config.schema import is_truth
    from stickgen.yaml_edit import check_conflict, findings, fixed, read_yaml_file

    left, listed = 0, []
    for path in map(Path, paths):
        if fix:
            refuse_shipped(path, instead="copy it first")
        data = read_yaml_file(path)
        found = findings(data, str(path), is_truth)
        listed += [{"file": str(path), **asdict(finding)} for finding in found]
        if fix and found:
            better, lost = fixed(data, str(path), is_truth), list[str]()
            try:
                with replacing(path, force=force, lost=lost) as file:
                    file.write(better)
                    check_conflict(path, better, data)
            except WriteProtectedError as error:
                raise StickgenError(f"{path}: {error.strerror}; --force writes it all the same") from error
            except OSError as error:
                raise StickgenError(f"{path}: cannot be written ({error.strerror})") from error
            say_lost(str(path), lost)
        else:
            left += len(found)
        for finding in found if not as_json else []:
            click.echo(f"{'fixed: ' if fix else ''}{clean(finding.sentence(str(path)), single_line=True)}")
        if not found and not as_json:
            click.echo(f"{clean(path)}: every reader reads it alike")
    if as_json:
        print_json("config.fmt-check", {"findings": listed, "fixed": fix})
    if left:
        sys.exit(2)


def _fix(problem: Problem, path: str) -> str:
    """What makes a problem's edit, behind `stickgen config`."""
    from stickgen.yaml_edit import path_text

    if problem.edit is None:
        words = ["rename", path, path_text(problem.parts), str(problem.rename)]
    else:
        key, value = problem.edit
        words = ["set", path, f"{key}={_text(value)}"]
    return clean(shlex.join(words), single_line=True)


def _site(document: Document, data_path: str | None) -> Site:
    """What is known at once of this machine and of the config's dataset; torch is not asked."""
    from stickgen.config.chosen_dataset import dataset_path
    from stickgen.config.loading import TrainingConfig
    from stickgen.datasets.facts import read_dataset_facts
    from stickgen.hardware.machine import local_machine_fast
    from stickgen.planner.site import site_of

    try:
        facts = read_dataset_facts(dataset_path(TrainingConfig.from_document(document).get, data_path))
    except StickgenError:  # the problems of the config itself come first
        facts = None
    return site_of(local_machine_fast(), facts)


def _launch_problems(document: Document, data_path: str | None) -> list[Problem]:
    """What `stickgen train` would refuse or warn of here, beside the config's own problems."""
    from stickgen.config.checking import Problem
    from stickgen.config.chosen_dataset import dataset_key, dataset_path
    from stickgen.config.loading import TrainingConfig
    from stickgen.config.problem_codes import Code
    from stickgen.hardware.machine import local_machine_fast
    from stickgen.planner.launch_check import check_launch
    from stickgen.runs.store import runs_root
    from stickgen.yaml_edit import line_and_column

    config = TrainingConfig.from_document(document)
    found = check_launch(
        config, local_machine_fast(), dataset_path(config.get, data_path), runs_root(),
        starts_from_weights=True,  # that lora.enabled needs --init-from is said below: it is no fault of a config
    )  # fmt: skip
    told: list[tuple[Code, Severity, str, str]] = []
    for refusal in found.refusals:
        words = str(refusal)
        about = "logging.tracker" if words.startswith("logging.tracker") else dataset_key(config.get)
        told.append((Code.REFUSED, "error", about, words))
    told += [
        (Code.OVER_BUDGET, "error", "training", sentence + "; --force launches it all the same")
        for sentence in found.budget
    ]
    told += [(Code.TIGHT, "warning", "training", sentence) for sentence in found.warnings]
    told += [(Code.DATASET_DOUBT, "warning", dataset_key(config.get), sentence) for sentence in found.doubts]
    if config.lora.enabled:
        told.append(
            (
                Code.NEEDS_WEIGHTS,
                "info",
                "lora.enabled",
                "it trains beside the weights of another run; launch it with --init-from",
            )
        )
    problems = []
    for code, severity, key, words in told:
        node = document.node(key)
        line, column = line_and_column(document.text, node.start if node else 0)
        message, _, fix = words.partition("; ")
        problems.append(
            Problem(code, severity, key, line, column, None, message, fix or "see stickgen train --help")
        )
    return problems


def _assignment(document: Document, text: str) -> tuple[str, bool | int | float | str | None]:
    """`key=value`; of a key that the schema does not have, what the value reads as: text if it stands in quotes."""
    from stickgen.config.loading import parse_override
    from stickgen.config.schema import KEY_BY_PARTS
    from stickgen.yaml_edit import path_of

    quoted = re.match(r'\s*(?:"(?:[^"\\]|\\.)*"|[^"=])+?\s*(?==)', text)  # a `=` in quotes is part of the key
    key = quoted.group().strip() if quoted else text.partition("=")[0].strip()
    written = text[quoted.end() + 1 :] if quoted else ""
    if quoted and path_of(key) not in KEY_BY_PARTS and document.node(key) is not None:
        return key, document.typed(key, written)
    return parse_override(text)


def _finish(document: Document, place: Place | None, changes: list[dict[str, Any]] | None = None) -> None:
    """Write the edited config, or, without a place, show what would change; `changes` are for --json."""
    from stickgen.config.checking import check
    from stickgen.yaml_edit import text_diff

    if place is not None:
        place.write(document)
    if changes is not None:
        print_json("config.edit", {"path": document.name, "written": place is not None, "changes": changes})
    elif place is None:
        for line in text_diff(document.saved_data, document.data):
            click.echo(clean(line))
    if place is None:
        return
    for problem in check(document):
        if problem.severity == "error":
            click.echo(f"error: {clean(problem.sentence(document.name))}", err=True)


def _draft(path: str) -> Document:
    from stickgen.config import drafts
    from stickgen.yaml_edit import Document

    draft = drafts.find(path)
    if draft is None:
        raise StickgenError(f"{path}: no edits were left behind that are not in the file")
    return Document.parse(draft.data, path)


def _reference(
    path: str, other: str | None, preset: str | None, run_name: str | None, disk: bool
) -> tuple[Document, str]:
    """What to compare with, and how to name it."""
    from stickgen.config.presets import preset_path
    from stickgen.runs.store import find_run, runs_root
    from stickgen.yaml_edit import Document

    if other is not None:
        return Document.open(other), other
    if preset is not None:
        return Document.open(preset_path(preset)), f"the preset {preset}"
    if run_name is not None:
        run = find_run(run_name, runs_root())
        from stickgen.runs.live import read_changes, values_at

        document, config = Document.open(run.config_path), run.config()
        live = values_at(config, read_changes(run), None)
        for key, value in live.items():
            document.set(key, value)
        return document, f"the config of {run.reference}" + (" with its live changes" if live else "")
    if disk:
        return Document.open(path), "the file on disk"
    return Document.parse(b"", "defaults"), "the defaults"


def _text(value: object) -> str:
    from stickgen.yaml_edit import MISSING, format_value

    if value is MISSING or isinstance(value, str):
        return "not there" if value is MISSING else str(value)
    return format_value(value) if isinstance(value, bool | int | float) else "nothing"


def _plain(value: object) -> object:
    from stickgen.yaml_edit import MISSING

    return None if value is MISSING else value
