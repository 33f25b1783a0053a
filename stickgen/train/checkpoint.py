"""Checkpoints that are whole or are not there: a directory, complete when its manifest verifies.

`step_00000120/` holds `model.safetensors` (weights and the normaliser), `ema.safetensors`,
`optimizer.safetensors`, `trainer.json`, `config.yaml`, and `MANIFEST.json` with the size and SHA-256 of
each. It is written under a temporary name beside its place, every file is fsynced, the manifest last, and
then it is renamed. Nothing in it is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from stickgen.atomic import fsync_directory
from stickgen.errors import StickgenError

FORMAT = "stickgen-checkpoint-1"
MANIFEST = "MANIFEST.json"
KEEP = 2  # the last so many, and the best


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint on disk that has been verified."""

    path: Path
    trainer: dict[str, Any]  # step, epoch, best_val_loss, model shape, …

    @property
    def step(self) -> int:
        return int(self.trainer["step"])


def optimizer_tensors(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimizer's moments as flat names: `exp_avg/blocks.0.…`."""
    return {
        f"{moment}/{name}": value.detach().float()
        for name, parameter in model.named_parameters()
        for moment, value in optimizer.state.get(parameter, {}).items()
    }


def restore_optimizer(
    model: nn.Module, optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]
) -> None:
    """Put `optimizer_tensors` back."""
    parameters = dict(model.named_parameters())
    for flat, value in tensors.items():
        moment, _, name = flat.partition("/")
        parameter = parameters[name]
        optimizer.state[parameter][moment] = value.to(parameter.device)


def save_checkpoint(
    directory: Path,
    *,
    tensors: Mapping[str, Mapping[str, Tensor]],
    trainer: Mapping[str, Any],
    config_bytes: bytes,
) -> Checkpoint:
    """Write `step_N` into `directory` and verify it. `tensors` maps a file's stem to its tensors.

    Raises OSError (disk full, read-only); what was there before is then untouched and the temporary
    directory is gone.
    """
    target = directory / f"step_{trainer['step']:08d}"
    temporary = directory / f".{target.name}.{os.getpid()}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(mode=0o700)
        for stem, group in tensors.items():
            flat = {name: value.detach().cpu().contiguous() for name, value in group.items()}
            _write_tensors(flat, temporary / f"{stem}.safetensors")
        (temporary / "config.yaml").write_bytes(config_bytes)
        (temporary / "trainer.json").write_text(json.dumps({"format": FORMAT, **trainer}, indent=1))
        manifest = {file.name: _digest_and_sync(file) for file in sorted(temporary.iterdir())}
        (temporary / MANIFEST).write_text(json.dumps(manifest, indent=1))
        _digest_and_sync(temporary / MANIFEST)
        fsync_directory(temporary)
        if target.exists():  # the same step saved again: the old one goes only now
            shutil.rmtree(target)
        temporary.rename(target)
        fsync_directory(directory)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return verify_checkpoint(target)


def _write_tensors(tensors: dict[str, Tensor], path: Path) -> None:
    """`save_file`, with the disk's error for what it is: safetensors says it in an exception of its own."""
    try:
        save_file(tensors, path)
    except SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1])), str(path)) from error


def _digest_and_sync(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
        return {"bytes": os.fstat(file.fileno()).st_size, "sha256": digest}


def verify_checkpoint(path: Path) -> Checkpoint:
    """Read everything back against the manifest. Raises StickgenError that names the damaged file."""
    try:
        manifest = json.loads((path / MANIFEST).read_bytes())
        for name, expected in manifest.items():
            if Path(name).name != name:
                raise StickgenError(f"{path / MANIFEST}: {name!r} is not a file of this checkpoint")
            file = path / name
            if file.stat().st_size != expected["bytes"]:
                raise StickgenError(
                    f"{file}: {file.stat().st_size} bytes, but the manifest says {expected['bytes']}"
                )
            with file.open("rb") as opened:
                if hashlib.file_digest(opened, "sha256").hexdigest() != expected["sha256"]:
                    raise StickgenError(f"{file}: its checksum is not the manifest's; the file is damaged")
        trainer = json.loads((path / "trainer.json").read_bytes())
        if trainer.get("format") != FORMAT:
            raise StickgenError(f"{path}: not a checkpoint that this version of stickgen knows")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StickgenError(f"{path}: not a whole checkpoint ({error})") from error
    return Checkpoint(path, trainer)


def newest_checkpoint(directory: Path) -> tuple[Checkpoint | None, list[str]]:
    """The newest checkpoint that verifies, and a sentence for each newer one that does not."""
    skipped: list[str] = []
    for path in sorted(directory.glob("step_*"), reverse=True):
        try:
            return verify_checkpoint(path), skipped
        except StickgenError as error:
            skipped.append(str(error))
    return None, skipped


def prune_checkpoints(directory: Path, *, best_step: int | None) -> None:
    """Drop all but the last two and the best, and what crashed saves left; the newest must verify first."""
    for leftover in directory.glob(".step_*.tmp"):
        shutil.rmtree(leftover, ignore_errors=True)
    paths = sorted(directory.glob("step_*"))
    for path in paths[:-KEEP]:
        if path.name != f"step_{best_step or -1:08d}":
            shutil.rmtree(path, ignore_errors=True)


def read_tensors(checkpoint: Checkpoint, stem: str) -> dict[str, Tensor]:
    """The tensors of one of the checkpoint's files, on the CPU."""
    path = checkpoint.path / f"{stem}.safetensors"
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise StickgenError(f"{path}: cannot be read ({error})") from error


def tensor_shapes(checkpoint: Checkpoint, stem: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes by the header of one of the checkpoint's files; no tensor is read."""
    path = checkpoint.path / f"{stem}.safetensors"
    try:
        with safe_open(path, framework="pt") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise StickgenError(f"{path}: cannot be read ({error})") from error


def load_module(module: nn.Module, checkpoint: Checkpoint, stem: str) -> None:
    """Fill `module` from the file, after its names and shapes have been compared with the header's.

    Raises StickgenError that names the first difference; nothing is allocated for a file that does not fit.
    """
    path = checkpoint.path / f"{stem}.safetensors"
    wanted = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    found = tensor_shapes(checkpoint, stem)
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise StickgenError(
                f"{path}: {name} is {found.get(name, 'missing')} there and "
                f"{wanted.get(name, 'missing')} in the config's model; use the run's own config"
            )
    module.load_state_dict(read_tensors(checkpoint, stem))
