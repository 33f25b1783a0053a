"""A shell that is not as one's own: a run is made all the same, without a traceback and without a wait."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from real_run import TINY

from stickgen.config.presets import preset_path
from stickgen.runs.store import list_runs
from stickgen.train.checkpoints.checkpoint import newest_checkpoint

pytestmark = pytest.mark.drill

# variables that are set (None: unset); `{place}` is a folder of the test
VARIABLES: dict[str, dict[str, str | None]] = {
    "of a batch system's group": {
        "RANK": "1", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "MASTER_ADDR": "10.255.255.1", "MASTER_PORT": "1",
    },
    "a part of torchrun's": {"TORCHELASTIC_RESTART_COUNT": "3", "GROUP_RANK": "2"},
    "no home": {"HOME": None, "XDG_CACHE_HOME": None, "XDG_STATE_HOME": None, "XDG_CONFIG_HOME": None},
    "a home that is not there": {"HOME": "{place}/nowhere", "XDG_CACHE_HOME": None, "XDG_STATE_HOME": None},
    "a home that is a file": {"HOME": "{place}/file", "XDG_CACHE_HOME": None, "XDG_STATE_HOME": None},
    "caches that are files": {"XDG_CACHE_HOME": "{place}/file", "XDG_STATE_HOME": "{place}/file"},
    "relative caches": {"XDG_CACHE_HOME": "cache", "XDG_STATE_HOME": "."},
    "no user": {"USER": None, "LOGNAME": None, "USERNAME": None},
    "a user with signs": {"USER": "a/../b\u2028", "LOGNAME": "a b"},
    "no temporary folder": {"TMPDIR": "{place}/nowhere"},
    "nothing but a path": {"*": None},
    "no path": {"PATH": ""},
    "another Python's modules": {"PYTHONPATH": ":.:evil:..", "PYTHONHOME": None, "PYTHONSTARTUP": "{place}/file"},
    "Python without assertions": {"PYTHONOPTIMIZE": "2"},
    "warnings are errors": {"PYTHONWARNINGS": "error"},
    "Python's development mode": {"PYTHONDEVMODE": "1"},
    "unbuffered, seeded": {"PYTHONUNBUFFERED": "1", "PYTHONHASHSEED": "0", "PYTHONNOUSERSITE": "1"},
    "no threads": {"OMP_NUM_THREADS": "0", "MKL_NUM_THREADS": "-1"},
    "threads that are no number": {"OMP_NUM_THREADS": "many", "GOMP_SPINCOUNT": "x"},
    "more threads than cores": {"OMP_NUM_THREADS": "64"},
    "no GPU": {"CUDA_VISIBLE_DEVICES": "-1"},
    "a GPU that is not there": {"CUDA_VISIBLE_DEVICES": "7"},
    "torch talks": {"TORCH_LOGS": "+dynamo", "TORCH_CPP_LOG_LEVEL": "INFO", "TORCH_SHOW_CPP_STACKTRACES": "1"},
    "plain C": {"LC_ALL": "C", "LANG": None, "PYTHONIOENCODING": None, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "a locale that is not there": {"LC_ALL": "de_DE.ISO-8859-1", "LANG": "xx"},
    "no terminal's name": {"TERM": None, "COLUMNS": None},
    "dumb": {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "1", "LINES": "0"},
    "columns that are no number": {"COLUMNS": "wide", "TERM": "xterm-256color", "FORCE_COLOR": "1"},
    "a dataset by variable": {"TRAIN_DATA_PATH": "{place}/nowhere.pt"},  # --data-path wins
    "a proxy": {"https_proxy": "http://10.255.255.1:9", "HF_HUB_OFFLINE": "0", "HF_HOME": "{place}/file"},
    "odd bytes": {"ODD": "\udcff", "LESS": "\udc80"},
    "time zones": {"TZ": "Nowhere/Land"},
}  # fmt: skip


def limit(kind: int, most: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(kind, (most, most))


# what is done to the process before it begins
LIMITS: dict[str, Callable[[], object]] = {
    "64 open files": limit(resource.RLIMIT_NOFILE, 64),
    "no core dumps": limit(resource.RLIMIT_CORE, 0),
    "a small stack": limit(resource.RLIMIT_STACK, 1024 * 1024),
    "nobody may read": lambda: os.umask(0o777 & ~0o700),
    "all may write": lambda: os.umask(0),
    "no standard streams": lambda: [os.close(number) for number in (0, 1, 2)],
    "no standard input": lambda: [os.close(0)],
    "low priority": lambda: os.nice(5),
}


def train(
    place: Path, dataset: Path, env: dict[str, str], before: Callable[[], object] | None = None
) -> subprocess.CompletedProcess[bytes]:
    (place / "file").write_text("a person's file")
    (place / "evil").mkdir()
    (place / "evil" / "torch.py").write_text("raise SystemExit('foreign code')")
    (place / "statistics.py").write_text("raise SystemExit('foreign code')")
    values = [f"{key}={value}".lower() for key, value in TINY.items()]
    command = [
        sys.executable, "-m", "stickgen", "train", "--config", str(preset_path("quickstart")), "--max-steps", "2",
        "--data-path", str(dataset), "--run-dir", str(place / "runs" / "one"),
        *(word for value in values for word in ("--set", value)),
    ]  # fmt: skip
    return subprocess.run(
        command, cwd=place, env=env, preexec_fn=before, capture_output=True, timeout=240, stdin=subprocess.DEVNULL
    )  # fmt: skip


def assert_made(done: subprocess.CompletedProcess[bytes], place: Path) -> None:
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert "Traceback" not in said and "foreign code" not in said, said
    assert (place / "file").read_text() == "a person's file"
    assert done.returncode == 0, said
    (run,) = list_runs(place / "runs")
    checkpoint, skipped = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None and checkpoint.step == 2 and skipped == []


@pytest.mark.parametrize("how", VARIABLES)
def test_a_run_is_made_whatever_the_environment_says(tmp_path: Path, dataset: Path, how: str) -> None:
    changed = {
        name: value and value.replace("{place}", str(tmp_path)) for name, value in VARIABLES[how].items()
    }
    env = {} if "*" in changed else dict(os.environ)
    for name, value in changed.items():
        env.pop(name, None)
        if value is not None:
            env[name] = value
    assert_made(train(tmp_path, dataset, env), tmp_path)


@pytest.mark.parametrize("how", LIMITS)
def test_a_run_is_made_under_the_limits_of_a_shell(tmp_path: Path, dataset: Path, how: str) -> None:
    assert_made(train(tmp_path, dataset, dict(os.environ), LIMITS[how]), tmp_path)
