"""`stickgen evaluate`: is the motion any good, and does it do what the text says?"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stickgen.cli.options import ENCODER, JSON, RUNS
from stickgen.cli.output import FORCE, print_json, say_note
from stickgen.cli.progress import shown_progress
from stickgen.errors import StickgenError
from stickgen.text import clean

if TYPE_CHECKING:
    from torch import Tensor

    from stickgen.data.dataset import DatasetFile
    from stickgen.data.embed import EncodedTexts, Encoder
    from stickgen.evaluate.comparison import Comparison, Model
    from stickgen.evaluate.contrast import ContrastResult
    from stickgen.evaluate.evaluator import Evaluator
    from stickgen.generate.from_run import Generator


@click.command(
    "evaluate",
    epilog="Examples: stickgen evaluate latest --report motion.html   "
    "stickgen evaluate brisk-heron calm-otter   stickgen evaluate runs/mine/checkpoints/step_00000680 --json",
)
@click.argument("run_name", metavar="RUN_OR_CHECKPOINT")
@click.argument("other_name", metavar="[SECOND]", required=False)
@click.option(
    "--data", metavar="FILE", help="The dataset that judges (default: the one of the run's training)."
)
@click.option("--report", metavar="FILE", help="Also write an HTML page, with contact sheets.")
@JSON
@click.option(
    "--clips", type=click.IntRange(16, 256), default=200, show_default=True, help="Held-out texts, at most."
)
@click.option(
    "--repeats", type=click.IntRange(1, 20), default=3, show_default=True, help="Motions drawn for each text."
)
@click.option(
    "--contrast/--no-contrast", default=True, help="Also ask for left and right, fast and slow, counts…"
)
@ENCODER
@RUNS
@FORCE
def command(
    run_name: str,
    other_name: str | None,
    data: str | None,
    report: str | None,
    as_json: bool,
    clips: int,
    repeats: int,
    contrast: bool,
    encoder: str | None,
    runs: str | None,
    force: bool,
) -> None:
    """Measure a trained model's motion against real motion.

    The judge is trained on the dataset's training clips the first time, and kept. Every figure has proved on
    damaged real motion that it sees what it claims to see. With a second run, the two are compared, text by text.
    """
    from stickgen.data.dataset import open_dataset
    from stickgen.data.encoder_folder import encoder_of_run
    from stickgen.datasets.file_checks import check_embedding_width
    from stickgen.evaluate.admission import admit
    from stickgen.evaluate.comparison import compare
    from stickgen.evaluate.evaluator import load_or_train
    from stickgen.evaluate.report import html_report
    from stickgen.outputs import REPORT, Output

    place = Output(Path(report), REPORT, force=force) if report is not None else None
    generators = {name: generator_of(name, runs) for name in (run_name, other_name) if name is not None}
    if other_name == run_name:
        raise StickgenError(f"{clean(run_name)} twice: name two different runs or checkpoints")
    first = next(iter(generators.values()))
    file = open_dataset(data) if data is not None else first.dataset
    if file is None:
        raise StickgenError(
            f"{clean(run_name)}: the dataset that it was trained on is not where it was; name one with --data"
        )
    for generator in generators.values():  # before anything is trained that could then not be used
        check_embedding_width(file.path, file.embedding_dim, generator.config.model.embedding_dim)
        if contrast:
            encoder_of_run(generator.config.data.encoder, encoder)
    frames = min(int(generator.config.data.max_frames) for generator in generators.values())
    judge = load_or_train(
        file,
        frames=frames,
        val_fraction=float(first.config.training.val_fraction),
        clips=clips,
        stage=shown_progress,
    )
    admission = admit(judge, shown_progress)
    models = [
        drawn(name, generator, judge, repeats, encoder if contrast else None, contrast)
        for name, generator in generators.items()
    ]
    with shown_progress("measuring") as progress:
        comparison = compare(judge, admission, models, progress)
    if as_json:
        print_json("evaluate", comparison.as_dict())
    else:
        show(comparison)
    if place is not None:
        from stickgen.atomic import write_text

        page = html_report(comparison)
        place.make_way()
        try:
            write_text(place.path, page)
        except OSError as error:
            raise StickgenError(
                f"{place.path}: the report could not be written ({error.strerror or error})"
            ) from error
        click.echo(f"report: {clean(report)}", err=as_json)


def generator_of(name: str, runs: str | None) -> Generator:
    """The model of a run (its newest checkpoint) or of a checkpoint's folder."""
    from stickgen.generate.from_run import Generator
    from stickgen.runs.store import Run, find_run, runs_root
    from stickgen.train.checkpoints.checkpoint import MANIFEST, verify_checkpoint

    path = Path(name)
    if (path / MANIFEST).is_file():
        run = Run(path.absolute().parent.parent)
        return Generator.of_checkpoint(verify_checkpoint(path), run if run.identity else None)
    return Generator.of_run(find_run(name, Path(runs) if runs else runs_root()))


def drawn(
    name: str, generator: Generator, judge: Evaluator, repeats: int, encoder: str | None, contrast: bool
) -> Model:
    """The model's motions for the held-out texts, and for the contrasts."""
    from stickgen.evaluate.comparison import Model, asked_frames

    texts, frames = [prompt.text for prompt in judge.prompts], asked_frames(judge)
    embed = _embedder(generator, judge.split.file, encoder)
    embeddings = _opposed(texts, embed)
    label = clean(name, single_line=True)
    with shown_progress(f"drawing with {label}") as progress:
        drawn = [
            generator.draw_many(
                embeddings,
                frames,
                seed,
                lambda done, seed=seed: progress(seed * len(texts) + done, repeats * len(texts)),  # type: ignore[misc]
            )
            for seed in range(repeats)
        ]
    return Model(label, drawn, _contrast(label, generator, judge, embed) if contrast else None)


def _opposed(texts: list[str], embed: Callable[[list[str]], EncodedTexts]) -> EncodedTexts:
    """The texts and their opposites; without these if the dataset knows the texts and no encoder is here for more."""
    from stickgen.data.embed import with_opposites

    try:
        return with_opposites(texts, embed)
    except StickgenError as error:
        known = embed(texts)  # says what is wrong if that is about the texts themselves
        say_note(f"no text is steered away from its opposite: {error}")
        return known


def _contrast(
    label: str, generator: Generator, judge: Evaluator, embed: Callable[[list[str]], EncodedTexts]
) -> ContrastResult | None:
    from stickgen.data.embed import with_opposites
    from stickgen.evaluate.contrast import AXES, evaluate, groups_for

    file = judge.split.file
    actions = [name for name in file.frames_by_action() if name]
    frames = judge.split.frames
    groups = [group for axis in AXES for group in groups_for(axis, actions=actions, max_frames=frames)]
    total = sum(len(group.sides) for group in groups)
    if not total:
        return None
    begun = 0
    with shown_progress(f"contrasts with {label}") as progress:

        def draw(texts: list[str], lengths: list[int], seed: int) -> list[Tensor]:
            nonlocal begun
            motions = generator.draw_many(
                with_opposites(texts, embed), lengths, seed, lambda done: progress(begun + done, total)
            )
            begun += len(texts)
            return motions

        return evaluate(draw, actions=actions, max_frames=frames)


def _embedder(
    generator: Generator, file: DatasetFile, chosen: str | None
) -> Callable[[list[str]], EncodedTexts]:
    """A function from texts to embeddings: the dataset's if it has the text, else the encoder's, loaded once."""
    import torch

    from stickgen.data.embed import EncodedTexts, load_encoder, read_texts
    from stickgen.data.encoder_folder import encoder_of_run

    width = generator.config.model.embedding_dim
    rows = {text: row for row, text in enumerate(file.content["texts"])}
    if generator.normaliser.knows_words and file.content.get("word_embeddings") is None:
        rows = {}  # the model wants the texts' tokens too
    known: dict[str, tuple[Tensor, Tensor]] = {}

    @cache
    def encoder() -> Encoder:
        loaded = load_encoder(encoder_of_run(generator.config.data.encoder, chosen))
        if loaded.dim != width:
            raise StickgenError(
                f"the text encoder's embeddings have {loaded.dim} numbers, but the model expects {width}; "
                "use the encoder that embedded its dataset: --encoder"
            )
        return loaded

    def embed(texts: list[str]) -> EncodedTexts:
        missing = sorted({text for text in texts if text not in rows and text not in known})
        if missing:
            read = read_texts(missing, encoder(), note=say_note)
            known.update(zip(missing, zip(read.vectors, read.words, strict=True), strict=True))
        both = [known[text] if text in known else stored(rows[text]) for text in texts]
        return EncodedTexts(torch.stack([vector for vector, _ in both]), [words for _, words in both])

    def stored(row: int) -> tuple[Tensor, Tensor]:
        words = file.words(row)
        return file.content["embeddings"][row].float(), torch.zeros(0, width) if words is None else words

    return embed


def show(comparison: Comparison) -> None:
    """The tables, for a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from stickgen.evaluate.comparison import OTHER_HALF, REAL, shown
    from stickgen.evaluate.figures import AS_REAL, FIGURE, HIGHER

    console = Console(highlight=False)
    judge = comparison.evaluator
    pool = f", retrieval in pools of {judge.pools.size}" if judge.pools else ""
    console.print(
        Text(
            f"{len(judge.prompts)} held-out texts of {clean(judge.split.file.path)}, windows of {judge.split.frames} "
            f"frames{pool}; evaluator {judge.digest[:12]}"
        )
    )
    models = {model.name for model in comparison.models}
    signs = {AS_REAL: "=", HIGHER: "↑"}
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    systems = [system for system in comparison.values if system != OTHER_HALF]
    for system in systems:
        table.add_column(Text(system), justify="right", style="bold" if system in models else "")
    for figure in comparison.figures:
        cells = []
        for system in systems:
            value = comparison.values[system].get(figure.key)
            if system == REAL and value is None:
                value = comparison.values[OTHER_HALF].get(figure.key)
            text = shown(figure, value.value) if value else "–"
            if value and system in models:
                low, high = value.interval
                text += f" ±{shown(figure, (high - low) / 2)}"
            cells.append(Text(text))
        table.add_row(Text(f"{signs.get(figure.better, '↓')} {figure.name}"), *cells)
    console.print(table)
    console.print(
        Text(
            "↑ higher is better, ↓ lower is better, = the nearer to real the better; ± half of the 95 % interval. "
            "KID, FID and W1 of real: one half of the texts against the other."
        ),
        style="dim",
    )
    for key, why in comparison.admission.refused.items():
        console.print(Text(f"not reported: {FIGURE[key].name}: {why}"), style="dim")
    for model in comparison.models:
        if model.contrast is not None:
            console.print(_contrast_table(model.name, model.contrast))
        copied = comparison.copies[model.name]
        if copied:
            console.print(
                Text(
                    f"{model.name}: {len(copied)} texts drawn as copies of training clips, such as {clean(copied[0].text)}"
                )
            )
    _show_differences(comparison, console)


def _contrast_table(name: str, contrast: ContrastResult) -> object:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in (f"contrasts of {name}", "right", "95 %", "of", "chance"):
        table.add_column(Text(column), justify="left" if column.startswith("contrasts") else "right")
    for row in contrast.rows:
        table.add_row(
            row.name, f"{row.share:.0%}", f"{row.low:.0%} … {row.high:.0%}", str(row.n), f"{row.chance:.0%}"
        )
    return table


def _show_differences(comparison: Comparison, console: object) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from stickgen.evaluate.comparison import shown

    pairs = comparison.pairs()
    if not pairs:
        return
    assert isinstance(console, Console)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("first less second", "difference", "p", "better, at p < 0.01"):
        table.add_column(column, justify="left" if column.startswith(("first", "better")) else "right")
    for pair in pairs:
        better = "no difference" if pair.better is None else comparison.models[pair.better].name
        table.add_row(Text(pair.figure.name), shown(pair.figure, pair.apart), f"{pair.p:.3f}", Text(better))
    console.print(table)
