"""Is the motion any good? Asked on a schedule while training, of the averaged weights, with seeds of its own.

Nothing here touches what is trained: a run that is evaluated is, to the bit, the run that is not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from stickgen.config.loading import TrainingConfig
from stickgen.data.dataset import DatasetFile
from stickgen.data.embed import EncodedTexts, load_encoder, read_texts, with_opposites
from stickgen.data.embedding_cache import Note
from stickgen.data.encoder_folder import encoder_of_run
from stickgen.errors import StickgenError
from stickgen.evaluate.contrast import Draw
from stickgen.evaluate.light import LightEvaluation, LightFigures, light_evaluation
from stickgen.model.normalise import Normaliser
from stickgen.model.sample_many import sample_many
from stickgen.model.sampler import sampling_of
from stickgen.model.transformer import MotionTransformer
from stickgen.planner.evaluating import evaluation_steps
from stickgen.train.batching.clips import Clips
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.reporting.journal import Journal


class Encoded:
    """Texts as the encoder says them, to be looked up."""

    def __init__(self, texts: Sequence[str], encoded: EncodedTexts) -> None:
        self._rows = {text: row for row, text in enumerate(texts)}
        self._encoded = encoded

    def of(self, texts: Sequence[str]) -> EncodedTexts:
        """Some of the texts, each with its opposite."""
        return self._encoded.of([self._rows[text] for text in texts])


class Quality:
    """When to evaluate, and the evaluation."""

    def __init__(self, config: TrainingConfig, clips: Clips, journal: Journal) -> None:
        self.config, self.clips, self.journal = config, clips, journal
        self.began = time.monotonic()  # of the last evaluation, or of the launch
        self._took = 0.0  # seconds, the last one
        self._refused = False
        self._prepared: tuple[LightEvaluation, Encoded] | None = None

    @property
    def texts(self) -> list[str]:
        """What is drawn; empty before the first evaluation."""
        return self._prepared[0].texts if self._prepared else []

    def due(self) -> bool:
        """Whether `evaluation.every_minutes` have passed, and enough for `evaluation.time_share` to hold."""
        keys = self.config.evaluation
        every = 60 * float(keys["every_minutes"])
        if not every or self._refused:
            return False
        expected = evaluation_steps(self.config) * (self.journal.usual_seconds or 0.0)
        wait = max(every, max(self._took, expected) / float(keys["time_share"]))
        return time.monotonic() - self.began > wait

    def measure(self, state: TrainState, until_stopped: Callable[[], None]) -> LightFigures | None:
        """Draw and judge. None, with an event that says why, where that cannot be; then it is not tried again.

        `until_stopped` is called every now and then, and ends it by an exception.
        """
        self.began = time.monotonic()
        try:
            with self.journal.phase("evaluating"), torch.random.fork_rng(devices=[]):
                return self._measure(state, until_stopped)
        except StickgenError as error:
            self._refused = True
            self.journal.event("quality", f"the motion is not evaluated: {error}")
            return None
        finally:
            self._took = time.monotonic() - self.began

    def _measure(self, state: TrainState, until_stopped: Callable[[], None]) -> LightFigures:
        def tick(*_: object) -> None:
            self.journal.beat("evaluating")
            until_stopped()

        count = self.config.evaluation["prompts"]
        light, encoded = self._prepared = self._prepared or prepare(
            self.config,
            self.clips.file,
            count,
            tick,
            lambda sentence: self.journal.event("quality", sentence),
        )
        with state.evaluating() as model:
            return light.measure(drawing(model, state.normaliser, self.config, encoded, tick))


def prepare(
    config: TrainingConfig,
    file: DatasetFile,
    count: int,
    tick: Callable[..., None] = lambda *_: None,
    note: Note = lambda sentence: None,
) -> tuple[LightEvaluation, Encoded]:
    """What is asked of a model of `config`, about `count` texts of a kind, and the texts as its encoder reads them.

    The encoder is let go afterwards. `tick` is called every now and then, `note` told of the cache of
    embeddings. Raises StickgenError where there is no such encoder, or nothing to ask for.
    """
    light = light_evaluation(
        file,
        max_frames=config.data["max_frames"],
        val_fraction=config.training["val_fraction"],
        count=count,
        progress=tick,
    )
    texts = light.texts
    encoder = load_encoder(encoder_of_run(config.data["encoder"], None))
    width = config.model["embedding_dim"]
    if encoder.dim != width:
        raise StickgenError(
            f"the text encoder {encoder.name} gives {encoder.dim} numbers and the model wants {width}; "
            "set data.encoder to the encoder that embedded the dataset"
        )
    return light, Encoded(
        texts, with_opposites(texts, lambda both: read_texts(both, encoder, progress=tick, note=note))
    )


def drawing(
    model: MotionTransformer,
    normaliser: Normaliser,
    config: TrainingConfig,
    encoded: Encoded,
    tick: Callable[..., None] = lambda *_: None,
) -> Draw:
    """What the contrasts and the actions are drawn by: a function of texts, the frames of each, and a seed."""

    def draw(texts: list[str], frames: list[int], seed: int) -> list[Tensor]:
        return sample_many(
            model, normaliser, encoded.of(texts), frames, seed=seed, progress=tick,
            **sampling_of(config.diffusion),
        )  # fmt: skip

    return draw
