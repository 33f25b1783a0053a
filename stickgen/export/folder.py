"""An exported model: a folder that another program can load, with weights, config and model card."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stickgen.config.schema import KEYS
from stickgen.errors import StickgenError
from stickgen.export.card import Subject, config_json, local_name, model_card
from stickgen.export.program import check_onnx, least_frames, step_program, trace, write_onnx, write_torch
from stickgen.export.standalone import standalone_sources
from stickgen.foreign_files import read_json
from stickgen.generate.from_run import Generator
from stickgen.outputs import backup_path, check_output_folder
from stickgen.planner.arithmetic.parameters import count_diffusion_parameters, count_parameters
from stickgen.record_log import RecordReader
from stickgen.run_contract import Field, RecordKind
from stickgen.runs.provenance import ancestors_of
from stickgen.runs.resuming import moved
from stickgen.runs.store import Run
from stickgen.train.checkpoints.checkpoint import Checkpoint, verify_checkpoint, write_tensors
from stickgen.yaml_edit import Document


def export(
    checkpoint: Checkpoint,
    folder: Path,
    formats: tuple[str, ...] = ("safetensors",),
    *,
    force: bool = False,
) -> Subject:
    """Write the averaged model of `checkpoint` into the new `folder`. Returns what the card describes.

    `formats` are "safetensors", "torch" and "onnx". The folder appears whole or not at all. Raises StickgenError if
    it exists and is not empty (`force` sets an earlier export aside), if it cannot be written, or if an exported
    program does not compute what the model does.
    """
    replaces = check_output_folder(folder, _is_export, "an exported model", force=force)
    if "onnx" in formats:
        check_onnx()
    run = Run(checkpoint.path.parent.parent)
    generator = Generator.of_checkpoint(checkpoint, run if run.identity else None)
    target = folder.absolute()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent))
    except OSError as error:
        raise StickgenError(f"{folder}: cannot be written ({error.strerror})") from error
    try:
        temporary.chmod(0o777 & ~_umask())
        subject = _write(generator, checkpoint, run, temporary, formats)
        if replaces:
            target.rename(backup_path(target))
        temporary.replace(target)
    except (OSError, RuntimeError) as error:  # if the disk is full, torch says that its zip writer failed
        if isinstance(error, RuntimeError) and not _is_about_writing(error):
            raise
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error).splitlines()[0][:200]
        raise StickgenError(f"{folder}: cannot be written ({reason}); nothing was left behind") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return subject


def _is_export(folder: Path) -> bool:
    """Whether `folder` holds a model that stickgen exported."""
    try:
        config = read_json(folder / "config.json")
    except (OSError, ValueError):
        return False
    return "stickgen_version" in config


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def _write(
    generator: Generator, checkpoint: Checkpoint, run: Run, folder: Path, formats: tuple[str, ...]
) -> Subject:
    model, normaliser = generator.model, generator.normaliser
    if "safetensors" in formats:
        statistics = {f"normaliser.{name}": value for name, value in normaliser.state_dict().items()}
        write_tensors(
            {**model.state_dict(), **statistics}, folder / "model.safetensors", metadata={"format": "pt"}
        )
        package = folder / "stickgen_model"
        package.mkdir()
        for name, source in standalone_sources().items():
            (package / name).write_text(source, "utf-8")
    differences: dict[str, float] = {}
    if "torch" in formats or "onnx" in formats:
        program = step_program(model, normaliser, generator.sampling)
        traced = trace(program)
        if "torch" in formats:
            differences["torch.export"] = write_torch(program, traced, folder / "sampler_step.pt2")
        if "onnx" in formats:
            differences["ONNX"] = write_onnx(program, traced, folder / "sampler_step.onnx")
    subject = Subject(
        name=run.identity.get("name") or run.name,
        step=checkpoint.step,
        parameters=count_parameters(generator.config) + count_diffusion_parameters(generator.config),
        shape=asdict(model.config),
        sampling=asdict(generator.sampling),
        least_frames=least_frames(model),
        encoder=_encoder(generator),
        words=generator.normaliser.knows_words,
        data=_data(generator, checkpoint),
        validation=_validation(run, checkpoint.step),
        ancestors=_ancestors(checkpoint, run),
        formats=formats,
        differences=differences,
    )  # fmt: skip
    (folder / "config.yaml").write_bytes(without_places((checkpoint.path / "config.yaml").read_bytes()))
    (folder / "config.json").write_text(config_json(subject), "utf-8")
    (folder / "README.md").write_text(model_card(subject), "utf-8")
    return subject


def _is_about_writing(error: RuntimeError) -> bool:
    """Whether a library failed to write: those of torch and safetensors raise no OSError."""
    return re.search(r"PytorchStreamWriter|writing|file write failed|write file", str(error)) is not None


def _encoder(generator: Generator) -> str:
    """The encoder that embedded the dataset, else the one that the config names."""
    stored = generator.dataset.content.get("encoder") if generator.dataset else None
    return str(stored or generator.config.data.encoder)


def _data(generator: Generator, checkpoint: Checkpoint) -> Mapping[str, Any] | None:
    """What the weights were trained on last: as the checkpoint says, or else as the dataset itself does."""
    kept = checkpoint.trainer.get("dataset")
    if isinstance(kept, dict):
        return kept
    return asdict(generator.dataset.facts()) if generator.dataset else None


def _ancestors(checkpoint: Checkpoint, run: Run) -> list[dict[str, Any]]:
    """What else the weights were trained on: earlier data, and the data of the weights that they started from."""
    kept = checkpoint.trainer.get("ancestors")
    if isinstance(kept, list):
        return [ancestor for ancestor in kept if isinstance(ancestor, dict)]
    source = run.identity.get("init_from")  # the checkpoint is of an older version
    if not isinstance(source, str):
        return []
    try:
        initial = verify_checkpoint(moved(run, Path(source)))
    except StickgenError:
        return [{"run": Path(source).parent.parent.name, "step": None, "dataset": None}]
    return ancestors_of(initial.path, initial.trainer)


def without_places(config: bytes) -> bytes:
    """`config` without secrets, and with absolute paths cut to their last part: they reveal somebody's machine."""
    document = Document.parse(config, "config.yaml")
    for key in KEYS:
        value = document.get(key.path)
        if key.secret and value:
            document.set(key.path, key.default)
        if (
            (key.is_path or key.path == "data.encoder")
            and isinstance(value, str)
            and value != local_name(value)
        ):
            document.set(key.path, local_name(value))
    return document.data


def _validation(run: Run, step: int) -> dict[str, Any] | None:
    """The newest validation record up to `step`."""
    records = RecordReader(run.metrics_path).read_new()
    fitting = [
        r for r in records if r.get(Field.KIND) == RecordKind.VAL and r.get(Field.STEP, step + 1) <= step
    ]
    return fitting[-1] if fitting else None
