"""Which key a name that the schema does not have may stand for: a slip of the hand, a habit, the wrong section."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import lru_cache

from stickgen.config.schema import GROUPS, KEY_BY_PATH, KEYS, Key
from stickgen.yaml_edit import KeyPath

LIKELY_TYPO = 0.8  # similarity from which an unknown key is taken for a misspelt one
_ALIKE = 0.6  # from which it is worth a question

# what other trainers call it (Hugging Face, Lightning, axolotl, nanoGPT)
_ELSEWHERE = {
    "training.batch_size": "bs micro_batch_size train_batch_size per_device_train_batch_size",
    "training.grad_accum_steps": "gradient_accumulation_steps gradient_accumulation accumulate_grad_batches "
    "grad_accum accumulation_steps",
    "training.epochs": "num_epochs n_epochs max_epochs num_train_epochs",
    "training.learning_rate": "lr base_lr max_lr peak_lr init_lr",
    "training.warmup_epochs": "warmup warmup_steps num_warmup_steps warmup_ratio",
    "training.max_grad_norm": "grad_clip clip_grad clip_grad_norm gradient_clip_val gradient_clipping",
    "training.schedule": "scheduler lr_scheduler lr_schedule lr_scheduler_type lr_decay",
    "training.min_lr_ratio": "min_lr lr_min eta_min",
    "training.optimizer": "optim optimizer_type optimiser",
    "training.weight_decay": "wd decay",
    "training.seed": "random_seed manual_seed seed_everything",
    "training.ema_decay": "ema ema_rate",
    "training.val_fraction": "val_split val_ratio validation_split val_size",
    "model.d_model": "hidden_size hidden_dim n_embd embed_dim latent_dim dim width",
    "model.nhead": "num_heads n_heads n_head num_attention_heads heads",
    "model.num_layers": "num_hidden_layers n_layers n_layer layers depth",
    "data.train_data": "dataset dataset_path data_path train_path train_file",
    "data.max_frames": "max_length seq_len max_seq_len context_length block_size",
    "device.num_workers": "workers n_workers dataloader_num_workers",
    "device.precision": "dtype mixed_precision amp fp16 bf16",
    "lora.rank": "r lora_r lora_rank",
    "lora.alpha": "lora_alpha",
    "logging.level": "log_level",
    "logging.log_interval": "log_every log_every_n_steps logging_steps",
    "logging.save_interval": "save_every save_steps checkpoint_interval",
}
_BY_NAME: dict[str, list[Key]] = {}
for _key in KEYS:
    _BY_NAME.setdefault(_key.name, []).append(_key)
_BY_HABIT = {name: KEY_BY_PATH[path] for path, names in _ELSEWHERE.items() for name in names.split()}


@dataclass(frozen=True)
class Near:
    """The path that may be meant, and whether it is so alike that the other is a slip."""

    parts: KeyPath
    misspelt: bool


@lru_cache(maxsize=10_000)
def nearest(parts: KeyPath, *, section: bool = False) -> Near | None:
    """What an unknown key may stand for; None if nothing is like it. `section`: it has keys of its own."""
    group, name = (parts[0], parts[-1]) if len(parts) > 1 else ("", parts[-1])
    groups = [g.name for g in GROUPS]
    if not group and (section or name not in _BY_NAME):
        found = _alike(name, groups, LIKELY_TYPO)
        if found is not None:
            return Near((found,), True)
    if not section:
        plain = name.lower().replace("-", "_")
        own = _alike(name, [key.name for key in KEYS if key.group == group], _ALIKE) if group else None
        if own is not None and _likeness(f"{group}.{name}", f"{group}.{own}") >= LIKELY_TYPO:
            return Near((group, own), True)
        for known in (_BY_NAME.get(plain, [None])[0], _BY_HABIT.get(plain)):
            if known is not None:
                return Near(known.parts, plain != name and known.group == group and known.name == plain)
        if own is not None:
            return Near((group, own), False)
        found = _alike(name, list(_BY_NAME), LIKELY_TYPO)
        if found is not None:
            return Near(_BY_NAME[found][0].parts, False)
    if not group and section:
        found = _alike(name, groups, _ALIKE)
        return None if found is None else Near((found,), False)
    return None


def _alike(name: str, candidates: list[str], cutoff: float) -> str | None:
    """The candidate most like `name`; a look at the letters spares the comparison for most."""
    letters = set(name)
    near = [
        candidate
        for candidate in candidates
        if 2 * len(letters & set(candidate)) >= cutoff * 0.8 * (len(letters) + len(set(candidate)))
        and 2 * min(len(name), len(candidate)) >= cutoff * (len(name) + len(candidate))
    ]
    return next(iter(difflib.get_close_matches(name, near, n=1, cutoff=cutoff)), None)


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()
