"""The action of a clip, read from its captions: the class whose wordings are nearest to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from stickgen.curating.captions import merged, told_apart
from stickgen.curating.gathering import actions_of, mirror_of
from stickgen.data.actions import ACTIONS
from stickgen.data.dataset import UNLABELLED, DatasetFile
from stickgen.data.synthetic.phrase import PERFORMANCES, Chance
from stickgen.data.synthetic.wording import sentences

THRESHOLD = 0.5  # of the confidence
SHARPNESS = 20.0  # of the confidence: how much nearer one class must be than others
_WORDINGS = 12  # sentences of each class

Embed = Callable[[list[str]], Tensor]  # texts → [n, e], each of length 1


@dataclass
class Labelled:
    """A dataset with cleaned captions and labels, and what was done."""

    content: dict[str, Any]
    captions_before: int
    captions: int
    by_source: int = 0  # clips that were labelled already
    by_text: int = 0
    unsure: int = 0
    confidence: Tensor = field(default_factory=lambda: torch.zeros(0))


@cache
def wordings() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """For each class its names, and plain sentences about it as captions of synthetic motion have them."""
    found = []
    for number, action in enumerate(ACTIONS):
        said: dict[str, None] = {}
        rng = np.random.default_rng(number)
        for _ in range(_WORDINGS):
            said |= dict.fromkeys(sentences([PERFORMANCES[action.name](Chance(rng))], None, Chance(rng), 2))
        found.append(((action.name.replace("_", " "), *action.labels), tuple(said)[:_WORDINGS]))
    return tuple(found)


def anchors(embed: Embed) -> Tensor:
    """[64, e]: a direction for each class, half of its names and half of its sentences."""
    texts = [text for kinds in wordings() for kind in kinds for text in kind]
    rows, first, found = embed(texts), 0, []
    for kinds in wordings():
        means = []
        for kind in kinds:
            means.append(F.normalize(rows[first : first + len(kind)].mean(0), dim=0))
            first += len(kind)
        found.append((means[0] + means[1]) / 2)
    return torch.stack(found)


def confidences(embeddings: Tensor, directions: Tensor) -> Tensor:
    """[n, e] texts of one clip → [64]: how sure each class is, 1 in all. Every text has a vote."""
    return torch.softmax(SHARPNESS * embeddings @ directions.T, dim=1).mean(0)


def label(
    file: DatasetFile,
    embed: Embed,
    *,
    threshold: float = THRESHOLD,
    relabel: bool = False,
    captions: bool = True,
) -> Labelled:
    """Clean the captions, and label the clips that have no label, or only one that was read from texts before.

    A mirror image gets the label of its clip. Clips that stay below `threshold` are unlabelled, with a confidence of 0.
    With `relabel`, the labels of the source are replaced too. `captions` says whether captions are cleaned.
    """
    texts = [merged(file.captions(clip)) if captions else file.captions(clip) for clip in range(file.clips)]
    distinct = list(dict.fromkeys(text for own in texts for text in own))
    row = {text: number for number, text in enumerate(distinct)}
    rows = embed(distinct)
    if captions:
        texts = [[own[n] for n in told_apart(own, rows[[row[text] for text in own]])] for own in texts]
    directions = anchors(embed)
    before = file.content.get("label_confidence")
    actions = file.content["actions"].clone()
    sure = torch.zeros(file.clips)
    names = list(file.action_names)
    names += [action.name for action in ACTIONS if action.name not in names]
    place = [names.index(action.name) for action in ACTIONS]
    partners = mirror_of(file)
    done = Labelled({}, sum(len(file.texts(clip)) for clip in range(file.clips)), sum(map(len, texts)))
    for clip in range(file.clips):
        there = bool((actions_of(file, clip) != UNLABELLED).any())
        own = before is None or not 0 < float(before[clip]) < 1
        if there and own and not relabel:
            sure[clip] = 1.0
            done.by_source += 1
            continue
        head = partners[clip] if partners[clip] >= 0 else clip
        shares = confidences(rows[[row[text] for text in texts[head]]], directions)
        best = int(shares.argmax())
        certain = float(shares[best]) >= threshold
        actions[file.frames(clip)] = place[best] if certain else UNLABELLED
        # 1 is for labels that a source gave
        sure[clip] = min(float(shares[best]), 0.999) if certain else 0.0
        done.by_text += certain
        done.unsure += not certain
    done.confidence = sure
    done.content = {**_with_texts(file.content, texts), "actions": actions, "label_confidence": sure}
    if (actions >= len(file.action_names)).any():
        done.content["action_names"] = names
    return done


def _with_texts(content: dict[str, Any], texts: Sequence[Sequence[str]]) -> dict[str, Any]:
    """The content with other captions, without embeddings if there is a text that had none."""
    names = sorted({text for own in texts for text in own})
    if names == sorted(set(content["texts"])) and len(content["texts"]) == len(names):
        names = content["texts"]
    index = {text: number for number, text in enumerate(names)}
    changed = {
        **content,
        "texts": names,
        "clip_texts": torch.tensor([index[text] for own in texts for text in own]),
        "clip_text_offsets": torch.tensor([0, *map(len, texts)]).cumsum(0),
    }
    if names is not content["texts"]:
        for name in ("embeddings", "word_embeddings", "word_offsets"):
            changed.pop(name, None)
    return changed
