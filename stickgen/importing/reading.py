"""Reads the claims of an import: on several cores, in their order, and none that an earlier import has read."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

from stickgen.hardware.cgroup import read_limits
from stickgen.hardware.cpu import usable_cores
from stickgen.importing.clip_index import Row
from stickgen.importing.format import Choices, Claim
from stickgen.importing.journal import Journal, key_of
from stickgen.importing.outcome import Outcome
from stickgen.importing.processes import Died, done_in_processes

_WORTH_A_PROCESS = 4_000_000  # bytes of captures: fewer are read before another process has started

Read = Callable[[Claim, Row, Choices], Outcome]


def outcomes(
    claims: Sequence[Claim],
    rows: Sequence[Row],
    choices: Choices,
    read: Read,
    *,
    jobs: int | None = None,
    journal: Journal | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Outcome]:
    """What became of each claim, in their order, whatever the number of `jobs` (None: as many as pay).

    `rows` are what the user's index says of each. `read` reads one in this process. `progress` gets how many are done,
    of how many. Only what waits for its turn is kept.
    """
    keys = (
        [key_of(claim, row, choices) for claim, row in zip(claims, rows, strict=True)]
        if journal is not None
        else []
    )
    known = {number for number, key in enumerate(keys) if journal is not None and key in journal}
    left = [number for number in range(len(claims)) if number not in known]
    if journal is not None:
        journal.found = len(known)
    early: dict[int, Outcome] = {}
    following = 0
    done = itertools.count(len(known))

    def before_each() -> None:
        if progress is not None:
            progress(next(done), len(claims))

    def ready() -> Iterator[Outcome]:
        nonlocal following
        while following < len(claims):
            if following in early:
                yield early.pop(following)
            elif following in known and journal is not None:
                outcome = journal.find(keys[following])
                yield read(claims[following], rows[following], choices) if outcome is None else outcome
            else:
                return
            following += 1

    for number, outcome in _read(claims, rows, choices, read, left, jobs, before_each):
        if journal is not None:
            journal.add(keys[number], outcome)
        early[number] = outcome
        yield from ready()
    yield from ready()


def _read(
    claims: Sequence[Claim],
    rows: Sequence[Row],
    choices: Choices,
    read: Read,
    left: Sequence[int],
    jobs: int | None,
    before_each: Callable[[], None],
) -> Iterator[tuple[int, Outcome]]:
    """The claims with the numbers `left`, in any order. `before_each` is called before each is waited for."""
    if jobs is None:
        size = sum(file.size for number in left for file in (claims[number].file, *claims[number].uses))
        jobs = min(usable_cores(read_limits().cpus), 1 + size // _WORTH_A_PROCESS)
    if jobs <= 1 or len(left) <= 1:
        for number in left:
            before_each()
            yield number, read(claims[number], rows[number], choices)
        return
    tasks = [(claims[number], rows[number]) for number in left]
    results = done_in_processes("stickgen.importing.worker", choices, tasks, jobs)
    try:
        for _ in left:
            before_each()
            place, result = next(results)
            if isinstance(result, Died):
                name = claims[left[place]].name
                sentence = f"{name}: the process that read it was ended ({result.how}); it may need more memory than there is"
                result = Outcome(refused=[sentence], kind="unreadable")
            yield left[place], result
    finally:
        results.close()  # type: ignore[attr-defined]
