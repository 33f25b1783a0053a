"""`training:` how it learns: batches, epochs, learning rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stickgen.config.key import Section, key


@dataclass(frozen=True, eq=False)
class Training(Section):
    """How it learns: batches, epochs, learning rate."""

    title: ClassVar[str] = "Training settings"

    batch_size: int = key(
        2,
        "Batch size (reduce if OOM)",
        "Clips in memory at once. Reduce if you get Out-of-Memory errors (try 1); increase it for speed if you "
        "have memory. Effective batch = batch_size × grad_accum_steps.",
        unit="clips",
        minimum=1,
        maximum=65536,
        steps=(1, 2, 4, 8, 16, 32, 64),
    )
    grad_accum_steps: int = key(
        32,
        "Gradient accumulation steps",
        "Batches whose gradients are summed before the weights move. Effective batch = batch_size × "
        "grad_accum_steps; the presets keep it at 64.",
        unit="batches",
        minimum=1,
        maximum=65536,
        steps=(1, 2, 4, 8, 16, 32, 64),
    )
    epochs: int = key(
        50,
        "Number of training epochs",
        "Passes over the training clips. Reduce for faster experimentation, increase for quality (try 100+).",
        unit="epochs",
        minimum=1,
        maximum=1_000_000,
        steps=(5, 10, 25, 50, 100, 200),
        live=True,
    )
    learning_rate: float = key(
        0.0003,
        "Initial learning rate",
        "Peak of the schedule, reached after the warm-up. Lower for larger models, higher for larger batches.",
        minimum=0.0,
        maximum=1.0,
        above_minimum=True,
        steps=(0.00003, 0.0001, 0.0002, 0.0003, 0.0005, 0.001),
        live=True,
    )
    warmup_epochs: int = key(
        10,
        "Number of warmup epochs",
        "Epochs over which the learning rate climbs from zero; after them it falls as training.schedule says.",
        unit="epochs",
        minimum=0,
        maximum=1_000_000,
        steps=(0, 1, 2, 5, 10),
    )
    max_grad_norm: float = key(
        1.0,
        "Gradient clipping threshold",
        "A gradient longer than this is scaled back to it, so that one odd batch cannot throw the weights.",
        minimum=0.0,
        above_minimum=True,
        steps=(0.5, 1.0, 2.0, 5.0),
        live=True,
    )
    schedule: str = key(
        "cosine",
        '"cosine", "linear" or "constant"',
        "How the learning rate falls after the warm-up: along half a cosine, along a straight line, or not at "
        "all, which suits fine-tuning and runs whose end is open.",
        choices=("cosine", "linear", "constant"),
        in_specification=False,
        live=True,
    )
    min_lr_ratio: float = key(
        0.05,
        "Final learning rate, as a share of the first",
        "Where the cosine or the line ends: learning_rate times this.",
        minimum=0.0,
        maximum=1.0,
        in_specification=False,
        live=True,
    )
    schedule_until: str = key(
        "max_minutes",
        '"epochs", "max_minutes" or "launch"',
        "Where the schedule ends. max_minutes: at the last epoch, or with training.max_minutes if they end the launch "
        "before it; warm-up and decay shrink in proportion. launch: where --max-steps ends the launch, too. epochs: at "
        "the last epoch only, for a run that is trained in several launches.",
        choices=("epochs", "max_minutes", "launch"),
        in_specification=False,
        earlier=((2, "epochs"),),
        live=True,
    )
    optimizer: str = key(
        "adamw",
        '"adamw" or "muon"',
        "muon: the matrices of the blocks and of the text move by Muon, whose steps have the size of AdamW's, so that the "
        "learning rate stays; it keeps one number a weight instead of two, and computes more a step. "
        "Everything else moves by AdamW either way.",
        choices=("adamw", "muon"),
        in_specification=False,
    )
    weight_decay: float = key(
        0.01,
        "Decoupled weight decay",
        "Pulls weights towards zero at each step; norms, biases and embeddings are left out.",
        minimum=0.0,
        maximum=10.0,
        steps=(0.0, 0.01, 0.05, 0.1),
        in_specification=False,
    )
    beta1: float = key(
        0.9,
        "AdamW first-moment decay",
        "How long the optimizer remembers gradients.",
        minimum=0.0,
        maximum=0.9999,
        in_specification=False,
    )
    beta2: float = key(
        0.99,
        "AdamW second-moment decay",
        "How long the optimizer remembers squared gradients.",
        minimum=0.0,
        maximum=0.99999,
        in_specification=False,
    )
    ema_decay: float = key(
        0.999,
        "Decay of the averaged weights",
        "Samples and validation use a running average of the weights, warmed up over the first steps; "
        "0 turns it off.",
        minimum=0.0,
        maximum=0.999999,
        steps=(0.0, 0.99, 0.999, 0.9995, 0.9999),
        in_specification=False,
    )
    val_fraction: float = key(
        0.1,
        "Share of the clips held out",
        "Clips kept for validation where the dataset does not name its own split; chosen by the text, so that "
        "clips of one text stay on one side.",
        minimum=0.0,
        maximum=0.5,
        in_specification=False,
    )
    seed: int = key(
        42,
        "Random seed",
        "Fixes the first weights, the order of the clips, the noise and the dropout.",
        minimum=0,
        maximum=2**31 - 1,
        in_specification=False,
    )
    max_minutes: float = key(
        0.0,
        "Stop after so many minutes (0: never)",
        "A limit on the time of one launch; the run then stops with a checkpoint and can be resumed. "
        "training.schedule_until says whether the learning rate has come down by then.",
        unit="minutes",
        minimum=0.0,
        in_specification=False,
        live=True,
    )
    stage: str = key(
        "",
        '"" for all data, "pretrain" or "sft"',
        "Which dataset to train on when neither --data-path nor TRAIN_DATA_PATH names one: pretrain takes "
        "data.curated_pretrain_data, sft data.curated_sft_data, and nothing data.train_data. Both are usually "
        "started with --init-from.",
        choices=("", "pretrain", "sft"),
        in_specification=False,
    )
    activation_checkpointing: bool = key(
        False,
        "Compute activations twice: less memory",
        "Keeps only the input of each layer and computes the rest again in the backward pass: the same gradients "
        "with less memory, and a quarter to a third more time. Turn it on before you make the model smaller.",
        in_specification=False,
    )
    compile: str = key(
        "auto",
        '"auto", "always" or "never"',
        "torch.compile fuses the layers: training is faster after a minute or so of compiling. auto: where the "
        "planned run is long enough to win by it. It needs a C++ compiler on a CPU.",
        choices=("auto", "always", "never"),
        in_specification=False,
    )
