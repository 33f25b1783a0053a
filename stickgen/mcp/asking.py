"""What an assistant may ask a run for, where that was allowed: the same requests that the app and the CLI leave."""

from __future__ import annotations

from typing import Any

from stickgen.errors import StickgenError
from stickgen.mcp.reading import inert, text
from stickgen.run_contract import EventKind, Field, Wish
from stickgen.runs.control import answer, request
from stickgen.runs.launch import pause, stop
from stickgen.runs.store import Run


def request_sample(run: Run) -> dict[str, Any]:
    """Leave the request; the run's events tell what came of it. Raises StickgenError if the run is not alive."""
    _check_alive(run)
    return {"name": text(run.name), "id": request(run, Wish.SAMPLE), "asked": "sample"}


def request_checkpoint(run: Run, wait_seconds: float) -> dict[str, Any]:
    """Leave the request and wait for the answer. Raises StickgenError if the run is not alive."""
    _check_alive(run)
    identifier = request(run, Wish.SAVE)
    said = answer(run, identifier, (EventKind.CHECKPOINT, EventKind.ALERT), wait_seconds)
    saved = said is not None and said.get(Field.EVENT) == EventKind.CHECKPOINT
    message = said.get(Field.MESSAGE, "") if said is not None else "asked; it has not answered yet"
    return {"name": text(run.name), "id": identifier, "saved": saved, "message": inert(message)}


def stop_run(run: Run, named: str) -> dict[str, Any]:
    """Ask for a stop with a checkpoint; never a kill. Raises StickgenError if `named` is not the whole name."""
    _check_whole_name(run, named)
    stop(run)
    return {"name": text(run.name), "asked": "stop with a checkpoint"}


def pause_run(run: Run, named: str) -> dict[str, Any]:
    """Ask for a pause, which saves and frees the memory. Raises StickgenError if `named` is not the whole name."""
    _check_whole_name(run, named)
    pause(run)
    return {"name": text(run.name), "asked": "pause with a checkpoint"}


def _check_whole_name(run: Run, named: str) -> None:
    if named != run.name:
        raise StickgenError(f"to end a run, give its whole name: {text(run.name)}")


def _check_alive(run: Run) -> None:
    state = run.state()
    if not state.alive:
        raise StickgenError(f"{text(run.name)} is not running ({state.status}: {text(state.reason)})")
