"""Edits of a config that lower its memory, speed up its training or improve its motion, each with its predicted effect.

They come from the `Troubleshooting` lists of the training configuration guide, plus keys of this engine that serve
the same goal. `weigh` also returns the edits that would not help; `advise` drops them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from stickgen.config.rules import valid_heads
from stickgen.config.schema import Value
from stickgen.config.settings import Edit, Settings
from stickgen.hardware.machine import Machine
from stickgen.motion.skeleton import FPS
from stickgen.planner.decisions.placement import device_of, precision_of
from stickgen.planner.estimate import Estimate, estimate
from stickgen.planner.measured.calibration import Calibration
from stickgen.quantities import byte_text

if TYPE_CHECKING:
    from stickgen.datasets.facts import DatasetFacts
    from stickgen.yaml_edit import Document

Goal = Literal["memory", "speed", "quality"]
GOALS: tuple[Goal, ...] = ("memory", "speed", "quality")
HEAD_WIDTH = 32  # of the presets
PATCH = 4  # frames a token, proposed to configs with one
NEARLY = (
    1.02  # batches within this factor of the fastest count as equally fast; the smallest of them is taken
)
WORTH = 0.01  # the smallest share of memory or time saved that is worth an edit


@dataclass(frozen=True)
class Advice:
    """One edit, with the estimates before and after it. The keys in `edits` change together."""

    goal: Goal
    edits: tuple[Edit, ...]
    was: tuple[Value, ...]  # the values now, in the order of `edits`
    reason: str
    before: Estimate
    after: Estimate

    @property
    def path(self) -> str:
        """The key to change. The others in `edits` follow from it."""
        return self.edits[0][0]

    @property
    def value(self) -> Value:
        """The new value of `path`."""
        return self.edits[0][1]

    @property
    def change(self) -> str:
        """`batch_size 16 → 4, grad_accum_steps 4 → 16`."""
        return ", ".join(
            f"{_name(path)} {_shown(was)} → {_shown(value)}"
            for (path, value), was in zip(self.edits, self.was, strict=True)
        )

    @property
    def effect(self) -> str:
        """The predicted effect in words: memory, then time."""
        before, after = self.before.peak_memory.value, self.after.peak_memory.value
        memory = f"peak memory {byte_text(before)} → {byte_text(after)}"
        if abs(after / before - 1) < WORTH:
            memory = "memory unchanged"
        share = self.seconds_after / self.seconds_before - 1
        if abs(share) < WORTH:
            time = "time unchanged"
        elif share < 0:
            time = f"{-share:.0%} less time"
        else:
            time = f"{share:.0%} more time" if share < 2 else f"{1 + share:.1f} times as long"
        if (last := self.after.last_epoch) is not None:
            time += f", and training.max_minutes ends it at about epoch {last:.0f} of {self.after.epochs}"
        known = self.after.memory_total_bytes  # 0 of a device that this machine does not have
        fit = "" if self.after.verdict == "fits" or not known else f" ({self.after.verdict})"
        return f"{memory}{fit}, {time}"

    @property
    def sentence(self) -> str:
        """Change, reason and predicted effect."""
        return f"{self.change}: {self.reason}; {self.effect}"

    @property
    def seconds_before(self) -> float:
        """The whole run if the dataset is known, else one step times the epochs."""
        return _seconds(self.before)

    @property
    def seconds_after(self) -> float:
        """The same, after the edit."""
        return _seconds(self.after)

    @property
    def helps(self) -> bool:
        """Whether it serves its goal. Quality is not predicted, so an edit for quality only has to fit into memory."""
        if self.goal == "memory":
            return self.after.peak_memory.value < (1 - WORTH) * self.before.peak_memory.value
        if self.goal == "speed":
            return (
                self.seconds_after < (1 - WORTH) * self.seconds_before
                and self.after.verdict != "does not fit"
            )
        return self.after.verdict == "fits" or self.before.verdict != "fits"

    def to_json(self) -> dict[str, Any]:
        """Plain values, units in the names."""
        return {
            "goal": self.goal,
            "edits": dict(self.edits),
            "was": dict(zip((path for path, _ in self.edits), self.was, strict=True)),
            "sentence": self.sentence,
            "helps": self.helps,
            "peak_memory_bytes_before": round(self.before.peak_memory.value),
            "peak_memory_bytes_after": round(self.after.peak_memory.value),
            "seconds_per_step_before": self.before.seconds_per_step.value,
            "seconds_per_step_after": self.after.seconds_per_step.value,
            "seconds_total_before": self.before.seconds_total and self.before.seconds_total.value,
            "seconds_total_after": self.after.seconds_total and self.after.seconds_total.value,
            "verdict_after": self.after.verdict,
        }


def advise(
    config: Settings,
    machine: Machine,
    facts: DatasetFacts | None,
    goal: Goal,
    *,
    calibration: Calibration | None = None,
) -> list[Advice]:
    """Return the edits of `config` that serve `goal`, the best first. Takes a few milliseconds.

    Edits that make the run fit come first. Within them, memory edits are ordered by how little they change the
    model, speed edits start with those that leave the result unchanged, and quality edits keep the guide's order.
    """
    return [advice for advice in weigh(config, machine, facts, goal, calibration=calibration) if advice.helps]


def weigh(
    config: Settings,
    machine: Machine,
    facts: DatasetFacts | None,
    goal: Goal,
    *,
    calibration: Calibration | None = None,
) -> list[Advice]:
    """Return what `advise` does, followed by the edits that would not help."""

    def estimated(edits: tuple[Edit, ...] = ()) -> Estimate:
        return estimate(config.replace(edits), machine, facts, calibration=calibration)

    before = estimated()
    candidates = {"memory": _for_memory, "speed": _for_speed, "quality": _for_quality}[goal]
    found = []
    for reason, edits in candidates(config, machine, estimated):
        was = tuple(config.get(path) for path, _ in edits)
        if any(value is None for value in was) or tuple(value for _, value in edits) == was:
            continue
        found.append(Advice(goal, edits, was, reason, before, estimated(edits)))
    return sorted(found, key=lambda advice: (not advice.helps, _misfit(advice)))


def apply(document: Document, advice: Advice) -> None:
    """Make the edits in `document` and keep every other byte. Raises EditRefusedError."""
    for path, value in advice.edits:
        document.set(path, value)


Candidates = Iterator[tuple[str, tuple[Edit, ...]]]  # (reason, edits), in the guide's order
Estimator = Callable[[tuple[Edit, ...]], Estimate]  # estimates the config with these edits


def _for_memory(config: Settings, machine: Machine, estimated: Estimator) -> Candidates:
    same = f"at the same effective batch of {config.effective_batch}"
    smaller = [size for size in micro_batches(config.effective_batch) if size < config.training.batch_size]
    fitting = [size for size in smaller if estimated(_cut(config, size)).verdict == "fits"]
    for size in dict.fromkeys([*fitting[-1:], *smaller[:1]]):
        yield f"fewer clips in memory at once, {same}", _cut(config, size)
    yield (
        "recomputes activations instead of keeping them",
        (("training.activation_checkpointing", True),),
    )
    if _could_use_bf16(config, machine):
        yield "half the bytes per activation", (("device.precision", "bf16"),)
    if config.model.patch_frames == 1:
        yield (
            f"{PATCH} frames per token: about a quarter of the activations",
            (("model.patch_frames", PATCH),),
        )
    for width in (256, 192):
        if width < config.model.d_model:
            yield "a narrower model", _widened(config, width)
    for layers in (6, 4):
        if layers < config.model.num_layers:
            yield "a shallower model", (("model.num_layers", layers),)
    yield (
        "predicts the next pose instead of denoising, at the cost of motion quality",
        (("diffusion.enabled", False),),
    )
    if config.evaluation.every_minutes:
        yield "evaluations load a text encoder into the trainer", (("evaluation.every_minutes", 0.0),)
    yield "each data worker takes memory of its own", (("device.num_workers", 0),)
    for frames in (125, 75):
        if frames < config.data.max_frames:
            yield f"shorter windows, of {frames / FPS:g} s", (("data.max_frames", frames),)


def _for_speed(config: Settings, machine: Machine, estimated: Estimator) -> Candidates:
    if device_of(config, machine) == "cpu" and (machine.gpus or machine.mps):
        name = machine.gpus[0].name if machine.gpus else "the Apple GPU"
        yield f"this machine has {name}", (("device.type", "cuda" if machine.gpus else "mps"),)
    larger = [size for size in micro_batches(config.effective_batch) if size > config.training.batch_size]
    fitting = [size for size in larger if estimated(_cut(config, size)).verdict == "fits"]
    costs = {size: _seconds(estimated(_cut(config, size))) for size in fitting}
    if costs:
        best = min(size for size in costs if costs[size] <= NEARLY * min(costs.values()))
        yield (
            f"more clips at once at the same effective batch of {config.effective_batch}",
            _cut(config, best),
        )
    if config.model.patch_frames == 1:
        yield f"{PATCH} frames per token: about a quarter of the arithmetic", (("model.patch_frames", PATCH),)
    yield "keeps activations instead of recomputing them", (("training.activation_checkpointing", False),)
    device = device_of(config, machine)
    if device == "cpu" and not machine.cpu_bf16 and precision_of(config, machine, device) == "bf16":
        yield "this CPU computes bf16 in software", (("device.precision", "auto"),)
    if _could_use_bf16(config, machine):
        yield "this hardware multiplies bf16 fast", (("device.precision", "bf16"),)
    yield "no dropout masks to draw; watch for overfitting", (("model.dropout", 0.0),)
    epochs = int(config.training.epochs)
    if epochs > 1:
        warmup = min(int(config.training.warmup_epochs), max(epochs // 20, 1))
        fewer: tuple[Edit, ...] = (("training.epochs", max(epochs // 2, 1)),)
        if warmup != config.training.warmup_epochs:
            fewer += (("training.warmup_epochs", warmup),)
        yield "fewer epochs, for faster experiments", fewer
    for frames in (125, 75):
        if frames < config.data.max_frames:
            yield f"shorter windows, of {frames / FPS:g} s", (("data.max_frames", frames),)
    for width in (384, 256, 192):
        if width < config.model.d_model:
            yield "a narrower model", _widened(config, width)
            break


def _for_quality(config: Settings, machine: Machine, estimated: Estimator) -> Candidates:
    yield "denoising gives better motion than predicting the next pose", (("diffusion.enabled", True),)
    for width in (384, 512):
        if width > config.model.d_model:
            yield "a wider model", _widened(config, width)
            break
    for layers in (8, 10):
        if layers > config.model.num_layers:
            yield "a deeper model", (("model.num_layers", layers),)
            break
    epochs = int(config.training.epochs)
    more: tuple[Edit, ...] = (("training.epochs", 100 if epochs < 100 else 2 * epochs),)
    after = estimated(more)
    if after.last_epoch is not None and after.seconds_to_last_epoch is not None:  # else they would never come
        more += (("training.max_minutes", float(math.ceil(after.seconds_to_last_epoch.high / 60))),)
    yield "more passes over the clips", more
    for name, what in (("temporal", "smoother motion"), ("physics", "more realistic dynamics")):
        weight = float(config.loss_weights[name])
        yield what, ((f"loss_weights.{name}", round(2 * weight, 6) if weight else 0.1),)
    if not config.training.ema_decay:
        yield "samples are drawn from averaged weights", (("training.ema_decay", 0.999),)


def micro_batches(effective_batch: int) -> list[int]:
    """Return the micro-batch sizes that divide `effective_batch`, up to 256, smallest first."""
    return [size for size in range(1, min(effective_batch, 256) + 1) if effective_batch % size == 0]


def heads_for(d_model: int, now: int) -> int:
    """Return the nhead for width `d_model`: 32 values a head as in the presets, else `now`, else the nearest valid one."""
    valid = valid_heads(d_model)
    if d_model // HEAD_WIDTH in valid and d_model % HEAD_WIDTH == 0:
        return d_model // HEAD_WIDTH
    return now if now in valid else min(valid, key=lambda heads: abs(heads - now))


def _cut(config: Settings, size: int) -> tuple[Edit, ...]:
    """Return the edits for micro-batches of `size` clips at the same effective batch."""
    return (
        ("training.batch_size", size),
        ("training.grad_accum_steps", config.effective_batch // size),
    )


def _widened(config: Settings, width: int) -> tuple[Edit, ...]:
    now = int(config.model.nhead)
    heads = now if now in valid_heads(width) and width % now == 0 else heads_for(width, now)
    edits: tuple[Edit, ...] = (("model.d_model", width),)
    return edits if heads == now else (*edits, ("model.nhead", heads))


def _could_use_bf16(config: Settings, machine: Machine) -> bool:
    """Whether the device has bf16 in hardware and the config rules it out."""
    device = device_of(config, machine)
    auto = config.replace({"device.precision": "auto"})
    return config.device.precision == "fp32" and precision_of(auto, machine, device) == "bf16"


def _seconds(answer: Estimate) -> float:
    if answer.seconds_total is not None:
        return answer.seconds_total.value
    return answer.seconds_per_step.value * answer.epochs


def _misfit(advice: Advice) -> int:
    """Return 0 if the run fits with the edit, more if it does not. A stable sort by it keeps the list's order."""
    return {"fits": 0, "tight": 1, "does not fit": 2}[advice.after.verdict]


def _name(path: str) -> str:
    """Return the key's name, with its section if the name alone says little (`diffusion.enabled`)."""
    group, _, name = path.partition(".")
    return path if group in {"diffusion", "loss_weights"} else name


def _shown(value: Value) -> str:
    return (
        str(value).lower()
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
