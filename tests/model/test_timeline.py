"""Several texts, long motions and given poses in one drawing."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from stickgen.model.holding import HeldPoses
from stickgen.model.limbs import arm_shares
from stickgen.model.normalise import Normaliser
from stickgen.model.sampler import Sampling, sample
from stickgen.model.timeline import Timeline, sample_timeline
from stickgen.model.transformer import ModelConfig, MotionTransformer
from stickgen.model.words import TextBatch
from stickgen.motion.skeleton import PELVIS

SAMPLING = Sampling(4, 2.0)
X = 2 * PELVIS


def made(denoising: bool, patch_frames: int = 4) -> MotionTransformer:
    torch.manual_seed(0)
    model = MotionTransformer(ModelConfig(20, 32, 4, 2, 20, 8, 0.0, 4, denoising, patch_frames))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return model.eval()


@pytest.fixture(scope="module")
def denoiser() -> MotionTransformer:
    return made(True)


@pytest.fixture(scope="module")
def regressor() -> MotionTransformer:
    return made(False)


@pytest.fixture(scope="module")
def normaliser() -> Normaliser:
    """Statistics as of a walk: the pelvis goes on, and features differ in their spread."""
    normaliser = Normaliser(8)
    normaliser.mean[0], normaliser.mean[1] = 0.02, 0.5
    normaliser.std.copy_(torch.linspace(0.01, 0.3, 20))
    normaliser.arm_shares.copy_(arm_shares())
    return normaliser


def texts(count: int) -> TextBatch:
    return TextBatch(torch.randn(count, 8, generator=torch.Generator().manual_seed(3)))


def draw(model: MotionTransformer, normaliser: Normaliser, timeline: Timeline, seed: int = 1) -> Tensor:
    return sample_timeline(
        model, normaliser, texts(len(timeline.passages)), timeline, sampling=SAMPLING, seed=seed
    )


@pytest.mark.parametrize("denoising", [True, False])
@pytest.mark.parametrize("patch_frames", [1, 4])
def test_one_text_in_one_window_is_drawn_as_ever(
    normaliser: Normaliser, denoising: bool, patch_frames: int
) -> None:
    model = made(denoising, patch_frames)
    alone = sample(model, normaliser, texts(1), 30, sampling=SAMPLING, seed=1)[0]
    assert torch.equal(draw(model, normaliser, Timeline([30], 40)), alone)


@pytest.mark.parametrize("denoising", [True, False])
def test_a_seed_is_a_motion(normaliser: Normaliser, denoising: bool) -> None:
    model = made(denoising)
    timeline = Timeline([50, 33], 40)
    first = draw(model, normaliser, timeline)
    assert first.shape == (83, 20) and first.isfinite().all()
    assert torch.equal(first, draw(model, normaliser, timeline))
    assert not torch.allclose(first, draw(model, normaliser, timeline, seed=2))


def test_each_text_has_its_own_frames(denoiser: MotionTransformer, normaliser: Normaliser) -> None:
    """Another second text leaves what its windows do not touch."""

    def features(second: float) -> Tensor:
        both = TextBatch(torch.stack((torch.ones(8), torch.full((8,), second))))
        motion = sample_timeline(
            denoiser, normaliser, both, Timeline([60, 60], 80), sampling=SAMPLING, seed=1
        )
        return normaliser.encode(motion)

    one, other = features(1.0), features(-1.0)
    own, others = (one - other)[80:].abs().max(), (one - other)[:30].abs().max()
    assert own > 1e-3 and own > 5 * others


@pytest.mark.parametrize("frames", [[0], [17], [59], [0, 31, 59], [5, 6, 7, 40]])
def test_held_poses_are_met_exactly(
    denoiser: MotionTransformer, normaliser: Normaliser, frames: list[int]
) -> None:
    generator = torch.Generator().manual_seed(5)
    poses = 0.4 + 0.1 * torch.randn(len(frames), 20, generator=generator)
    poses[:, 0::2] += torch.tensor(frames)[:, None] * 0.03 - 1.0  # a walk that does not begin at 0
    held = HeldPoses(dict(zip(frames, poses.tolist(), strict=True)), 60, normaliser)
    motion = draw(denoiser, normaliser, Timeline([60], 40, held=held))
    assert torch.equal(motion[frames], poses)
    # and not by a jump: the last step writes what the flow had reached already
    reached = held.impose(normaliser.encode(motion))
    torch.testing.assert_close(reached, normaliser.encode(motion), atol=2e-3, rtol=0)


def test_what_is_imposed_bends_the_way_there(normaliser: Normaliser) -> None:
    still = normaliser.encode(torch.full((60, 20), 0.5))
    aim = torch.full((20,), 0.5)
    aim[1::2] = 0.7
    aim[0::2] = 1.5
    held = HeldPoses({10: [0.5] * 20, 40: aim.tolist()}, 60, normaliser)
    bent = held.place(normaliser.decode(held.impose(still)))
    steps = bent.diff(dim=0).abs()
    assert steps[:, 1::2].max() < 0.05  # 0.2 within a reach of 12 frames, not at once
    assert steps[:, X].max() < 0.06  # 1.0 along the 30 frames between them
    assert bent[:11, X].eq(0.5).all() and torch.allclose(bent[40:, X], torch.tensor(1.5))
    assert torch.allclose(bent[20:25, 1], torch.tensor(0.5))


@pytest.mark.parametrize("given", [3, 4, 8, 16])
def test_a_regressor_goes_on_from_its_own_beginning_as_it_had(
    regressor: MotionTransformer, normaliser: Normaliser, given: int
) -> None:
    whole = draw(regressor, normaliser, Timeline([32], 40))
    held = HeldPoses(dict(enumerate(whole[:given].tolist())), 32, normaliser)
    again = draw(regressor, normaliser, Timeline([32], 40, held=held), seed=9)
    assert torch.equal(again[:given], whole[:given])
    if given >= 4:  # the noise on the first pose, which is not in the clip, is what differs
        assert (again - whole).abs().max() < 0.3 * whole.abs().max()


@pytest.mark.parametrize("denoising", [True, False])
@pytest.mark.parametrize("patch_frames", [1, 4])
def test_actions_are_told(normaliser: Normaliser, denoising: bool, patch_frames: int) -> None:
    model = made(denoising, patch_frames)
    plain, told, untold = (
        draw(model, normaliser, Timeline([50], 24, actions=actions))
        for actions in (None, torch.full((50,), 2), torch.full((50,), model.untold))
    )
    assert torch.allclose(plain, untold, atol=1e-5)
    assert not torch.allclose(plain, told, atol=1e-3)
