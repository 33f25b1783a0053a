"""What a model has to beat: real motion, retrieved, averaged or shuffled."""

from __future__ import annotations

import random
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from stickgen.evaluate.evaluator import Evaluator

Motions = list[Tensor]


def retrieved(judge: Evaluator) -> Motions:
    """For each prompt, the training clip with the nearest caption, by the dataset's text embeddings."""
    file, split = judge.split.file, judge.split
    embeddings = F.normalize(file.content["embeddings"].float(), dim=1)
    owner: dict[int, int] = {}
    for clip in split.train:
        for text in file.texts(clip):
            owner.setdefault(text, clip)
    texts = list(owner)
    index = {text: row for row, text in enumerate(file.content["texts"])}
    asked = embeddings[[index[prompt.text] for prompt in judge.prompts]]
    nearest = (asked @ embeddings[texts].T).argmax(1).tolist()
    return [split.motion(owner[texts[row]]) for row in nearest]


def class_means(judge: Evaluator) -> Motions:
    """For each prompt, the mean motion of the training clips with its first action, stretched to its length."""
    by_action: dict[tuple[int, ...], list[Tensor]] = {}
    for clip in judge.split.train:
        actions = judge.split.actions(clip)
        by_action.setdefault((int(actions.mode().values),), []).append(judge.split.motion(clip))
    every = [motion for motions in by_action.values() for motion in motions][:500]
    found: dict[tuple[tuple[int, ...], int], Tensor] = {}
    drawn = []
    for prompt in judge.prompts:
        key = prompt.actions[:1], prompt.frames
        if key not in found:
            found[key] = _mean_motion(by_action.get(key[0], every), prompt.frames)
        drawn.append(found[key])
    return drawn


def mean_poses(judge: Evaluator) -> Motions:
    """The mean pose of all training frames, held."""
    steps = torch.cat(
        [torch.cat((m[:, 0::2] - m[:, 2, None], m[:, 1::2]), dim=1) for m in judge.train_motions[:1000]]
    ).mean(0)
    pose = torch.stack((steps[:10], steps[10:]), dim=1).flatten()
    return [pose.repeat(prompt.frames, 1) for prompt in judge.prompts]


def shuffled(judge: Evaluator) -> Motions:
    """Real motions, each with the text of another prompt."""
    order = list(range(len(judge.real)))
    random.Random(5).shuffle(order)
    moved: Motions = [torch.empty(0)] * len(order)
    for place, other in zip(order, order[1:] + order[:1], strict=True):
        moved[place] = judge.real[other]
    return moved


def _mean_motion(motions: Motions, frames: int) -> Tensor:
    stretched = [
        F.interpolate(m.T[None], size=frames, mode="linear", align_corners=True)[0].T for m in motions
    ]
    return torch.stack(stretched).mean(0)


SHUFFLED = "shuffled text"
BASELINES: dict[str, Callable[[Evaluator], Motions]] = {
    "retrieval": retrieved,
    "class mean": class_means,
    "mean pose": mean_poses,
    SHUFFLED: shuffled,
}
