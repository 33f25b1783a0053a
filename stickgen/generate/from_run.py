"""The averaged model of a checkpoint, ready to generate."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from stickgen.config.loading import TrainingConfig
from stickgen.data.actions import ACTIONS
from stickgen.data.dataset import DatasetFile
from stickgen.data.embed import EncodedTexts
from stickgen.errors import StickgenError
from stickgen.generate.actions import index_of, wording_of
from stickgen.generate.checkpoints import LAST, checkpoint_of
from stickgen.generate.lengths import dataset_of, natural_frames
from stickgen.generate.plan import Plan, pieces_of, plan_of
from stickgen.generate.request import Request
from stickgen.model.holding import HeldPoses
from stickgen.model.normalise import Normaliser
from stickgen.model.sample_many import opposites_of, sample_many, text_batch
from stickgen.model.sampler import Sampling
from stickgen.model.timeline import Timeline, sample_timeline
from stickgen.model.transformer import ModelConfig, MotionTransformer
from stickgen.runs.store import Run
from stickgen.train.checkpoints.checkpoint import Checkpoint, load_module


@dataclass
class Generator:
    """A trained model with the config it was trained with."""

    config: TrainingConfig
    model: MotionTransformer
    normaliser: Normaliser
    step: int
    dataset: DatasetFile | None  # what it was trained on, if that still exists

    @classmethod
    def of_run(cls, run: Run, which: str = LAST) -> Generator:
        """Load a checkpoint: the newest that verifies, `best`, or that of a step. Raises StickgenError without it."""
        return cls.of_checkpoint(checkpoint_of(run, which), run)

    @classmethod
    def of_checkpoint(cls, checkpoint: Checkpoint, run: Run | None = None) -> Generator:
        """Load a checkpoint with the config inside it; `run` knows where the dataset is."""
        config = checkpoint.config()
        model = MotionTransformer(ModelConfig.from_training(config))
        normaliser = Normaliser(config.model.embedding_dim)
        load_module(model, checkpoint, "ema")
        load_module(normaliser, checkpoint, "normaliser")
        return cls(config, model.eval(), normaliser, checkpoint.step, dataset_of(run) if run else None)

    def natural_frames(self, embedding: Tensor) -> int:
        """How long a motion of this text takes: see `natural_frames`."""
        return natural_frames(self.dataset, embedding, int(self.config.data.max_frames))

    @property
    def sampling(self) -> Sampling:
        """How it samples, by its config."""
        return Sampling.of(self.config.diffusion)

    def draw(
        self,
        request: Request,
        read: Callable[[list[str]], EncodedTexts],
        note: Callable[[str], None] = lambda sentence: None,
    ) -> list[list[float]]:
        """The motion [frames][20] of a request; `read` is the text encoder, with opposites.

        `note` is told which texts are drawn in place of the request's, for actions that those are not about. Raises
        StickgenError if the texts are of another encoder, or if the model cannot do what the request asks for.
        """
        self.check(request)
        texts = read(list(request.texts))
        check_width(texts, self.config.model.embedding_dim)
        passages = [
            self.natural_frames(vector) if frames is None else frames
            for vector, frames in zip(texts.vectors, request.frames_of_each, strict=True)
        ]
        window = int(self.config.data.max_frames)
        plan = plan_of(request, passages, window, self.model.config.patch_frames)
        actions = None
        if request.actions is not None:
            told = request.actions.frames(plan.total - plan.context, self.action_names)
            # no action is told for the frames of a clip that is continued
            actions = torch.cat((torch.full((plan.context,), self.model.untold), told))
            plan, wordings = self._by_action(request, plan, texts, told, note)
            texts = read(wordings)
        timeline = Timeline(
            plan.passages, window,
            actions=actions,
            held=HeldPoses(plan.held, plan.total, self.normaliser) if plan.held else None,
        )  # fmt: skip
        rows = range(len(plan.passages))
        motion = sample_timeline(
            self.model, self.normaliser, text_batch(texts, rows), timeline,
            sampling=self.sampling_for(request), seed=request.seed, opposites=opposites_of(texts, rows),
        )  # fmt: skip
        return [*plan.before, *motion.tolist()]

    def _by_action(
        self, request: Request, plan: Plan, texts: EncodedTexts, told: Tensor, note: Callable[[str], None]
    ) -> tuple[Plan, list[str]]:
        """The plan with a passage for each action of each text, and the words that each passage is drawn from."""
        pieces = pieces_of(plan, told)
        wordings = []
        for piece in pieces:
            own = request.texts[piece.passage]
            words = wording_of(
                self.dataset, own, texts.vectors[piece.passage], piece.action, self.action_names
            )
            if words != own:
                note(
                    f"{self.action_names[piece.action]}: drawn from {words!r}, the nearest text of that action"
                )
            wordings.append(words)
        return replace(plan, passages=[piece.frames for piece in pieces]), wordings

    def check(self, request: Request) -> None:
        """Raise StickgenError if this model cannot do what a request asks for."""
        if not self.model.config.denoising:
            why = "this model predicts pose after pose (diffusion.enabled: false)"
            if request.guidance is not None or request.steps is not None:
                raise StickgenError(f"{why}: it takes no guidance and no steps; drop them")
            if request.keyframes:
                raise StickgenError(
                    f"{why}: it cannot meet poses that come later; use a model that learned by denoising"
                )
        if request.actions is not None:
            for name, _ in request.actions.parts:
                index_of(name, self.action_names)

    @cached_property
    def digest(self) -> str:
        """Tells these weights from any others."""
        state = {**self.model.state_dict(), **self.normaliser.state_dict()}
        found = hashlib.sha256()
        for name, tensor in sorted(state.items()):
            found.update(
                name.encode() + tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes()
            )
        return found.hexdigest()

    @cached_property
    def action_names(self) -> list[str]:
        """The actions that the model can be told, by index; "" for those that its dataset does not show."""
        if self.dataset is None:
            names = [action.name for action in ACTIONS]
        else:
            shown = self.dataset.frames_by_action()
            names = [name if name in shown else "" for name in self.dataset.action_names]
        return names[: self.model.config.num_actions]

    def sampling_for(self, request: Request) -> Sampling:
        """How it samples, by its config and what the request overrides."""
        sampling = self.sampling
        return replace(
            sampling,
            guidance_scale=sampling.guidance_scale if request.guidance is None else float(request.guidance),
            sampling_steps=sampling.sampling_steps if request.steps is None else int(request.steps),
        )

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


def check_width(texts: EncodedTexts, wanted: int) -> None:
    """Raise StickgenError unless `texts` are as wide as those that a model was trained on."""
    if texts.vectors.shape[1] != wanted:
        raise StickgenError(
            f"the text encoder's embeddings have {texts.vectors.shape[1]} numbers, but the model expects {wanted}; "
            "use the encoder that embedded its dataset: --encoder"
        )
