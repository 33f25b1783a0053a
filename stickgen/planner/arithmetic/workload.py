"""What a run's memory and time depend on, gathered from a config, a machine and the facts of a dataset."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from stickgen.config.placement import Device, Precision
from stickgen.config.settings import Settings
from stickgen.hardware.machine import Machine
from stickgen.planner.arithmetic.encoder import evaluating_weights_bytes
from stickgen.planner.arithmetic.parameters import count_diffusion_parameters, count_parameters, count_trained
from stickgen.planner.decisions.batch_shapes import (
    PAD_FRAMES_TO,
    PAD_WORDS_TO,
    frames_at_once,
    padded_length,
    padded_words,
)
from stickgen.planner.decisions.placement import device_of, precision_of

if TYPE_CHECKING:
    from stickgen.datasets.facts import DatasetFacts

USUAL_WORDS = (24, 12.0)  # tokens of the longest text and of the mean one, if no dataset is given


@dataclass(frozen=True)
class Workload:
    """The shape of one optimizer step: `micro_batches` forward and backward passes, then the update."""

    parameters: int  # all of the model, the diffusion clock included, adapters not
    trained: int  # that have a gradient
    moments: int  # numbers the optimizer keeps
    d_model: int
    nhead: int
    layers: int
    values: int  # per frame, in and out
    embedding_dim: int
    actions: int
    dropout: bool
    denoising: bool
    averaged: bool  # whether a running average of the weights is kept
    checkpointing: bool  # whether a block's activations are computed twice
    compiled: bool
    clips: int  # per step
    batch_size: int  # clips at once, for the longest clips
    micro_batches: int
    frames: float  # mean per clip, padding included
    longest_frames: int  # per clip in the largest micro-batch
    workers: int
    device: Device
    precision: Precision
    patch_frames: int = 1  # frames per token
    words: float = 0.0  # mean text tokens per clip, padding included
    longest_words: int = 0  # text tokens per clip in the largest micro-batch
    encoder_weights: int = 0  # bytes of the text encoder that evaluations load; 0 if none do
    timing: bool = False  # whether tokens are told their place in the clip

    @property
    def tokens(self) -> float:
        """Mean motion tokens per clip, plus the one of the text."""
        return self.frames / self.patch_frames + 1

    @property
    def longest_tokens(self) -> int:
        """The same for the longest clip."""
        return -(-self.longest_frames // self.patch_frames) + 1

    @property
    def adapters(self) -> int:
        """LoRA's parameters beside the frozen weights; 0 if all weights are trained."""
        return self.trained if self.trained < self.parameters else 0

    @property
    def bytes_per_value(self) -> int:
        """Bytes of an activation in the run's precision."""
        return 2 if self.precision == "bf16" else 4

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def workload_of(config: Settings, machine: Machine, facts: DatasetFacts | None) -> Workload:
    """Return the workload of `config` on `machine`. Without a dataset, every clip has `data.max_frames`.

    It counts as compiled only if `training.compile` is `always`; see compiling.py for `auto`.
    """
    model, training = config.model, config.training
    device = device_of(config, machine)
    longest, frames = usual_frames(config, facts)
    longest_words, words = usual_words(config, facts)
    most = frames_at_once(model.d_model, model.patch_frames, device)
    parameters = count_parameters(config) + count_diffusion_parameters(config)
    trained, moments = count_trained(config, parameters)
    return Workload(
        parameters=parameters,
        trained=trained,
        moments=moments,
        d_model=model.d_model,
        nhead=model.nhead,
        layers=model.num_layers,
        values=model.input_dim,
        embedding_dim=model.embedding_dim,
        actions=model.num_actions,
        dropout=model.dropout > 0,
        denoising=bool(config.diffusion.enabled),
        averaged=training.ema_decay > 0 or bool(config.lora.enabled),
        checkpointing=bool(training.activation_checkpointing),
        compiled=training.compile == "always",
        clips=config.effective_batch,
        batch_size=at_once(training.batch_size, longest, most),
        micro_batches=math.ceil(config.effective_batch / at_once(training.batch_size, frames, most)),
        frames=frames,
        longest_frames=longest,
        workers=config.device.num_workers,
        device=device,
        precision=precision_of(config, machine, device),
        patch_frames=model.patch_frames,
        words=words,
        longest_words=longest_words,
        encoder_weights=evaluating_weights_bytes(config),
        timing=bool(model.clip_timing and config.diffusion.enabled),
    )


def at_once(batch_size: int, frames: float, most_frames: int | None) -> int:
    """Return how many clips of `frames` go through the model at once, at most `batch_size`."""
    return batch_size if most_frames is None else min(batch_size, max(int(most_frames / frames), 1))


def usual_frames(config: Settings, facts: DatasetFacts | None) -> tuple[int, float]:
    """Return (frames of the longest clip, mean frames per clip), padding included.

    A step's clips are sorted by length and divided into micro-batches, each padded to its longest clip. For lengths
    spread evenly over mean ± spread, padding adds spread / micro-batches.
    """
    most: int = config.data.max_frames
    if facts is None:
        return most, float(most)
    longest = min(padded_length(facts.longest_frames, most), most)
    mean = min(facts.mean_frames + PAD_FRAMES_TO / 2, float(longest))
    if config.training.batch_size == 1:
        return longest, mean
    return longest, mean + (longest - mean) / int(config.training.grad_accum_steps)


def usual_words(config: Settings, facts: DatasetFacts | None) -> tuple[int, float]:
    """Return (tokens of the longest text, mean text tokens per clip), padding included.

    Both are 0 if the model does not read texts token by token, or the dataset does not hold them that way. A
    micro-batch is padded to its longest text. Clips are not sorted by text length, so large micro-batches are padded
    to nearly the longest text of all.
    """
    if not config.model.text_tokens:
        return 0, 0.0
    longest, mean = USUAL_WORDS if facts is None else (facts.longest_words, facts.mean_words)
    if not longest:
        return 0, 0.0
    longest = padded_words(longest)
    mean = min(mean + PAD_WORDS_TO / 2, longest)
    return longest, mean + (longest - mean) * (1 - 1 / config.training.batch_size)
