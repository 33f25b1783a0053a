"""Run directories for the tests of the screen, written with the engine's own writers."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

from stickgen.config.loading import TrainingConfig
from stickgen.motion.skeleton import FPS
from stickgen.record_log import RecordWriter
from stickgen.runs.store import Run, create_run

FROZEN = 1_790_000_000.0  # a moment that no test depends on passing


def wave(frames: int = 50) -> list[list[float]]:
    """A figure that walks to the right and lifts an arm: plain geometry, enough to see it move."""
    motion = []
    for frame in range(frames):
        phase = 2 * math.pi * frame / 25
        x = 0.02 * frame
        swing = 0.15 * math.sin(phase)
        pose = [
            x + 0.01, 0.95,  # head
            x, 0.52,  # pelvis
            x - 0.1, 0.7, x + 0.12, 0.72,  # elbows
            x - 0.12 - swing / 2, 0.58, x + 0.2, 0.85 + 0.05 * math.sin(2 * phase),  # hands
            x + swing / 2 + 0.03, 0.27, x - swing / 2 + 0.03, 0.27,  # knees
            x + swing, 0.02 + max(0.0, 0.05 * math.cos(phase)), x - swing, 0.02,  # feet
        ]  # fmt: skip
        motion.append([round(value, 4) for value in pose])
    return motion


def write_sample(run: Run, step: int, text: str) -> None:
    """A sample file as the trainer writes it."""
    body = {"step": step, "text": text, "fps": FPS, "motion": wave()}
    (run.samples_dir / f"step_{step:06d}.json").write_text(json.dumps(body))


def write_metrics(run: Run, steps: int, *, every: int = 10, total: int | None = None, seed: int = 7) -> None:
    """Train records up to `steps` and a validation record ten times on the way."""
    noise = random.Random(seed)
    writer = RecordWriter(run.metrics_path)
    total = total or steps
    for step in range(every, steps + 1, every):
        fall = math.exp(-3 * step / total)
        pose = (0.25 * fall + 0.03) * (1 + noise.gauss(0, 0.06))
        writer.write({
            "kind": "train", "time": FROZEN + step, "step": step, "epoch": 10 * step / total,
            "loss": pose * 1.6, "loss_pose": pose, "loss_temporal": pose / 3, "loss_action": 2.0 * fall + 0.5,
            "loss_physics": pose / 5, "loss_diffusion": pose / 2, "lr": 3e-4 * min(1.0, step / (0.1 * total)),
            "grad_norm": 0.5 + noise.random(), "sequences_per_second": 40 + 4 * noise.random(),
            "frames_per_second": 4000 + 400 * noise.random(), "rss_bytes": 900_000_000 + 1000 * step,
            "device_memory_bytes": None, "eta_seconds": (total - step) * 0.5, "total_steps": total,
        })  # fmt: skip
        if step % max(total // 10 // every * every, every) == 0:
            writer.write({
                "kind": "val", "time": FROZEN + step, "step": step, "epoch": 10 * step / total,
                "loss": pose * 1.7, "loss_pose": pose * 1.1, "loss_action": 2.2 * fall + 0.6,
                "mean_pose_loss": 0.21, "action_accuracy": 1 - fall,
            })  # fmt: skip
    writer.close()


def write_events(run: Run, steps: int) -> None:
    """A few events of every kind that a run has."""
    writer = RecordWriter(run.events_path)
    for event, step, message in (
        ("started", 0, "training starts"),
        ("sample", steps // 2, "a person walks and waves"),
        ("checkpoint", steps, "checkpoint saved"),
        ("finished", steps, "all steps done"),
    ):
        writer.write({"event": event, "time": FROZEN + step, "step": step, "message": message})
    writer.close()


def finished_run(root: Path, config: Path, *, name: str = "calm-otter", steps: int = 1000) -> Run:
    """A run that ended well, with curves, events, samples and a log."""
    run = create_run(
        TrainingConfig(config), root=root, name=name, argv=["stickgen", "train"], data_path="data/tiny.pt"
    )
    fixed = root / f"20260921-141320-{config.stem}-{name}"  # the same name at any time of day
    run = Run(run.path.rename(fixed))
    run.update_identity(
        name=run.name,
        parameters=2_800_000, device="cpu", precision="fp32", total_steps=steps,
        launches=[{"pid": 2**22 + 1, "create_time": 0.0, "boot_id": "gone", "started": "2026-09-21T14:13:20+00:00"}],
    )  # fmt: skip
    write_metrics(run, steps)
    write_events(run, steps)
    for share, text in ((4, "a person stands"), (2, "a person walks"), (1, "a person walks and waves")):
        write_sample(run, steps // share, text)
    run.log_path.write_text("".join(f"step {step}: loss {1 / step:.4f}\n" for step in range(1, 41)))
    run.exit_path.write_text(
        json.dumps({"code": 0, "signal": None, "reason": "", "ended": "2026-09-21T14:30:00+00:00"})
    )
    return run
