"""The sampler's step as a program that runs without its Python code: torch.export or ONNX.

Both are run once at other shapes than those they were traced with and compared with the model.
"""

from __future__ import annotations

import importlib.util
import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from stickgen.errors import StickgenError
from stickgen.model.normalise import Normaliser
from stickgen.model.sampler import clean_motion, flow_step, next_poses
from stickgen.model.transformer import MotionTransformer
from stickgen.motion.skeleton import MAX_FRAMES

TOLERANCE = 1e-3  # units of the figure, which is about one high
_CHECKED_SHAPES = ((1, 7), (2, MAX_FRAMES))  # batch, frames


class DenoisingProgram(nn.Module):
    """`x, text, before, time, time_before, following, guidance_scale → x at following, clean, motion`.

    `x` [b, t, 20] starts as normal noise at time 1; `text` [b, embedding_dim] as the encoder gives it. `before`
    [b, t, 20] is what the step before gave as `clean`, at `time_before`; in the first step that is the same as
    `time`, and `before` does not matter. The others are single numbers. `motion` [b, t, 20] are the coordinates
    that a step to time 0 would end with: after the last one, the result.
    """

    outputs = ("next_x", "clean", "motion")

    def __init__(self, model: MotionTransformer, normaliser: Normaliser) -> None:
        super().__init__()
        self.model, self.normaliser = model, normaliser

    def forward(
        self,
        x: Tensor,
        text: Tensor,
        before: Tensor,
        time: Tensor,
        time_before: Tensor,
        following: Tensor,
        guidance_scale: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """One step."""
        clean = clean_motion(self.model, x, self.normaliser.encode_text(text), time, guidance_scale)
        next_x = flow_step(x, clean, before, time, time_before, following)
        end = flow_step(x, clean, before, time, time_before, torch.zeros_like(time))
        return next_x, clean, self.normaliser.decode(end)

    def example(self, batch: int, frames: int) -> dict[str, Tensor]:
        """Inputs of a step in the middle of the way."""
        numbers = {"time": 0.7, "time_before": 0.9, "following": 0.4, "guidance_scale": 2.0}
        inputs = _example(self.model, "x", batch, frames)
        return {
            "x": inputs["x"], "text": inputs["text"], "before": inputs["x"].roll(1, dims=1),
            **{name: torch.tensor(value) for name, value in numbers.items()},
        }  # fmt: skip


class NextPoseProgram(nn.Module):
    """`before, text → poses, motion`, for a model that was trained with `diffusion.enabled: false`.

    `before` [b, t, 20] are the poses so far, the first one near 0; `poses[:, -1]` is the one to append to
    them, and `motion` [b, t, 20] all of `poses` in coordinates.
    """

    outputs = ("poses", "motion")

    def __init__(self, model: MotionTransformer, normaliser: Normaliser) -> None:
        super().__init__()
        self.model, self.normaliser = model, normaliser

    def forward(self, before: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """The poses that follow those in `before`."""
        poses = next_poses(self.model, before, self.normaliser.encode_text(text))
        return poses, self.normaliser.decode(poses)

    def example(self, batch: int, frames: int) -> dict[str, Tensor]:
        """Inputs of a step."""
        return _example(self.model, "before", batch, frames)


Program = DenoisingProgram | NextPoseProgram


def _example(model: MotionTransformer, name: str, batch: int, frames: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(frames)
    return {
        name: torch.randn(batch, frames, model.config.input_dim, generator=generator),
        "text": torch.randn(batch, model.config.embedding_dim, generator=generator),
    }


def step_program(model: MotionTransformer, normaliser: Normaliser) -> Program:
    """The step of `model` in evaluation mode, of the kind it was trained for."""
    kind = DenoisingProgram if model.config.denoising else NextPoseProgram
    return kind(model, normaliser).eval().requires_grad_(False)


def trace(program: Program) -> torch.export.ExportedProgram:
    """The step through torch.export, for any batch and 2 to 250 frames."""
    batch, frames = torch.export.Dim("batch"), torch.export.Dim("frames", min=2, max=MAX_FRAMES)
    example = program.example(3, 40)
    shapes: dict[str, Any] = {
        name: None if value.ndim == 0 else {0: batch} if name == "text" else {0: batch, 1: frames}
        for name, value in example.items()
    }
    return torch.export.export(program, (), example, dynamic_shapes=shapes)


def write_torch(program: Program, traced: torch.export.ExportedProgram, path: Path) -> float:
    """Write `path` (.pt2) and read it back; returns the largest difference from the model."""
    torch.export.save(traced, path)
    read = torch.export.load(path).module()
    return _compare(program, lambda inputs: read(**inputs), path)


def write_onnx(program: Program, traced: torch.export.ExportedProgram, path: Path) -> float:
    """Write `path` (.onnx) and run it; returns the largest difference from the model.

    Raises StickgenError when the packages of the extra `onnx` are missing.
    """
    check_onnx()
    import onnxruntime

    example = program.example(3, 40)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        written = torch.onnx.export(
            traced, (), kwargs=example, dynamo=True, verbose=False,
            input_names=list(example), output_names=list(program.outputs),
        )  # fmt: skip
        assert written is not None
        written.save(path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return _compare(
        program,
        lambda inputs: map(torch.from_numpy, session.run(None, {n: v.numpy() for n, v in inputs.items()})),
        path,
    )


def check_onnx() -> None:
    """Raise StickgenError when the packages of the extra `onnx` are missing."""
    missing = [n for n in ("onnx", "onnxscript", "onnxruntime") if importlib.util.find_spec(n) is None]
    if missing:
        raise StickgenError(f'--format onnx needs {", ".join(missing)}; run: pip install "stickgen[onnx]"')


def _compare(program: Program, run: Any, path: Path) -> float:
    largest = 0.0
    for batch, frames in _CHECKED_SHAPES:
        inputs = program.example(batch, frames)
        for ours, theirs in zip(program(**inputs), run(inputs), strict=True):
            largest = max(largest, float((ours - theirs).abs().max()))
    if not largest <= TOLERANCE:
        raise StickgenError(f"{path.name}: it differs from the model by {largest:.2g}; it was not written")
    return largest
