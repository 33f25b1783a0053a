"""What to change after a run ran out of memory, judging by its run directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stickgen.datasets.facts import read_dataset_facts
from stickgen.errors import StickgenError
from stickgen.hardware.machine import Machine, local_machine_fast
from stickgen.planner.advising.advice import Advice, advise
from stickgen.planner.measured.calibration import calibration_of
from stickgen.runs.resuming import find_dataset

if TYPE_CHECKING:
    from stickgen.runs.store import Run


def ran_out_of_memory(run: Run) -> bool:
    """Whether the last launch ran out of memory, or was ended by SIGKILL, which Linux sends when memory runs out."""
    ended = run.exit
    return ended.get("signal") == "SIGKILL" or (
        ended.get("code") not in {0, 130, None} and "out of memory" in str(ended.get("reason", ""))
    )


def memory_advice(run: Run, machine: Machine | None = None) -> list[Advice]:
    """Return edits of the run's config that need less memory, the best first; none if the config cannot be read."""
    try:
        config = run.config()
    except (StickgenError, OSError):
        return []
    machine = machine or local_machine_fast()
    facts = read_dataset_facts(find_dataset(run) or "")
    return advise(config, machine, facts, "memory", calibration=calibration_of(machine))
