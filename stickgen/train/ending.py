"""How a launch ends: at its end or a limit, by a stop, or by an error, and what of it is saved and said."""

from __future__ import annotations

from stickgen.data.rows import DatasetChangedError
from stickgen.datasets.facts import read_dataset_facts
from stickgen.errors import RunFailedError
from stickgen.hardware.machine import local_machine_fast
from stickgen.planner.arithmetic.speed import step_cost
from stickgen.planner.arithmetic.workload import workload_of
from stickgen.run_contract import EventKind
from stickgen.train.launch import Launch
from stickgen.train.processes.signals import NOTHING_TRAINED
from stickgen.watchdog.learned import not_learned


class Ending:
    """The ways in which a launch ends. All processes call it together, but for `rescue`."""

    def __init__(self, launch: Launch) -> None:
        self.launch, self.state, self.ranks, self.asked = launch, launch.state, launch.ranks, launch.asked
        self.saver, self.watch, self.assessment = launch.saver, launch.watch, launch.assessment

    def finish(self, message: str) -> int:
        """Validate, draw, save and report. Raises RunFailedError if the weights cannot be saved."""
        if not any(self.ranks.any_of([self.asked.stop])):
            self.assessment.validate(saves_anyway=True)
            if any(self.ranks.any_of([self.ranks.leads and self.assessment.quality.due()])):
                self.assessment.evaluate()
            self.assessment.draw_sample()
        if reason := self.watch.unfit:
            raise RunFailedError(
                f"{message}, but {reason}; those weights are not saved, and earlier checkpoints are kept: "
                "lower training.learning_rate"
            )
        if not self.save_patiently():
            raise RunFailedError(f"{message}, but its checkpoint could not be saved; see the events")
        done = self.state.step >= self.launch.total_steps
        if lesson := not_learned(self.assessment.validated):
            message += f", but {lesson}"
        self.launch.journal.event(EventKind.FINISHED if done else EventKind.EARLY, message)
        return 0

    def stop(self, why: str = "") -> int:
        """End with a checkpoint, because somebody asked, or the watchdog. Raises RunFailedError if it cannot be saved."""
        if self.ranks.leads:
            self.launch.context.take_requests()  # the signal of a pause comes with a request that says so
        if (reason := self.watch.unfit) and self.ranks.from_first(bool(self.saver.saved)):
            return self.report_stop(f"{why}; {reason}, so an earlier checkpoint is the last")
        if self.state.step and not self.save_patiently():
            raise RunFailedError(f"stopped after step {self.state.step}, but no checkpoint could be saved")
        return self.report_stop(f", with a checkpoint{why}")

    def report_stop(self, how: str = ", with a checkpoint") -> int:
        """Report that it ended because somebody asked. Returns the exit code."""
        step = self.state.step
        kind = EventKind.PAUSED if self.asked.pause else EventKind.STOPPED
        self.launch.journal.event(kind, f"{kind} after step {step}{how}" if step else NOTHING_TRAINED)
        return 130

    def save_patiently(self) -> bool:
        """Save the present weights and wait for the disk. Whether they are saved."""
        self.launch.remember()
        self.state.gather(keep=self.ranks.leads)
        return self.saver.save_patiently(self.state, self.asked)

    def rescue(self) -> bool:
        """Save the last whole step after an error, which may have nothing to do with the weights. Whether it is saved."""
        if self.state.step == 0:
            return True
        if self.watch.unfit:
            return False
        return self.state.whole and self.state.at_hand and self.saver.save(self.state)

    def report_profile(self) -> None:
        """Report where the time of this launch went."""
        facts = read_dataset_facts(self.launch.clips.file.path)
        flops = step_cost(workload_of(self.launch.config, local_machine_fast(), facts)).flops
        self.launch.journal.event(EventKind.PROFILE, self.launch.profile.report(self.state.step, flops / 1e9))

    def data_changed(self, saved: bool) -> DatasetChangedError:
        """What to raise if the dataset was changed meanwhile; `saved`: the last whole step is."""
        saved = saved and self.state.step > 0
        kept = f"the run ends with a checkpoint after step {self.state.step}" if saved else "the run ends"
        return DatasetChangedError(
            f"{self.launch.clips.file.path}: the dataset was changed while the run read it; {kept}: restore the dataset "
            f"and resume with stickgen train --resume {self.launch.run.reference}"
        )
