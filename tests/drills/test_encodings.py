"""Terminals and files in every encoding: each command with each, on a real run with names from everywhere."""

from __future__ import annotations

import codecs
import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from real_run import TINY

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path

pytestmark = pytest.mark.drill

NAME = "größe-名-🕺"  # what a folder may be called
PLAIN = {"PYTHONIOENCODING": None, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
TERMINALS: dict[str, dict[str, str | None]] = {
    **{name: {"PYTHONIOENCODING": name} for name in (
        "utf-8", "ascii", "latin-1", "cp1252", "cp437", "koi8-r", "shift_jis", "gb18030", "utf-16-le", "utf-7",
    )},
    "plain C": PLAIN,
    "C with nothing strict": {**PLAIN, "PYTHONIOENCODING": "ascii:strict"},
    "a locale that is not there": {**PLAIN, "LC_ALL": "xx_YY.ISO-8859-15"},
}  # fmt: skip
COMMANDS: dict[str, list[str]] = {
    "list": ["runs", "list"],
    "show": ["runs", "show", "latest"],
    "watch": ["runs", "watch", "latest"],
    "data info": ["data", "info", "{data}"],
    "data preview": ["data", "preview", "{data}", "--clips", "1"],
    "config show": ["config", "show", "mine.yaml"],
    "config check": ["config", "check", "mine.yaml", "--data-path", "{data}"],
    "config diff": ["config", "diff", "mine.yaml"],
    "config fmt-check": ["config", "fmt-check", "mine.yaml"],
    "estimate": ["estimate", "mine.yaml", "--data-path", "{data}"],
    "advise": ["advise", "mine.yaml"],
    "resume": ["train", "--resume", "latest", "--max-steps", "1"],
    "no such config": ["config", "check", f"{NAME}.yaml"],
    "no such run": ["runs", "show", NAME],
}


def stickgen(
    place: Path, *words: str, changed: dict[str, str | None] | None = None
) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, "COLUMNS": "100"}
    for name, value in (changed or {}).items():
        env.pop(name, None)
        if value is not None:
            env[name] = value
    return subprocess.run(
        [sys.executable, "-m", "stickgen", *words], cwd=place, env=env, capture_output=True, timeout=240
    )


@functools.cache
def usually(place: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """What a command says in a terminal of today."""
    return stickgen(place, *words, changed={"PYTHONIOENCODING": "utf-8"})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, dataset: Path) -> Path:
    """A folder with a run of two steps and a config, all with names beyond ASCII."""
    folder = tmp_path_factory.mktemp("here") / NAME
    folder.mkdir()
    values = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}".lower())]
    text = preset_path("quickstart").read_text(encoding="utf-8")
    (folder / "mine.yaml").write_text(text + f"# {NAME} “quoted”\nmine: {NAME}\n", encoding="utf-8")
    done = stickgen(
        folder, "train", "--config", "mine.yaml", "--data-path", str(dataset), "--name", "eins", "--max-steps", "2", *values
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("terminal", TERMINALS)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_speaks_in_what_a_terminal_can_show(
    place: Path, dataset: Path, command: str, terminal: str
) -> None:
    words = tuple(word.replace("{data}", str(dataset)) for word in COMMANDS[command])
    usual = usually(place, *words)
    done = stickgen(place, *words, changed=TERMINALS[terminal])
    assert done.returncode == usual.returncode, done.stderr
    encoding = (TERMINALS[terminal].get("PYTHONIOENCODING") or "ascii").partition(":")[0]
    for stream, known in ((done.stdout, usual.stdout), (done.stderr, usual.stderr)):
        said = stream.decode(encoding)
        assert "Traceback" not in said and "UnicodeEncodeError" not in said
        assert bool(said.strip()) == bool(known.strip())


TEXT = "# Größe\nmodel:\n  d_model: 96\n  nhead: 4\nmine: ‘x’\n"
WRITINGS: dict[str, bytes] = {
    "utf-8": TEXT.encode(),
    "utf-8 with a mark": codecs.BOM_UTF8 + TEXT.encode(),
    "utf-16 with a mark": codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
    "big-endian utf-16 with a mark": codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    "utf-16 without": TEXT.encode("utf-16-le"),
    "utf-32": TEXT.encode("utf-32"),
    "latin-1": TEXT.replace("‘x’", "x").encode("latin-1"),
    "cp1252": TEXT.encode("cp1252"),
    "lines of Windows": TEXT.replace("\n", "\r\n").encode(),
    "lines of an old Mac": TEXT.replace("\n", "\r").encode(),
    "lines of all kinds": TEXT.replace("\n", "\r\n", 2).replace("\n  nhead", "\r  nhead").encode(),
    "NEL and LS in a comment": TEXT.replace("Größe", "a\x85b\u2028c").encode(),
    "a zero byte": TEXT.encode().replace(b"96", b"9\x006"),
    "half a character": TEXT.encode() + b"# \xc3",
    "a surrogate": TEXT.encode() + b"# \xed\xa0\x80\n",
    "an overlong slash": TEXT.encode() + b"# \xc0\xaf\n",
}


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize(
    "command", ["check", "show", "set", "unset", "rename", "diff", "fmt-check", "estimate"]
)
def test_a_config_is_read_as_it_is_written_or_refused_whole(
    tmp_path: Path, command: str, writing: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(WRITINGS[writing])
    more = {"set": ["model.d_model=192"], "unset": ["model.nhead"], "rename": ["mine", "yours"]}.get(
        command, []
    )
    done = stickgen(tmp_path, *(["config"] if command != "estimate" else []), command, "mine.yaml", *more)
    said = done.stderr.decode()
    assert "Traceback" not in said
    after = path.read_bytes()
    if done.returncode == 0 and command in ("set", "unset", "rename"):
        assert TrainingConfig(path).get("model.d_model") == (192 if command == "set" else 96)
        line = {"set": b"d_model", "unset": b"nhead", "rename": b"mine"}[command]
        kept = [part for part in WRITINGS[writing].splitlines(keepends=True) if line not in part]
        assert all(part in after for part in kept)  # not a byte of the other lines
    else:
        assert after == WRITINGS[writing]
    if done.returncode == 2 and b"mine.yaml" not in done.stdout:
        assert said.startswith("stickgen: ") and "mine.yaml" in said, said
