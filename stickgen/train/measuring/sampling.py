"""The motions that the monitor shows: always the same held-out text, and the sentences that are pinned to the run."""

from __future__ import annotations

import json

from stickgen.atomic import write_text
from stickgen.errors import StickgenError
from stickgen.model.sample_many import opposites_of, text_batch
from stickgen.model.sampler import Sampling, sample
from stickgen.model.timeline import Timeline, sample_timeline
from stickgen.model.transformer import MotionTransformer
from stickgen.model.words import TextBatch, pad_words
from stickgen.motion.skeleton import FPS
from stickgen.quantities import counted
from stickgen.run_contract import EventKind, Phase, sample_name
from stickgen.runs.pinned import pinned_prompts
from stickgen.train.batching.clips import Clips
from stickgen.train.checkpoints.train_state import TrainState
from stickgen.train.context import LaunchContext
from stickgen.train.measuring.prompts import Prompt, read_prompt


class Sampler:
    """Draws a launch's samples with the averaged weights, each from the same noise every time."""

    def __init__(self, context: LaunchContext, state: TrainState, clips: Clips) -> None:
        self._context, self._state, self._clips = context, state, clips
        self._told: set[str] = set()  # what is wrong with pinned sentences, said once a launch

    def draw(self) -> None:
        """Draw the held-out text and every pinned sentence, and write them to the run's `samples/`."""
        context, state, journal = self._context, self._state, self._context.journal
        item = (self._clips.held_out if len(self._clips.held_out) else self._clips.train)[0]
        text = self._clips.file.content["texts"][item["text"]]
        texts = TextBatch(item["embedding"][None], *pad_words([item["words"]]))
        prompts = self._prompts()
        try:
            with journal.phase(Phase.SAMPLING), state.evaluating() as model:
                motion = sample(
                    model, state.normaliser, texts.to(context.device), context.config.data.max_frames,
                    sampling=Sampling.of(context.config.diffusion), seed=0,
                )[0]  # fmt: skip
                self._write(motion.tolist(), text)
                for prompt in prompts:
                    self._write(self._drawn(model, prompt), prompt.pinned.text, prompt.pinned.id)
        except OSError as error:
            journal.event(
                EventKind.ALERT, f"the sample could not be written ({error.strerror}); training goes on"
            )
            return
        more = f" and {counted(len(prompts), 'pinned sentence')}" if prompts else ""
        journal.event(EventKind.SAMPLE, f"drew {text!r}{more}", path=sample_name(state.step))

    def _prompts(self) -> list[Prompt]:
        """The pinned sentences; an alert for each that cannot be read, and training goes on."""
        pinned, problems = pinned_prompts(self._context.run)
        found = []
        for one in pinned:
            try:
                found.append(read_prompt(one, self._context.config.model.embedding_dim))
            except StickgenError as error:
                problems.append(str(error))
        for problem in problems:
            if problem not in self._told:
                self._told.add(problem)
                self._context.journal.event(EventKind.ALERT, f"{problem}; training goes on without it")
        return found

    def _drawn(self, model: MotionTransformer, prompt: Prompt) -> list[list[float]]:
        """As `stickgen generate` draws the sentence from a checkpoint of this step."""
        config, texts = self._context.config, prompt.texts
        motion = sample_timeline(
            model, self._state.normaliser, text_batch(texts, [0]).to(self._context.device),
            Timeline([prompt.pinned.frames], int(config.data.max_frames)),
            sampling=Sampling.of(config.diffusion), seed=prompt.pinned.seed, opposites=opposites_of(texts, [0]),
        )  # fmt: skip
        return motion.tolist()

    def _write(self, motion: list[list[float]], text: str, prompt: str = "") -> None:
        frames = [[round(value, 4) for value in frame] for frame in motion]
        told = {"step": self._state.step, "text": text, "fps": FPS, "motion": frames}
        write_text(
            self._context.run.samples_dir / sample_name(self._state.step, prompt),
            json.dumps({**told, "prompt": prompt} if prompt else told),
            mode=0o600,
            follow=False,
        )
