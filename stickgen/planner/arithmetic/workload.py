"""What a run's memory and time depend on, gathered from a config, a machine and a dataset's facts."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from stickgen.config.settings import Settings
from stickgen.hardware.machine import Machine
from stickgen.planner.arithmetic.parameters import count_diffusion_parameters, count_parameters, count_trained
from stickgen.planner.decisions.placement import Device, Precision, device_of, precision_of

if TYPE_CHECKING:
    from stickgen.datasets.facts import DatasetFacts

PAD_TO = 16  # frames: lengths of batches are rounded up, as `stickgen.train.batching.batches` does
PAD_WORDS_TO = 8  # tokens of a text: the same
USUAL_WORDS = (24, 12.0)  # of the longest text and on average, where no dataset says


# On a CPU no tensor of a micro-batch should grow beyond this: glibc maps an allocation over 32 MiB afresh each
# time, so that every page of it faults, and caches are long exceeded. Smaller micro-batches are as fast.
CPU_TENSOR_BYTES = 16 * 2**20


def frames_at_once(d_model: int, patch_frames: int, device: str) -> int | None:
    """The most frames that go through the model at once, padding included; None where batch_size alone decides.

    The widest tensor of a block is the feed-forward's, 8·d_model values a token, counted in fp32.
    """
    return max(CPU_TENSOR_BYTES // (4 * 8 * d_model), 1) * patch_frames if device == "cpu" else None


@dataclass(frozen=True)
class Workload:
    """The shape of one optimizer step: `micro_batches` times forward and backward, then the move."""

    parameters: int  # all there are: those of the diffusion clock too, adapters not
    trained: int  # that have a gradient
    moments: int  # numbers that the optimizer keeps
    d_model: int
    nhead: int
    layers: int
    values: int  # of a frame, in and out
    embedding_dim: int
    actions: int
    dropout: bool
    denoising: bool
    averaged: bool  # whether a running average of the weights is kept
    checkpointing: bool  # whether a block's activations are computed twice
    compiled: bool
    clips: int  # of the step
    batch_size: int  # clips at once where they are longest
    micro_batches: int
    frames: float  # of a clip as it is computed, padding included
    longest_frames: int  # of a clip in the largest micro-batch
    workers: int
    device: Device
    precision: Precision
    patch_frames: int = 1  # frames of a token
    words: float = 0.0  # tokens of its text that a clip's motion attends to, padding included
    longest_words: int = 0  # the same in the largest micro-batch

    @property
    def tokens(self) -> float:
        """That a clip's frames become on average, and the text's."""
        return self.frames / self.patch_frames + 1

    @property
    def longest_tokens(self) -> int:
        """The same of the longest clip."""
        return -(-self.longest_frames // self.patch_frames) + 1

    @property
    def bytes_per_value(self) -> int:
        """Of an activation where the precision applies."""
        return 2 if self.precision == "bf16" else 4

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def workload_of(config: Settings, machine: Machine, facts: DatasetFacts | None) -> Workload:
    """The workload of `config` on `machine`; without a dataset, of clips of `data.max_frames`.

    Whether it is compiled is taken from `training.compile` where that says so; see compiling.py for `auto`.
    """
    model, training = config.model, config.training
    device = device_of(config, machine)
    longest, frames = padded_frames(config, facts)
    longest_words, words = padded_words(config, facts)
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
        averaged=training.ema_decay > 0,
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
    )


def at_once(batch_size: int, frames: float, most_frames: int | None) -> int:
    """Clips of `frames` that go through the model at once, of a micro-batch of `batch_size`."""
    return batch_size if most_frames is None else min(batch_size, max(int(most_frames / frames), 1))


def padded_frames(config: Settings, facts: DatasetFacts | None) -> tuple[int, float]:
    """(the longest clip, frames that a clip costs on average with its padding).

    A step's clips are sorted by length and cut into micro-batches, each padded to its longest. Were lengths
    spread evenly over mean ± spread, that would add spread / micro-batches.
    """
    most: int = config.data.max_frames
    if facts is None:
        return most, float(most)
    longest = min(-(-facts.longest_frames // PAD_TO) * PAD_TO, most)
    mean = min(facts.mean_frames + PAD_TO / 2, float(longest))
    if config.training.batch_size == 1:
        return longest, mean
    return longest, mean + (longest - mean) / int(config.training.grad_accum_steps)


def padded_words(config: Settings, facts: DatasetFacts | None) -> tuple[int, float]:
    """(tokens of the longest text, tokens that a clip's text costs on average with its padding).

    Nothing where the model does not read texts token by token or the dataset does not have them so. A micro-batch
    pads to its longest text; clips are not sorted by those, so that large ones come near the longest of all.
    """
    if not config.model.text_tokens:
        return 0, 0.0
    longest, mean = USUAL_WORDS if facts is None else (facts.longest_words, facts.mean_words)
    if not longest:
        return 0, 0.0
    longest = -(-longest // PAD_WORDS_TO) * PAD_WORDS_TO
    mean = min(mean + PAD_WORDS_TO / 2, longest)
    return longest, mean + (longest - mean) * (1 - 1 / config.training.batch_size)
