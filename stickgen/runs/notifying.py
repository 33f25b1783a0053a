"""`python -m stickgen.runs.notifying RUN_DIR`: tells a webhook and the desktop that a launch of the run has ended.

The supervisor starts it, so that it tells of a trainer that was killed too. It is a process of its own that nothing
waits for: whatever the other side does, the run does not notice.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stickgen.config.keys.notify import Notify
from stickgen.errors import StickgenError
from stickgen.record_log import last_record
from stickgen.run_contract import Field, RecordKind
from stickgen.runs.live import effective_config
from stickgen.runs.state import State
from stickgen.runs.store import Run
from stickgen.text import clean
from stickgen.watchdog.learned import learned

WEBHOOK = "STICKGEN_WEBHOOK"  # an address in the environment, where the config names none
TIMEOUT_SECONDS = 10.0
_LONGEST = 500  # characters of a notification
_VERSION = 1  # of the JSON


def is_wanted(run: Run) -> bool:
    """Whether there may be somebody to tell, found out without reading the config properly."""
    if os.environ.get(WEBHOOK):
        return True
    try:
        changed = run.live_path.read_bytes() if run.live_path.is_file() else b""
        return b"notify" in run.config_bytes or b"notify." in changed
    except OSError:
        return False


def notify(run: Run) -> None:
    """Tell of the end of the newest launch; what cannot be told is said in the log, without the address."""
    keys = _keys(run)
    for failure in tell(run, webhook=_address(keys), desktop=keys.desktop):
        print(f"notification: {failure}", file=sys.stderr, flush=True)


def webhook_of(run: Run) -> str:
    """The address that is told of the end of a run; empty if there is none."""
    return _address(_keys(run))


def _address(keys: Notify) -> str:
    return keys.webhook or os.environ.get(WEBHOOK, "")


def _keys(run: Run) -> Notify:
    try:
        return effective_config(run).notify
    except (OSError, StickgenError):
        return Notify()


def tell(run: Run, *, webhook: str = "", desktop: bool = False) -> list[str]:
    """Tell an address and this machine's desktop how the run is now. Returns what could not be told, and why."""
    state = run.state()
    failures = [_post(webhook, report(run, state))] if webhook else []
    if desktop:
        failures.append(_show("stickgen", sentence(run, state)))
    return [failure for failure in failures if failure]


def report(run: Run, state: State) -> dict[str, Any]:
    """What a webhook is sent: no paths, and nothing that a terminal or a chat would obey."""
    text = sentence(run, state)
    return {
        "version": _VERSION,
        "run": clean(run.name, single_line=True, limit=_LONGEST),
        "status": str(state.status),
        "reason": clean(state.reason, single_line=True, limit=_LONGEST),
        "step": state.step,
        "total_steps": state.total_steps,
        "learned": learned(last_record(run.metrics_path, kind=RecordKind.VAL)),
        "launch": run.exit.get(Field.LAUNCH),
        "text": text,  # Slack, Mattermost, ntfy
        "content": text,  # Discord
    }


def sentence(run: Run, state: State) -> str:
    """`calm-otter: finished, trained 24 epochs, 1,630 steps`."""
    return clean(f"{run.name}: {state.status}, {state.reason}", single_line=True, limit=_LONGEST)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A webhook that answers with another place is not followed: the report goes where it was told to go."""

    def redirect_request(self, *_: Any) -> None:
        """None: the redirect becomes an error."""


def _post(address: str, body: dict[str, Any]) -> str:
    """Send `body` to `address`. Why it could not be sent; empty if it was."""
    try:
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            return "webhook: notify.webhook is no http or https address"
        request = urllib.request.Request(
            address,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "User-Agent": "stickgen"},
            method="POST",
        )
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT_SECONDS) as answer:
            answer.read(1024)
    except urllib.error.HTTPError as error:
        return f"webhook: {parts.hostname} answered {error.code}"
    except (
        OSError,
        ValueError,
        http.client.HTTPException,
    ) as error:  # the text of an error may hold the address
        return f"webhook: it could not be reached ({type(error).__name__})"
    return ""


def _show(title: str, text: str) -> str:
    """A notification of the desktop. Why there is none; empty if there is."""
    if program := shutil.which("notify-send"):
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")  # its body is markup
        command = [program, "--app-name=stickgen", "--", title, escaped]
    elif sys.platform == "darwin" and (program := shutil.which("osascript")):
        script = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run"
        command = [program, "-e", script, title, text]
    else:
        return "desktop: neither notify-send nor osascript is installed"
    try:
        code = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_SECONDS
        ).returncode
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"desktop: {Path(program).name} does not work here ({type(error).__name__})"
    return f"desktop: {Path(program).name} ended with code {code}" if code else ""


if __name__ == "__main__":
    notify(Run(Path(sys.argv[1])))
