"""`python -m stickgen.hardware.probe`: ask torch for its devices and their speed, print one line of JSON.

The only file here that loads torch, and only inside `main`; the caller (torch_answer.py) keeps the answer.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from stickgen.hardware.cpu import read_cpu

SECONDS = 0.15  # of measuring, for each of the three rates of a device


def main() -> None:
    """Print torch's version, its devices, and unless `--without-speed` how fast they are."""
    torch = importlib.import_module("torch")  # by name: nothing that the screen imports may reach torch
    measured = "--without-speed" not in sys.argv[1:]
    gpus = []
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        free, total = torch.cuda.mem_get_info(index)
        bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
        gpus.append(
            {
                "index": index,
                "name": torch.cuda.get_device_name(index),
                "vram_total_bytes": total,
                "vram_free_bytes": free,
                "bf16": bf16,
                "speed": _speed(torch, f"cuda:{index}", torch.cuda.synchronize, bf16) if measured else None,
            }
        )
    mps = bool(torch.backends.mps.is_available())
    answer = {
        "torch_version": torch.__version__,
        "cpu_speed": _speed(torch, "cpu", lambda: None, read_cpu().bf16) if measured else None,
        "mps": mps,
        "mps_speed": _speed(torch, "mps", torch.mps.synchronize, False) if measured and mps else None,
        "gpus": gpus,
    }
    print(json.dumps(answer))


def _speed(
    torch: Any, device: str, synchronise: Callable[[], None], bf16: bool
) -> dict[str, float | None] | None:
    """The best rates seen: products of the shape of a feed-forward layer, and sums of what fits no cache.

    bf16 is left out if the hardware lacks it: emulated, one such product took 5 seconds.
    """
    try:
        rows, width = (1000, 384) if device == "cpu" else (8000, 512)
        threads = torch.get_num_threads() if device == "cpu" else 0
        rates: dict[str, float | None] = {"gflops_bf16": None}
        kinds = {"fp32": torch.float32, "bf16": torch.bfloat16} if bf16 else {"fp32": torch.float32}
        for name, kind in kinds.items():
            x = torch.randn(rows, width, device=device).to(kind)
            w = torch.randn(width, 8 * width, device=device).to(kind)
            seconds = _best(partial(torch.mm, x, w), synchronise, threads)
            rates[f"gflops_{name}"] = 2 * rows * width * 8 * width / seconds / 1e9
        a = torch.ones(2**23, device=device)  # 32 MiB each
        out = torch.empty_like(a)
        seconds = _best(partial(torch.add, a, a, out=out), synchronise, threads)
        rates["gbytes_per_second"] = 2 * 4 * a.numel() / seconds / 1e9
        return rates
    except RuntimeError:  # the device is full or does not know the type: its speed stays unknown
        return None


def _best(work: Callable[[], object], synchronise: Callable[[], None], threads: int) -> float:
    """Seconds of the fastest call: whatever else the machine does can only slow one down.

    On the CPU a call counts as what its `threads` computed if that is less than what it waited, for a
    machine that is busy now is not busy for the days of a run; 0 threads: the work is not done here.
    """
    work()
    synchronise()
    best = float("inf")
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        began, computed = time.perf_counter(), time.process_time()
        work()
        synchronise()
        best = min(best, time.perf_counter() - began)
        if threads:
            best = min(best, (time.process_time() - computed) / threads)
    return best


if __name__ == "__main__":
    main()
