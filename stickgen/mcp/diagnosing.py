"""How a run is doing, in sentences that follow from its records: what an assistant reads first."""

from __future__ import annotations

from typing import Any

from stickgen.mcp.reading import inert, last_values, state_of, text
from stickgen.planner.advising.rescue import memory_advice, ran_out_of_memory
from stickgen.quantities import byte_text, duration_text
from stickgen.record_log import RecordReader, faults
from stickgen.run_contract import EventKind, Field, RecordKind
from stickgen.runs.state import Status
from stickgen.runs.store import Run

_MOST_ALERTS = 20
_BETTER = 0.9  # of the mean pose's loss: less counts as learning


def diagnose(run: Run) -> dict[str, Any]:
    """Status, what stands out, the newest figures, the last alerts, and what may be done."""
    state, last = state_of(run), last_values(run)
    events = RecordReader(run.events_path).read_new()
    alerts = [event for event in events if event.get(Field.EVENT) == EventKind.ALERT]
    sentences = [*_about_state(state), *_about_learning(last), *_about_pace(state, last)]
    sentences += [text(fault) for fault in faults(run.metrics_path, run.events_path)]
    return {
        **state,
        "sentences": sentences,
        "newest": last,
        "alerts_in_all": len(alerts),
        "alerts": [inert(alert) for alert in alerts[-_MOST_ALERTS:]],
        "advice": _advice(run, state),
    }


def _about_state(state: dict[str, Any]) -> list[str]:
    done, total = state["step"], state["total_steps"]
    share = f" ({done / total:.0%})" if total else ""
    return [f"It is {state['status']}: {state['reason']}; step {done:,} of {total:,}{share}."]


def _about_learning(last: dict[str, dict[str, Any]]) -> list[str]:
    """Whether validation beats the mean pose, and whether the losses are numbers."""
    out = []
    train, val = last.get(RecordKind.TRAIN, {}), last.get(RecordKind.VAL, {})
    for name, record in (("training", train), ("validation", val)):
        if record and record.get(Field.LOSS) is None:
            out.append(f"The {name} loss at step {record.get(Field.STEP)} is not finite.")
    pose, mean = val.get(Field.LOSS_POSE), val.get(Field.MEAN_POSE_LOSS)
    if isinstance(pose, int | float) and isinstance(mean, int | float) and mean > 0:
        verdict = "it learns" if pose < _BETTER * mean else "it has not learned more than the mean pose"
        out.append(
            f"Validation pose loss {pose:.4g} at step {val.get(Field.STEP)}, against {mean:.4g} for always predicting "
            f"the mean pose: {verdict}."
        )
    return out


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
