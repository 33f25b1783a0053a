"""Before and at a launch: what a config would cost, what stands in its way, and the run itself.

All of it calls the engine's torch-free rooms and may take a moment: run it in a worker.
"""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stickgen.errors import StickgenError
from stickgen.quantities import byte_text, count_text, duration_text
from stickgen_tui.text import clean

if TYPE_CHECKING:
    from stickgen.config.loading import TrainingConfig
    from stickgen.config.settings import Edit
    from stickgen.planner.estimate import Estimate
    from stickgen.planner.launch_check import LaunchCheck
    from stickgen.runs.store import Run
    from stickgen_tui.launching.forecasting import Surroundings


@dataclass(frozen=True)
class Check:
    """One line of the preflight: `level` is "ok", "warning" or "error"."""

    level: str
    text: str
    edits: tuple[Edit, ...] = ()  # what fixes it, where something in the config does


@dataclass(frozen=True)
class Preflight:
    """What was looked at before a launch."""

    config_path: Path
    checks: tuple[Check, ...]
    found: LaunchCheck | None = None  # of a config that could be read; `start` takes it

    @property
    def config(self) -> TrainingConfig | None:
        """What was checked, byte for byte; None if it could not be read."""
        return self.found.config if self.found is not None else None

    @property
    def needs_data(self) -> bool:
        """Whether the config's dataset is not there, or is none that fits."""
        return self.found is not None and not self.found.dataset_fits

    @property
    def asks_for_data(self) -> bool:
        """Whether a dataset is all that is missing, and one can be chosen: no variable names it."""
        if not self.needs_data or os.environ.get("TRAIN_DATA_PATH"):
            return False
        return len(self.errors) == 1 and not self.errors[0].edits

    @property
    def errors(self) -> list[Check]:
        return [check for check in self.checks if check.level == "error"]

    @property
    def warnings(self) -> list[Check]:
        return [check for check in self.checks if check.level == "warning"]

    @property
    def fix(self) -> tuple[Edit, ...]:
        """The edits that the first check which has any suggests."""
        return next((check.edits for check in self.checks if check.edits), ())


def shown_path(path: Path) -> str:
    """Relative to this folder where it lies below it."""
    try:
        return str(Path(os.path.realpath(path)).relative_to(Path.cwd()))  # `resolve` raises on a loop
    except ValueError:
        return str(path)


def preflight(subject: Path | TrainingConfig, root: Path | None = None) -> Preflight:
    """Look at everything a launch of a file or of a config needs. Never raises for a bad config: it is an error line.

    A file is read once; `start` launches what was checked, so that another program cannot change it in between.
    """
    from stickgen.config.loading import TrainingConfig
    from stickgen.planner.launch_check import check_launch
    from stickgen.runs.store import runs_root
    from stickgen_tui.launching.forecasting import forecast, look_around

    path = Path(subject.name) if isinstance(subject, TrainingConfig) else subject
    try:
        config = subject if isinstance(subject, TrainingConfig) else TrainingConfig(subject)
        around = look_around(config, root)
        cost = forecast(config, around)
    except StickgenError as error:
        return Preflight(path, (Check("error", clean(error, limit=400)),))
    dataset = Path(shown_path(around.dataset))
    found = check_launch(config, around.machine, dataset, (root or runs_root()).absolute())
    checks = [_refusal(refusal, dataset) for refusal in found.refusals]
    if found.facts is not None:
        shown = clean(dataset, single_line=True)
        width = config.model.embedding_dim
        checks.append(Check("ok", f"dataset {shown}: {found.facts.clips:,} clips, embeddings of {width}"))
    elif found.dataset_fits:
        shown = clean(dataset, single_line=True)
        checks.append(
            Check("warning", f"{shown} has no facts beside it: the run will check it when it starts")
        )
    checks += [Check("warning", clean(doubt, single_line=True, limit=400)) for doubt in found.doubts]
    # who reads why memory or disk will not suffice may launch all the same, as with --force
    checks += [Check("warning", sentence) for sentence in (*found.budget, *found.warnings)]
    checks.append(_memory_check(config, around, cost))
    size = (
        f"{count_text(cost.parameters)} parameters, effective batch {cost.effective_batch}, "
        f"{cost.epochs} epochs"
    )
    if cost.seconds_per_epoch is not None and cost.seconds_total is not None:
        size += (
            f" of about {duration_text(cost.seconds_per_epoch.value)}, "
            f"{duration_text(cost.seconds_total.value)} in all"
        )
    checks.append(Check("ok", size))
    if said := str(cost.schedule or ""):
        checks.append(Check("ok", said))
    return Preflight(path, tuple(checks), found)


def _refusal(error: StickgenError, dataset: Path) -> Check:
    from stickgen.datasets.file_checks import MissingDatasetError

    if isinstance(error, MissingDatasetError):  # in the app there is a shorter way than the commands it names
        shown = clean(dataset, single_line=True, limit=200)
        return Check("error", f"{shown}: there is no such dataset yet; launch to make, import or choose one")
    return Check("error", clean(error, limit=400), getattr(error, "edits", ()))


def _memory_check(config: TrainingConfig, around: Surroundings, cost: Estimate) -> Check:
    """What the run would take, or the edit that makes it fit."""
    from stickgen.planner.advising.advice import advise

    if not cost.memory_total_bytes:
        if around.machine.torch_version is None:  # nobody has looked for one yet
            return Check("ok", f"peak memory about {byte_text(cost.peak_memory.value)} on {cost.device}")
        edit: Edit = ("device.type", "auto")
        return Check(
            "warning", f"{cost.device} is asked for, and this machine has none: device.type: auto", (edit,)
        )
    peak, free = byte_text(cost.peak_memory.value), byte_text(cost.memory_free_bytes)
    encoder = f", {byte_text(cost.encoder_bytes)} of it the text encoder" if cost.encoder_bytes else ""
    needed = f"peak memory about {peak} of {free} free on {cost.device}{encoder}"
    if cost.verdict == "fits":
        return Check("ok", needed)
    helping = advise(config, around.machine, around.facts, "memory", calibration=around.calibration)
    best = next((advice for advice in helping if advice.after.verdict != "does not fit"), None)
    if best is None:
        return Check("warning", needed)
    return Check("warning", f"it would fit with {best.change}: {best.reason}", best.edits)


def launch_command(config: Path, root: Path | None) -> str:
    """What launches the same run from the shell, in this folder."""
    from stickgen.runs.store import runs_root

    here, path = Path.cwd(), config.absolute()
    named = path.relative_to(here) if path.is_relative_to(here) else path
    runs = f" --runs {shlex.quote(str(root))}" if root is not None and root != runs_root() else ""
    return f"stickgen train --config {shlex.quote(str(named))}{runs}"


def start(found: LaunchCheck, root: Path | None) -> Run:
    """Create the run of what was checked and launch it, detached. Raises StickgenError."""
    from stickgen.runs.launch import launch
    from stickgen.runs.store import runs_root

    run = found.create_run(root or runs_root(), argv=list(sys.argv))
    launch(run)
    return run
