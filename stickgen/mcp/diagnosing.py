"""How a run is doing, in sentences that follow from its records: what an assistant reads first."""

from __future__ import annotations

from typing import Any

from stickgen.mcp.reading import inert, last_values, state_of, text
from stickgen.planner.advising.rescue import memory_advice, ran_out_of_memory
from stickgen.quantities import byte_text, duration_text
from stickgen.record_log import RecordReader, faults
from stickgen.run_contract import EventKind, Field, RecordKind
from stickgen.runs.health import Sign, health
from stickgen.runs.state import Status
from stickgen.runs.store import Run

_MOST_ALERTS = 20


def diagnose(run: Run) -> dict[str, Any]:
    """Status, what stands out (`wrong`: what is not as it should be), the newest figures, the last alerts, and what may be done."""
    state, last = state_of(run), last_values(run)
    events = RecordReader(run.events_path).read_new()
    alerts = [event for event in events if event.get(Field.EVENT) == EventKind.ALERT]
    signs = health(run, alive=state["alive"])
    sentences = [*_about_state(state), *map(_sentence, signs), *_about_pace(state, last)]
    sentences += [text(fault) for fault in faults(run.metrics_path, run.events_path)]
    return {
        **state,
        "sentences": sentences,
        "wrong": [_sentence(sign) for sign in signs if sign.wrong],
        "newest": last,
        "alerts_in_all": len(alerts),
        "alerts": [inert(alert) for alert in alerts[-_MOST_ALERTS:]],
        "advice": _advice(run, state),
    }


def _about_state(state: dict[str, Any]) -> list[str]:
    done, total = state["step"], state["total_steps"]
    share = f" ({done / total:.0%})" if total else ""
    return [f"It is {state['status']}: {state['reason']}; step {done:,} of {total:,}{share}."]


def _sentence(sign: Sign) -> str:
    return text(f"{sign.sentence[:1].upper()}{sign.sentence[1:]}.")


def _about_pace(state: dict[str, Any], last: dict[str, dict[str, Any]]) -> list[str]:
    train = last.get(RecordKind.TRAIN, {})
    out = []
    eta, speed, memory = (
        train.get(name) for name in (Field.ETA_SECONDS, Field.SEQUENCES_PER_SECOND, Field.RSS_BYTES)
    )
    if state["alive"] and isinstance(eta, int | float):
        out.append(f"By its present speed it ends in {duration_text(eta)}.")
    if isinstance(speed, int | float) and isinstance(memory, int | float):
        out.append(f"It works through {speed:.3g} clips a second and holds {byte_text(int(memory))}.")
    return out


def _advice(run: Run, state: dict[str, Any]) -> list[str]:
    """What may be done about a run that ended badly, or early."""
    out = []
    if ran_out_of_memory(run):
        out += [f"Against the memory: {advice.change} ({advice.effect})" for advice in memory_advice(run)[:3]]
    if not state["alive"] and state["step"] < (state["total_steps"] or 1):
        out.append(f"Go on with: stickgen train --resume {text(run.reference)}")
    if state["status"] == Status.STALLED:
        out.append("It does not move; stickgen runs stop ends it, with --force if it must.")
    return [text(sentence) for sentence in out]
