"""All rules of a run, each with what its key says is to be done about it."""

from __future__ import annotations

from stickgen.config.settings import Settings
from stickgen.watchdog.divergence import Divergence
from stickgen.watchdog.early_stop import EarlyStop, Plateau
from stickgen.watchdog.finding import Action, Finding, Record
from stickgen.watchdog.non_finite import NonFinite
from stickgen.watchdog.resources import Disk, Memory, Starving
from stickgen.watchdog.rule import Rule


class Watchdog:
    """Shows each record to every rule that is on. It decides nothing by itself and touches nothing."""

    def __init__(
        self, config: Settings, *, first_loss: float | None = None, checkpoint_bytes: int = 0, cores: int = 1
    ) -> None:
        self.non_finite, self.divergence = NonFinite(config), Divergence(config, first_loss)
        self.rules: list[Rule] = [
            self.non_finite,
            self.divergence,
            Plateau(config),
            EarlyStop(config),
            Memory(config),
            Disk(checkpoint_bytes),
            Starving(config, cores),
        ]
        self._read_actions(config)

    def _read_actions(self, config: Settings) -> None:
        self.actions = {rule.name: Action(str(config.watchdog[rule.name])) for rule in self.rules}

    def take(self, config: Settings) -> None:
        """Go by the keys of another config from now on."""
        self._read_actions(config)
        for rule in self.rules:
            rule.take(config)

    def look_at(self, record: Record) -> list[tuple[Action, Finding]]:
        """What the rules newly find in a record, each with what is to be done; of a suspicion only an alert."""
        found: list[tuple[Action, Finding]] = []
        for rule in self.rules:
            finding = rule.look_at(
                record
            )  # those that are off look too: what is saved depends on two of them
            action = self.actions[rule.name]
            if finding is not None and action != Action.OFF:
                found.append((action if finding.certain else Action.ALERT, finding))
        return found

    def forget(self) -> None:
        """The run went back to an earlier checkpoint."""
        for rule in self.rules:
            rule.forget()

    @property
    def unfit(self) -> str:
        """Why the present weights are not worth a checkpoint; empty if they are.

        Saving prunes older checkpoints, so saving a ruined model would push out the last good one.
        """
        if bad := self.non_finite.in_a_row:
            what = "step has" if bad == 1 else f"{bad} steps have"
            return f"the last {what} no finite loss"
        return self.divergence.unfit
