"""A checkpoint is a directory that is either whole or not there; it is whole if its manifest verifies.

`step_00000120/` holds `model.safetensors` (the weights), `ema.safetensors` (their running average),
`normaliser.safetensors`, `optimizer.safetensors`, `trainer.json`, `config.yaml`, and `MANIFEST.json` with the
size and SHA-256 of each. It is written under a temporary name beside its place; every file is fsynced, the
manifest last; then the directory is renamed. Nothing in it is ever unpickled, and sizes and shapes are checked
before anything is read, because a checkpoint may come from a stranger.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from stickgen.atomic import fsync_directory
from stickgen.config.loading import TrainingConfig
from stickgen.config.schema import KEY_BY_PATH
from stickgen.errors import StickgenError
from stickgen.foreign_files import MAX_JSON_BYTES, is_own_folder, open_regular, read_json, read_regular
from stickgen.model.normalise import Normaliser
from stickgen.planner.decisions.checkpoints import KEPT_LAST
from stickgen.run_contract import MAX_CONFIG_BYTES
from stickgen.runs.checkpoint_folders import checkpoint_folders, is_own_checkpoint

FORMAT = "stickgen-checkpoint-1"
MANIFEST = "MANIFEST.json"
NEEDED = {"model.safetensors", "trainer.json", "config.yaml"}
MOMENTS = ("step", "exp_avg", "exp_avg_sq", "momentum_buffer")  # what AdamW and Muon keep for each parameter

# No checkpoint of ours comes near these limits. One that does is damaged, or meant to exhaust the reader's memory.
MAX_HEADER_BYTES = 2**22
MAX_FILE_BYTES = 2**36


class NotFiniteError(StickgenError):
    """A tensor is not finite. Such weights are never saved."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint on disk that has been verified."""

    path: Path
    trainer: dict[str, Any]  # trainer.json: "format" and what `TrainState.numbers` gives

    @property
    def step(self) -> int:
        """Optimizer steps that the weights have behind them."""
        return int(self.trainer["step"])

    def config(self) -> TrainingConfig:
        """The config it was trained with last, live changes included, with the defaults of that time.

        Raises StickgenError or OSError if it cannot be read.
        """
        path, noted = self.path / "config.yaml", self.trainer.get("defaults")
        defaults = noted if isinstance(noted, int) else 1
        config = TrainingConfig.from_bytes(read_regular(path, MAX_CONFIG_BYTES), str(path), defaults=defaults)
        live = self.trainer.get("live", {})
        try:
            return config.changed({key: KEY_BY_PATH[key].check(value) for key, value in live.items()})
        except (AttributeError, KeyError, ValueError) as error:
            raise StickgenError(
                f"{self.path / 'trainer.json'}: its live changes are damaged ({error})"
            ) from error


def optimizer_tensors(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimizer's state of every parameter by flat names: `exp_avg/blocks.0.…`, `step/blocks.0.…`."""
    return {
        f"{moment}/{name}": value.detach().float()
        for name, parameter in model.named_parameters()
        for moment, value in optimizer.state.get(parameter, {}).items()
    }


def load_optimizer(model: nn.Module, optimizer: torch.optim.Optimizer, checkpoint: Checkpoint) -> None:
    """Restore what `optimizer_tensors` gave, once names and shapes match those of `model`.

    Raises StickgenError that names the first difference, before any tensor of the file is read.
    """
    parameters = dict(model.named_parameters())
    for flat, shape in tensor_shapes(checkpoint, "optimizer").items():
        moment, _, name = flat.partition("/")
        if moment not in MOMENTS or name not in parameters:
            wanted: tuple[int, ...] | str = "missing"
        else:
            wanted = () if moment == "step" else tuple(parameters[name].shape)
        if shape != wanted:
            raise StickgenError(
                f"{checkpoint.path / 'optimizer.safetensors'}: {flat} is {shape} there and {wanted} in the "
                "config's model; use the run's own config"
            )
    for flat, value in read_tensors(checkpoint, "optimizer").items():
        moment, _, name = flat.partition("/")
        parameter = parameters[name]
        optimizer.state[parameter][moment] = value.float().to(parameter.device)


def save_checkpoint(
    directory: Path,
    *,
    tensors: Mapping[str, Mapping[str, Tensor]],
    trainer: Mapping[str, Any],
    config_bytes: bytes,
) -> Checkpoint:
    """Write `step_N` into `directory` and verify it. `tensors` maps the stem of each file to its tensors.

    Raises NotFiniteError if a tensor is not finite, OSError if the disk is full or read-only. Older checkpoints
    are then untouched and the temporary directory is gone.
    """
    for stem, group in tensors.items():
        for name, value in group.items():
            if not bool(torch.isfinite(value).all()):
                raise NotFiniteError(f"{stem}: {name} is not finite; the last good checkpoint is kept")
    target = directory / f"step_{trainer['step']:08d}"
    temporary = directory / f".{target.name}.{os.getpid()}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(mode=0o700)
        for stem, group in tensors.items():
            flat = {name: value.detach().cpu().contiguous() for name, value in group.items()}
            write_tensors(flat, temporary / f"{stem}.safetensors")
        (temporary / "config.yaml").write_bytes(config_bytes)
        (temporary / "trainer.json").write_text(json.dumps({"format": FORMAT, **trainer}, indent=1))
        manifest = {file.name: _digest_and_sync(file) for file in sorted(temporary.iterdir())}
        (temporary / MANIFEST).write_text(json.dumps(manifest, indent=1))
        _digest_and_sync(temporary / MANIFEST)
        fsync_directory(temporary)
        if target.exists():  # the same step again: the old one stays until the new one can take its place
            aside = target.with_name(f"{target.name}.old")
            if not is_own_checkpoint(target):  # somebody's copy under this name: moved aside and kept
                aside = next(
                    p for n in range(1, 10**6) if not (p := target.with_name(f"not-ours-{n}")).exists()
                )
            shutil.rmtree(aside, ignore_errors=True)
            target.rename(aside)
        temporary.rename(target)
        fsync_directory(directory)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return verify_checkpoint(target)


def write_tensors(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str] | None = None) -> None:
    """Like `save_file`, but raise OSError if the disk fails; safetensors hides that in an exception of its own."""
    try:
        save_file(tensors, path, metadata=metadata)
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
    """Check every file against the manifest. Raises StickgenError that names the damaged file."""
    try:
        manifest = _read_json(path / MANIFEST)
        if lacking := NEEDED - manifest.keys():
            raise StickgenError(f"{path / MANIFEST}: it does not list {', '.join(sorted(lacking))}")
        _check_sizes(path, manifest)
        for name, expected in manifest.items():
            with open_regular(path / name) as opened:
                if hashlib.file_digest(opened, "sha256").hexdigest() != expected["sha256"]:
                    raise StickgenError(
                        f"{path / name}: the checksum differs from the manifest's; the file is damaged"
                    )
        trainer = _read_json(path / "trainer.json")
        if trainer.get("format") != FORMAT or type(trainer["step"]) is not int:
            raise StickgenError(f"{path}: not a checkpoint that this version of stickgen can read")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StickgenError(f"{path}: not a whole checkpoint ({error})") from error
    return Checkpoint(path, trainer)


def _read_json(path: Path) -> dict[str, Any]:
    size = path.lstat().st_size
    if size > MAX_JSON_BYTES:
        raise StickgenError(f"{path}: {size} bytes, which no checkpoint of stickgen has there")
    return read_json(path)


def _check_sizes(path: Path, manifest: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise StickgenError if a file is not as long as the manifest says, or longer than any checkpoint's."""
    for name, expected in manifest.items():
        if Path(name).name != name:
            raise StickgenError(f"{path / MANIFEST}: {name!r} does not lie in this checkpoint")
        size = (path / name).lstat().st_size
        if size != expected["bytes"]:
            raise StickgenError(f"{path / name}: {size} bytes, but the manifest says {expected['bytes']}")
        if size > MAX_FILE_BYTES:
            raise StickgenError(f"{path / name}: {size} bytes, which no checkpoint of stickgen has there")


def newest_checkpoint(directory: Path) -> tuple[Checkpoint | None, list[str]]:
    """The newest checkpoint that verifies, and a sentence for each newer one that does not."""
    skipped: list[str] = []
    for path in reversed(checkpoint_folders(directory)):
        try:
            return verify_checkpoint(path), skipped
        except StickgenError as error:
            skipped.append(str(error))
    return None, skipped


def unfinished_saves(directory: Path) -> list[Path]:
    """Temporary directories of saves that a crash cut off; the next save removes them."""
    if not is_own_folder(directory):
        return []
    return sorted(path for path in directory.glob(".step_*.tmp") if is_own_folder(path))


def prune_checkpoints(directory: Path, *, newest: Checkpoint, best_step: int | None) -> None:
    """Delete all but the newest two and the best, and what crashed saves left; never what a person put there.

    `newest` was verified just now. Of the second newest, only the file sizes are checked.
    """
    for leftover in unfinished_saves(directory):
        shutil.rmtree(leftover, ignore_errors=True)
    kept = 0
    for path in reversed(checkpoint_folders(directory)):
        if path != newest.path and not (kept < KEPT_LAST and path.suffix == "" and _complete(path)):
            if path.name != f"step_{best_step or -1:08d}":
                shutil.rmtree(path, ignore_errors=True)
            continue
        kept += 1


def _complete(path: Path) -> bool:
    """Whether all files exist with the right sizes; `verify_checkpoint` also compares checksums."""
    try:
        _check_sizes(path, _read_json(path / MANIFEST))
    except (StickgenError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    return True


def read_tensors(checkpoint: Checkpoint, stem: str) -> dict[str, Tensor]:
    """The tensors of the checkpoint's file `stem`.safetensors, on the CPU."""
    with _opened(checkpoint, stem) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def tensor_shapes(checkpoint: Checkpoint, stem: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes from the header of `stem`.safetensors; no tensor is read."""
    with _opened(checkpoint, stem) as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118


@contextmanager
def _opened(checkpoint: Checkpoint, stem: str) -> Iterator[Any]:
    """The file, mapped, once its header is known to be short enough. Raises StickgenError if it is not."""
    path = checkpoint.path / f"{stem}.safetensors"
    try:
        with open_regular(path) as file:
            header = int.from_bytes(file.read(8), "little")
        if header > MAX_HEADER_BYTES:
            raise StickgenError(f"{path}: a header of {header} bytes, which no checkpoint of stickgen has")
        with safe_open(path, framework="pt") as file:
            yield file
    except (OSError, SafetensorError) as error:
        raise StickgenError(f"{path}: cannot be read ({error})") from error


def load_module(module: nn.Module, checkpoint: Checkpoint, stem: str) -> None:
    """Fill `module` from `stem`.safetensors, once names and shapes match.

    What an older version did not save yet gets the value that the module names in `added_later`, whatever it has now.
    Raises StickgenError that names the first difference, before any tensor of the file is read.
    """
    path = checkpoint.path / f"{stem}.safetensors"
    wanted = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    found = tensor_shapes(checkpoint, stem)
    older = module.added_later() if isinstance(module, Normaliser) else {}
    lacking = {name: value for name, value in older.items() if name not in found}
    for name in sorted((wanted.keys() | found.keys()) - lacking.keys()):
        if wanted.get(name) != found.get(name):
            raise StickgenError(
                f"{path}: {name} is {found.get(name, 'missing')} there and "
                f"{wanted.get(name, 'missing')} in the config's model; use the run's own config"
            )
    module.load_state_dict({**lacking, **read_tensors(checkpoint, stem)})
