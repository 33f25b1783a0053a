"""stickgen from Python. The names in `__all__` are the public API; docs/python.md shows each at work.

Importing this loads torch. `stickgen.config` and `stickgen.runs` do not, for programs that only read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stickgen.config.loading import TrainingConfig
from stickgen.data.dataset import DatasetFile, open_dataset
from stickgen.data.embed import load_encoder, with_opposites
from stickgen.data.encoder_folder import encoder_of_run
from stickgen.errors import StickgenError
from stickgen.generate.from_run import Generator
from stickgen.motion.skeleton import FPS
from stickgen.record_log import RecordReader
from stickgen.runs.store import Run, list_runs, runs_root
from stickgen.runs.store import find_run as _find_run

__all__ = [
    "DatasetFile",
    "Generator",
    "Run",
    "StickgenError",
    "TrainingConfig",
    "find_run",
    "generate",
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


def load_model(run: Run) -> Generator:
    """The averaged weights of the run's newest checkpoint. Raises StickgenError if it has none that verifies."""
    return Generator.of_run(run)


def generate(
    model: Generator,
    texts: Sequence[str],
    *,
    seconds: float | None = None,
    seed: int = 0,
    encoder: str | None = None,
) -> list[list[list[float]]]:
    """A motion [frames][20] for each text: x and y of ten joints, in body heights.

    `seconds` defaults to the length of the training clips with the nearest texts; `encoder` to the config's
    `data.encoder`. Raises StickgenError if the encoder is unknown or its embeddings do not fit the model.
    """
    named = encoder_of_run(model.config.data.encoder, encoder)
    encoded = with_opposites(list(texts), load_encoder(named).read)
    return [
        model.draw(
            encoded, row, int(seconds * FPS) if seconds else model.natural_frames(encoded.vectors[row]), seed
        )
        for row in range(len(texts))
    ]
