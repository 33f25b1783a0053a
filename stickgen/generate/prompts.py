"""A file of requests: a text a line, or JSON Lines with a text and what else it asks for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from stickgen.errors import StickgenError
from stickgen.generate.actions import ActionPlan
from stickgen.generate.bounded import read_bounded
from stickgen.generate.request import Request
from stickgen.text import clean

FIELDS = ("text", "seconds", "seed", "guidance", "steps", "actions")
_NAME = 40  # characters of a text that a file's name keeps


def read_prompts(path: Path, given: Mapping[str, Any]) -> list[Request]:
    """The requests of a file, in order; `given` are the fields of `Request` that a line may leave out.

    In a .jsonl file each line is `{"text": …, "seconds": …, "seed": …, "guidance": …, "steps": …, "actions": …}`, and a
    list of texts is a sequence. In any other file each line is a text. Empty lines are skipped. Raises StickgenError
    that names the file and the line.
    """
    data = read_bounded(path, "split it")
    try:
        lines = data.decode("utf-8-sig").splitlines() if b"\0" not in data else None
    except UnicodeDecodeError:
        lines = None
    if lines is None:
        raise StickgenError(f"{path}: this is not UTF-8; write it in UTF-8")
    requests = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            asked = _json_line(line) if path.suffix.lower() == ".jsonl" else {"texts": (line.strip(),)}
            requests.append(Request(**{**given, **asked}))
        except StickgenError as error:
            raise StickgenError(f"{path}:{number}: {error}") from error
    if not requests:
        raise StickgenError(f"{path}: it has no text; write one a line")
    return requests


def files_of(requests: Sequence[Request], path: Path, weights: str) -> dict[Path, Request]:
    """A file beside `path` for each different request, in order: `p.gif` becomes `p-a-person-waves-1f6b2c88.gif`.

    The folder is made. Raises StickgenError if it cannot be.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no folder's name"
        raise StickgenError(f"{path.parent}: the folder cannot be made ({reason}); name another") from error
    return {
        path.with_name(f"{path.stem}-{file_name(request, weights)}{path.suffix}"): request
        for request in requests
    }


def file_name(request: Request, weights: str) -> str:
    """A name that says what was asked for, and changes with anything that changes the motion.

    `weights` stands for the model. So what has its file already needs no second drawing.
    """
    asked = replace(request, actions=None)
    parts = [repr(getattr(asked, field.name)) for field in fields(asked)]
    parts += [repr(request.actions.parts if request.actions else None), weights]
    digest = hashlib.blake2b("\n".join(parts).encode(), digest_size=4).hexdigest()
    words = re.sub(r"[^\w]+", "-", request.caption.lower()).strip("-")
    return f"{words[:_NAME].rstrip('-') or 'motion'}-{digest}"


def _json_line(line: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise StickgenError("this is not JSON; write an object a line") from error
    if not isinstance(content, dict) or "text" not in content:
        raise StickgenError(
            'a line is an object with a text: {"text": "a person walks", "seconds": 3, "seed": 1}'
        )
    unknown = [name for name in content if name not in FIELDS]
    if unknown:
        raise StickgenError(f"{clean(unknown[0], limit=80)!r} is none of its fields: {', '.join(FIELDS)}")
    texts, seconds = content["text"], content.get("seconds")
    texts = tuple(texts) if isinstance(texts, list) else (texts,)
    if not all(isinstance(text, str) for text in texts):
        raise StickgenError("text must be a text, or a list of texts for a sequence")
    asked: dict[str, Any] = {"texts": texts}
    if seconds is not None:
        asked["seconds"] = tuple(seconds) if isinstance(seconds, list) else (seconds,)
    if content.get("actions") is not None:
        if not isinstance(content["actions"], str):
            raise StickgenError("actions must be a text such as walk:2,wave:1")
        asked["actions"] = ActionPlan.parse(content["actions"])
    asked |= {name: content[name] for name in ("seed", "guidance", "steps") if content.get(name) is not None}
    return asked
