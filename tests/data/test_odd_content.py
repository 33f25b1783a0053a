"""A dataset file that holds tensors or texts of an odd kind is refused in a sentence that names them."""

from __future__ import annotations

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
    with pytest.raises(StickgenError, match=f"odd.pt: `{name}` ") as refused:
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
