"""What an assistant can read of runs: bounded, cleaned of control characters, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stickgen.foreign_files import open_regular
from stickgen.json_values import json_value
from stickgen.mcp.inside import runs_inside
from stickgen.record_log import RecordReader
from stickgen.run_contract import Field
from stickgen.runs.store import Run
from stickgen.text import clean

MOST_RUNS = 200
MOST_EVENTS = 100
MOST_LINES = 500
LONGEST_TEXT = 500  # characters of one text
LONGEST_CONFIG = 20_000
_LOG_BYTES = 512 * 1024  # read from the end of the log
_FACTS = (
    "config_name", "data_path", "parameters", "device", "precision", "created", "host", "nproc", "stickgen_version",
)  # fmt: skip


def text(value: object, limit: int = LONGEST_TEXT) -> str:
    """A text that somebody else wrote, on one line and inert."""
    return clean(value, single_line=True, limit=limit)


def inert(value: object) -> Any:
    """Plain values in which every text is clean and short, and no list is endless."""
    value = json_value(value)
    if isinstance(value, Mapping):
        return {text(name, 100): inert(one) for name, one in list(value.items())[:100]}
    if isinstance(value, list):
        return [inert(one) for one in value[:100]]
    return text(value) if isinstance(value, str) else value


def state_of(run: Run) -> dict[str, Any]:
    """How a run is."""
    state = run.state()
    return {
        "name": text(run.name),
        "status": str(state.status),
        "alive": state.alive,
        "reason": text(state.reason),
        "step": state.step,
        "total_steps": state.total_steps,
        "phase": text(state.phase, 50),
    }


def list_runs(root: Path, status: str, limit: int) -> dict[str, Any]:
    """The newest `limit` runs, of one status if it is not empty."""
    states = [state_of(run) for run in runs_inside(root)]
    chosen = [state for state in states if status in ("", state["status"])]
    return {"found": len(chosen), "runs": chosen[: min(max(limit, 1), MOST_RUNS)]}


def show_run(run: Run, events: int, config: bool) -> dict[str, Any]:
    """What a run is, and the newest of what happened in it."""
    identity = run.identity
    told = RecordReader(run.events_path).read_new()
    out: dict[str, Any] = {
        **state_of(run),
        "facts": {name: inert(identity[name]) for name in _FACTS if name in identity},
        "launches": len(run.launches),
        "checkpoints": [path.name for path in run.checkpoints][-20:],
        "events_in_all": len(told),
        "events": [inert(event) for event in told[-min(max(events, 0), MOST_EVENTS) or len(told) :]],
    }
    if config:
        try:
            written = run.config_bytes.decode("utf-8", "replace")
        except OSError as error:
            written = f"it cannot be read ({error.strerror or error})"
        out["config"] = clean(written, limit=LONGEST_CONFIG)
    return out


def read_log(run: Run, lines: int, containing: str) -> dict[str, Any]:
    """The last lines of train.log, of those that contain a text if one is given."""
    try:
        with open_regular(run.log_path) as file:
            size = file.seek(0, 2)
            file.seek(max(size - _LOG_BYTES, 0))
            whole = file.read(_LOG_BYTES).decode("utf-8", "replace").splitlines()
    except OSError as error:
        return {"lines": [], "note": f"there is no log to read ({error.strerror or error})"}
    if size > _LOG_BYTES:
        whole = whole[1:]
    wanted = [line for line in whole if containing.lower() in line.lower()]
    shown = wanted[-min(max(lines, 1), MOST_LINES) :]
    return {
        "lines": [text(line) for line in shown],
        "left_out_before": len(wanted) - len(shown),
        "looked_at": f"the last {min(size, _LOG_BYTES):,} of {size:,} bytes",
    }


def last_values(run: Run) -> dict[str, dict[str, Any]]:
    """The newest record of each kind, by kind."""
    from stickgen.record_log import last_record
    from stickgen.run_contract import RecordKind

    found = {kind: last_record(run.metrics_path, kind=kind) for kind in RecordKind}
    return {
        str(kind): {name: inert(value) for name, value in record.items() if name != Field.SEQ}
        for kind, record in found.items()
        if record is not None
    }
