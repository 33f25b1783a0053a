"""Training, from top to bottom: open, build, and step after step until the end, a stop or a limit."""

from __future__ import annotations

import json
import logging
import math
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from statistics import median
from typing import Any

import torch

from stickgen.atomic import write_text
from stickgen.config.loading import TrainingConfig
from stickgen.data.dataset import TRAIN, VALIDATION, DatasetFile, MotionDataset, open_dataset
from stickgen.errors import RunFailedError, StickgenError
from stickgen.model.normalise import Normaliser
from stickgen.model.objective import Batch
from stickgen.model.sampler import sample
from stickgen.model.transformer import ModelConfig, MotionTransformer
from stickgen.planner.parameters import count_parameters
from stickgen.runs.control import take_requests
from stickgen.runs.metrics import RecordWriter
from stickgen.runs.store import Run
from stickgen.train.batches import load_batches
from stickgen.train.checkpoint import (
    load_module,
    newest_checkpoint,
    optimizer_tensors,
    prune_checkpoints,
    read_tensors,
    restore_optimizer,
    save_checkpoint,
)
from stickgen.train.device import choose_device, choose_precision
from stickgen.train.ema import AveragedWeights
from stickgen.train.initial import initial_of, load_initial
from stickgen.train.memory import tree_rss_bytes
from stickgen.train.optimizer import build_optimizer
from stickgen.train.plan import plan_epoch, steps_per_epoch
from stickgen.train.schedule import learning_rate
from stickgen.train.signals import Asked
from stickgen.train.step import StepResult, optimizer_step
from stickgen.train.validate import validate

log = logging.getLogger("stickgen")
MAX_BAD_STEPS = 20  # steps in a row without a finite loss before the run gives up
STATISTICS_CLIPS = 5_000


class _StopWantedError(Exception):
    """Leaves the step that is under way; its weights have not moved, so the last whole step is what counts."""


class Trainer:
    """Everything that one launch of a run works with."""

    def __init__(self, run: Run, *, launch: int | None = None, asked: Asked | None = None) -> None:
        self.run = run
        self.launch = len(run.launches) if launch is None else launch
        self.asked = asked or Asked()
        self.launched = self.saved_at = self.sampled_at = time.monotonic()
        self.config = config = TrainingConfig.from_bytes(run.config_bytes, str(run.config_path))
        self.metrics, self.events = RecordWriter(run.metrics_path), RecordWriter(run.events_path)
        self.identity = run.identity
        self.step = self.total_steps = self.bad_steps = 0
        self.step_seconds: deque[float] = deque(maxlen=51)
        self.validated = self.saved = -1  # the step that was validated, and saved, last
        self.best_val = math.inf
        self.best_step: int | None = None
        self.beat("loading")

        self.device = choose_device(config.device["type"])
        self.precision = choose_precision(config.device["precision"], self.device)
        self.file = open_dataset(self.identity["data_path"])
        self._check_width(self.file)
        options = {
            "max_frames": config.data["max_frames"],
            "val_fraction": config.training["val_fraction"],
            "seed": config.training["seed"],
        }
        self.train_clips = MotionDataset(self.file, TRAIN, **options)
        self.val_clips = MotionDataset(self.file, VALIDATION, **options)
        if not len(self.train_clips):
            raise StickgenError(
                f"{self.file.path}: no clip is left for training; lower training.val_fraction"
            )
        self.steps_per_epoch = steps_per_epoch(len(self.train_clips), config.effective_batch)
        self.total_steps = self.steps_per_epoch * config.training["epochs"]

        torch.manual_seed(config.training["seed"])
        self.model = MotionTransformer(ModelConfig.from_training(config)).to(self.device)
        self.normaliser = Normaliser(config.model["embedding_dim"])
        shown = self.train_clips.clips[:STATISTICS_CLIPS]
        texts = sorted({text for clip in shown for text in self.file.texts(clip)})
        self.normaliser.fit(
            [self.file.motion(clip) for clip in shown], self.file.content["embeddings"][texts]
        )
        self.normaliser.to(self.device)
        self.ema = AveragedWeights(self.model, config.training["ema_decay"])
        self.optimizer = build_optimizer(self.model, config.training)
        self._resume()
        run.update_identity(
            parameters=count_parameters(config),
            device=str(self.device),
            precision=self.precision,
            torch_version=torch.__version__,
            dataset_fingerprint=self.file.fingerprint,
            total_steps=self.total_steps,
            steps_per_epoch=self.steps_per_epoch,
        )

    def _check_width(self, file: DatasetFile) -> None:
        wanted, there = self.config.model["embedding_dim"], file.embedding_dim
        if there is None:
            raise StickgenError(
                f"{file.path}: its texts are not embedded yet; run: stickgen data embed {file.path}"
            )
        if there != wanted:
            raise StickgenError(
                f"{file.path}: its text embeddings are {there} wide, but model.embedding_dim is {wanted}; "
                f"use --set model.embedding_dim={there}"
            )

    def _resume(self) -> None:
        checkpoint, skipped = newest_checkpoint(self.run.checkpoints_dir)
        for sentence in skipped:
            self.event("alert", f"skipped a damaged checkpoint: {sentence}")
        if checkpoint is None:
            if skipped:
                raise StickgenError(
                    f"{self.run.name}: none of its checkpoints is whole, so there is nothing to go on from: "
                    + "; ".join(skipped)
                )
            if initial := initial_of(self.run):
                load_initial(initial, self.config, self.model, self.ema.model, self.normaliser)
                self.event("initial", f"weights of {initial.path}, after step {initial.step} there")
            return
        for module, stem in ((self.model, "model"), (self.ema.model, "ema"), (self.normaliser, "normaliser")):
            load_module(module, checkpoint, stem)
        restore_optimizer(self.model, self.optimizer, read_tensors(checkpoint, "optimizer"))
        self.step = self.saved = checkpoint.step
        self.ema.updates = checkpoint.trainer["ema_updates"]
        self.best_step = checkpoint.trainer["best_step"]
        self.best_val = math.inf if self.best_step is None else checkpoint.trainer["best_val"]

    def event(self, kind: str, message: str, **facts: Any) -> None:
        """Say something that a person wants to know, in the log and in events.jsonl."""
        log.info("%s: %s", kind, message)
        self.events.write(
            {
                "event": kind, "time": time.time(), "launch": self.launch, "step": self.step,
                "message": message, **facts,
            }
        )  # fmt: skip

    def beat(self, phase: str) -> None:
        """Say what is being done, and how long a step takes, so that a slow one is not taken for a stall."""
        usual = median(self.step_seconds) if self.step_seconds else None
        self.run.beat(phase, self.step, self.total_steps, usual)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Something else than training, for a while."""
        self.beat(name)
        yield
        self.beat("training")

    def train(self) -> int:
        """Run to the end, to the limit or to a stop; returns the exit code.

        Raises RunFailedError when the weights cannot be saved at the end.
        """
        try:
            return self._train()
        except _StopWantedError:
            if self.step == 0:
                self.event("stopped", "stopped before the first step; nothing was trained yet")
                return 130
            if self.saved != self.step and not self.save():
                raise RunFailedError(
                    f"stopped after step {self.step}, but its checkpoint could not be saved"
                ) from None
            self.event("stopped", f"stopped after step {self.step}, with a checkpoint")
            return 130

    def _train(self) -> int:
        config = self.config
        self.event(
            "resumed" if self.step else "started",
            f"{count_parameters(config):,} parameters, effective batch {config.effective_batch}, "
            f"{self.steps_per_epoch} steps an epoch, {self.device} in {self.precision}, "
            f"{len(self.train_clips)} clips to train on and {len(self.val_clips)} held out",
        )
        limit = self.identity.get("max_steps")
        last = self.total_steps if limit is None else min(self.step + int(limit), self.total_steps)
        first_epoch = self.step // self.steps_per_epoch
        for epoch in range(first_epoch, config.training["epochs"]):
            done = self.step - epoch * self.steps_per_epoch
            plan = plan_epoch(
                self.train_clips.lengths,
                batch_size=config.training["batch_size"],
                grad_accum_steps=config.training["grad_accum_steps"],
                seed=config.training["seed"],
                epoch=epoch,
            )[done:]
            self.train_clips.set_epoch(epoch)
            batches = load_batches(
                self.train_clips,
                [micro for step in plan for micro in step],
                num_workers=config.device["num_workers"],
                pin_memory=config.device["pin_memory"] and self.device.type == "cuda",
            )
            for micro_batches in plan:
                if self.step >= last:
                    return self.finish(f"reached --max-steps after step {self.step}")
                began = time.monotonic()
                rate = self.set_learning_rate()
                result = optimizer_step(
                    self.model, self.normaliser, self.optimizer, self.until_stopped(islice(batches, len(micro_batches))),
                    clips=sum(map(len, micro_batches)), config=config, step=self.step,
                    device=self.device, precision=self.precision,
                )  # fmt: skip
                self.after_step(result, rate, time.monotonic() - began)
                minutes = config.training["max_minutes"]
                if minutes and time.monotonic() - self.launched > 60 * minutes:
                    return self.finish(f"reached training.max_minutes ({minutes:g}) after step {self.step}")
            self.validate()
            if (epoch + 1) % config.logging["save_interval"] == 0:
                self.save()
        return self.finish(f"trained {config.training['epochs']} epochs, {self.step} steps")

    def until_stopped(self, micro_batches: Iterator[Batch]) -> Iterator[Batch]:
        """The micro-batches of a step, as long as nobody wants a stop."""
        for batch in micro_batches:
            if self.asked.stop:
                raise _StopWantedError
            yield batch

    def set_learning_rate(self) -> float:
        """Give the optimizer this step's rate."""
        training = self.config.training
        rate = learning_rate(
            self.step,
            peak=training["learning_rate"],
            warmup_steps=training["warmup_epochs"] * self.steps_per_epoch,
            total_steps=self.total_steps,
            min_lr_ratio=training["min_lr_ratio"],
        )
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        return rate

    def after_step(self, result: StepResult, rate: float, seconds: float) -> None:
        """Average, count, log, and answer what was asked for meanwhile."""
        self.step += 1
        if result.skipped:
            self.bad_steps += 1
            self.event(
                "alert", f"step {self.step}: the loss or gradient is not finite; the weights did not move"
            )
            if self.bad_steps >= MAX_BAD_STEPS:
                raise RunFailedError(
                    f"{MAX_BAD_STEPS} steps in a row without a finite loss; the last good checkpoint is kept: "
                    "lower training.learning_rate"
                )
        else:
            self.bad_steps = 0
            self.ema.update()
        self.step_seconds.append(seconds)
        self.beat("training")
        if self.step % self.config.logging["log_interval"] == 0 or self.step == 1:
            losses = {"loss" if n == "total" else f"loss_{n}": v for n, v in result.losses.items()}
            self.metrics.write(
                {
                    "kind": "train", "time": time.time(), "step": self.step,
                    "epoch": self.step / self.steps_per_epoch, "total_steps": self.total_steps,
                    **losses, "lr": rate, "grad_norm": result.grad_norm,
                    "sequences_per_second": result.clips / seconds,
                    "frames_per_second": result.frames / seconds,
                    "eta_seconds": (self.total_steps - self.step) * seconds,
                    "rss_bytes": tree_rss_bytes(),
                    "device_memory_bytes": torch.cuda.max_memory_allocated() if self.device.type == "cuda" else None,
                }
            )  # fmt: skip
        self.answer_requests()
        now = time.monotonic()
        save_minutes = self.config.logging["save_minutes"]
        if self.asked.save or (save_minutes and now - self.saved_at > 60 * save_minutes):
            self.asked.save = False
            self.save()
        sample_minutes = self.config.logging["sample_minutes"]
        if sample_minutes and now - self.sampled_at > 60 * sample_minutes:
            self.draw_sample()

    def answer_requests(self) -> None:
        """Take what lies in the inbox; each request is answered by an event with its id."""
        for request in take_requests(self.run, self.launch):
            refused = f", but refused: {request.refusal}" if request.refusal else ""
            self.event("control", f"{request.wish} asked for{refused}", id=request.id, applied=not refused)
            if refused:
                continue
            if request.wish == "sample":
                self.draw_sample()
            elif request.wish == "save":
                self.asked.save = True
            else:
                self.asked.stop = True

    def validate(self) -> None:
        """Measure the averaged weights on the held-out clips."""
        if not len(self.val_clips) or self.validated == self.step:
            return
        self.validated = self.step
        with self.phase("validating"), self.ema.evaluating() as model:
            assert isinstance(model, MotionTransformer)
            result = validate(
                model, self.normaliser, self.val_clips, self.config.loss_weights, self.device,
                min(max(self.config.training["batch_size"], 8), 32),
            )  # fmt: skip
        epoch = self.step / self.steps_per_epoch
        self.metrics.write({"kind": "val", "time": time.time(), "step": self.step, "epoch": epoch, **result})
        self.event(
            "epoch",
            f"epoch {epoch:.1f}: validation pose loss {result['loss_pose']:.4f} "
            f"(mean pose {result['mean_pose_loss']:.4f}), total {result['loss']:.4f}",
        )
        if result["loss"] < self.best_val:
            self.best_val, self.best_step = result["loss"], self.step
            self.saved = -1  # a checkpoint of this step does not know it yet

    def draw_sample(self) -> None:
        """Draw one held-out text's motion, always the same one from the same noise, for the monitor."""
        clips = self.val_clips if len(self.val_clips) else self.train_clips
        item = clips[0]
        with self.phase("sampling"), self.ema.evaluating() as model:
            assert isinstance(model, MotionTransformer)
            motion = sample(
                model, self.normaliser, item["embedding"][None].to(self.device), self.config.data["max_frames"],
                sampling_steps=self.config.diffusion["sampling_steps"],
                guidance_scale=self.config.diffusion["guidance_scale"], seed=0,
            )[0]  # fmt: skip
        text = self.file.content["texts"][item["text"]]
        frames = [[round(value, 4) for value in frame] for frame in motion.tolist()]
        path = self.run.samples_dir / f"step_{self.step:08d}.json"
        self.sampled_at = time.monotonic()
        try:
            write_text(
                path, json.dumps({"step": self.step, "text": text, "fps": 25, "motion": frames}), mode=0o600
            )
        except OSError as error:
            self.event("alert", f"the sample could not be written ({error.strerror}); training goes on")
            return
        self.event("sample", f"drew {text!r}", path=path.name)

    def save(self) -> bool:
        """Save a checkpoint; a disk that refuses is said loudly, and training goes on. Whether it was saved."""
        with self.phase("saving"):
            return self._save()

    def _save(self) -> bool:
        self.saved_at = time.monotonic()
        tensors = {
            "model": self.model.state_dict(),
            "ema": self.ema.state(),
            "normaliser": self.normaliser.state_dict(),
            "optimizer": optimizer_tensors(self.model, self.optimizer),
        }
        trainer = {
            "step": self.step,
            "ema_updates": self.ema.updates,
            "best_val": self.best_val if self.best_step is not None else None,
            "best_step": self.best_step,
        }
        try:
            saved = save_checkpoint(
                self.run.checkpoints_dir, tensors=tensors, trainer=trainer, config_bytes=self.config.bytes
            )
        except (OSError, StickgenError) as error:
            self.event("alert", f"THE CHECKPOINT WAS NOT SAVED ({error}); training goes on and tries again")
            return False
        self.saved = self.step
        prune_checkpoints(self.run.checkpoints_dir, best_step=self.best_step)
        self.metrics.sync()
        self.event("checkpoint", f"saved {saved.path.name}", path=saved.path.name)
        return True

    def finish(self, message: str) -> int:
        """Validate, draw, save and say so. Raises RunFailedError when the weights cannot be saved."""
        if not self.asked.stop:
            self.validate()
            self.draw_sample()
        if self.saved != self.step and not self.save():
            raise RunFailedError(f"{message}, but its checkpoint could not be saved; see the events")
        self.event("finished", message)
        return 0
