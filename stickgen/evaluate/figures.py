"""The figures of a set of motions: their definitions, and values with bootstrap samples over texts, repeats and seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from stickgen.evaluate.classifier import CONFIDENT
from stickgen.evaluate.distribution import fid, halves, kid, spread
from stickgen.evaluate.evaluator import Evaluator
from stickgen.evaluate.physics import CHANGES, Body, body_of, transport

SAMPLES = 1000
FID_SAMPLES = 500
LOWER, HIGHER, AS_REAL = "lower", "higher", "as real"


@dataclass(frozen=True)
class Figure:
    """One figure: its key and name, which direction is better, and the damages that it claims to detect."""

    key: str
    name: str
    better: str
    sees: tuple[str, ...]
    digits: int = 3
    factor: float = 1.0  # values are multiplied by this for display


FIGURES = (
    Figure("kid", "KID ×1000", LOWER, ("jitter", "freeze", "reversal", "stretched bones", "half speed"), 2, 1000),
    Figure("fid", "FID ×100", LOWER, ("jitter", "freeze", "reversal", "stretched bones", "half speed"), 2),
    Figure("r1", "R@1", HIGHER, ("wrong text", "freeze", "reversal")),
    Figure("r2", "R@2", HIGHER, ("wrong text", "freeze")),
    Figure("r3", "R@3", HIGHER, ("wrong text", "freeze")),
    Figure("sides", "left/right kept", HIGHER, ("mirror",)),
    Figure("action", "recognised", HIGHER, ("wrong text", "freeze")),
    Figure("action_strict", "… plausibly", HIGHER, ("wrong text", "sliding feet", "stretched bones", "jitter")),
    Figure("diversity", "diversity", AS_REAL, ("freeze",)),
    Figure("multimodality", "multimodality", AS_REAL, ()),
    Figure("skate_ratio", "skating share", AS_REAL, ("sliding feet",)),
    Figure("contact_speed", "foot slip m/s", AS_REAL, ("sliding feet",)),
    Figure("floor_depth", "below floor cm", AS_REAL, ("sunk floor",)),
    Figure("bone_variation", "bone variation", AS_REAL, ("stretched bones",)),
    Figure("mean_speed", "speed m/s", AS_REAL, ("half speed", "freeze")),
    Figure("mean_jerk", "jerk m/s³", AS_REAL, ("jitter", "half speed"), 1),
    Figure("w1_speed", "W1 speed", LOWER, ("half speed", "freeze", "jitter")),
    Figure("w1_acceleration", "W1 acceleration", LOWER, ("half speed", "freeze", "jitter"), 2),
    Figure("w1_jerk", "W1 jerk", LOWER, ("half speed", "freeze", "jitter"), 1),
    Figure("nearest", "nearest clip × real", AS_REAL, ()),
    Figure("copies", "copies", LOWER, ()),
)  # fmt: skip
FIGURE = {figure.key: figure for figure in FIGURES}
BY_HALVES = ("kid", "fid", "w1_speed", "w1_acceleration", "w1_jerk")


def bootstrap_weights(prompts: int, samples: int | None = None) -> Tensor:
    """[1 + samples, prompts]: how often each text counts. In the first row, each counts once.

    `samples` is SAMPLES by default.
    """
    samples = SAMPLES if samples is None else samples
    generator = torch.Generator().manual_seed(3)
    drawn = torch.randint(prompts, (samples, prompts), generator=generator)
    weights = torch.zeros(samples, prompts, dtype=torch.float64)
    weights.scatter_add_(1, drawn, torch.ones_like(weights))
    return torch.cat((torch.ones(1, prompts, dtype=torch.float64), weights))


@dataclass(frozen=True)
class Value:
    """A figure's value and its bootstrap samples, [b]."""

    value: float
    samples: Tensor

    @property
    def interval(self) -> tuple[float, float]:
        """The middle 95 % of the samples."""
        if not len(self.samples):
            return self.value, self.value
        low, high = self.samples.quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
        return low, high


@dataclass(frozen=True)
class Measured:
    """A set of motions for an evaluator's prompts, `repeats` times [n] motions, ready for figures."""

    evaluator: Evaluator
    repeats: Sequence[Sequence[Tensor]]

    @cached_property
    def latents(self) -> list[Tensor]:
        """The latents [seeds, n, 64] of each repeat."""
        return [self.evaluator.encode(motions) for motions in self.repeats]

    def figures(self, weights: Tensor, *, quick: bool = False) -> dict[str, Value]:
        """Every figure that can be computed, by key; `weights` are from `bootstrap_weights`.

        `quick` omits figures that claim to detect no damage.
        """
        return {key: _joined(rows) for key, rows in self._rows(weights, quick).items()}

    def _rows(self, weights: Tensor, quick: bool) -> dict[str, Tensor]:
        """For each figure, [repeats, seeds, 1 + samples]."""
        judge = self.evaluator
        rows: dict[str, list[list[Tensor]]] = {}
        for motions, latents in zip(self.repeats, self.latents, strict=True):
            one = _of_bodies(judge, motions, weights)
            if not quick:
                one |= _of_copies(judge, motions, weights)
            for key, values in one.items():
                rows.setdefault(key, []).append([values])
            by_seed: dict[str, list[Tensor]] = {}
            for seed in range(len(latents)):
                for key, values in _of_latents(judge, latents[seed], seed, weights).items():
                    by_seed.setdefault(key, []).append(values)
            for key, seeds in by_seed.items():
                rows.setdefault(key, []).append(seeds)
        if len(self.repeats) > 1 and not quick:
            apart = torch.stack(
                [_apart([latents[s] for latents in self.latents]) for s in range(len(self.latents[0]))]
            )
            rows["multimodality"] = [[_mean(weights, seed) for seed in apart]]
        return {key: torch.stack([torch.stack(seeds) for seeds in found]) for key, found in rows.items()}


def _joined(rows: Tensor) -> Value:
    """The value of [repeats, seeds, 1 + samples]: the mean, and samples over redrawn repeats and seeds."""
    repeats, seeds, count = rows.shape
    generator = torch.Generator().manual_seed(5)

    def drawn(of: int) -> Tensor:
        choice = torch.randint(of, (count - 1, of), generator=generator)
        share = torch.zeros(count - 1, of, dtype=torch.float64)
        return share.scatter_add_(1, choice, torch.full_like(share, 1 / of))

    samples = torch.einsum("br,bs,rsb->b", drawn(repeats), drawn(seeds), rows[:, :, 1:])
    value = float(rows[:, :, 0].mean())
    # a bootstrap sample holds some texts twice, so it is less varied: its effect on FID and W1 is not part of their
    # uncertainty
    return Value(value, samples - samples.mean() + value if count > 1 else samples)


def _mean(weights: Tensor, values: Tensor, counts: Tensor | None = None) -> Tensor:
    """The weighted mean [b] of `values` [n], each of which is a mean over `counts` [n] items."""
    share = weights if counts is None else weights * counts
    return share @ values.double() / share.sum(1).clamp_min(1e-9)


def _of_latents(judge: Evaluator, latents: Tensor, seed: int, weights: Tensor) -> dict[str, Tensor]:
    real = judge.real_latents[seed]
    found = {
        "kid": kid(latents, real, judge.bandwidths[seed], weights),
        "diversity": spread(latents, weights),
    }
    if len(latents) >= 64:  # fewer do not give a covariance of 32 axes
        few = fid(latents, real, judge.axes[seed], weights[: 1 + FID_SAMPLES])
        again = torch.arange(len(weights) - 1) % max(len(few) - 1, 1)
        found["fid"] = torch.cat((few[:1], few[1:][again])) if len(weights) > 1 else few
    if judge.pools is not None:
        hits, asked = judge.pools.hits(latents, judge.prompt_latents[seed])
        for place in range(hits.shape[1]):
            found[f"r{place + 1}"] = _mean(weights, hits[:, place] / asked.clamp_min(1), asked)
    if int(judge.sided.sum()) >= 8:
        own = (latents * judge.prompt_latents[seed]).sum(1)
        other = (latents * judge.swapped_latents[seed]).sum(1)
        found["sides"] = _mean(weights, own > other, judge.sided.double())
    return found


def _of_bodies(judge: Evaluator, motions: Sequence[Tensor], weights: Tensor) -> dict[str, Tensor]:
    bodies = [body_of(motion) for motion in motions]

    def mean(name: str) -> Tensor:
        return _mean(weights, torch.tensor([getattr(body, name) for body in bodies]))

    found = {name: mean(name) for name in ("skate_ratio", "contact_speed", "floor_depth", "bone_variation")}
    found |= {"mean_speed": mean("speed"), "mean_jerk": mean("jerk")}
    ours = [judge.rates.histogram(motion) for motion in motions]
    splits = halves(len(motions))
    for name in CHANGES:
        mine, other = (torch.stack([h[name] for h in each]) for each in (ours, judge.real_histograms))
        total = torch.zeros(len(weights), dtype=torch.float64)
        for split in torch.cat((splits, ~splits)):
            total += transport((weights * split) @ mine, (weights * ~split) @ other, judge.rates.edges[name])
        found[f"w1_{name}"] = total / (2 * len(splits))
    return found | _of_actions(judge, motions, bodies, weights)


def _of_actions(
    judge: Evaluator, motions: Sequence[Tensor], bodies: Sequence[Body], weights: Tensor
) -> dict[str, Tensor]:
    if judge.classifier is None:
        return {}
    wanted = [prompt.actions for prompt in judge.prompts]
    probabilities = judge.classifier.probabilities(motions)
    lenient = judge.classifier.shares(probabilities, wanted)
    strict = judge.classifier.shares(probabilities, wanted, CONFIDENT)
    known = torch.tensor([share is not None for share in lenient]).double()
    if not bool(known.any()):
        return {}
    plausible = torch.tensor([judge.limits.hold(body) for body in bodies])
    return {
        "action": _mean(weights, torch.tensor([share or 0.0 for share in lenient]), known),
        "action_strict": _mean(weights, torch.tensor([share or 0.0 for share in strict]) * plausible, known),
    }


def _of_copies(judge: Evaluator, motions: Sequence[Tensor], weights: Tensor) -> dict[str, Tensor]:
    distances, _, copied = judge.library.nearest(motions)
    return {
        "nearest": _mean(weights, distances / max(judge.library.real_distance, 1e-9)),
        "copies": _mean(weights, copied),
    }


def _apart(latents: Sequence[Tensor]) -> Tensor:
    """For each text, the mean distance [n] between the repeats' latents [n, d]."""
    pairs = [
        (latents[a] - latents[b]).norm(dim=1) for a in range(len(latents)) for b in range(a + 1, len(latents))
    ]
    return torch.stack(pairs).mean(0)


def difference(ours: Value, theirs: Value) -> tuple[float, float]:
    """The difference of two values, and its two-sided p value under the paired bootstrap.

    Both must come from the same `bootstrap_weights`, so that each sample holds the same texts for both.
    """
    apart = ours.samples - theirs.samples
    above = (float((apart >= 0).double().sum()) + 1) / (len(apart) + 1)
    below = (float((apart <= 0).double().sum()) + 1) / (len(apart) + 1)
    return ours.value - theirs.value, min(1.0, 2 * min(above, below))


def badness(figure: Figure, value: float, real: float) -> float:
    """How bad a value is, where more is worse: itself, its negative, or its distance from that of real motion."""
    if figure.better == AS_REAL:
        return abs(value - real)
    return -value if figure.better == HIGHER else value
