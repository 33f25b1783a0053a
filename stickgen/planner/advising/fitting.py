"""Fits the guide's tier to this machine: the fastest micro-batch, and the largest model that fits.

The search starts from the tier's model and effective batch. It tries every division of that batch into
micro-batches, and every larger model in the guide. A config fits if it leaves the headroom free.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stickgen.config.loading import TrainingConfig
from stickgen.config.placement import Device
from stickgen.config.presets import preset_path
from stickgen.config.settings import Edit
from stickgen.hardware.machine import Machine
from stickgen.planner.advising.advice import NEARLY, micro_batches
from stickgen.planner.advising.recommend import Recommendation, recommend
from stickgen.planner.decisions.placement import device_of, memory_of
from stickgen.planner.estimate import Estimate, estimate
from stickgen.planner.measured.calibration import Calibration
from stickgen.quantities import byte_text, count_text

if TYPE_CHECKING:
    from stickgen.datasets.facts import DatasetFacts
    from stickgen.yaml_edit import Document

HEADROOM: dict[Device, float] = {
    "cpu": 0.25,
    "mps": 0.25,
    "cuda": 0.1,
}  # share of all memory that is kept free
MODELS = ("tiers/cpu_8gb", "tiers/cpu_16gb", "tiers/cpu_32gb", "tiers/gpu_16gb")  # 2.8, 7.2, 20.5, 44.5 M
NO_EVALUATION: Edit = ("evaluation.every_minutes", 0.0)  # which needs no text encoder in memory
SHAPE = ("d_model", "nhead", "num_layers")
WORTH = 0.05  # the least share of time saved for which the guide's own micro-batch is changed


@dataclass(frozen=True)
class Fit:
    """A config that fits: the edits to the tier's config, and its estimate."""

    edits: tuple[Edit, ...]
    batch_size: int
    grad_accum_steps: int
    estimate: Estimate

    @property
    def cut(self) -> str:
        """Micro-batch times accumulation, such as `2 × 32`."""
        return f"{self.batch_size} × {self.grad_accum_steps}"

    def to_json(self) -> dict[str, Any]:
        """Plain values, units in the names."""
        return {
            "edits": dict(self.edits), "batch_size": self.batch_size,
            "grad_accum_steps": self.grad_accum_steps, **self.estimate.to_json(),
        }  # fmt: skip


@dataclass(frozen=True)
class Fitting:
    """What fits on a machine, with the reasons in words."""

    recommendation: Recommendation  # the tier
    headroom: float  # share of all memory that is kept free
    limit_bytes: int  # the most a run may take
    guide: Estimate  # of the tier's unchanged config
    recommended: Fit
    largest: Fit
    reasons: list[str]

    def to_json(self) -> dict[str, Any]:
        """Plain values, units in the names."""
        tier = self.recommendation
        return {
            "tier": tier.tier.name, "preset": tier.preset, "config": str(tier.config_path),
            "headroom_share": self.headroom, "memory_limit_bytes": self.limit_bytes,
            "guide": self.guide.to_json(), "recommended": self.recommended.to_json(),
            "largest": self.largest.to_json(), "reasons": [*tier.reasons, *self.reasons],
        }  # fmt: skip


def fit(
    machine: Machine, facts: DatasetFacts | None = None, *, calibration: Calibration | None = None
) -> Fitting:
    """Find what fits on `machine`, for the clips of a dataset if its `facts` are given. Takes milliseconds."""
    tier = recommend(machine)
    config = _read(tier.config_path)
    device = device_of(config, machine)
    headroom = HEADROOM[device]
    free, total = memory_of(machine, device)
    search = _Search(config, machine, facts, calibration, min(int((1 - headroom) * total), free))
    at = next((index for index, name in enumerate(MODELS) if _shape(name) == _shape_of(config)), 0)
    guide = search.estimated(())
    own = search.best(_shape_of(config), keep=config.training.batch_size)
    names = tuple(reversed(MODELS[:at]))
    smaller = (search.best(_shape(name)) for name in names)
    blind = (search.best((*_shape(name), NO_EVALUATION)) for name in (*names, MODELS[0]))
    recommended = own or next((found for found in (*smaller, *blind) if found), search.smallest())
    larger = [found for name in MODELS[at + 1 :] if (found := search.best(_shape(name)))]
    largest = larger[-1] if larger else recommended
    fitting = Fitting(tier, headroom, search.limit, guide, recommended, largest, [])
    fitting.reasons.extend(_reasons(fitting, config))
    return fitting


def apply(document: Document, chosen: Fit, facts: DatasetFacts | None) -> None:
    """Make the edits in `document`, and set the embedding width that the dataset needs."""
    for path, value in chosen.edits:
        document.set(path, value)
    if facts is not None and facts.embedding_dim:
        document.set("model.embedding_dim", facts.embedding_dim)


@dataclass(frozen=True)
class _Search:
    config: TrainingConfig
    machine: Machine
    facts: DatasetFacts | None
    calibration: Calibration | None
    limit: int

    def estimated(self, edits: tuple[Edit, ...]) -> Estimate:
        return estimate(self.config.replace(edits), self.machine, self.facts, calibration=self.calibration)

    def best(self, shape: tuple[Edit, ...], keep: int | None = None) -> Fit | None:
        """Return the fastest micro-batch that leaves the headroom, the smallest if several are about as fast.

        `keep` is the guide's micro-batch. It stays if it fits and no other is clearly faster.
        """
        cuts = [self.cut(shape, size) for size in micro_batches(self.config.effective_batch)]
        fitting = [cut for cut in cuts if cut.estimate.peak_memory.high <= self.limit]
        if not fitting:
            return None
        seconds = [cut.estimate.seconds_per_step.value for cut in fitting]
        chosen = next(
            cut for cut, time in zip(fitting, seconds, strict=True) if time <= NEARLY * min(seconds)
        )
        own = next((cut for cut in fitting if cut.batch_size == keep), None)
        if own and chosen.estimate.seconds_per_step.value > (1 - WORTH) * own.estimate.seconds_per_step.value:
            return own
        return chosen

    def smallest(self) -> Fit:
        """Return the config to name if nothing fits."""
        return self.cut(_shape(MODELS[0]), 1)

    def cut(self, shape: tuple[Edit, ...], size: int) -> Fit:
        count = self.config.effective_batch // size
        wanted = (*shape, ("training.batch_size", size), ("training.grad_accum_steps", count))
        edits = tuple((path, value) for path, value in wanted if self.config.get(path) != value)
        return Fit(edits, size, count, self.estimated(edits))


@functools.cache
def _read(path: Path) -> TrainingConfig:
    return TrainingConfig(path)


def _shape_of(config: TrainingConfig) -> tuple[Edit, ...]:
    return tuple((f"model.{name}", config.model[name]) for name in SHAPE)


def _shape(preset: str) -> tuple[Edit, ...]:
    return _shape_of(_read(preset_path(preset)))


def _reasons(fitting: Fitting, config: TrainingConfig) -> list[str]:
    guide, own, largest = fitting.guide, fitting.recommended, fitting.largest
    limit = f"{byte_text(fitting.limit_bytes)} (with {fitting.headroom:.0%} kept free)"
    own_batch = f"{config.training.batch_size} × {config.training.grad_accum_steps}"
    said = []
    if own.estimate.peak_memory.high > fitting.limit_bytes:
        said.append(f"nothing fits into {limit}; this is the smallest config there is")
    elif own.estimate.parameters < guide.parameters:
        said.append(
            f"the guide's model of {_millions(guide)} does not fit into {limit}; "
            f"one of {_millions(own.estimate)} with micro-batches of {own.cut} does"
        )
    elif not own.edits:
        said.append(
            f"the guide's micro-batch of {own_batch} stays, as no other is clearly faster; "
            f"peak {_peak(own.estimate)} of {limit}"
        )
    else:
        less = 1 - own.estimate.seconds_per_step.value / guide.seconds_per_step.value
        gain = f"a step takes {less:.0%} less time" if guide.peak_memory.high <= fitting.limit_bytes else (
            f"the guide's {own_batch} would need {_peak(guide)}"
        )  # fmt: skip
        said.append(
            f"micro-batches of {own.cut} instead of the guide's {own_batch}, the same effective batch of "
            f"{guide.effective_batch}: {gain}; peak {_peak(own.estimate)} of {limit}"
        )
    if largest is own:
        top = _shape_of(config) == _shape(MODELS[-1])
        said.append("the guide has no larger model" if top else "no larger model in the guide fits")
    else:
        times = largest.estimate.seconds_per_step.value / own.estimate.seconds_per_step.value
        said.append(
            f"the largest model that fits has {_millions(largest.estimate)} and peaks at {_peak(largest.estimate)} with "
            f"micro-batches of {largest.cut}; each step takes {times:.1f} times as long, so it is not recommended"
        )
    return said


def _millions(answer: Estimate) -> str:
    return f"{count_text(answer.parameters)} parameters"


def _peak(answer: Estimate) -> str:
    return byte_text(answer.peak_memory.value)
