"""A dataset file that holds tensors or texts of an odd kind is refused in a sentence that names them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from stickgen.data.dataset import open_dataset
from stickgen.errors import StickgenError
from stickgen.text import is_unicode

ODD: dict[str, tuple[str, Any]] = {
    "sparse": ("motion", lambda content: content["motion"].to_sparse()),
    "csr": ("embeddings", lambda content: content["embeddings"].to_sparse_csr()),
    "on no device": ("motion", lambda content: content["motion"].to("meta")),
    "sparse integers": ("actions", lambda content: content["actions"].to_sparse()),
    "half a character": ("texts", lambda content: ["\udc80 walks", *content["texts"][1:]]),
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
