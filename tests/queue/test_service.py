"""A worker that starts with the system: exactly our own lines are written, and exactly they go."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from shapes_of import document

from stickgen.cli import root
from stickgen.errors import StickgenError
from stickgen.queue.service import CRON_MARK, cron_line, service_for, unit_path, unit_text
from stickgen.queue.store import Queue

SYSTEMCTL = """#!/bin/sh
echo "$@" >> "$CALLS"
[ "$2" = show-environment ] && exit "$SYSTEMD"
exit 0
"""
CRONTAB = """#!/bin/sh
case "$1" in
-l) [ -e "$TABLE" ] || { echo "no crontab for me" >&2; exit 1; }; cat "$TABLE";;
-r) rm "$TABLE";;
-) cat > "$TABLE";;
esac
"""


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with a systemctl and a crontab that only note what they are told."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("systemctl", SYSTEMCTL), ("crontab", CRONTAB)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("TABLE", str(tmp_path / "crontab"))
    monkeypatch.setenv("SYSTEMD", "0")
    monkeypatch.setattr("stickgen.queue.service.lingers", lambda: False)
    return tmp_path


def call(*arguments: str) -> str:
    result = CliRunner().invoke(root, ["queue", *arguments])
    assert result.exception is None, result.exception
    return result.output


def test_a_unit_is_written_shown_and_removed(queue: Queue, system: Path) -> None:
    shown = call("install", "--print")
    assert not unit_path().exists() and "KillMode=process" in shown
    said = call("install")
    assert (
        unit_path().read_text() == unit_text(queue.root)
        and "written" in said
        and "loginctl enable-linger" in said
    )
    assert "--user enable --now stickgen-queue.service" in (system / "calls").read_text()
    assert "it was there already, exactly so" in call("install")
    assert f"removed {unit_path()}" in call("uninstall")
    assert not unit_path().exists() and call("uninstall") == "nothing was installed\n"


def test_programs_are_told_what_is_written_and_removed(queue: Queue, system: Path) -> None:
    shown = document(call("install", "--print", "--json"))
    assert not unit_path().exists() and not shown["written"] and shown["text"] == unit_text(queue.root)
    assert document(call("install", "--json")) == {**shown, "written": True}
    assert not document(call("install", "--json"))["written"]
    assert document(call("uninstall", "--json"))["removed"] == [str(unit_path())]


def test_a_unit_of_somebody_else_is_left_alone(queue: Queue, system: Path) -> None:
    unit_path().parent.mkdir(parents=True)
    unit_path().write_text("[Service]\nExecStart=/bin/mine\n")
    result = CliRunner().invoke(root, ["queue", "install"])
    assert isinstance(result.exception, StickgenError) and "was not written by stickgen" in str(
        result.exception
    )
    assert call("uninstall") == "nothing was installed\n" and "/bin/mine" in unit_path().read_text()


def test_without_systemd_a_line_of_the_crontab_and_every_other_line_stays(
    queue: Queue, system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYSTEMD", "1")
    table = system / "crontab"
    others = "# mine\n0 3 * * * backup --keep 50\\%  # nightly\n"
    table.write_text(others)
    assert "written" in call("install")
    assert table.read_text() == others + cron_line(queue.root) + "\n"
    assert "it was there already" in call("install") and table.read_text().count(CRON_MARK) == 1
    call("uninstall")
    assert table.read_text() == others
    table.unlink()
    call("install"), call("uninstall")
    assert not table.exists()


def test_with_neither_it_says_what_to_run(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(StickgenError, match="-m stickgen queue run"):
        service_for(queue.root)


def test_odd_paths_stay_one_word(tmp_path: Path) -> None:
    odd = tmp_path / 'a b%h$HOME"c\\d'
    assert '"STICKGEN_QUEUE=' + str(tmp_path) + '/a b%%h$$HOME\\"c\\\\d"' in unit_text(odd)
    line = cron_line(odd).removeprefix("@reboot ").replace(r"\%", "%")
    words = subprocess.run(
        ["/bin/sh", "-c", line.partition(" /")[0] + " sh -c 'printf %s \"$STICKGEN_QUEUE\"'"],
        capture_output=True,
        text=True,
    )
    assert words.stdout == str(odd)
    with pytest.raises(StickgenError, match="line break"):
        unit_text(tmp_path / "a\nExecStart=/bin/evil")
    assert os.sep in line
