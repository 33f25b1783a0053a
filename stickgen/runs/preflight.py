"""What is looked at before anything is launched and needs no torch: each refusal a sentence with its fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stickgen.runs.trackers import missing_package

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig


def refusals(config: TrainingConfig, *, starts_from_weights: bool) -> list[str]:
    """Why a run of `config` cannot be launched here; empty if it can."""
    found = []
    if config.lora.enabled and not starts_from_weights:
        found.append(
            "lora.enabled trains adapters beside the weights of another run, and there are none to start from: "
            "add --init-from, or use --set lora.enabled=false"
        )
    tracker = config.logging.tracker
    if package := missing_package(tracker):
        found.append(
            f'logging.tracker is {tracker}, but {package} is not installed; run: pip install "stickgen[{tracker}]", '
            "or use --set logging.tracker=none"
        )
    return found
