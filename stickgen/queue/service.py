"""A worker that starts with the system: a `systemd --user` unit, or, without systemd, a line of the crontab.

Each is written and removed as a whole and recognised by a mark of ours, so that nothing of anybody else's is touched.
"""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from stickgen.atomic import write_text
from stickgen.errors import StickgenError

UNIT: Final = "stickgen-queue.service"
MARK: Final = "written by `stickgen queue install`, removed by `stickgen queue uninstall`"
CRON_MARK: Final = "# stickgen queue install"
_STOP_SECONDS = 600  # for checkpoints, when the system goes down
_SECONDS = 30.0

Kind = Literal["systemd", "cron"]


@dataclass(frozen=True)
class Service:
    """What is, or would be, written: a unit file, or a line of the crontab."""

    kind: Kind
    place: str
    text: str


def service_for(root: Path) -> Service:
    """The service of this system for the queue of `root`. Raises StickgenError where there is neither of the two."""
    if _systemd_works():
        return Service("systemd", str(unit_path()), unit_text(root))
    if shutil.which("crontab") is not None:
        return Service("cron", "the crontab of this user", cron_line(root))
    raise StickgenError(
        "neither systemctl --user nor crontab works here; let whatever starts things on this system run: "
        f"{shlex.join(_command())}"
    )


def install(service: Service) -> bool:
    """Write it and switch it on; False if exactly this was there. Raises StickgenError if it cannot be."""
    if service.kind == "cron":
        lines = _crontab()
        others = [line for line in lines if not _is_ours(line)]
        if lines == [*others, service.text]:
            return False
        _write_crontab([*others, service.text])
        return True
    path = unit_path()
    there = _read(path)
    if there is not None and MARK not in there:
        raise StickgenError(f"{path}: it is there and was not written by stickgen; move it away first")
    if there != service.text:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, service.text)
        except OSError as error:
            raise StickgenError(f"{path}: it cannot be written ({error.strerror or error})") from error
        _systemctl("daemon-reload")
    _systemctl("enable", "--now", UNIT)
    return there != service.text


def uninstall() -> list[str]:
    """Switch off and remove what `install` wrote, of both kinds; returns what was removed. A training goes on."""
    removed = []
    path = unit_path()
    there = _read(path)
    if there is not None and MARK in there:
        if _systemd_works():
            _systemctl("disable", UNIT)
        path.unlink(missing_ok=True)
        if _systemd_works():
            _systemctl("daemon-reload")
        removed.append(str(path))
    if shutil.which("crontab") is not None:
        lines = _crontab()
        others = [line for line in lines if not _is_ours(line)]
        if others != lines:
            _write_crontab(others)
            removed.append("the line of the crontab")
    return removed


def lingers() -> bool:
    """Whether systemd starts this user's units with the system, and not only at the first login."""
    if shutil.which("loginctl") is None:
        return True
    try:
        said = _run(["loginctl", "show-user", getpass.getuser(), "--property=Linger", "--value"])
    except (OSError, subprocess.SubprocessError):
        return True
    return said.returncode != 0 or said.stdout.strip() != "no"


def unit_path() -> Path:
    """Where systemd looks for a person's own units."""
    home = os.environ.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "systemd" / "user" / UNIT


def unit_text(root: Path) -> str:
    """The unit. Only the worker is told that the system goes down: it stops the training with a checkpoint."""
    command = " ".join(map(_quoted, _command()))
    variables = "".join(
        f"Environment={_quoted(f'{name}={value}')}\n" for name, value in _environment(root).items()
    )
    return (
        f"# {MARK}\n"
        "[Unit]\n"
        "Description=stickgen queue: trainings one after another\n"
        "\n"
        "[Service]\n"
        f"ExecStart={command}\n"
        f"{variables}"
        "KillMode=process\n"
        f"TimeoutStopSec={_STOP_SECONDS}\n"
        "Restart=on-failure\n"
        "RestartSec=10\n"
        "\n"
        "[Install]\n"
        "WantedBy=default.target\n"
    )


def cron_line(root: Path) -> str:
    """The line; cron reads a % as the end of a line."""
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in _environment(root).items())
    command = shlex.join([sys.executable, "-P", "-m", "stickgen", "queue", "start"])
    return f"@reboot {variables} {command} >/dev/null 2>&1 ".replace("%", r"\%") + CRON_MARK


def _command() -> list[str]:
    return [sys.executable, "-P", "-m", "stickgen", "queue", "run"]


def _environment(root: Path) -> dict[str, str]:
    """What the worker must know of this shell: where the queue is, and where the state is in which runs are noted."""
    kept = {name: os.environ[name] for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME") if os.environ.get(name)}
    return {"STICKGEN_QUEUE": str(root), **kept}


def _quoted(text: str) -> str:
    """A word for systemd, which expands specifiers (%) and variables ($) and knows C escapes."""
    if "\n" in text or "\r" in text:
        raise StickgenError(f"{text!r}: a path with a line break cannot stand in a unit")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$") + '"'


def _systemd_works() -> bool:
    if shutil.which("systemctl") is None:
        return False
    try:
        return _run(["systemctl", "--user", "show-environment"]).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _systemctl(*arguments: str) -> None:
    said = _run(["systemctl", "--user", *arguments])
    if said.returncode:
        raise StickgenError(
            f"systemctl --user {' '.join(arguments)}: {said.stderr.strip() or said.returncode}"
        )


def _crontab() -> list[str]:
    said = _run(["crontab", "-l"])
    if said.returncode and "no crontab" not in said.stderr.lower():
        raise StickgenError(f"crontab -l: {said.stderr.strip() or said.returncode}; nothing was changed")
    return said.stdout.splitlines() if said.returncode == 0 else []


def _write_crontab(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    said = _run(["crontab", "-"], text) if lines else _run(["crontab", "-r"])
    if said.returncode:
        raise StickgenError(f"crontab: {said.stderr.strip() or said.returncode}; the old one is still there")


def _is_ours(line: str) -> bool:
    return line.endswith(CRON_MARK)


def _run(command: list[str], given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=_SECONDS, check=False)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StickgenError(f"{path}: it cannot be read ({error.strerror or error})") from error
