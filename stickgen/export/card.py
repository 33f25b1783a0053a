"""The model card: what an exported model is, what it was trained on, how good it is, and how to load it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stickgen import __version__
from stickgen.motion.skeleton import FPS, JOINTS, MAX_FRAMES
from stickgen.run_contract import PROGRESS, STAMPS, Field
from stickgen.text import clean

_LOAD_WEIGHTS = """\
import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from stickgen_model.normalise import Normaliser
from stickgen_model.sampler import Sampling, sample
from stickgen_model.transformer import ModelConfig, MotionTransformer
from stickgen_model.words import TextBatch

folder = Path(".")  # this folder
facts = json.loads((folder / "config.json").read_text())
weights = load_file(folder / "model.safetensors")
statistics = {name: weights.pop(name) for name in list(weights) if name.startswith("normaliser.")}
model = MotionTransformer(ModelConfig(**facts["model"]))
model.load_state_dict(weights)
normaliser = Normaliser(facts["model"]["embedding_dim"])
normaliser.load_state_dict({name.removeprefix("normaliser."): value for name, value in statistics.items()})
"""

_STEP_BY_STEP = """\
x, steps = torch.randn(1, 100, 20), facts["sampling"]["sampling_steps"]
alike = facts["model"].get("noise_correlation", 0.0)
for frame in range(1, x.shape[1]):  # neighbouring frames of the noise resemble each other
    x[:, frame] = alike * x[:, frame - 1] + (1 - alike**2) ** 0.5 * x[:, frame]
guided = torch.tensor(facts["sampling"]["guidance_scale"])
times, shift = torch.linspace(1, 0, steps + 1), facts["sampling"].get("time_shift", 1.0)
times = shift * times / (1 + (shift - 1) * times)
before, time_before = x, times[0]
for time, following in zip(times[:-1], times[1:]):
    scale = guided if time > facts["sampling"]["guidance_min_time"] else torch.tensor(1.0)
    x, clean, motion = step(
        x=x, **texts, before=before, time=time, time_before=time_before, following=following, guidance_scale=scale
    )
    before, time_before = clean, time"""

_POSE_BY_POSE = """\
patch = facts["model"]["patch_frames"]  # poses that one step adds
poses = 0.05 * torch.randn(1, 1, 20).repeat(1, 2 * patch, 1)
while poses.shape[1] < 100:
    following, motion = step(before=poses, **texts)
    poses = torch.cat((poses, following[:, -patch:]), dim=1)"""


@dataclass(frozen=True)
class Subject:
    """What a card describes."""

    name: str
    step: int
    parameters: int
    shape: Mapping[str, Any]  # the fields of ModelConfig
    sampling: Mapping[str, Any]
    least_frames: int  # that an exported program takes
    encoder: str
    words: bool  # whether it was trained with the tokens of its texts
    data: Mapping[str, Any] | None  # as runs/resuming.py records a dataset
    validation: Mapping[str, Any] | None  # the newest record of kind "val" up to that step
    ancestors: Sequence[Mapping[str, Any]]  # what else the weights were trained on; see runs/provenance.py
    formats: Sequence[str]
    differences: Mapping[
        str, float
    ]  # by format: the largest difference from the model, when the program was written


def config_json(subject: Subject) -> str:
    """config.json: what a program needs to know to use the weights."""
    return json.dumps(
        {
            "model": dict(subject.shape),
            "sampling": dict(subject.sampling),
            "encoder": local_name(subject.encoder),
            "text_tokens": subject.words,
            "frames_per_second": FPS,
            "max_frames": MAX_FRAMES,
            "joints": list(JOINTS),
            "step": subject.step,
            "stickgen_version": __version__,
        },
        indent=2,
    )


def model_card(subject: Subject) -> str:
    """README.md, with the front matter that model hubs read."""
    sections = [
        _front_matter(),
        f"# {clean(subject.name, single_line=True)}\n\n"
        f"A text-to-motion model with {subject.parameters:,} parameters. It takes the embedding of a text and gives "
        f"the motion of a stick figure of ten joints at {FPS} frames a second, up to {MAX_FRAMES} frames. "
        f"{_objective(subject)} Trained with stickgen {__version__} for {subject.step:,} optimizer steps; "
        "the weights are the running average over training (EMA).",
        f"## Use\n\n{_use(subject)}",
        f"## Training data\n\n{_data(subject)}",
        f"## Measured\n\n{_measured(subject)}",
        f"## Files\n\n{_files(subject)}",
    ]
    return "\n\n".join(sections) + "\n"


def _front_matter() -> str:
    return "---\nlibrary_name: stickgen\ntags:\n- text-to-motion\n- motion-generation\n- stick-figure\n---"


def _objective(subject: Subject) -> str:
    if subject.shape["denoising"]:
        return "It samples by denoising along a rectified flow, with guidance."
    return "It generates patch by patch, each from the poses before it."


def _use(subject: Subject) -> str:
    width = subject.shape["embedding_dim"]
    encode = f"text = torch.randn(1, {width})  # the text's embedding, see below"
    encode += '\ntexts = {"text": text}'
    if subject.words:
        encode += f'\ntexts["words"] = torch.randn(1, 8, {width})  # and its tokens\''
        encode += '\ntexts["words_mask"] = torch.ones(1, 8, dtype=torch.bool)'
    parts = []
    if "safetensors" in subject.formats:
        draw = (
            'sampling = Sampling(**facts["sampling"])\n'
            "motion = sample(model, normaliser, TextBatch(**texts), 100, sampling=sampling, seed=0)  # [1, 100, 20]"
        )
        parts.append(
            f"With torch and safetensors alone, in this folder:\n\n```python\n{_LOAD_WEIGHTS}\n{encode}\n{draw}\n```"
        )
    loop = _STEP_BY_STEP if subject.shape["denoising"] else _POSE_BY_POSE
    facts = 'facts = json.loads(Path("config.json").read_text())'
    if "torch" in subject.formats:
        parts.append(
            "One step of the sampler as a torch.export program, any batch and "
            f"{subject.least_frames} to {MAX_FRAMES} frames:\n\n```python\nimport json\nfrom pathlib import Path\n\nimport torch\n\n{facts}\n"
            f'step = torch.export.load("sampler_step.pt2").module()\n{encode}\n{loop}\n```'
        )
    if "onnx" in subject.formats:
        parts.append(
            "The same step as ONNX:\n\n```python\nimport json\nfrom pathlib import Path\n\nimport onnxruntime\n"
            f'import torch\n\n{facts}\nsession = onnxruntime.InferenceSession("sampler_step.onnx")\n\n\n'
            "def step(**inputs):\n"
            "    arrays = {name: value.numpy() for name, value in inputs.items()}\n"
            "    return map(torch.from_numpy, session.run(None, arrays))\n\n\n"
            f"{encode}\n{loop}\n```"
        )
    parts.append(
        f"Text embeddings are those of the encoder `{local_name(subject.encoder)}` (sentence-transformers), "
        f"{subject.shape['embedding_dim']} numbers a text{_words(subject)}. A frame of `motion` is x and y of "
        f"{', '.join(JOINTS)}; the floor is y = 0 and the first pelvis x = 0."
    )
    if subject.shape["denoising"] and subject.sampling.get("contrast_scale"):
        parts.append(
            "`stickgen generate` also steers a text that names a side, a way or a speed away from its opposite; the "
            "code above does so only if `sample` gets `opposites=TextBatch(...)`, and a single step never does."
        )
    return "\n\n".join(parts)


def _words(subject: Subject) -> str:
    if not subject.words:
        return ""
    return (
        ", and one such row for each of its tokens without the encoder's special ones "
        '(`encode(…, output_value="token_embeddings")`)'
    )


def _data(subject: Subject) -> str:
    lines = []
    if subject.data is None:
        lines.append(
            "Unknown: the dataset is no longer where the run found it, so its licence is unknown too."
        )
    else:
        lines += [*_dataset(subject.data)]
    for ancestor in subject.ancestors:
        step = ancestor.get("step")
        after = f", after step {step:,} there" if isinstance(step, int) else ""
        if ancestor.get("run"):
            name = local_name(clean(ancestor["run"], single_line=True, limit=100))
            lines += [
                "",
                f"It started from the weights of the run `{name}`{after}, which had been trained on:",
                "",
            ]
        else:
            lines += ["", f"Up to step {step} it was trained on other data:", ""]
        known = ancestor.get("dataset")
        lines += (
            _dataset(known) if isinstance(known, Mapping) else ["data about which nothing is known any more."]
        )
    named = _all(subject, "licences")
    unknown = subject.data is None or any(
        not isinstance(a.get("dataset"), Mapping) for a in subject.ancestors
    )
    lines += [
        "",
        f"Licences of all training data: {'; '.join(named) or 'not named'}"
        + ("; and of data that is no longer known." if unknown else "."),
        "The weights may only be used as these licences allow.",
    ]
    return "\n".join(lines)


def _dataset(data: Mapping[str, Any]) -> list[str]:
    lines = []
    if all(isinstance(data.get(name), int) for name in ("clips", "frames", "texts")):
        fingerprint = clean(data.get("fingerprint", ""), single_line=True, limit=16).rstrip("…")
        lines += [
            f"{data['clips']:,} clips, {data['frames'] / FPS / 3600:.2f} hours, {data['texts']:,} texts; fingerprint "
            f"`{fingerprint}`.",
            "",
        ]
    return [
        *lines,
        "- Sources: " + ("; ".join(_texts(data, "sources")) or "not named"),
        "- Licences: " + ("; ".join(_texts(data, "licences")) or "not named"),
    ]


def _all(subject: Subject, name: str) -> list[str]:
    """The entries `name` of the data and of all ancestors, each once."""
    data = [subject.data, *(ancestor.get("dataset") for ancestor in subject.ancestors)]
    return sorted({text for each in data if isinstance(each, Mapping) for text in _texts(each, name)})


def _texts(data: Mapping[str, Any], name: str) -> list[str]:
    found = data.get(name)
    texts = found if isinstance(found, list | tuple) else []
    return [local_name(clean(text, single_line=True, limit=200)) for text in texts]


def local_name(text: str) -> str:
    """The last part of an absolute path, because the rest is private; any other text unchanged."""
    if text.startswith(("/", "~", "\\\\")) or re.match(r"[A-Za-z]:[\\/]", text):
        return re.split(r"[\\/]", text.rstrip("\\/"))[-1] or "a folder"
    return text


def _measured(subject: Subject) -> str:
    lines = []
    if subject.validation is None:
        lines.append("No validation was recorded up to this step.")
    else:
        skip = STAMPS | PROGRESS
        lines += [f"On held-out clips, after step {subject.validation[Field.STEP]:,}:", ""]
        lines += ["| quantity | value |", "|---|---|"]
        lines += [
            f"| {clean(name, single_line=True)} | {value:.4g} |"
            for name, value in subject.validation.items()
            if name not in skip and isinstance(value, int | float)
        ]
        lines += ["", f"`{Field.MEAN_POSE_LOSS}` is the pose loss of always predicting the mean pose."]
    lines += [
        f"\nThe {name} program differs from the model by at most {value:.1g}, as measured when it was written."
        for name, value in subject.differences.items()
    ]
    return "\n".join(lines)


def _files(subject: Subject) -> str:
    lines = [
        "- `config.yaml`: the training config; absolute paths are cut to their last part",
        "- `config.json`: shape, sampling, encoder, joints",
    ]
    if "safetensors" in subject.formats:
        lines += [
            "- `model.safetensors`: the weights, and the statistics of the data under `normaliser.`",
            "- `stickgen_model/`: the model's code (MIT), which needs only torch",
        ]
    if "torch" in subject.formats:
        lines.append("- `sampler_step.pt2`: one step of the sampler, by torch.export")
    if "onnx" in subject.formats:
        lines.append("- `sampler_step.onnx`: one step of the sampler, as ONNX")
    return "\n".join(lines)
