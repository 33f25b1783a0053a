"""Out of memory, too slow, poor quality: the guide's three lists as edits, each with what it is predicted to do.

The lists are those of the training configuration guide, `Troubleshooting`, and beside them the keys of this
engine that serve the same end. An edit that the arithmetic says would not help is weighed and left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from stickgen.config.rules import valid_heads
from stickgen.config.schema import Value
from stickgen.config.settings import Edit, Settings
from stickgen.hardware.machine import Machine
from stickgen.planner.decisions.placement import device_of, precision_of
from stickgen.planner.estimate import Estimate, estimate
from stickgen.planner.measured.calibration import Calibration

if TYPE_CHECKING:
    from stickgen.datasets.facts import DatasetFacts
    from stickgen.yaml_edit import Document

Goal = Literal["memory", "speed", "quality"]
GOALS: tuple[Goal, ...] = ("memory", "speed", "quality")
GIB = 2**30
HEAD_WIDTH = 32  # of the presets
PATCH = 4  # frames a token, where a config has one
NEARLY = 1.02  # of several batches that are about as fast, the smallest is enough
WORTH = 0.01  # a smaller share of memory or time is not worth a person's edit


@dataclass(frozen=True)
class Advice:
    """One edit, and the estimates without and with it. The keys of `edits` belong together."""

    goal: Goal
    edits: tuple[Edit, ...]
    was: tuple[Value, ...]  # the values now, in the order of `edits`
    reason: str
    before: Estimate
    after: Estimate

    @property
    def path(self) -> str:
        """The key that it is about; the others follow from it."""
        return self.edits[0][0]

    @property
    def value(self) -> Value:
        """The value for `path`."""
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
        """What it is predicted to do, in words: memory, then time."""
        before, after = self.before.peak_memory.value, self.after.peak_memory.value
        memory = f"peak memory {before / GIB:.2f} → {after / GIB:.2f} GiB"
        if abs(after / before - 1) < WORTH:
            memory = "the same memory"
        share = self.seconds_after / self.seconds_before - 1
        if abs(share) < WORTH:
            time = "the same time"
        elif share < 0:
            time = f"{-share:.0%} less time"
        else:
            time = f"{share:.0%} more time" if share < 2 else f"{1 + share:.1f} times the time"
        fit = "" if self.after.verdict == "fits" else f" ({self.after.verdict})"
        return f"{memory}{fit}, {time}"

    @property
    def sentence(self) -> str:
        """Change, reason and predicted effect."""
        return f"{self.change}: {self.reason}; {self.effect}"

    @property
    def seconds_before(self) -> float:
        """Of the whole run where the dataset is known, else of a step times the epochs."""
        return _seconds(self.before)

    @property
    def seconds_after(self) -> float:
        """The same with the edit."""
        return _seconds(self.after)

    @property
    def helps(self) -> bool:
        """Whether it brings what it is for. What quality becomes is not predicted: there it must only fit."""
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
    """Edits of `config` that serve `goal`, the best first; by arithmetic, within some milliseconds.

    For memory those that make it fit come first, the least change of the model before others; for speed
    what keeps the result the same comes before what does not; for quality the guide's order, what fits first.
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
    """`advise`, with what was weighed and found not to help behind it."""

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
    """Make the edits in `document`; every other byte stays. Raises EditRefusedError."""
    for path, value in advice.edits:
        document.set(path, value)


Candidates = Iterator[tuple[str, tuple[Edit, ...]]]  # (reason, edits), in the order of the guide
Estimator = Callable[[tuple[Edit, ...]], Estimate]  # of the config with these edits


def _for_memory(config: Settings, machine: Machine, estimated: Estimator) -> Candidates:
    same = f"the same effective batch of {config.effective_batch}"
    smaller = [size for size in micro_batches(config.effective_batch) if size < config.training.batch_size]
    fitting = [size for size in smaller if estimated(_cut(config, size)).verdict == "fits"]
    for size in dict.fromkeys([*fitting[-1:], *smaller[:1]]):
        yield f"fewer clips in memory at once, {same}", _cut(config, size)
    yield (
        "activations are computed again instead of kept",
        (("training.activation_checkpointing", True),),
    )
    if _could_use_bf16(config, machine):
        yield "half the bytes an activation", (("device.precision", "bf16"),)
    if config.model.patch_frames == 1:
        yield f"{PATCH} frames a token: about a quarter of the activations", (("model.patch_frames", PATCH),)
    for width in (256, 192):
        if width < config.model.d_model:
            yield "a narrower model", _widened(config, width)
    for layers in (6, 4):
        if layers < config.model.num_layers:
            yield "a shallower model", (("model.num_layers", layers),)
    yield "next pose instead of denoising: it moves less well", (("diffusion.enabled", False),)
    yield "data workers hold memory of their own", (("device.num_workers", 0),)
    for frames in (125, 75):
        if frames < config.data.max_frames:
            yield f"windows of {frames / 25:g} s", (("data.max_frames", frames),)


def _for_speed(config: Settings, machine: Machine, estimated: Estimator) -> Candidates:
    if device_of(config, machine) == "cpu" and (machine.gpus or machine.mps):
        name = machine.gpus[0].name if machine.gpus else "the Apple GPU"
        yield f"{name} is there", (("device.type", "cuda" if machine.gpus else "mps"),)
    larger = [size for size in micro_batches(config.effective_batch) if size > config.training.batch_size]
    fitting = [size for size in larger if estimated(_cut(config, size)).verdict == "fits"]
    costs = {size: _seconds(estimated(_cut(config, size))) for size in fitting}
    if costs:
        best = min(size for size in costs if costs[size] <= NEARLY * min(costs.values()))
        yield (
            f"more clips at once, the same effective batch of {config.effective_batch}",
            _cut(config, best),
        )
    if config.model.patch_frames == 1:
        yield f"{PATCH} frames a token: about a quarter of the arithmetic", (("model.patch_frames", PATCH),)
    yield "nothing is computed twice", (("training.activation_checkpointing", False),)
    device = device_of(config, machine)
    if device == "cpu" and not machine.cpu_bf16 and precision_of(config, machine, device) == "bf16":
        yield "this CPU computes bf16 in software", (("device.precision", "auto"),)
    if _could_use_bf16(config, machine):
        yield "bf16 is fast on this hardware", (("device.precision", "bf16"),)
    yield "no dropout to draw; watch for overfitting", (("model.dropout", 0.0),)
    epochs = int(config.training.epochs)
    if epochs > 1:
        warmup = min(int(config.training.warmup_epochs), max(epochs // 20, 1))
        fewer: tuple[Edit, ...] = (("training.epochs", max(epochs // 2, 1)),)
        if warmup != config.training.warmup_epochs:
            fewer += (("training.warmup_epochs", warmup),)
        yield "a shorter training, for faster experiments", fewer
    for frames in (125, 75):
        if frames < config.data.max_frames:
            yield f"windows of {frames / 25:g} s", (("data.max_frames", frames),)
    for width in (384, 256, 192):
        if width < config.model.d_model:
            yield "a narrower model", _widened(config, width)
            break


def _for_quality(config: Settings, machine: Machine, estimated: Estimator) -> Candidates:
    yield "denoising moves better than the next pose", (("diffusion.enabled", True),)
    for width in (384, 512):
        if width > config.model.d_model:
            yield "a wider model", _widened(config, width)
            break
    for layers in (8, 10):
        if layers > config.model.num_layers:
            yield "a deeper model", (("model.num_layers", layers),)
            break
    epochs = int(config.training.epochs)
    yield "more passes over the clips", (("training.epochs", 100 if epochs < 100 else 2 * epochs),)
    for name, what in (("temporal", "smoother motion"), ("physics", "more realistic dynamics")):
        weight = float(config.loss_weights[name])
        yield what, ((f"loss_weights.{name}", round(2 * weight, 6) if weight else 0.1),)
    if not config.training.ema_decay:
        yield "samples come from averaged weights", (("training.ema_decay", 0.999),)


def micro_batches(effective_batch: int) -> list[int]:
    """The micro-batches that make up `effective_batch` exactly, smallest first."""
    return [size for size in range(1, min(effective_batch, 256) + 1) if effective_batch % size == 0]


def heads_for(d_model: int, now: int) -> int:
    """The nhead for a model of another width: of 32 a head as in the presets, else as now, else the nearest."""
    valid = valid_heads(d_model)
    if d_model // HEAD_WIDTH in valid and d_model % HEAD_WIDTH == 0:
        return d_model // HEAD_WIDTH
    return now if now in valid else min(valid, key=lambda heads: abs(heads - now))


def _cut(config: Settings, size: int) -> tuple[Edit, ...]:
    """Micro-batches of `size` clips at the same effective batch."""
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
    """Whether the device multiplies bf16 in hardware and the config keeps it from doing so."""
    device = device_of(config, machine)
    auto = config.replace({"device.precision": "auto"})
    return config.device.precision == "fp32" and precision_of(auto, machine, device) == "bf16"


def _seconds(answer: Estimate) -> float:
    if answer.seconds_total is not None:
        return answer.seconds_total.value
    return answer.seconds_per_step.value * answer.epochs


def _misfit(advice: Advice) -> int:
    """0 where the edit makes the run fit; sorting by it alone keeps the order of the list."""
    return {"fits": 0, "tight": 1, "does not fit": 2}[advice.after.verdict]


def _name(path: str) -> str:
    """The key's name, with its group where it says little alone (`diffusion.enabled`)."""
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
