"""The sampler's step as a program that runs without its Python code: torch.export or ONNX.

Both are run at other shapes than they were traced with, and compared with the model.
"""

from __future__ import annotations

import importlib.util
import io
import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from stickgen.data.embed import MAX_WORDS
from stickgen.errors import StickgenError
from stickgen.model.finishing import Clean, finished
from stickgen.model.normalise import Normaliser
from stickgen.model.sampler import Sampling, clean_motion, flow_step, next_poses
from stickgen.model.smoothing import KERNEL
from stickgen.model.transformer import MotionTransformer
from stickgen.model.words import TextBatch
from stickgen.motion.skeleton import MAX_FRAMES

EXAMPLE_WORDS = 9  # tokens of an example text
TOLERANCE = 1e-3  # in units of the skeleton; a figure is about one unit high
_CHECKED_SHAPES = ((1, 7), (2, MAX_FRAMES))  # batch, frames


class DenoisingProgram(nn.Module):
    """`x, text, before, time, time_before, following, guidance_scale → x at following, clean, motion`.

    - `x` [b, t, 20] starts as normal noise at time 1, with the model's correlation from frame to frame.
    - `text` [b, embedding_dim] is as the encoder gives it.
    - `before` [b, t, 20] is what the previous step gave as `clean`, at `time_before`. In the first step,
      `time_before` equals `time` and `before` does not matter.
    - `time`, `time_before`, `following` and `guidance_scale` are single numbers.
    - `words` [b, l, embedding_dim], real where `words_mask` [b, l] is true: the texts' tokens, for a model that was
      trained with them.
    - `motion` [b, t, 20] are the coordinates at the end of a step straight to time 0, finished as every motion that is
      drawn; after the last step, the result.
    """

    outputs = ("next_x", "clean", "motion")

    def __init__(self, model: MotionTransformer, normaliser: Normaliser, sampling: Sampling) -> None:
        super().__init__()
        self.model, self.normaliser, self.sampling = model, normaliser, sampling

    def forward(
        self,
        x: Tensor,
        text: Tensor,
        before: Tensor,
        time: Tensor,
        time_before: Tensor,
        following: Tensor,
        guidance_scale: Tensor,
        words: Tensor | None = None,
        words_mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """One step."""
        texts = _encoded(self.normaliser, text, words, words_mask)
        clean, planted = clean_motion(self.model, x, texts, time, guidance_scale)
        next_x = flow_step(x, clean, before, time, time_before, following)
        end = flow_step(x, clean, before, time, time_before, torch.zeros_like(time))
        return next_x, clean, finished(Clean(end, planted), self.normaliser, self.sampling.finish)

    def example(self, batch: int, frames: int) -> dict[str, Tensor]:
        """Inputs of a step halfway."""
        numbers = {"time": 0.7, "time_before": 0.9, "following": 0.4, "guidance_scale": 2.0}
        inputs = _example(self, "x", batch, frames)
        return {
            **inputs, "before": inputs["x"].roll(1, dims=1),
            **{name: torch.tensor(value) for name, value in numbers.items()},
        }  # fmt: skip


class NextPoseProgram(nn.Module):
    """`before, text → poses, motion`, for a model that was trained with `diffusion.enabled: false`.

    `before` [b, t, 20] are the poses so far, the first patch near 0. The last patch of `poses` is the one to append
    to them. `motion` [b, t, 20] is all of `poses` in coordinates.
    """

    outputs = ("poses", "motion")

    def __init__(self, model: MotionTransformer, normaliser: Normaliser) -> None:
        super().__init__()
        self.model, self.normaliser = model, normaliser

    def forward(
        self, before: Tensor, text: Tensor, words: Tensor | None = None, words_mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The poses that follow those in `before`."""
        poses = next_poses(self.model, before, _encoded(self.normaliser, text, words, words_mask))
        return poses, self.normaliser.decode(poses)

    def example(self, batch: int, frames: int) -> dict[str, Tensor]:
        """Inputs of a step."""
        return _example(self, "before", batch, frames)


def _encoded(
    normaliser: Normaliser, text: Tensor, words: Tensor | None, words_mask: Tensor | None
) -> TextBatch:
    # not `encode_texts`: whether the model knows words would depend on data, which torch.export refuses
    if words is not None:
        words = normaliser.encode_words(words)
    return TextBatch(normaliser.encode_text(text), words, words_mask)


Program = DenoisingProgram | NextPoseProgram


def _example(program: Program, name: str, batch: int, frames: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(frames)
    model = program.model
    words = {}
    if program.normaliser.knows_words:
        width = model.config.embedding_dim
        words = {
            "words": torch.randn(batch, EXAMPLE_WORDS, width, generator=generator),
            "words_mask": torch.arange(EXAMPLE_WORDS).expand(batch, -1) < EXAMPLE_WORDS - 2,
        }
    return {
        **words,
        name: torch.randn(batch, frames, model.config.input_dim, generator=generator),
        "text": torch.randn(batch, model.config.embedding_dim, generator=generator),
    }


def step_program(model: MotionTransformer, normaliser: Normaliser, sampling: Sampling) -> Program:
    """The step of `model` in evaluation mode, for the objective that it was trained with.

    How the motion of the last step is finished, `sampling` says.
    """
    program: Program
    if model.config.denoising:
        program = DenoisingProgram(model, normaliser, sampling)
    else:
        program = NextPoseProgram(model, normaliser)
    return program.eval().requires_grad_(False)


def least_frames(model: MotionTransformer) -> int:
    """The shortest motion that an exported step accepts: torch.export would specialise for a single token, and a
    denoiser's for motions too short to be smoothed."""
    tokens = model.config.patch_frames + 1
    return max(tokens, len(KERNEL)) if model.config.denoising else tokens


def trace(program: Program) -> torch.export.ExportedProgram:
    """The step through torch.export, for any batch size and `least_frames` to MAX_FRAMES frames."""
    batch, frames = (
        torch.export.Dim("batch"),
        torch.export.Dim("frames", min=least_frames(program.model), max=MAX_FRAMES),
    )
    words = torch.export.Dim("words", min=2, max=MAX_WORDS)
    example = program.example(3, 40)
    along = {"x": {1: frames}, "before": {1: frames}, "words": {1: words}, "words_mask": {1: words}}
    shapes: dict[str, Any] = {
        name: {0: batch, **along.get(name, {})} if value.ndim else None for name, value in example.items()
    }
    return torch.export.export(
        program, (), example, dynamic_shapes=shapes,
        prefer_deferred_runtime_asserts_over_guards=True,  # its solver does not understand how frames fill a patch
    )  # fmt: skip


def write_torch(program: Program, traced: torch.export.ExportedProgram, path: Path) -> float:
    """Write `path` (.pt2) and read it back. Returns the largest difference from the model."""
    buffer = io.BytesIO()  # torch's own writer aborts the process if the disk is full
    torch.export.save(traced, buffer)
    path.write_bytes(buffer.getbuffer())
    read = torch.export.load(path).module()
    return _compare(program, lambda inputs: read(**inputs), path)


def write_onnx(program: Program, traced: torch.export.ExportedProgram, path: Path) -> float:
    """Write `path` (.onnx) and run it. Returns the largest difference from the model.

    Raises StickgenError if the packages of the extra `onnx` are missing.
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
    """Raise StickgenError if the packages of the extra `onnx` are missing."""
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
        raise StickgenError(
            f"{path.name}: the program differs from the model by {largest:.2g}; it was not kept"
        )
    return largest
