"""stickgen from Python. The names in `__all__` are the public API; docs/python.md shows each at work.

Importing this loads torch. `stickgen.config` and `stickgen.runs` do not, for programs that only read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stickgen.config.loading import TrainingConfig
from stickgen.data.dataset import DatasetFile, open_dataset
from stickgen.data.embed import load_encoder, with_opposites
from stickgen.data.encoder_folder import encoder_of_run
from stickgen.errors import StickgenError
from stickgen.generate.actions import ActionPlan
from stickgen.generate.from_run import Generator
from stickgen.generate.given import clip_of, keyframes_of
from stickgen.generate.request import Request, requests_of
from stickgen.record_log import RecordReader
from stickgen.runs.store import Run, list_runs, runs_root
from stickgen.runs.store import find_run as _find_run

__all__ = [
    "DatasetFile",
    "Generator",
    "Request",
    "Run",
    "StickgenError",
    "TrainingConfig",
    "find_run",
    "generate",
    "generate_each",
    "list_runs",
    "load_model",
    "open_dataset",
    "read_metrics",
    "runs_root",
]


def find_run(which: str, root: Path | None = None) -> Run:
    """The run that `which` names: its name, its path or `latest`, among the runs in `root`.

    `root` defaults to $STICKGEN_RUNS, else ./runs. Raises StickgenError if there is no such run.
    """
    return _find_run(which, runs_root() if root is None else root)


def read_metrics(run: Run) -> list[dict[str, Any]]:
    """The records of the run's metrics log, oldest first. Damaged lines are left out."""
    return RecordReader(run.metrics_path).read_new()


def load_model(run: Run, checkpoint: str = "last") -> Generator:
    """The averaged weights of the run's newest checkpoint, or of `best`, or of a step. Raises StickgenError without it."""
    return Generator.of_run(run, checkpoint)


def generate(
    model: Generator,
    texts: Sequence[str],
    *,
    seconds: float | Sequence[float | None] | None = None,
    seed: int = 0,
    encoder: str | None = None,
    guidance: float | None = None,
    steps: int | None = None,
    actions: str | None = None,
    sequence: bool = False,
    keyframes: Mapping[int, Sequence[float]] | None = None,
    after: Sequence[Sequence[float]] | None = None,
) -> list[list[list[float]]]:
    """A motion [frames][20] for each text: x and y of ten joints, in body heights.

    - `seconds` defaults to the length of the training clips with the nearest texts. A motion may be longer than the
      model's training window.
    - `encoder` defaults to the config's `data.encoder`.
    - `guidance` and `steps` take the place of the config's `diffusion.guidance_scale` and `sampling_steps`.
    - `actions` are what the parts of a motion show, with their shares of it: `walk:2,wave:1`.
    - `sequence`: the texts follow one another in one motion, which is the only one in the list; `seconds` may then be
      one number for each text.
    - `keyframes`: poses of 20 numbers by the frame at which the motion must meet them.
    - `after`: a clip [frames][20] that the motion continues; it is the motion's beginning.

    Raises StickgenError if the encoder is unknown, its embeddings do not fit the model, or something cannot be done.
    """
    requests = requests_of(
        texts,
        sequence=sequence,
        seconds=(seconds,) if seconds is None or isinstance(seconds, int | float) else tuple(seconds),
        seed=seed,
        guidance=guidance,
        steps=steps,
        actions=None if actions is None else ActionPlan.parse(actions),
        keyframes=None
        if keyframes is None
        else keyframes_of(list(keyframes), list(keyframes.values()), "keyframes"),
        after=None if after is None else clip_of(after, "after"),
    )
    return list(generate_each(model, requests, encoder=encoder))


def generate_each(
    model: Generator,
    requests: Sequence[Request],
    *,
    encoder: str | None = None,
    note: Callable[[str], None] = lambda sentence: None,
) -> Iterator[list[list[float]]]:
    """The motion [frames][20] of each request, as soon as it is drawn; all are checked before the first.

    `note` gets a sentence if something else than a text is drawn. Raises StickgenError as `generate` does.
    """
    for request in requests:
        model.check(request)
    loaded = load_encoder(encoder_of_run(model.config.data.encoder, encoder))
    for request in requests:
        yield model.draw(request, lambda texts: with_opposites(texts, loaded.read), note)
