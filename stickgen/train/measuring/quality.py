"""Is the motion any good? Evaluated on a schedule while training, with the averaged weights and seeds of its own.

Nothing here touches what is trained: with or without evaluation, a run is the same bit for bit.
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
from stickgen.model.sampler import Sampling
from stickgen.model.transformer import MotionTransformer
from stickgen.planner.arithmetic.evaluating import evaluation_steps
from stickgen.run_contract import EventKind, Phase
from stickgen.train.batching.clips import Clips
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.reporting.journal import Journal


class Encoded:
    """Encoded texts, to look up by text."""

    def __init__(self, texts: Sequence[str], encoded: EncodedTexts) -> None:
        self._rows = {text: row for row, text in enumerate(texts)}
        self._encoded = encoded

    def of(self, texts: Sequence[str]) -> EncodedTexts:
        """The encodings of `texts`, each with its opposite."""
        return self._encoded.of([self._rows[text] for text in texts])


class Quality:
    """Decides when to evaluate, and evaluates."""

    def __init__(self, config: TrainingConfig, clips: Clips, journal: Journal) -> None:
        self.config, self.clips, self.journal = config, clips, journal
        self.began = time.monotonic()  # the start of the last evaluation, or of the launch
        self._took = 0.0  # seconds that the last evaluation took
        self._refused = False
        self.encoder_loaded = False  # in this process; its libraries stay
        self._prepared: tuple[LightEvaluation, Encoded] | None = None

    def take(self, config: TrainingConfig) -> None:
        """Go by the keys of `config` from now on."""
        if config.evaluation.prompts != self.config.evaluation.prompts:
            self._prepared = None  # other texts are to be drawn
        self.config = config

    @property
    def texts(self) -> list[str]:
        """The texts that are drawn; empty before the first evaluation."""
        return self._prepared[0].texts if self._prepared else []

    def due(self) -> bool:
        """Whether `evaluation.every_minutes` have passed, and enough time to stay within `evaluation.time_share`."""
        keys = self.config.evaluation
        every = 60 * float(keys["every_minutes"])
        if not every or self._refused:
            return False
        expected = evaluation_steps(self.config) * (self.journal.usual_seconds or 0.0)
        wait = max(every, max(self._took, expected) / float(keys["time_share"]))
        return time.monotonic() - self.began > wait

    def measure(self, state: TrainState, until_stopped: Callable[[], None]) -> LightFigures | None:
        """Draw and judge. If that is impossible, report why and return None, now and from then on.

        `until_stopped` is called every now and then; an exception of its ends the evaluation.
        """
        self.began = time.monotonic()
        try:
            with self.journal.phase(Phase.EVALUATING), torch.random.fork_rng(devices=[]):
                return self._measure(state, until_stopped)
        except StickgenError as error:
            self._refused = True
            self.journal.event(EventKind.QUALITY, f"the motion is not evaluated: {error}")
            return None
        finally:
            self._took = time.monotonic() - self.began

    def _measure(self, state: TrainState, until_stopped: Callable[[], None]) -> LightFigures:
        def tick(*_: object) -> None:
            self.journal.beat(Phase.EVALUATING)
            until_stopped()

        count, self.encoder_loaded = self.config.evaluation.prompts, True
        light, encoded = self._prepared = self._prepared or prepare(
            self.config,
            self.clips.file,
            count,
            tick,
            lambda sentence: self.journal.event(EventKind.QUALITY, sentence),
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
    """What to ask of a model of `config`, about `count` texts of each kind, and the encoded texts.

    The encoder is unloaded afterwards. `tick` is called every now and then, `note` with news of the embedding
    cache. Raises StickgenError if the encoder is missing or does not fit, or if there is nothing to ask for.
    """
    light = light_evaluation(
        file,
        max_frames=config.data.max_frames,
        val_fraction=config.training.val_fraction,
        count=count,
        progress=tick,
    )
    texts = light.texts
    encoder = load_encoder(encoder_of_run(config.data.encoder, None))
    width = config.model.embedding_dim
    if encoder.dim != width:
        raise StickgenError(
            f"the embeddings of text encoder {encoder.name} have {encoder.dim} numbers, but the model expects "
            f"{width}; set data.encoder to the encoder that embedded the dataset"
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
    """The function that draws contrasts and actions, from texts, the frames of each, and a seed."""

    def draw(texts: list[str], frames: list[int], seed: int) -> list[Tensor]:
        return sample_many(
            model, normaliser, encoded.of(texts), frames, sampling=Sampling.of(config.diffusion), seed=seed,
            progress=tick,
        )  # fmt: skip

    return draw
