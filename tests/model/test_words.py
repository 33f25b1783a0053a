"""The text token by token: who sees it, and who must not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from test_transformer import awake, batch, shape

from stickgen.model.normalise import Normaliser
from stickgen.model.objective import Batch, Draw, predict
from stickgen.model.sampler import Sampling, sample
from stickgen.model.transformer import MotionTransformer
from stickgen.model.words import TextBatch


def told(words: int, seed: int = 0) -> tuple[Batch, Normaliser]:
    """Three clips whose texts have so many tokens, and a scale that knows tokens."""
    one = batch(seed=seed)
    generator = torch.Generator().manual_seed(seed + 50)
    tokens = torch.randn(3, words, 8, generator=generator)
    normaliser = Normaliser(8)
    normaliser.words_std.fill_(1.0)
    return replace(one, words=tokens, words_mask=torch.ones(3, words, dtype=torch.bool)), normaliser


@pytest.mark.parametrize("denoising", [True, False])
@pytest.mark.parametrize("patch_frames", [1, 4])
def test_tokens_move_the_prediction_and_their_padding_does_not(denoising: bool, patch_frames: int) -> None:
    model = awake(MotionTransformer(shape(denoising=denoising, patch_frames=patch_frames)))
    one, normaliser = told(5)
    assert one.words is not None and one.words_mask is not None
    draw = Draw.fixed(one, seed=3)
    without = replace(one, words=None, words_mask=None)
    padded = replace(
        one,
        words=torch.cat((one.words, torch.full((3, 3, 8), 9.0)), dim=1),
        words_mask=torch.cat((one.words_mask, torch.zeros(3, 3, dtype=torch.bool)), dim=1),
    )
    seen, unseen, rubbish = (
        predict(model, normaliser, one.motion, each, draw)[0].pose for each in (one, without, padded)
    )
    assert not torch.allclose(seen, unseen, atol=1e-3)
    torch.testing.assert_close(seen, rubbish, rtol=1e-4, atol=1e-5)


def test_a_hidden_text_hides_its_tokens() -> None:
    """Guidance compares with a prediction that knows nothing of the text."""
    model = awake(MotionTransformer(shape()))
    one, normaliser = told(5)
    assert one.words is not None
    other = replace(one, words=one.words + 1.0)
    draw = replace(Draw.fixed(one, seed=3), text_known=torch.tensor([False, True, True]))
    first, second = (predict(model, normaliser, one.motion, each, draw)[0].pose for each in (one, other))
    torch.testing.assert_close(first[0], second[0])
    assert not torch.allclose(first[1:], second[1:], atol=1e-3)


def test_a_model_that_learned_without_tokens_is_not_shown_any() -> None:
    """An older checkpoint, or a dataset without tokens: the encoder's tokens are left out, in training and after."""
    model = awake(MotionTransformer(shape()))
    one, _ = told(5)
    plain = Normaliser(8)
    assert not plain.knows_words
    draw = Draw.fixed(one, seed=3)
    without = replace(one, words=None, words_mask=None)
    first, second = (predict(model, plain, one.motion, each, draw)[0].pose for each in (one, without))
    assert torch.equal(first, second)
    drawn = [
        sample(model, plain, texts, 12, sampling=Sampling(2, 2.0), seed=1)
        for texts in (TextBatch(one.text, one.words, one.words_mask), TextBatch(one.text))
    ]
    assert torch.equal(*drawn)


def test_token_statistics_come_from_the_training_texts() -> None:
    normaliser = Normaliser(8)
    words = torch.randn(40, 8, generator=torch.Generator().manual_seed(1)) * 3 + 2
    normaliser.fit([torch.rand(20, 20)], torch.randn(4, 8), words)
    assert normaliser.knows_words
    encoded = normaliser.encode_words(words)
    torch.testing.assert_close(encoded.mean(0), torch.zeros(8), atol=1e-4, rtol=0)
    torch.testing.assert_close(encoded.std(0, correction=0), torch.ones(8), atol=1e-4, rtol=0)
