"""`model:` the shape of the transformer: what it costs in memory and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stickgen.config.key import Section, key


@dataclass(frozen=True, eq=False)
class Model(Section):
    """The shape of the transformer: what it costs in memory and time."""

    title: ClassVar[str] = "Model architecture"

    input_dim: int = key(
        20,
        "10 joints × 2 coords",
        "Values of one frame: the 10 joints of the figure times 2 coordinates. Only 20 fits the data.",
        minimum=20,
        maximum=20,
    )
    d_model: int = key(
        384,
        "Transformer hidden dimension",
        "Controls model size: 192 = 2.8M, 256 = 7.2M, 384 = 20.5M, 512 = 44.5M parameters with the presets' "
        "layers. Reduce it when memory runs out (try 256 or 192), increase it for quality (try 384 or 512).",
        minimum=16,
        maximum=8192,
        steps=(128, 192, 256, 384, 512, 768),
    )
    nhead: int = key(
        12,
        "Number of attention heads",
        "Must divide d_model evenly, into heads of an even width. The presets use heads of 32.",
        minimum=1,
        maximum=256,
        steps=(4, 6, 8, 12, 16, 24),
    )
    num_layers: int = key(
        8,
        "Number of transformer layers",
        "More layers = better quality but slower training. Reduce it when memory runs out (try 4 or 6), "
        "increase it for quality (try 8 or 10).",
        minimum=1,
        maximum=128,
        steps=(2, 4, 6, 8, 10, 12),
    )
    output_dim: int = key(
        20,
        "Same as input_dim",
        "Values of one predicted frame. Always the same as input_dim.",
        minimum=20,
        maximum=20,
    )
    embedding_dim: int = key(
        1024,
        "Text embedding dimension",
        "Width of the text embedding in the dataset: 1024 for BAAI/bge-large-en-v1.5, 384 for the offline "
        "encoder. It must be the dataset's.",
        minimum=1,
        maximum=65536,
        steps=(384, 768, 1024),
    )
    dropout: float = key(
        0.1,
        "Dropout rate",
        "Share of the activations that training drops at random: less overfitting, slower steps.",
        minimum=0.0,
        maximum=0.9,
        steps=(0.0, 0.05, 0.1, 0.2, 0.3),
    )
    patch_frames: int = key(
        4,
        "Frames of one token",
        "One token stands for so many neighbouring frames: 4 takes about a quarter of the arithmetic and memory "
        "of 1, and learns as well.",
        earlier=((1, 1),),
        unit="frames",
        minimum=1,
        maximum=16,
        steps=(1, 2, 4, 5, 8),
        in_specification=False,
    )
    text_tokens: bool = key(
        True,
        "Read the text token by token too",
        "Beside the one vector of the whole text, every frame may look at the text's single tokens: left and right "
        "are told apart better. It needs a dataset that has them (`stickgen data embed`); without, it does nothing.",
        earlier=((1, False),),
        in_specification=False,
    )
    clip_timing: bool = key(
        True,
        "Tell frames their place in the clip",
        "Every token learns how far it is from the first and the last frame of its clip. So a motion begins and ends as "
        "clips do, and a window cut from a longer clip does not teach that two kicks are three. It costs next to "
        "nothing; it is for denoising only.",
        earlier=((3, False),),
        in_specification=False,
    )
    num_actions: int = key(
        64,
        "Number of action classes",
        "Action classes that the per-frame action head tells apart. The datasets of this project have 64.",
        minimum=1,
        maximum=4096,
    )
