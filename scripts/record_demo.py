"""Make the recording of `stickgen-tui --demo`: train for some minutes on made-up motion, or pack a run that is there.

    python scripts/record_demo.py [--minutes 8] [--run RUN_DIRECTORY] [-o stickgen_tui/demo/recording.json.xz]

What says where and by whom it was recorded (paths, host, processes) is left out.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from stickgen.record_log import RecordReader
from stickgen.run_contract import ENDINGS, Field
from stickgen.runs.store import Run, list_runs
from stickgen_tui.demo.recording import PLACE, Piece, Recording

KEPT = (
    "parameters",
    "device",
    "precision",
    "torch_version",
    "processes",
    "compiled",
    "dataset",
    "defaults",
    "tracker",
)
NAMED = {"config_name": "quickstart.yaml", "data_path": "data/practice.pt"}
_PATH = re.compile(r"(?:/[\w.+-]+)+/([\w.+-]+)")  # where something lies there is of no interest here
_STAMP = re.compile(r"^\d{4}-\d\d-\d\d (\d\d):(\d\d):(\d\d),(\d{3}) (.*)$")


def main() -> None:
    """Record, and say how large it is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--run", type=Path, help="pack this run and train nothing")
    parser.add_argument("-o", "--output", type=Path, default=PLACE)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(arguments.run) if arguments.run is not None else trained(Path(folder), arguments.minutes)
        recording = recorded(run)
    recording.write(arguments.output)
    size = arguments.output.stat().st_size
    print(f"{arguments.output}: {len(recording.pieces)} pieces, {recording.seconds:.0f} s, {size:,} bytes")


def trained(folder: Path, minutes: float) -> Run:
    """Train a small model on made-up clips of four actions."""
    stickgen = [sys.executable, "-m", "stickgen"]
    data = folder / "practice.pt"
    settings = {
        "training.epochs": 60, "training.max_minutes": minutes, "logging.log_interval": 2,
        "logging.sample_minutes": 0.3, "logging.save_interval": 12, "evaluation.every_minutes": 1.5,
    }  # fmt: skip
    words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    for command in (
        ["data", "synth", "-n", "240", "--actions", "walk,wave,bow,jump", "--seed", "3", "-o", str(data)],
        ["data", "embed", str(data), "--encoder", "offline"],
        [
            "train",
            "--config",
            "configs/quickstart.yaml",
            "--data-path",
            str(data),
            "--runs",
            str(folder / "runs"),
            *words,
        ],
    ):
        subprocess.run([*stickgen, *command], check=True)
    return list_runs(folder / "runs")[0]


def recorded(run: Run) -> Recording:
    """What a finished run left, in the order in which it came."""
    events = RecordReader(run.events_path).read_new()
    began = float(events[0][Field.TIME])
    metrics = RecordReader(run.metrics_path).read_new()
    pieces = [
        *(Piece(_after(record, began), "metrics", _content(record)) for record in metrics),
        *(
            Piece(_after(event, began), "events", _content(event))
            for event in events
            if event[Field.EVENT] not in ENDINGS
        ),
        *_samples(run, events, began),
        *_lines(run),
    ]
    pieces.sort(key=lambda piece: piece.seconds)
    kept = {name: run.identity[name] for name in KEPT if name in run.identity}
    recording = Recording({**kept, **NAMED}, run.config_bytes.decode(), str(run.exit["reason"]), pieces)
    text = json.dumps([[piece.content for piece in pieces], recording.identity])
    if found := re.search(r'"[^"]*(?<![\w.])/(?:home|root|work|tmp|Users)/[^"]*"', text):
        sys.exit(f"a path would be in the recording: {found.group()[:200]}")
    return recording


def _after(record: dict[str, Any], began: float) -> float:
    return round(max(float(record[Field.TIME]) - began, 0.0), 2)


def _content(record: dict[str, Any]) -> dict[str, Any]:
    rounded = {
        name: float(f"{value:.5g}") if isinstance(value, float) else value for name, value in record.items()
    }
    return {name: value for name, value in rounded.items() if name not in (Field.SEQ, Field.TIME, "crc32")}


def _samples(run: Run, events: list[dict[str, Any]], began: float) -> list[Piece]:
    """Each sample when its event tells of it."""
    times = {str(event.get(Field.PATH)): _after(event, began) for event in events if event.get(Field.PATH)}
    found = []
    for path in sorted(run.samples_dir.glob("*.json")):
        sample = json.loads(path.read_text())
        sample["motion"] = [[round(value, 3) for value in pose] for pose in sample["motion"]]
        if path.name in times:
            found.append(Piece(times[path.name], "sample", sample, path.name))
    return found


def _lines(run: Run) -> list[Piece]:
    """The lines of the log, by the seconds between them."""
    found: list[Piece] = []
    first: float | None = None
    for line in run.log_path.read_text().splitlines():
        if (match := _STAMP.match(line)) is None:
            continue
        hours, minutes, seconds, thousandths, text = match.groups()
        text = _PATH.sub(r"\1", text)
        at = 3600 * int(hours) + 60 * int(minutes) + int(seconds) + int(thousandths) / 1000
        first = at if first is None else first
        found.append(Piece(round((at - first) % 86_400, 2), "log", text))
    return found


if __name__ == "__main__":
    main()
