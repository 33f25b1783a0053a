"""The trunk: its size, and what may not reach what."""

from __future__ import annotations

import pytest
import torch

from stickgen.config.settings import Settings
from stickgen.model.losses import UNLABELLED
from stickgen.model.normalise import Normaliser
from stickgen.model.objective import Batch, Draw, clip_losses, predict
from stickgen.model.sampler import Sampling, sample
from stickgen.model.transformer import ModelConfig, MotionTransformer
from stickgen.model.words import TextBatch
from stickgen.planner.arithmetic.parameters import count_diffusion_parameters, count_parameters

torch.set_num_threads(1)
WEIGHTS = {"temporal": 0.1, "action": 0.15, "physics": 0.2, "diffusion": 0.1}


def shape(
    d_model: int = 32,
    *,
    layers: int = 2,
    nhead: int = 4,
    denoising: bool = True,
    patch_frames: int = 1,
    clip_timing: bool = True,
) -> ModelConfig:
    return ModelConfig(
        input_dim=20, d_model=d_model, nhead=nhead, num_layers=layers, output_dim=20,
        embedding_dim=1024 if d_model > 32 else 8, dropout=0.0, num_actions=64, denoising=denoising,
        patch_frames=patch_frames, clip_timing=clip_timing,
    )  # fmt: skip


def batch(b: int = 3, t: int = 12, embedding_dim: int = 8, seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    motion = torch.randn(b, t, 20, generator=generator) * 0.1 + 0.4
    motion[..., 2] -= motion[:, :1, 2]
    actions = torch.randint(0, 64, (b, t), generator=generator)
    text = torch.randn(b, embedding_dim, generator=generator)
    return Batch(motion, torch.ones(b, t, dtype=torch.bool), actions, text)


def awake(model: MotionTransformer) -> MotionTransformer:
    """Heads that start at zero would make every leak test pass: give them weights."""
    torch.manual_seed(1)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model.eval()


@pytest.mark.parametrize(
    ("d_model", "layers", "nhead", "millions"),
    [(192, 4, 8, 2.8), (256, 6, 8, 7.2), (384, 8, 12, 20.5), (512, 10, 16, 44.5)],
)
@pytest.mark.parametrize("denoising", [True, False])
@pytest.mark.parametrize("patch_frames", [1, 4])
def test_parameter_counts_are_the_guides(
    d_model: int, layers: int, nhead: int, millions: float, denoising: bool, patch_frames: int
) -> None:
    """Within 2 % of the guide without what only denoising needs, and exactly what the planner says."""
    with torch.device("meta"):
        model = MotionTransformer(
            shape(d_model, layers=layers, nhead=nhead, denoising=denoising, patch_frames=patch_frames)
        )
    built = sum(p.numel() for p in model.parameters())
    config = Settings().replace({
        "model.d_model": d_model, "model.num_layers": layers, "model.embedding_dim": 1024,
        "model.patch_frames": patch_frames, "diffusion.enabled": denoising,
    })  # fmt: skip
    assert built == count_parameters(config) + count_diffusion_parameters(config)
    assert count_parameters(config) == pytest.approx(millions * 1e6, rel=0.02)


def test_regressor_never_sees_the_future() -> None:
    """Frames after t, the true pose at t among them, cannot affect what is predicted up to t."""
    model, plain = awake(MotionTransformer(shape(denoising=False))), Normaliser(8)
    one = batch()
    draw = Draw.fixed(one, seed=3)
    for t in (0, 5, 11):
        changed = one.motion.clone()
        changed[:, t:] += 10.0
        first = predict(model, plain, one.motion, one, draw)[0].pose
        second = predict(model, plain, changed, one, draw)[0].pose
        assert torch.equal(first[:, : t + 1], second[:, : t + 1])
        if t < 11:
            assert not torch.allclose(first[:, t + 1 :], second[:, t + 1 :])


def test_denoiser_sees_the_motion_only_through_the_noise() -> None:
    """At time 1 nothing of the clean motion is left in the input: the prediction cannot depend on it."""
    model, plain = awake(MotionTransformer(shape())), Normaliser(8)
    one, two = batch(seed=0), batch(seed=1)
    draw = Draw.fixed(one, seed=3)
    draw = Draw(draw.noise, torch.ones(3), draw.text_known, draw.actions_told)
    same_text = Batch(two.motion, one.mask, two.actions, one.text)
    first, _ = predict(model, plain, one.motion, one, draw)
    second, _ = predict(model, plain, two.motion, same_text, draw)
    for a, b in zip(first, second, strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("denoising", [True, False])
def test_actions_that_are_not_told_do_not_reach_the_model(denoising: bool) -> None:
    """The action loss counts only clips whose actions were hidden, and hidden means hidden."""
    model, plain = awake(MotionTransformer(shape(denoising=denoising))), Normaliser(8)
    one = batch()
    other = Batch(one.motion, one.mask, (one.actions + 1) % 64, one.text)
    draw = Draw.fixed(one, seed=0)
    told = Draw(draw.noise, draw.time, draw.text_known, torch.tensor([True, False, False]))
    first = predict(model, plain, one.motion, one, told)[0].action_logits
    second = predict(model, plain, one.motion, other, told)[0].action_logits
    assert torch.equal(first[1:], second[1:])
    assert not torch.allclose(first[0], second[0])
    losses = clip_losses(model, Normaliser(8), one, told, WEIGHTS)
    assert losses["action"][0] == 0
    assert (losses["action"][1:] > 0).all()


@pytest.mark.parametrize("denoising", [True, False])
def test_padding_changes_nothing(denoising: bool) -> None:
    """A clip padded with rubbish has the losses that it has alone."""
    model = awake(MotionTransformer(shape(denoising=denoising)))
    normaliser = Normaliser(8)
    short = batch(t=9)
    draw = Draw.fixed(short, seed=5)
    alone = clip_losses(model, normaliser, short, draw, WEIGHTS)
    rubbish = torch.full((3, 4, 20), 7.0)
    padded = Batch(
        torch.cat((short.motion, rubbish), 1),
        torch.cat((short.mask, torch.zeros(3, 4, dtype=torch.bool)), 1),
        torch.cat((short.actions, torch.full((3, 4), UNLABELLED)), 1),
        short.text,
    )
    longer = Draw(torch.cat((draw.noise, rubbish), 1), draw.time, draw.text_known, draw.actions_told)
    together = clip_losses(model, normaliser, padded, longer, WEIGHTS)
    for name, value in alone.items():
        torch.testing.assert_close(together[name], value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("denoising", [True, False])
def test_sampling_is_finite_and_repeatable(denoising: bool) -> None:
    model = MotionTransformer(shape(denoising=denoising))
    text = torch.randn(2, 8, generator=torch.Generator().manual_seed(0))
    normaliser = Normaliser(8)
    first, second = (
        sample(model, normaliser, TextBatch(text), 20, sampling=Sampling(4, 2.0), seed=9) for _ in range(2)
    )
    assert first.shape == (2, 20, 20)
    assert torch.isfinite(first).all()
    assert torch.equal(first, second)


@pytest.mark.parametrize("denoising", [True, False])
def test_it_learns_a_small_batch_by_heart(denoising: bool) -> None:
    """The loss of one batch falls to a fraction: every part of the chain lets the gradient through."""
    torch.manual_seed(0)
    model = MotionTransformer(shape(denoising=denoising))
    one = batch(b=2)
    normaliser = Normaliser(8)
    normaliser.fit(list(one.motion), one.text)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    draw = Draw.fixed(one, seed=0)
    losses = []
    for _ in range(60):
        loss = clip_losses(model, normaliser, one, draw, WEIGHTS)["pose"].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
