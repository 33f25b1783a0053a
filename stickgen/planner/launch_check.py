"""Check a launch, then make the run of exactly what was checked.

`stickgen train`, `stickgen config check` and the app all use it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stickgen.datasets.facts import dataset_doubts
from stickgen.datasets.file_checks import check_dataset
from stickgen.errors import StickgenError
from stickgen.hardware.machine import Machine
from stickgen.planner.budget import check_budget
from stickgen.runs.preflight import refusals
from stickgen.runs.store import create_run

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig
    from stickgen.datasets.facts import DatasetFacts
    from stickgen.planner.estimate import Estimate
    from stickgen.runs.store import Run


@dataclass(frozen=True)
class LaunchCheck:
    """What was found before a launch.

    `refusals` always prevent it, `budget` prevents it without --force; `warnings` and `doubts` prevent nothing.
    """

    config: TrainingConfig  # what was checked, byte for byte
    dataset: Path  # absolute
    dataset_fits: bool
    facts: DatasetFacts | None  # of a dataset that fits, if they are written beside it
    refusals: tuple[StickgenError, ...] = ()
    budget: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()  # about the dataset
    estimate: Estimate | None = None

    def create_run(
        self, root: Path, *, name: str | None = None, path: Path | None = None, **facts: Any
    ) -> Run:
        """Make the run directory of what was checked: these bytes of the config, this dataset. Nothing is read again.

        Raises StickgenError for the first refusal, or if the folder cannot be made. `facts` go into run.json.
        """
        for refusal in self.refusals:
            raise refusal
        if self.estimate is not None:
            facts["predicted"] = self.estimate.for_a_run()
        return create_run(self.config, root=root, name=name, path=path, data_path=str(self.dataset), **facts)


def check_launch(
    config: TrainingConfig,
    machine: Machine,
    dataset: Path,
    directory: Path,
    *,
    processes: int = 1,
    starts_from_weights: bool = False,
) -> LaunchCheck:
    """Check all that a launch of `config` on `dataset` needs: the dataset, packages, memory and free disk.

    `directory` is the folder that will hold the run. A dataset that does not fit is an UnfitDatasetError with
    the edits that make the config fit.
    """
    found: list[StickgenError] = []
    facts = None
    try:
        facts = check_dataset(dataset, config.model.embedding_dim)
    except StickgenError as error:
        found.append(error)
    fits = not found
    found += [StickgenError(text) for text in refusals(config, starts_from_weights=starts_from_weights)]
    budget = check_budget(config, machine, facts, directory, processes=processes)
    return LaunchCheck(
        config,
        dataset.absolute(),
        fits,
        facts,
        tuple(found),
        budget.refusals,
        budget.warnings,
        dataset_doubts(dataset, facts),
        budget.estimate,
    )
