"""Starting from the weights of another run: only the weights, neither its optimizer nor its step count."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from stickgen.config.loading import TrainingConfig
from stickgen.errors import StickgenError
from stickgen.model.transformer import ModelConfig, MotionTransformer
from stickgen.run_contract import File
from stickgen.runs.store import Run, find_run
from stickgen.train.checkpoints.checkpoint import (
    MANIFEST,
    Checkpoint,
    load_module,
    newest_checkpoint,
    tensor_shapes,
    verify_checkpoint,
)

# Config keys that decide what a weight means. Dropout does not.
_SHAPING = (
    "d_model",
    "nhead",
    "num_layers",
    "input_dim",
    "output_dim",
    "embedding_dim",
    "num_actions",
    "patch_frames",
    "clip_timing",
)


def find_initial(source: str, root: Path) -> Checkpoint:
    """The checkpoint that `--init-from` names: its directory, a file in it, or a run (its newest checkpoint).

    Raises StickgenError if there is no whole checkpoint by that name.
    """
    path = Path(source)
    folder = path.parent if path.is_file() else path
    if (folder / MANIFEST).is_file():
        return verify_checkpoint(folder)
    if path.exists() and not (path / File.IDENTITY).is_file():
        raise StickgenError(f"{source}: not a checkpoint of stickgen; name a run or one of its checkpoints")
    run = find_run(source, root)
    checkpoint, skipped = newest_checkpoint(run.checkpoints_dir)
    if checkpoint is None:
        raise StickgenError(f"{run.name}: it has no whole checkpoint" + "".join(f"; {s}" for s in skipped))
    return checkpoint


def check_initial(checkpoint: Checkpoint, config: TrainingConfig) -> None:
    """Compare names and shapes of the checkpoint's weights with those of `config`'s model.

    Only the file's header is read. Raises StickgenError that names the first tensor that differs and the config
    key behind it.
    """
    with torch.device("meta"):
        model = MotionTransformer(ModelConfig.from_training(config))
    wanted = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    found = tensor_shapes(checkpoint, "ema")
    keys = _differing_keys(checkpoint, config)
    for name in [*wanted, *sorted(found.keys() - wanted.keys())]:
        if wanted.get(name) != found.get(name):
            because = f", because {keys[0][0]} is {keys[0][1]} there and {keys[0][2]} here" if keys else ""
            fix = f"; use --set {keys[0][0]}={keys[0][1]}" if keys else ""
            raise StickgenError(
                f"{checkpoint.path}: {name} is {_shape(found.get(name))} there and {_shape(wanted.get(name))} "
                f"in this config's model{because}{fix}"
            )
    if keys:
        key, there, here = keys[0]
        raise StickgenError(
            f"{checkpoint.path}: {key} is {there} there and {here} here; use --set {key}={there}"
        )


def load_initial(
    checkpoint: Checkpoint, config: TrainingConfig, model: nn.Module, normaliser: nn.Module
) -> None:
    """Fill the plain `model` with the checkpoint's averaged weights, and `normaliser` with its scale.

    Weights mean nothing in another scale. Raises StickgenError if they do not fit `config`.
    """
    check_initial(checkpoint, config)
    load_module(model, checkpoint, "ema")
    load_module(normaliser, checkpoint, "normaliser")


def _differing_keys(checkpoint: Checkpoint, config: TrainingConfig) -> list[tuple[str, str, str]]:
    """Keys that shape the model and differ: (key, value in the checkpoint, value in `config`)."""
    try:
        other = checkpoint.config()
    except (OSError, StickgenError):
        return []
    keys = [*(f"model.{name}" for name in _SHAPING), "diffusion.enabled", "diffusion.noise_correlation"]
    pairs = [(key, other.get(key), config.get(key)) for key in keys]
    return [(key, str(there).lower(), str(here).lower()) for key, there, here in pairs if there != here]


def _shape(shape: tuple[int, ...] | None) -> str:
    return "missing" if shape is None else "×".join(map(str, shape)) or "a single number"


def initial_of(run: Run) -> Checkpoint | None:
    """The checkpoint that `run` starts from; None if it starts from scratch. Raises StickgenError if it is damaged."""
    source = run.identity.get("init_from")
    return verify_checkpoint(Path(source)) if isinstance(source, str) else None
