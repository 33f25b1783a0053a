"""After a launch that the kernel killed for lack of memory, the next one takes fewer clips at a time.

This is decided without loading torch, before torch takes its share of the memory.
"""

from __future__ import annotations

from stickgen.config.loading import TrainingConfig
from stickgen.datasets.facts import DatasetFacts, read_dataset_facts
from stickgen.errors import StickgenError
from stickgen.foreign_files import read_json
from stickgen.hardware.machine import Machine, local_machine_fast
from stickgen.hardware.oom_kills import oom_kills
from stickgen.planner.estimate import estimate
from stickgen.planner.measured.calibration import calibration_of
from stickgen.run_contract import Field
from stickgen.runs.process import boot_id
from stickgen.runs.resuming import find_dataset
from stickgen.runs.store import Run


def killed_for_memory(run: Run, launch: int) -> bool:
    """Whether launch number `launch` was killed while the kernel's count of out-of-memory kills went up."""
    for path in (run.path / f"exit-{launch}.json", run.exit_path):
        try:
            ended = read_json(path)
        except (OSError, ValueError):
            continue
        if ended.get(Field.LAUNCH, launch) == launch:
            return ended.get("out_of_memory") is True
    launches = run.launches  # no exit file: the supervisor was killed as well
    begun = launches[launch - 1] if 0 < launch <= len(launches) else {}
    before, now = begun.get("oom_kills"), oom_kills()
    return begun.get("boot_id") == boot_id() and isinstance(before, int) and now is not None and now > before


def learn_from_kill(run: Run, launch: int, machine: Machine | None = None) -> str | None:
    """If launch `launch` was killed for lack of memory, `take_fewer`, once. Returns what to report, or None."""
    known = run.identity.get("learned_from_launch")
    if launch < 1 or known == launch or not killed_for_memory(run, launch):
        return None
    said = f"the previous launch was killed for lack of memory: {take_fewer(run, machine)}"
    run.update_identity(learned_from_launch=launch)
    return said


def take_fewer(run: Run, machine: Machine | None = None) -> str:
    """Lower the run's limit of clips at a time. Returns what to report.

    The new limit is half of what was tried, or less if the planner says that half is still too much. Raises
    StickgenError or OSError if run.json cannot be written.
    """
    identity = run.identity
    config = TrainingConfig.from_bytes(run.config_bytes, str(run.config_path))
    known = [identity.get("clips_at_once"), identity.get("largest_micro_batch")]
    tried = min([config.training.batch_size, *(n for n in known if type(n) is int and n > 0)])
    if tried == 1:
        return (
            "it took a single clip at a time, so it will be killed again without more memory or a smaller model: "
            "see stickgen advise --for memory"
        )
    facts = read_dataset_facts(find_dataset(run) or "")
    fewer = _that_fit(config, tried // 2, facts, machine or local_machine_fast())
    run.update_identity(clips_at_once=fewer)
    return f"{fewer} clips at a time instead of {tried}, with the same clips and the same effective batch"


def _that_fit(config: TrainingConfig, most: int, facts: DatasetFacts | None, machine: Machine) -> int:
    """`most`, halved until the planner says that it fits; at least 1."""
    from stickgen.yaml_edit import Document

    count = most
    while count > 1:
        document = Document.parse(config.bytes, config.name)
        document.set("training.batch_size", count)
        try:
            answer = estimate(
                TrainingConfig.from_document(document), machine, facts, calibration=calibration_of(machine)
            )
        except StickgenError:
            return count
        if answer.needed_memory.value <= answer.memory_free_bytes:
            return count
        count //= 2
    return count
