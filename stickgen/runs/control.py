"""Asking a running trainer for something: a file a request, applied once, between steps."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any, Literal

from stickgen.atomic import write_text
from stickgen.runs.store import Run

Wish = Literal["stop", "save", "sample"]


@dataclass(frozen=True)
class Request:
    """What was asked for, by id."""

    id: str
    wish: Wish


def request(run: Run, wish: Wish) -> str:
    """Leave a request in the run's inbox; returns its id."""
    identifier = f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}"
    write_text(run.control_dir / f"{identifier}.json", json.dumps({"wish": wish}), mode=0o600)
    return identifier


def take_requests(run: Run) -> list[Request]:
    """Every waiting request, oldest first; taking it removes it, so none is applied twice."""
    taken: list[Request] = []
    for path in sorted(run.control_dir.glob("*.json")):
        try:
            content: Any = json.loads(path.read_bytes())
            path.unlink()
        except (OSError, ValueError):
            continue
        wish = content.get("wish") if isinstance(content, dict) else None
        if wish in {"stop", "save", "sample"}:
            taken.append(Request(path.stem, wish))
    return taken
