"""The motion that the monitor shows: always the same held-out text, drawn from the same noise."""

from __future__ import annotations

import json

from stickgen.atomic import write_text
from stickgen.model.sampler import Sampling, sample
from stickgen.model.words import TextBatch, pad_words
from stickgen.motion.skeleton import FPS
from stickgen.run_contract import EventKind, Phase
from stickgen.train.batching.clips import Clips
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.context import LaunchContext


def draw_sample(context: LaunchContext, state: TrainState, clips: Clips) -> None:
    """Draw it with the averaged weights and write it to the run's `samples/`."""
    config, journal = context.config, context.journal
    item = (clips.held_out if len(clips.held_out) else clips.train)[0]
    texts = TextBatch(item["embedding"][None], *pad_words([item["words"]]))
    with journal.phase(Phase.SAMPLING), state.evaluating() as model:
        motion = sample(
            model, state.normaliser, texts.to(context.device), config.data.max_frames,
            sampling=Sampling.of(config.diffusion), seed=0,
        )[0]  # fmt: skip
    text = clips.file.content["texts"][item["text"]]
    frames = [[round(value, 4) for value in frame] for frame in motion.tolist()]
    path = journal.run.samples_dir / f"step_{state.step:08d}.json"
    try:
        write_text(
            path,
            json.dumps({"step": state.step, "text": text, "fps": FPS, "motion": frames}),
            mode=0o600,
            follow=False,
        )
    except OSError as error:
        journal.event(
            EventKind.ALERT, f"the sample could not be written ({error.strerror}); training goes on"
        )
        return
    journal.event(EventKind.SAMPLE, f"drew {text!r}", path=path.name)
