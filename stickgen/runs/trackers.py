"""Which package each tracker of `logging.tracker` needs."""

from __future__ import annotations

import importlib.util

PACKAGES = {"tensorboard": "tensorboardX", "wandb": "wandb", "trackio": "trackio"}


def missing_package(tracker: str) -> str | None:
    """The package that `logging.tracker` needs and that is not installed."""
    package = PACKAGES.get(tracker)
    return package if package is not None and importlib.util.find_spec(package) is None else None
