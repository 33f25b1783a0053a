"""What torch says of this machine, asked in a process that ends at once, and remembered.

The answer is kept in `$XDG_CACHE_HOME/stickgen/hardware.json` (`~/.cache` by default) for as long as what it
depends on stays: this Python, its torch, the driver, the visible devices, the cores, this boot.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from stickgen import folders
from stickgen.atomic import write_text
from stickgen.children import child_environment
from stickgen.text import clean

PROBE_SECONDS = 90.0  # a cold disk takes torch 20 s and more to load
FREE_VRAM_SECONDS = 60.0  # other programs come and go on a GPU
FORMAT = 4  # raise it when the probe answers something else


def cached_answer(cores: int) -> dict[str, Any] | None:
    """The remembered answer, or None if there is none that still holds. Reads one small file."""
    try:
        kept = json.loads(cache_path().read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(kept, dict) or kept.get("key") != _key(cores):
        return None
    answer = kept.get("answer")
    return answer if isinstance(answer, dict) else None


def ask_torch(cores: int, *, refresh: bool = False) -> dict[str, Any]:
    """The remembered answer, or a new one; `{"error": sentence}` where torch does not answer.

    A machine with a GPU is asked again after a minute, for what is free on the GPU changes.
    """
    known = None if refresh else cached_answer(cores)
    if known is not None and not (known.get("gpus") and _age(known) > FREE_VRAM_SECONDS):
        return known
    answer = _ask([] if known is None else ["--without-speed"])
    if "error" in answer:
        return answer
    if known is not None:
        _keep_speeds(answer, known)
    answer["asked_unix"] = time.time()
    try:
        cache_path().parent.mkdir(parents=True, exist_ok=True)
        write_text(cache_path(), json.dumps({"key": _key(cores), "answer": answer}, indent=1), mode=0o600)
    except OSError:
        pass  # a home that cannot be written costs a few seconds each time, and nothing else
    return answer


def cache_path() -> Path:
    """Where the answer is kept."""
    return folders.cache_path("hardware.json")


def _age(answer: dict[str, Any]) -> float:
    asked = answer.get("asked_unix")
    return abs(time.time() - asked) if isinstance(asked, int | float) else float("inf")


def _keep_speeds(answer: dict[str, Any], known: dict[str, Any]) -> None:
    answer["cpu_speed"], answer["mps_speed"] = known.get("cpu_speed"), known.get("mps_speed")
    speeds = {gpu.get("index"): gpu.get("speed") for gpu in known["gpus"] if isinstance(gpu, dict)}
    for gpu in answer.get("gpus", ()):
        gpu["speed"] = speeds.get(gpu["index"])


def _key(cores: int) -> dict[str, Any]:
    spec = importlib.util.find_spec("torch")  # finds it without loading it
    torch = Path(spec.origin) if spec and spec.origin else None
    try:
        installed = torch.stat().st_mtime_ns if torch else None
    except OSError:
        installed = None
    return {
        "format": FORMAT,
        "python": sys.executable,
        "torch": [str(torch), installed],
        "driver": _text(Path("/proc/driver/nvidia/version")),
        "boot": _text(Path("/proc/sys/kernel/random/boot_id")),
        "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "cores": cores,
    }


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None


def _ask(options: list[str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "stickgen.hardware.probe", *options]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=PROBE_SECONDS, stdin=subprocess.DEVNULL,
            env=child_environment(GOMP_SPINCOUNT="0"),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"error": f"torch did not answer within {PROBE_SECONDS:.0f} s"}
    except OSError as error:
        return {"error": f"{sys.executable} could not be started ({error.strerror})"}
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        reason = clean(lines[-1], single_line=True, limit=200) if lines else f"exit code {done.returncode}"
        return {"error": f"torch could not be asked: {reason}"}
    return answer if isinstance(answer, dict) else {"error": "torch's answer is not what was expected"}
