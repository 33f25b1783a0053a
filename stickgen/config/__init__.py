"""Training configs: the list of keys, files that keep every byte, checked values.

>>> from stickgen.config import TrainingConfig
>>> TrainingConfig("configs/base.yaml").get("model.d_model")
384
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    # deferred: the screen's first frame needs the schema, not the YAML parser
    if name == "TrainingConfig":
        from stickgen.config.loading import TrainingConfig

        return TrainingConfig
    raise AttributeError(name)
