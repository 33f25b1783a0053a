"""Draws one sentence after another, and keeps what it loaded for the next: the models of a few checkpoints, the encoder.

Nothing here loads torch before there is memory for it.
"""

from __future__ import annotations

import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stickgen.config.loading import TrainingConfig
from stickgen.errors import StickgenError
from stickgen.hardware.machine import local_machine_fast
from stickgen.motion.skeleton import FPS
from stickgen.planner.arithmetic.drawing import drawing_bytes
from stickgen.quantities import byte_text
from stickgen.runs.checkpoint_folders import newest_name
from stickgen.runs.resuming import trained_config
from stickgen.runs.store import Run, is_run
from stickgen.text import clean

if TYPE_CHECKING:
    from stickgen.data.embed import EncodedTexts, Encoder
    from stickgen.generate.from_run import Generator

MOST_MODELS = 2  # two checkpoints or two runs beside each other
LEFT_FREE = 0.05  # share of the RAM that a drawing leaves to the others
LONGEST_TEXT = 300

STARTING, READING, ENCODING, DRAWING = PHASES = (
    "loading torch", "reading the checkpoint", "loading the text encoder", "drawing",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What one request asks for. `of` raises StickgenError for what is no request."""

    text: str
    run: Run
    seed: int = 0
    guidance: float | None = None
    steps: int | None = None
    seconds: float | None = None
    checkpoint: str = "last"
    pin: bool = False  # pin it instead of drawing it
    truth: bool = False  # the nearest real clip instead of the model's

    @classmethod
    def of(cls, told: dict[str, Any], run: Run) -> Asked:
        """The request that a line of JSON tells; `run` is that of a line that names none."""
        known = {"id", "text", "run", "seed", "guidance", "steps", "seconds", "checkpoint", "pin", "truth"}
        if strange := sorted(told.keys() - known):
            raise StickgenError(
                f"{clean(strange[0], limit=40)}: no member of a request; there are {', '.join(sorted(known))}"
            )
        text = told.get("text")
        if not isinstance(text, str) or not text.strip():
            raise StickgenError("text: say in a sentence what the motion is to show")
        if len(text) > LONGEST_TEXT:
            raise StickgenError(f"text: it has {len(text)} characters; write at most {LONGEST_TEXT}")
        if (named := told.get("run")) is not None:
            if not isinstance(named, str) or not is_run(Path(named)):
                raise StickgenError(
                    f"run {clean(named, single_line=True, limit=120)}: it is no folder of a run"
                )
            run = Run(Path(named))
        return cls(
            text.strip(), run, told.get("seed", 0), told.get("guidance"), told.get("steps"), told.get("seconds"),
            str(told.get("checkpoint") or "last"), bool(told.get("pin", False)), bool(told.get("truth", False)),
        )  # fmt: skip


class Sketcher:
    """Answers requests. `tell` hears which phase begins, and which follow it; `named` is the encoder the user chose."""

    def __init__(self, run: Run, tell: Callable[[Sequence[str]], None], named: str | None = None) -> None:
        self._run, self._tell, self._named = run, tell, named
        self._models: OrderedDict[tuple[Path, str], Generator] = OrderedDict()
        self._encoder: tuple[str, Encoder] | None = None

    def answer(self, told: dict[str, Any]) -> dict[str, Any]:
        """What one request got: a motion, or the id of what was pinned. Raises StickgenError."""
        began = time.monotonic()
        asked = Asked.of(told, self._run)
        if not (
            asked.pin or asked.truth or asked.run.checkpoints
        ):  # before seconds are spent on loading torch
            raise StickgenError(
                f"{asked.run.name} has no checkpoint yet; c in the monitor asks a running trainer for one"
            )
        if not self._models:
            check_memory(asked.run)
        if "torch" not in sys.modules:
            self._tell(PHASES)
        from stickgen.generate.request import Request

        request = Request((asked.text,), (asked.seconds,), asked.seed, asked.guidance, asked.steps)
        if asked.pin:
            return self._pinned(asked)
        if asked.truth:
            return self._truth(asked)
        model = self._model(asked.run, asked.checkpoint)
        model.check(request)
        read = self._reader(model.config)
        notes: list[str] = []
        self._tell((DRAWING,))
        motion = model.draw(request, read, notes.append)
        return {
            "run": str(asked.run.path), "step": model.step, "text": asked.text, "seed": asked.seed, "fps": FPS,
            "notes": notes, "seconds": round(time.monotonic() - began, 3),
            "motion": _rounded(motion),
        }  # fmt: skip

    def _pinned(self, asked: Asked) -> dict[str, Any]:
        from stickgen.generate.pinning import check_pin, pin

        check_pin(asked.run, asked.text, asked.seed)
        pinned = pin(asked.run, asked.text, asked.seed, self._reader(asked.run.config()))
        return {"pinned": pinned.id, "text": pinned.text, "seed": pinned.seed}

    def _truth(self, asked: Asked) -> dict[str, Any]:
        from stickgen.generate.lengths import dataset_of
        from stickgen.generate.truth import nearest_clip

        def read(texts: list[str]) -> EncodedTexts:
            return self._reader(asked.run.config())(texts)

        found = nearest_clip(dataset_of(asked.run), asked.text, read)
        return {
            "run": str(asked.run.path), "step": 0, "text": found.caption, "clip": found.clip, "fps": FPS,
            "likeness": round(found.likeness, 3), "motion": _rounded(found.motion),
        }  # fmt: skip

    def _model(self, run: Run, which: str) -> Generator:
        """The model of a checkpoint, loaded unless it is here; the newest is looked for each time."""
        from stickgen.generate.from_run import Generator

        newest = newest_name(run.checkpoints_dir) if which == "last" else which
        key = (run.path, newest)
        if key in self._models:
            self._models.move_to_end(key)
            return self._models[key]
        self._tell((READING, DRAWING) if self._encoder else (READING, ENCODING, DRAWING))
        try:
            model = Generator.of_run(run, which)
        except StickgenError:
            if which != "last" or newest_name(run.checkpoints_dir) == newest:
                raise
            model = Generator.of_run(run, which)  # the trainer has just replaced it by a newer one
        if which == "best":
            return model  # which one that is may change
        self._models[key] = model
        while len(self._models) > MOST_MODELS:
            self._models.popitem(last=False)
        return model

    def _reader(self, config: TrainingConfig) -> Callable[[list[str]], EncodedTexts]:
        """The encoder of a run with this config, as `Generator.draw` takes it; loaded unless it is here."""
        from stickgen.data.embed import load_encoder, with_opposites
        from stickgen.data.encoder_folder import encoder_of_run

        name = encoder_of_run(config.data.encoder, self._named)
        if self._encoder is None or self._encoder[0] != name:
            self._tell((ENCODING, DRAWING))
            self._encoder = (name, load_encoder(name))
        encoder = self._encoder[1]
        return lambda texts: with_opposites(texts, encoder.read)


def _rounded(motion: list[list[float]]) -> list[list[float]]:
    return [[round(value, 4) for value in pose] for pose in motion]


def check_memory(run: Run) -> None:
    """Raise StickgenError unless a model of `run` can be loaded beside all that runs here, by the planner's estimate."""
    config = _config_of(run)
    machine = local_machine_fast()
    needed, left = drawing_bytes(config), int(LEFT_FREE * machine.ram_usable_bytes)
    if needed + left > machine.ram_available_bytes:
        raise StickgenError(
            f"drawing takes about {byte_text(needed)} of memory, and {byte_text(machine.ram_available_bytes)} are free, "
            f"of which {byte_text(left)} stay free: it would slow the trainer down or kill it; wait for its own sample"
        )


def _config_of(run: Run) -> TrainingConfig:
    try:
        return trained_config(run) or run.config()
    except OSError as error:
        raise StickgenError(f"{run.path}: its config cannot be read ({error.strerror or error})") from error
