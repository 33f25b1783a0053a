"""Counts the parameters of a config's model without building it.

The formula follows `stickgen.model.transformer` term by term; a test compares the two over many shapes.
"""

from __future__ import annotations

from stickgen.config.settings import Settings

TIMING_VALUES = 64  # what `stickgen.model.timing` tells of a token's place


def count_parameters(config: Settings) -> int:
    """Trainable parameters of the trunk, its embeddings and heads: the figure that presets are named by.

    What only denoising needs (the clock, `count_diffusion_parameters`) is not counted here.
    """
    model = config.model
    d, layers = model.d_model, model.num_layers
    attention = 4 * d * d
    swiglu = 3 * d * (4 * d)
    block = attention + swiglu + 2 * d + 6 * d  # + two RMSNorms + the block's own modulation
    patch = model.patch_frames
    # a token reads and writes a frame more on either side of its patch; a causal one reads four before it instead
    reach = (0, 0) if patch == 1 else (2, 2) if config.diffusion.enabled else (4, 0)
    read, written = (patch + frames for frames in reach)
    pose_in = read * model.input_dim * d + d
    text_in = model.embedding_dim * d + d + d * d + d + d  # two linear maps, and the vector for "no text"
    action_in = (model.num_actions + 1) * d
    if patch > 1:
        text_in += 2 * d * _text_rank(d) - d * d  # the second map is narrow
        action_in = d  # actions are told by the weights that recognise them
    modulation = 6 * d * d + 6 * d  # one map for all blocks (adaLN-single, PixArt-alpha, arXiv 2310.00426)
    pose_out = written * model.output_dim * (d + 1)
    action_out = d * model.num_actions + model.num_actions
    contact_out = 2 * patch * (d + 1)
    return (
        layers * block + pose_in + text_in + action_in + modulation + d + pose_out + action_out + contact_out
    )


def _text_rank(d_model: int) -> int:
    """Return the rank of the text's second map, as `stickgen.model.transformer.text_rank` does."""
    return d_model // 8 if d_model > 128 else d_model


def count_diffusion_parameters(config: Settings) -> int:
    """Return the parameters that denoising adds: the maps that read the diffusion time and the place in the clip."""
    d = config.model.d_model
    timing = TIMING_VALUES * d if config.model.clip_timing else 0
    return 2 * (d * d + d) + timing if config.diffusion.enabled else 0


def count_trained(config: Settings, parameters: int) -> tuple[int, int]:
    """Return (how many of `parameters` are trained, how many numbers the optimizer keeps for them).

    AdamW keeps two a parameter. Muon keeps one of its matrices. LoRA trains rank · (in + out) of
    each of the blocks' four matrices: d → 3d, d → d, d → 8d, 4d → d.
    """
    d, layers = config.model.d_model, config.model.num_layers
    if config.lora.enabled:
        trained = layers * config.lora.rank * 20 * d
        matrices = trained
    else:
        trained, matrices = parameters, layers * 16 * d * d
        if config.model.patch_frames > 1:  # the text's and the condition's maps too
            matrices += config.model.embedding_dim * d + 2 * d * _text_rank(d) + 6 * d * d
    return trained, 2 * trained - (matrices if config.training.optimizer == "muon" else 0)
