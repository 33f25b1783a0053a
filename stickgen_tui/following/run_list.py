"""The runs there are, newest first, each with what a row of the table shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stickgen.run_contract import Field
from stickgen.runs.store import Run, State, Status, list_runs, runs_root
from stickgen_tui.following.rounds import Rounds
from stickgen_tui.following.run_summary import RunSummary
from stickgen_tui.text import clean

if TYPE_CHECKING:
    from stickgen.catalogue.entry import Entry
    from stickgen.catalogue.settled import Known, SettledRuns


MOST_SHOWN = 50


@dataclass(frozen=True)
class Listing:
    """What a look found: the rows to show, those that are going first, and how many runs there are in all."""

    rows: list[tuple[Run, RunSummary]]
    total: int

    @property
    def hidden(self) -> int:
        """Runs that are there and not among the rows."""
        return self.total - len(self.rows)


class RunCatalogue:
    """The runs of a folder, looked at again and again at a cost that does not grow with their number.

    The first look is at all of them, and takes from the cache what it has of those that have ended.
    """

    def __init__(self) -> None:
        self._rounds: Rounds | None = None
        self._settled: SettledRuns | None = None
        self._summaries: dict[Path, RunSummary] = {}
        self._listing = Listing([], 0)

    def look(self, root: Path | None, most: int = MOST_SHOWN) -> Listing:
        """The rows as they are now; the very listing of the look before, if it found the same."""
        rounds, settled = self._begun((root or runs_root()).absolute())
        changed = listed = rounds.list_again()
        for run in rounds.due(rounds.runs[:most]):
            known = self._summaries.get(run.path)
            rounds.look_at(run, lambda run=run: self._summarise(run, settled))  # type: ignore[misc]
            changed |= self._summaries[run.path] != known
        settled.settle(rounds.runs if listed else None)
        if changed:
            rows = [(run, self._summaries[run.path]) for run in rounds.runs]
            self._summaries = {run.path: summary for run, summary in rows}
            rows.sort(key=lambda row: not row[1].alive)
            count = max(most, sum(summary.alive for _, summary in rows))
            self._listing = Listing(rows[:count], len(rows))
        return self._listing

    def _begun(self, root: Path) -> tuple[Rounds, SettledRuns]:
        if self._rounds is None or self._settled is None or self._rounds.root != root:
            from stickgen.catalogue.settled import SettledRuns  # late: the first frame needs no cache

            self._settled = settled = SettledRuns(root)
            self._rounds = Rounds(root, lambda: (settled.load(), list_runs(root))[1])
            self._summaries = {}
        return self._rounds, self._settled

    def _summarise(self, run: Run, settled: SettledRuns) -> bool:
        from stickgen.catalogue.settled import AT_REST

        known = settled.of(run, newest=True)
        self._summaries[run.path] = summary_of(run, known)
        return known.state.status in AT_REST


def summary_of(run: Run, known: Known) -> RunSummary:
    """What a row shows of a run."""
    state, newest = known.state, known.newest
    step, loss = newest.get(Field.STEP), newest.get(Field.LOSS)
    total = newest.get(Field.TOTAL_STEPS) or state.total_steps or known.facts.get("total_steps")
    return RunSummary(
        name=clean(run.name, single_line=True, limit=200),
        status=str(state.status),
        step=max(int(step), state.step) if isinstance(step, int | float) else state.step or None,
        total_steps=int(total) if isinstance(total, int | float) else None,
        loss=float(loss) if isinstance(loss, int | float) else None,
        changed=known.changed,
    )


def entry_of(run: Run, summary: RunSummary) -> Entry:
    """A row as the catalogue has it, without figures and config."""
    from stickgen.catalogue.entry import Entry

    try:
        status = Status(summary.status)
    except ValueError:
        status = Status.UNREADABLE
    state = State(status, "", summary.step or 0, summary.total_steps or 0)
    return Entry(run, state, {}, changed=summary.changed)
