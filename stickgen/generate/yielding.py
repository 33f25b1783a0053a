"""A process that gives way to all others: to the trainer of the very run that it draws from."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import psutil

MOST_THREADS = 2
_FIRST_TO_DIE = "1000"  # of /proc/PID/oom_score_adj, proc(5)


def yield_to_others() -> None:
    """Take the processor, the disk and the memory last, and no GPU. Call it before torch is loaded.

    If the memory runs out, the kernel ends this process and not a trainer. What a system refuses is left out.
    """
    with contextlib.suppress(OSError):
        os.nice(19 - os.nice(0))
    with contextlib.suppress(psutil.Error, OSError, AttributeError, ValueError):
        psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_DIE)
    threads = str(min(MOST_THREADS, os.cpu_count() or 1))
    os.environ.update(OMP_NUM_THREADS=threads, MKL_NUM_THREADS=threads, CUDA_VISIBLE_DEVICES="")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
