"""The averaged model of a checkpoint, ready to generate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from torch import Tensor
from torch.nn.functional import cosine_similarity

from stickgen.config.loading import TrainingConfig
from stickgen.data.dataset import DatasetFile, open_dataset
from stickgen.data.embed import EncodedTexts
from stickgen.errors import StickgenError
from stickgen.model.normalise import Normaliser
from stickgen.model.sample_many import opposites_of, sample_many, text_batch
from stickgen.model.sampler import Sampling, sample
from stickgen.model.transformer import ModelConfig, MotionTransformer
from stickgen.runs.resuming import find_dataset
from stickgen.runs.store import Run
from stickgen.train.checkpoints.checkpoint import Checkpoint, load_module, newest_checkpoint

NEIGHBOURS = 12  # training texts whose clips decide how long a motion is


@dataclass
class Generator:
    """A trained model with the config it was trained with."""

    config: TrainingConfig
    model: MotionTransformer
    normaliser: Normaliser
    step: int
    dataset: DatasetFile | None  # what it was trained on, if that still exists

    @classmethod
    def of_run(cls, run: Run) -> Generator:
        """Load the newest checkpoint that verifies. Raises StickgenError if there is none."""
        checkpoint, skipped = newest_checkpoint(run.checkpoints_dir)
        if checkpoint is None:
            raise StickgenError(
                f"{run.name}: it has no whole checkpoint yet" + "".join(f"; {s}" for s in skipped)
            )
        return cls.of_checkpoint(checkpoint, run)

    @classmethod
    def of_checkpoint(cls, checkpoint: Checkpoint, run: Run | None = None) -> Generator:
        """Load a checkpoint with the config inside it; `run` knows where the dataset is."""
        config = checkpoint.config()
        model = MotionTransformer(ModelConfig.from_training(config))
        normaliser = Normaliser(config.model.embedding_dim)
        load_module(model, checkpoint, "ema")
        load_module(normaliser, checkpoint, "normaliser")
        return cls(config, model.eval(), normaliser, checkpoint.step, _dataset_of(run) if run else None)

    def natural_frames(self, embedding: Tensor) -> int:
        """How long a motion of this text takes: the median length of the training clips with the nearest texts.

        Without the dataset, the length of the training window.
        """
        window = int(self.config.data.max_frames)
        texts = self.dataset.content.get("embeddings") if self.dataset else None
        if self.dataset is None or texts is None or texts.shape[1] != len(embedding):
            return window
        likeness = cosine_similarity(texts.float(), embedding[None].float())
        nearest = set(likeness.topk(min(NEIGHBOURS, len(texts))).indices.tolist())
        lengths = self.dataset.lengths
        frames = [
            lengths[clip] for clip in range(self.dataset.clips) if nearest & set(self.dataset.texts(clip))
        ]
        return min(round(median(frames)), window) if frames else window

    @property
    def sampling(self) -> Sampling:
        """How it samples, by its config."""
        return Sampling.of(self.config.diffusion)

    def draw(self, texts: EncodedTexts, row: int, frames: int, seed: int) -> list[list[float]]:
        """One motion [frames][20] of the text in `row`. Raises StickgenError if the texts are of another encoder."""
        wanted = self.config.model.embedding_dim
        if texts.vectors.shape[1] != wanted:
            raise StickgenError(
                f"the text encoder's embeddings have {texts.vectors.shape[1]} numbers, but the model expects {wanted}; "
                "use the encoder that embedded its dataset: --encoder"
            )
        motion = sample(
            self.model, self.normaliser, text_batch(texts, [row]), frames, sampling=self.sampling, seed=seed,
            opposites=opposites_of(texts, [row]),
        )[0]  # fmt: skip
        poses: list[list[float]] = motion.tolist()
        return poses

    def draw_many(
        self,
        texts: EncodedTexts,
        frames: Sequence[int],
        seed: int,
        progress: Callable[[int], None] = lambda done: None,
    ) -> list[Tensor]:
        """A motion [frames_i, 20] for each of the texts; see `sample_many`."""
        return sample_many(
            self.model, self.normaliser, texts, frames, sampling=self.sampling, seed=seed, progress=progress
        )


def _dataset_of(run: Run) -> DatasetFile | None:
    place = find_dataset(run)
    try:
        return open_dataset(place) if place is not None else None
    except StickgenError:
        return None
