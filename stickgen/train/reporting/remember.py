"""The trainer measures its own peak memory and step time, for the planner's predictions of later runs."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import cast

import psutil
import torch

from stickgen.config.placement import Device, Precision
from stickgen.data.dataset import DatasetFile
from stickgen.datasets.facts import read_dataset_facts
from stickgen.hardware.machine import local_machine_fast
from stickgen.hardware.resident import peak_rss_bytes
from stickgen.planner.arithmetic.memory import CUDA_CONTEXT_BYTES
from stickgen.planner.arithmetic.workload import workload_of
from stickgen.planner.measured.measurements import Measurement, keep, origin_of
from stickgen.train.optim.step import Learner
from stickgen.train.reporting.journal import Journal

LEAST_STEPS = 3  # the first step warms up, and the peak rises over several


def remember(
    learner: Learner, file: DatasetFile, journal: Journal, *, compiled: bool, contended: bool, evaluated: bool
) -> None:
    """Keep what the steps of this launch took; `evaluated`: a text encoder was loaded. A disk that refuses is no reason to stop training."""
    seconds_per_step, steps = journal.usual_seconds, journal.pace.steps_timed
    if seconds_per_step is None or steps < LEAST_STEPS:
        return
    device, machine = learner.device, local_machine_fast()
    facts = read_dataset_facts(file.path) or file.facts()
    work = workload_of(learner.config, machine, facts)
    work = replace(
        work,
        device=cast(Device, device.type),
        precision=cast(Precision, learner.precision),
        compiled=compiled,
        encoder_weights=work.encoder_weights if evaluated else 0,
    )
    if device.type == "cuda":
        peak = torch.cuda.max_memory_reserved() + CUDA_CONTEXT_BYTES
    else:
        peak = peak_rss_bytes(psutil.Process())
    keep(Measurement(origin_of(machine), work, peak, seconds_per_step, steps, "run", time.time(), contended))
