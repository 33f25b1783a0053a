"""Training configs: the list of keys, files that keep every byte, checked values.

>>> from stickgen.config import TrainingConfig
>>> TrainingConfig("configs/base.yaml").training.epochs
50
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig

__all__ = ["TrainingConfig"]


def __getattr__(name: str) -> Any:
    # deferred: the screen's first frame needs the schema, not the YAML parser
    if name == "TrainingConfig":
        from stickgen.config.loading import TrainingConfig

        return TrainingConfig
    raise AttributeError(name)
