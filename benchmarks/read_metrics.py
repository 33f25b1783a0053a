"""How long a monitor takes to open a long history: write N train records, read them back, both timed.

python benchmarks/read_metrics.py [--records 1000000] [--json]
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import tempfile
import time
from pathlib import Path

from stickgen.record_log import RecordReader, RecordWriter, last_record

CHUNK_BYTES = 1024 * 1024  # as the monitor reads


def record(step: int) -> dict[str, object]:
    """A train record with every member that the trainer writes."""
    loss = math.exp(-step / 3e5) + 0.1
    return {
        "kind": "train", "time": 1.79e9 + step, "step": step, "epoch": step / 977, "total_steps": 1_000_000,
        "loss": loss, "loss_pose": loss / 2, "loss_temporal": loss / 3, "loss_action": loss / 4,
        "loss_physics": loss / 5, "loss_diffusion": loss / 6, "lr": 3e-4, "grad_norm": 0.7 + loss,
        "sequences_per_second": 41.25, "frames_per_second": 4125.5, "eta_seconds": 1e6 - step,
        "rss_bytes": 912_345_678, "device_memory_bytes": None,
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "metrics.jsonl"
        writer = RecordWriter(path)
        began = time.perf_counter()
        for step in range(options.records):
            writer.write(record(step))
        write_seconds = time.perf_counter() - began
        writer.close()
        reader, count = RecordReader(path), 0
        began = time.perf_counter()
        while records := reader.read_new(CHUNK_BYTES):
            count += len(records)
        read_seconds = time.perf_counter() - began
        began = time.perf_counter()
        last_record(path, kind="train")
        last_seconds = time.perf_counter() - began
        facts = {
            "records": count, "file_bytes": path.stat().st_size, "bad_lines": reader.bad_lines,
            "write_microseconds_per_record": write_seconds / options.records * 1e6,
            "read_seconds": read_seconds, "last_record_seconds": last_seconds,
            "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }  # fmt: skip
    if options.json:
        print(json.dumps(facts, indent=1))
        return
    for name, value in facts.items():
        print(f"{name:<32} {value:,.6g}" if isinstance(value, float) else f"{name:<32} {value:,}")


if __name__ == "__main__":
    main()
