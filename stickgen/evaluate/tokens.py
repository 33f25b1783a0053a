"""Token features of texts from a language model, for the text encoders."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from stickgen.data.embed import load_encoder
from stickgen.data.encoder_folder import OFFLINE

CHUNK = 128


def token_features(texts: list[str], progress: Callable[[int, int], None]) -> dict[str, Tensor]:
    """Features [tokens, 384] of each text by the bundled encoder, in half precision.

    It is always that encoder, so that an evaluator does not depend on the one that a model was trained with. Raises
    EncoderUnavailableError if it is not installed.
    """
    encoder = load_encoder(OFFLINE)
    found: dict[str, Tensor] = {}
    by_length = sorted(texts, key=len)
    for start in range(0, len(by_length), CHUNK):
        chunk = by_length[start : start + CHUNK]
        features = encoder.model.encode(
            chunk, batch_size=64, output_value="token_embeddings", show_progress_bar=False
        )
        found.update((text, each.cpu().half()) for text, each in zip(chunk, features, strict=True))
        progress(len(found), len(texts))
    return found
