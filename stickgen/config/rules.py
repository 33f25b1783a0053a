"""What must hold between keys, and between a config and where it runs, each with the edit that fixes it.

`error`: a launch would fail. `warning`: it would run, and not do what the config says. `info`: it may be meant so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from stickgen.config.key import Value
from stickgen.config.placement import choose_device
from stickgen.config.problem_codes import Code
from stickgen.config.settings import Edit, Settings
from stickgen.yaml_edit import format_value

Severity = Literal["error", "warning", "info"]

USUAL_EFFECTIVE_BATCH = 64  # of all presets and tiers of the guide


@dataclass(frozen=True)
class BrokenRule:
    """A rule that does not hold; `path` is the key to look at, `edit` a key and value that fix it."""

    code: Code
    severity: Severity
    path: str
    message: str
    fix: str
    edit: Edit | None
    related: str = ""  # the other key, to look at if the file does not have the first


@dataclass(frozen=True)
class Site:
    """What is known of the machine and the dataset. None: not known, and no rule asks for it."""

    cuda: bool | None = None  # whether there is a CUDA GPU
    mps: bool | None = None
    cores: int | None = None  # that this process may use
    cpu_bf16: bool | None = None  # whether the hardware multiplies bf16
    cuda_bf16: bool | None = None
    embedding_dim: int | None = None  # of the dataset's texts
    clips: int | None = None  # of the dataset that are trained on

    def device(self, wanted: Value) -> str | None:
        """Where `device.type` leads; None if that is not known."""
        if wanted == "auto" and (self.cuda is None or (not self.cuda and self.mps is None)):
            return None
        return choose_device(str(wanted), cuda=bool(self.cuda), mps=bool(self.mps))


def valid_heads(d_model: int) -> list[int]:
    """The values of nhead that cut d_model into heads of an even width, as rotary positions need."""
    return [n for n in range(1, min(d_model, 256) + 1) if d_model % n == 0 and (d_model // n) % 2 == 0]


def broken_rules(config: Settings, where: Site | None = None) -> list[BrokenRule]:
    """The rules that `config` breaks, worst first."""
    where = where or Site()
    rules = [
        *_heads(config),
        *_device(config, where),
        *_sharding(config),
        *_dataset(config, where),
        *_schedule(config),
        *_batch(config),
    ]
    return sorted(rules, key=lambda rule: ("error", "warning", "info").index(rule.severity))


def _heads(config: Settings) -> Iterator[BrokenRule]:
    d_model, nhead = config.model.d_model, config.model.nhead
    valid = valid_heads(d_model)
    if nhead in valid:
        return
    why = f"{nhead} does not divide d_model {d_model}"
    if d_model % nhead == 0:
        why = f"{nhead} cuts d_model {d_model} into heads of an odd width"
    if not valid:
        fix = f"make d_model even, for example {d_model + 1}"
        yield BrokenRule(
            Code.HEADS, "error", "model.nhead", why, fix, ("model.d_model", d_model + 1), "model.d_model"
        )
        return
    fix = "use one of " + ", ".join(str(n) for n in valid if n <= 64)
    nearest = min(valid, key=lambda n: (abs(n - nhead), n))
    yield BrokenRule(Code.HEADS, "error", "model.nhead", why, fix, ("model.nhead", nearest), "model.d_model")


def _device(config: Settings, where: Site) -> Iterator[BrokenRule]:
    wanted = config.device.type
    for name, there, title in (("cuda", where.cuda, "CUDA GPU"), ("mps", where.mps, "Apple GPU")):
        if wanted == name and there is False:
            yield BrokenRule(
                Code.NO_SUCH_DEVICE, "error", "device.type", f"{name} is asked for, and this machine has no {title}",
                "use auto, or launch it on a machine that has one", ("device.type", "auto"),
            )  # fmt: skip
            return
    device = where.device(wanted)
    if config.device.pin_memory and device in {"cpu", "mps"}:
        on = device if wanted == device else f"{device}, which auto takes here"
        yield BrokenRule(
            Code.PIN_MEMORY,
            "warning",
            "device.pin_memory",
            f"has no effect on {on}",
            "set it to false",
            ("device.pin_memory", False),
            "device.type",
        )
    if config.device.precision == "bf16":
        in_hardware = {"cpu": where.cpu_bf16, "cuda": where.cuda_bf16}.get(device or "")
        if in_hardware is False:
            yield BrokenRule(
                Code.SLOW_BF16, "info", "device.precision", f"this {'CPU' if device == 'cpu' else 'GPU'} has no bf16 in hardware: "
                "less memory, but slower than fp32", "use auto, unless memory is what runs out",
                ("device.precision", "auto"),
            )  # fmt: skip
    workers = config.device.num_workers
    if where.cores is not None and workers > where.cores:
        best = 0 if device == "cpu" else where.cores
        yield BrokenRule(
            Code.TOO_MANY_WORKERS, "warning", "device.num_workers", f"{workers} workers for {_many(where.cores, 'usable core')}: they wait for "
            "one another", f"use {best}", ("device.num_workers", best),
        )  # fmt: skip
    elif workers and device == "cpu":
        yield BrokenRule(
            Code.WORKERS_ON_CPU, "info", "device.num_workers", "on a CPU the workers take cores from the training", "use 0",
            ("device.num_workers", 0),
        )  # fmt: skip


def _sharding(config: Settings) -> Iterator[BrokenRule]:
    if config.device.sharding == "none":
        return
    for path, value, instead, why in (
        ("lora.enabled", True, False, "adapters are small: there is nothing to share"),
        ("training.optimizer", "muon", "adamw", "Muon needs its matrices in whole"),
        ("training.compile", "always", "never", "sharded blocks are not compiled"),
    ):
        if config.get(path) == value:
            yield BrokenRule(
                Code.SHARDING, "error", path, f"{format_value(value)} does not go with device.sharding fsdp; {why}",
                f"use {format_value(instead)}, or device.sharding none", (path, instead), "device.sharding",
            )  # fmt: skip


def _dataset(config: Settings, where: Site) -> Iterator[BrokenRule]:
    width = config.model.embedding_dim
    if where.embedding_dim is not None and where.embedding_dim != width:
        yield BrokenRule(
            Code.EMBEDDING_WIDTH, "error", "model.embedding_dim", f"{width}, but the dataset's embeddings have {where.embedding_dim}",
            f"use {where.embedding_dim}", ("model.embedding_dim", where.embedding_dim),
        )  # fmt: skip
    batch, accumulated = config.training.batch_size, config.training.grad_accum_steps
    if where.clips is not None and 0 < where.clips < batch * accumulated:
        fewer = max(where.clips // batch, 1)
        edit: Edit = ("training.grad_accum_steps", fewer)
        if fewer == accumulated:
            fewer = where.clips
            edit = ("training.batch_size", fewer)
        yield BrokenRule(
            Code.FEW_CLIPS, "warning", edit[0], f"an epoch has {_many(where.clips, 'clip')}, fewer than one step of {batch * accumulated}",
            f"use {fewer}", edit,
        )  # fmt: skip


def _schedule(config: Settings) -> Iterator[BrokenRule]:
    warmup, epochs = config.training.warmup_epochs, config.training.epochs
    if warmup and warmup >= epochs:
        tenth = epochs // 10
        than = "longer than" if warmup > epochs else "as long as"
        yield BrokenRule(
            Code.LONG_WARMUP, "warning", "training.warmup_epochs", f"the warm-up of {_many(warmup, 'epoch')} is {than} the whole training",
            f"use {tenth}", ("training.warmup_epochs", tenth), "training.epochs",
        )  # fmt: skip
    if config.logging.save_interval > epochs and not config.logging.save_minutes:
        yield BrokenRule(
            Code.NO_CHECKPOINT, "warning", "logging.save_interval", "no checkpoint is written before the training ends",
            f"use {max(epochs // 5, 1)}", ("logging.save_interval", max(epochs // 5, 1)),
        )  # fmt: skip


def _batch(config: Settings) -> Iterator[BrokenRule]:
    batch, accumulated = config.training.batch_size, config.training.grad_accum_steps
    if batch * accumulated != USUAL_EFFECTIVE_BATCH:
        same = USUAL_EFFECTIVE_BATCH // batch if batch <= USUAL_EFFECTIVE_BATCH else 0
        edit: Edit | None = (
            ("training.grad_accum_steps", same) if same * batch == USUAL_EFFECTIVE_BATCH else None
        )
        yield BrokenRule(
            Code.EFFECTIVE_BATCH, "info", "training.grad_accum_steps",
            f"the effective batch is {batch} × {accumulated} = {batch * accumulated}, that of the presets "
            f"{USUAL_EFFECTIVE_BATCH}; their learning rates are made for it",
            f"use {same} to keep it" if edit else "higher learning rates suit larger batches", edit, "training.batch_size",
        )  # fmt: skip


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}" + ("" if count == 1 else "s")
