"""A checkpoint of before there were patches and tokens of a text still loads and draws."""

from __future__ import annotations

from pathlib import Path

import torch

from stickgen.data.embed import EncodedTexts
from stickgen.generate.from_run import Generator
from stickgen.model.normalise import Normaliser
from stickgen.model.transformer import ModelConfig, MotionTransformer
from stickgen.train.checkpoints.checkpoint import save_checkpoint

CONFIG = b"""\
model: {d_model: 32, nhead: 4, num_layers: 1, embedding_dim: 16}
diffusion: {sampling_steps: 2}
data: {max_frames: 40}
"""


def test_one_frame_a_token_and_no_word(tmp_path: Path) -> None:
    torch.manual_seed(0)
    shape = ModelConfig(20, 32, 4, 1, 20, 16, 0.0, 64, denoising=True, patch_frames=1)
    model = MotionTransformer(shape)
    for parameter in model.parameters():
        parameter.data.add_(0.05 * torch.randn_like(parameter))
    state = Normaliser(16).state_dict()
    older = {name: value for name, value in state.items() if not name.startswith("words_")}
    checkpoint = save_checkpoint(
        tmp_path,
        tensors={"model": model.state_dict(), "ema": model.state_dict(), "normaliser": older},
        trainer={"step": 7},
        config_bytes=CONFIG,
    )
    generator = Generator.of_checkpoint(checkpoint)
    assert generator.model.config.patch_frames == 1
    assert not generator.normaliser.knows_words
    text = torch.randn(1, 16)
    without = EncodedTexts(text, [torch.zeros(0, 16)])
    told = EncodedTexts(text, [torch.ones(4, 16)])  # what today's encoders say beside the vector
    motions = [generator.draw_many(texts, [30], seed=1)[0] for texts in (without, told)]
    assert motions[0].shape == (30, 20)
    assert torch.equal(*motions)
