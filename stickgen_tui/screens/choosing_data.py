"""Which dataset a config trains on, asked where there is none yet: make one, import one, or take one that is here."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.content import Content

from stickgen.config.chosen_dataset import dataset_key
from stickgen_tui.datasets.catalogue import Found, find_datasets
from stickgen_tui.datasets.making import (
    OFFLINE,
    PRACTICE_CLIPS,
    PRACTICE_FILE,
    embed_command,
    import_command,
    practice_commands,
    usual_output,
)
from stickgen_tui.launching.preflight import shown_path
from stickgen_tui.screens.choice import ChoiceScreen
from stickgen_tui.screens.job import JobScreen
from stickgen_tui.screens.name import NameScreen
from stickgen_tui.text import clean, one_line
from stickgen_tui.tones import MUTED

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig
    from stickgen.config.settings import Edit

_PRACTICE, _IMPORT = "practice", "import"


@dataclass(frozen=True)
class Chosen:
    """A dataset to train on, and what makes the config train on it; `practice`: it is the one that was made up."""

    path: Path
    edits: tuple[Edit, ...]
    practice: bool


async def choose_dataset(app: App[Any], config: TrainingConfig, about: str) -> Chosen | None:
    """Ask, and make or import it with progress; None if it was left. `about` says why one is asked for.

    Call it from a worker. What fits the config stands first, so that Enter takes it.
    """
    found = await asyncio.to_thread(find_datasets)
    choices = _choices(found, config)
    answer = await app.push_screen_wait(
        ChoiceScreen("Which motion should it train on?", choices, about=about)
    )
    if not answer:
        return None
    if answer == _PRACTICE:
        path = await _made(app)
    elif answer == _IMPORT:
        path = await _imported(app)
    else:
        path = await _embedded(app, found[int(answer)])
    if path is None:
        return None
    dataset = next((one for one in await asyncio.to_thread(find_datasets, (path,)) if one.path == path), None)
    edits = edits_for(config, dataset) if dataset is not None else ()
    return Chosen(path, edits, answer == _PRACTICE)


def edits_for(config: TrainingConfig, dataset: Found) -> tuple[Edit, ...]:
    """What makes the config train on this dataset: where it lies, and how wide its embeddings are."""
    key = dataset_key(config.get)
    edits: list[Edit] = []
    if Path(str(config.get(key))).absolute() != dataset.path.absolute():
        edits.append((key, str(dataset.path)))
    facts = dataset.facts
    if facts is not None and facts.embedding_dim not in (None, config.model.embedding_dim):
        edits.append(("model.embedding_dim", facts.embedding_dim))
    if facts is not None and facts.encoder == OFFLINE and config.get("data.encoder") != OFFLINE:
        edits.append(("data.encoder", OFFLINE))
    return tuple(edits)


def _choices(found: list[Found], config: TrainingConfig) -> list[tuple[str, Content]]:
    """Those that fit, then to make or import one, then the others."""
    fitting: list[tuple[str, Content]] = []
    others: list[tuple[str, Content]] = []
    for number, dataset in enumerate(found):
        fits, note = fitness(dataset, config)
        place = fitting if fits else others
        place.append((str(number), one_line(shown_path(dataset.path)) + Content.styled(f"  {note}", MUTED)))
    made = any(dataset.path == Path(PRACTICE_FILE) for dataset in found)
    practice = (
        []
        if made
        else [
            (
                _PRACTICE,
                Content("Make a practice dataset")
                + Content.styled("  20 actions with captions, half a minute", MUTED),
            )
        ]
    )
    imported = (
        _IMPORT,
        Content("Import motion") + Content.styled("  from a folder, a zip archive or a file", MUTED),
    )
    return [*fitting, *practice, imported, *others]


def fitness(dataset: Found, config: TrainingConfig) -> tuple[bool, str]:
    """Whether a dataset fits the config as it stands, and a few words on it."""
    facts = dataset.facts
    if facts is None:
        return False, "nothing is known of it; the run would look"
    size = f"{facts.clips:,} clips"
    if facts.embedding_dim is None:
        return False, f"{size}, its captions are embedded first"
    if facts.embedding_dim != config.model.embedding_dim:
        return (
            False,
            f"{size}, fits with model.embedding_dim {config.model.embedding_dim} → {facts.embedding_dim}",
        )
    return True, f"{size}, fits"


async def _made(app: App[Any]) -> Path | None:
    path = Path(PRACTICE_FILE)
    synth, embed = practice_commands()
    steps = [
        (f"make {PRACTICE_CLIPS:,} clips of twenty actions, with captions", synth),
        ("embed the captions with the bundled encoder", embed),
    ]
    return path if await app.push_screen_wait(JobScreen("A practice dataset", steps)) else None


async def _imported(app: App[Any]) -> Path | None:
    named = await app.push_screen_wait(NameScreen("Import motion from a folder, zip or file", ""))
    if not named:
        return None
    source = Path(named).expanduser()
    output = await app.push_screen_wait(NameScreen("The dataset to write", usual_output(source)))
    if not output:
        return None
    encoder = await _encoder(app)
    if encoder is None:
        return None
    steps = [
        (f"import {clean(source, single_line=True, limit=50)}", import_command(source, output)),
        ("embed the captions", embed_command(output, encoder)),
    ]
    return Path(output) if await app.push_screen_wait(JobScreen("Import", steps)) else None


async def _embedded(app: App[Any], dataset: Found) -> Path | None:
    if dataset.facts is None or dataset.facts.embedding_dim is not None:
        return dataset.path
    encoder = await _encoder(app)
    if encoder is None:
        return None
    step = ("embed its captions", embed_command(str(dataset.path), encoder))
    return dataset.path if await app.push_screen_wait(JobScreen("Embed", [step])) else None


async def _encoder(app: App[Any]) -> str | None:
    """The encoder for the captions, "" for the usual one; None if it was left."""
    encoders = [
        (OFFLINE, "the bundled encoder: 384 wide, no download"),
        ("usual", "the usual one: 1024 wide, downloaded once"),
    ]
    answer = await app.push_screen_wait(ChoiceScreen("Embed the captions with", encoders))
    return None if not answer else OFFLINE if answer == OFFLINE else ""
