"""Recognises the action of a motion independently of the encoders: convolutions and a GRU over velocities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stickgen.data.dataset import UNLABELLED, DatasetFile
from stickgen.errors import StickgenError
from stickgen.evaluate import trained
from stickgen.evaluate.layers import padded
from stickgen.evaluate.mirror import mirrored
from stickgen.evaluate.side_by_side import Training
from stickgen.evaluate.splits import Split, split_of
from stickgen.motion.skeleton import PELVIS, POSE_DIM

RECIPE = 1  # increase it when training changes, so that no older classifier is taken from the cache
WINDOW = 50  # frames of a window
HOP = 25
STEPS, BATCH, WIDTH = 500, 64, 64
PURE = 0.7  # share of a training window that must show its action
LEAST_CLIPS = 8  # clips that an action needs to be learned at all
CONFIDENT = 0.5

Progress = Callable[[int, int], None]


class _Network(nn.Module):
    scale: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.register_buffer("scale", torch.ones(POSE_DIM))
        self.first = nn.Conv1d(POSE_DIM + 1, WIDTH, 5, stride=2, padding=2)
        self.second = nn.Conv1d(WIDTH, WIDTH, 5, stride=2, padding=2)
        self.memory = nn.GRU(WIDTH, WIDTH, batch_first=True)
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(2 * WIDTH, classes)

    def forward(self, motion: Tensor, mask: Tensor) -> Tensor:
        """[b, t, 20], bool [b, t] → logits [b, classes]."""
        x = movement(motion, self.scale) * mask[..., None]
        x = F.gelu(self.first(x.transpose(1, 2))) * mask[:, None, ::2]
        x = (F.gelu(self.second(x)) * mask[:, None, ::4]).transpose(1, 2)
        seen = mask[:, ::4, None].to(x.dtype)
        states = self.memory(x)[0] * seen
        mean = states.sum(1) / seen.sum(1).clamp_min(1)
        return self.head(self.dropout(torch.cat((mean, states.amax(1)), dim=-1)))


def movement(motion: Tensor, scale: Tensor) -> Tensor:
    """Coordinates [b, t, 20] → [b, t, 21]: each coordinate's step from the frame before, and the pelvis's height."""
    steps = torch.zeros_like(motion)
    steps[:, 1:] = motion.diff(dim=1)
    return torch.cat(((steps / scale).clamp(-20, 20), 4 * motion[..., 2 * PELVIS + 1, None] - 2), dim=-1)


@dataclass(frozen=True)
class ActionClassifier:
    """A trained classifier. It knows `actions`, indices of the dataset's action names `names`."""

    network: _Network
    actions: tuple[int, ...]
    names: tuple[str, ...]  # of `actions`, in their order
    digest: str

    @torch.no_grad()
    def probabilities(self, motions: Sequence[Tensor]) -> list[Tensor]:
        """For each motion [t, 20], the action probabilities [windows, actions] of its two-second windows."""
        self.network.eval()
        windows = [window for motion in motions for window in _windows(motion)]
        rows = [
            self.network(*padded(windows[start : start + 256])).softmax(-1)
            for start in range(0, len(windows), 256)
        ]
        counts = [len(_windows(motion)) for motion in motions]
        return list(torch.cat(rows).split(counts)) if rows else []

    def recognise(self, motions: Sequence[Tensor]) -> tuple[list[int], list[float]]:
        """For each motion, the action that it shows as a whole, and its probability.

        The action is an index of the dataset's action names, the probability a mean over the motion's windows.
        """
        means = [rows.mean(0).max(0) for rows in self.probabilities(motions)]
        return [self.actions[int(best.indices)] for best in means], [float(best.values) for best in means]

    def shares(
        self, probabilities: Sequence[Tensor], wanted: Sequence[Sequence[int]], least: float = 0.0
    ) -> list[float | None]:
        """The share of the actions in `wanted` that each motion shows, with a probability of at least `least`.

        `probabilities` are those of the motions, as above. A single action must be the likeliest over the whole motion; of
        several, each must be the likeliest in at least one window. None if the classifier knows no wanted action.
        """
        shares: list[float | None] = []
        for rows, actions in zip(probabilities, wanted, strict=True):
            known = [action for action in actions if action in self.actions]
            if not known:
                shares.append(None)
                continue
            looked_at = rows if len(actions) > 1 else rows.mean(0, keepdim=True)
            best = looked_at.max(-1)
            seen = {
                self.actions[index]
                for index, value in zip(best.indices.tolist(), best.values.tolist(), strict=True)
                if value >= least
            }
            shares.append(sum(action in seen for action in known) / len(known))
        return shares


def _windows(motion: Tensor) -> list[Tensor]:
    """Windows of WINDOW frames, one every HOP frames; a shorter motion is a single window."""
    starts = list(range(0, max(len(motion) - WINDOW, 0) + 1, HOP))
    if starts[-1] + WINDOW < len(motion):
        starts.append(len(motion) - WINDOW)
    return [motion[start : start + WINDOW] for start in starts]


def load_or_train(
    file: DatasetFile, *, frames: int, val_fraction: float, progress: Progress = lambda done, of: None
) -> ActionClassifier:
    """The classifier of a dataset's training clips: from the cache, or trained now and put there.

    `progress` gets the steps done and the number of steps. Raises StickgenError if fewer than two actions are labelled
    often enough.
    """
    split = split_of(file, frames=frames, val_fraction=val_fraction)
    return classifier_of(split, progress)


def learnable_actions(split: Split) -> tuple[int, ...]:
    """Actions that at least LEAST_CLIPS training clips show."""
    counts = Counter(action for clip in split.train for action in set(split.actions(clip).tolist()))
    return tuple(sorted(a for a, count in counts.items() if a != UNLABELLED and count >= LEAST_CLIPS))


def classifier_of(split: Split, progress: Progress = lambda done, of: None) -> ActionClassifier:
    """The same as `load_or_train`, for a dataset that is already split."""
    found = classifier_or_training(split)
    if isinstance(found, ActionClassifier):
        return found
    with torch.random.fork_rng(devices=[]):
        for step in found.training.taken:
            progress(step, found.training.steps)
    return found.classifier()


@dataclass(frozen=True)
class Untrained:
    """A classifier to come: `training` draws from torch's own generator, which it seeds."""

    training: Training
    classifier: Callable[[], ActionClassifier]  # once all steps are taken; it is cached then


def classifier_or_training(split: Split) -> ActionClassifier | Untrained:
    """The classifier of a dataset from the cache, or its training. Raises StickgenError as `load_or_train` does."""
    actions = learnable_actions(split)
    if len(actions) < 2:
        raise StickgenError(
            f"{split.file.path}: fewer than two actions are labelled in at least {LEAST_CLIPS} training clips, so "
            "there is no way to tell whether a motion shows the right one"
        )
    names = tuple(split.file.action_names[action] for action in actions)
    network = _Network(len(actions))
    key = trained.key_of("classifier", RECIPE, split.file.fingerprint, split.frames, split.train, actions)
    found = trained.load("classifier", key)
    if found is not None:
        network.load_state_dict(found[0])
        return ActionClassifier(network.eval(), actions, names, found[1]["digest"])

    def classifier() -> ActionClassifier:
        facts = trained.keep("classifier", key, network.state_dict(), {"actions": names})
        return ActionClassifier(network.eval(), actions, names, facts["digest"])

    return Untrained(Training(STEPS, _steps(network, split, actions)), classifier)


def _steps(network: _Network, split: Split, actions: Sequence[int]) -> Iterator[int]:
    """Train `network` from a fixed beginning; how many steps are taken, after each."""
    torch.manual_seed(0)
    network.load_state_dict(_Network(len(actions)).state_dict())
    motions = [split.motion(clip) for clip in split.train]
    labels = [split.actions(clip) for clip in split.train]
    network.scale.copy_(torch.cat([motion.diff(dim=0) for motion in motions]).std(0).clamp_min(1e-4))
    index = {action: place for place, action in enumerate(actions)}
    flipped = [mirrored(motion) for motion in motions]
    rows_of = {
        action: [row for row, own in enumerate(labels) if bool((own == action).any())] for action in actions
    }
    generator = torch.Generator().manual_seed(0)
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 4e-3, total_steps=STEPS, pct_start=0.1, cycle_momentum=False
    )
    network.train()
    for step in range(STEPS):
        windows: list[Tensor] = []
        wanted: list[int] = []
        while len(windows) < BATCH:
            # all actions equally often, however many clips each has
            which, whose, where, turned = torch.rand(4, generator=generator).tolist()
            action = actions[int(which * len(actions))]
            row = rows_of[action][int(whose * len(rows_of[action]))]
            own = labels[row]
            start = int(where * (max(len(own) - WINDOW, 0) + 1))
            shown = own[start : start + WINDOW]
            if float((shown == action).float().mean()) < PURE and len(own) > WINDOW:
                continue
            motion = flipped[row] if turned < 0.5 else motions[row]
            windows.append(motion[start : start + WINDOW])
            wanted.append(index[action])
        loss = F.cross_entropy(network(*padded(windows)), torch.tensor(wanted), label_smoothing=0.05)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        yield step + 1
