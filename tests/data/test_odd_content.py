"""A dataset file that holds tensors or texts of an odd kind is refused in a sentence that names them."""

from __future__ import annotations

import codecs
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from stickgen.data.clip import Clip
from stickgen.data.dataset import open_dataset, pack, save_dataset
from stickgen.errors import StickgenError
from stickgen.text import is_unicode

ODD: dict[str, tuple[str, Any]] = {
    "sparse": ("motion", lambda content: content["motion"].to_sparse()),
    "csr": ("embeddings", lambda content: content["embeddings"].to_sparse_csr()),
    "on no device": ("motion", lambda content: content["motion"].to("meta")),
    "sparse integers": ("actions", lambda content: content["actions"].to_sparse()),
    "half a character": ("texts", lambda content: ["\udc80 walks", *content["texts"][1:]]),
    "half a character in an encoder's name": ("encoder", lambda content: "\udc80"),
    "half a character in something of others": ("remark", lambda content: "\udc80"),
    "a width in words": ("embedding_dim", lambda content: "wide"),
    "half a character elsewhere": ("licence", lambda content: ["\ud83d", *content["licence"][1:]]),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_plain_tensor_or_text_is_named(tiny_dataset: Path, tmp_path: Path, kind: str) -> None:
    name, change = ODD[kind]
    content = torch.load(tiny_dataset, weights_only=True)
    torch.save({**content, name: change(content)}, tmp_path / "odd.pt")
    with pytest.raises(
        StickgenError,
        match=f"odd.pt: (`{name}` |it holds more than tensors and text .torch._utils _rebuild_)",
    ) as refused:
        open_dataset(tmp_path / "odd.pt")
    assert is_unicode(str(refused.value)) and "\n" not in str(refused.value)


HALF = "a person \udc80 walks"


@pytest.mark.parametrize("field", ["description", "source", "licence", "name"])
def test_half_a_character_in_the_older_layout_is_named(tmp_path: Path, field: str) -> None:
    clip = {"description": "a person walks", "motion": torch.zeros(9, 20)}
    torch.save([clip, {**clip, field: HALF}], tmp_path / "old.pt")
    with pytest.raises(StickgenError, match=r"old.pt: `\w+` 1 holds half of a character") as refused:
        open_dataset(tmp_path / "old.pt")
    assert is_unicode(str(refused.value))


def test_half_a_character_is_not_written(tmp_path: Path) -> None:
    clip = Clip(np.zeros((9, 20), np.float32), [HALF], np.zeros(9, np.int16), "s", "l", "n")
    with pytest.raises(StickgenError, match="`texts` 0 holds half of a character"):
        save_dataset(tmp_path / "new.pt", pack([clip]))
    assert not list(tmp_path.iterdir())


class Called:
    """Pickles as a call of `function`."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call


CALLS: dict[str, Any] = {
    "bytearray": Called(bytearray, 3_000_000_000),
    "a storage": Called(torch.storage.UntypedStorage, 3_000_000_000),
    "a tensor": Called(torch.Tensor, 3_000_000_000),
    "a tensor of a type": Called(torch.FloatTensor, 3_000_000_000),
    "a counter": Called(Counter, [3]),
    "bytes": Called(codecs.encode, "x", "utf-8"),
    "code": Called(os.system, "false"),
}


@pytest.mark.parametrize("kind", CALLS)
def test_what_a_pickle_calls_is_known_before_anything_is_allocated(
    tiny_dataset: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """torch's safe loader refuses code, and makes a bytearray of 3 GB."""
    content = torch.load(tiny_dataset, weights_only=True)
    torch.save({**content, "more": CALLS[kind]}, tmp_path / "odd.pt")
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("it was loaded"))
    with pytest.raises(StickgenError, match="odd.pt: it holds more than tensors and text"):
        open_dataset(tmp_path / "odd.pt")


@pytest.mark.parametrize(
    "kind", ["a tensor without strides", "one storage many times", "one text many times"]
)
def test_what_is_larger_than_its_file_is_refused(tiny_dataset: Path, tmp_path: Path, kind: str) -> None:
    content = torch.load(tiny_dataset, weights_only=True)
    text, motion = "x" * 50_000, content["motion"]
    more: dict[str, Any] = {
        "a tensor without strides": {"more": torch.zeros(1).expand(3_000_000_000)},
        "one storage many times": {str(number): motion for number in range(50)},
        "one text many times": {"texts": [text] * 1000},
    }[kind]
    torch.save({**content, **more}, tmp_path / "odd.pt")
    with pytest.raises(StickgenError, match="odd.pt: its (tensors|texts) add up to"):
        open_dataset(tmp_path / "odd.pt")
