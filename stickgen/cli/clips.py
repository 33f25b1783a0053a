"""`stickgen data clips` and `stickgen data edit`: look at single clips, take some out, label them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stickgen.cli.options import JSON
from stickgen.cli.output import print_json_line, print_written, say_kept
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.data.dataset import DatasetFile


@click.command(
    "clips",
    epilog="Examples: stickgen data clips data/real.pt 0 17   seq 0 99 | stickgen data clips data/real.pt -",
)
@click.argument("path", metavar="DATASET")
@click.argument("numbers", nargs=-1, required=True, metavar="CLIP...")
def clips(path: str, numbers: tuple[str, ...]) -> None:
    """Print clips as JSON, a line each: captions, labels, where they are from, and the motion.

    CLIP counts from 0; - reads numbers from standard input and answers each at once.
    """
    from stickgen.curating.editing import check_clip
    from stickgen.curating.gathering import mirror_of
    from stickgen.data.dataset import open_dataset

    file = open_dataset(path)
    wanted: Iterable[str] = sys.stdin if numbers == ("-",) else numbers
    mirrors = mirror_of(file)
    for clip in _numbers(wanted):
        check_clip(file, clip)
        print_json_line("data.clip", {**_told(file, clip), "mirror_of": mirrors[clip]})
        sys.stdout.flush()


def _numbers(words: Iterable[str]) -> Iterator[int]:
    from stickgen.errors import StickgenError

    for word in words:
        try:
            yield int(word)
        except ValueError:
            raise StickgenError(
                f"CLIP {clean(word, single_line=True, limit=40)}: write the number of a clip, or -"
            ) from None


def _told(file: DatasetFile, clip: int) -> dict[str, Any]:
    """Everything that the dataset knows of a clip. `labels` are stretches of frames: [first, end, action]."""
    from stickgen.curating.gathering import actions_of, motion_of
    from stickgen.motion.skeleton import FPS

    content = file.content
    own = {
        name: content[name][clip]
        for name in ("source", "licence", "name", "subject", "view")
        if content.get(name)
    }
    numbers = {
        name: round(float(content[name][clip]), 4)
        for name in ("quality", "label_confidence")
        if content.get(name) is not None
    }
    labels: list[list[Any]] = []
    for frame, index in enumerate(actions_of(file, clip).tolist()):
        name = file.action_names[index] if index >= 0 else ""
        if labels and labels[-1][2] == name:
            labels[-1][1] = frame + 1
        else:
            labels.append([frame, frame + 1, name])
    return {
        "clip": clip, "clips": file.clips, "fps": FPS, "captions": file.captions(clip), "labels": labels, **own,
        **numbers, "motion": motion_of(file, clip).double().round(decimals=4).tolist(),
    }  # fmt: skip


@click.command(
    "edit", epilog="Example: stickgen data edit data/real.pt --drop 3,17 --label 5=walk --label 8="
)
@click.argument("path", metavar="DATASET")
@click.option("--drop", metavar="N,N,…", default="", help="Clips to take out, with their mirror images.")
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="N=ACTION",
    help="What a clip shows, in all its frames; N= for nothing.",
)
@JSON
def edit(path: str, drop: str, labels: tuple[str, ...], as_json: bool) -> None:
    """Take clips out of a dataset, or label them. The old file stays beside the new one."""
    from stickgen.curating.editing import edited
    from stickgen.curating.scratch import Scratch
    from stickgen.data.dataset import open_dataset, save_dataset
    from stickgen.data.older_layout import check_replaceable
    from stickgen.errors import StickgenError
    from stickgen.outputs import keep_backup

    file = open_dataset(path)
    check_replaceable(file, None, force=False)
    gone = list(_numbers(filter(None, drop.split(","))))
    named: dict[int, str] = {}
    for label in labels:
        number, equals, name = label.partition("=")
        if not equals:
            raise StickgenError(
                f"--label {clean(label, limit=60)}: write the number of a clip, =, and an action"
            )
        named[next(_numbers([number]))] = name.strip()
    if not gone and not named:
        raise StickgenError("nothing to do: name clips with --drop or --label")
    scratch = Scratch(Path(path).parent)
    content, dropped = edited(file, scratch, drop=gone, labels=named)
    say_kept(keep_backup(file.path))
    facts = save_dataset(file.path, content, scratch.resident()).facts()
    if as_json:
        print_written({path: facts}, {"dropped": len(dropped)})
        return
    click.echo(f"{clean(path)}: {facts.clips} clips, {len(dropped)} dropped, {len(named)} labelled")


COMMANDS = (clips, edit)
