"""What weights learned from, and what those they started from had learned from: it travels with every checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stickgen.datasets.facts import read_dataset_facts

MOST_ANCESTORS = 32


def provenance(dataset: Mapping[str, Any], trainer: Mapping[str, Any] | None) -> dict[str, Any]:
    """What trainer.json says of the data: the present `dataset`, and all that earlier steps learned from.

    `trainer` is the trainer.json that is gone on from; other data in it becomes an ancestor.
    """
    ancestors = _list(trainer.get("ancestors")) if trainer is not None else []
    before = trainer.get("dataset") if trainer is not None else None
    if trainer is not None and isinstance(before, dict) and before.get("digest") != dataset.get("digest"):
        ancestors.append({"step": trainer.get("step"), "dataset": before})
    return {"dataset": dict(dataset), "ancestors": _different(ancestors)}


def ancestors_of(checkpoint: Path, trainer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The ancestors of weights that start from `checkpoint`: its own run first, then that run's ancestors."""
    from stickgen.runs.store import Run

    run = Run(checkpoint.parent.parent)
    identity = run.identity
    dataset = trainer.get("dataset")
    if not isinstance(dataset, dict):  # by an older version
        dataset = identity.get("dataset")
    if not isinstance(dataset, dict):
        facts = read_dataset_facts(str(identity.get("data_path", "")))
        dataset = {"sources": facts.sources, "licences": facts.licences} if facts is not None else None
    name = str(identity.get("name") or run.name)
    own = {"run": name, "step": trainer.get("step"), "dataset": dataset}
    return _different([own, *_list(trainer.get("ancestors"))])


def _list(found: object) -> list[dict[str, Any]]:
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _different(ancestors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each once, in order; the very first ones are what is dropped of an endless row."""
    kept: list[dict[str, Any]] = []
    for ancestor in ancestors:
        if ancestor not in kept:
            kept.append(ancestor)
    return kept[:MOST_ANCESTORS]
