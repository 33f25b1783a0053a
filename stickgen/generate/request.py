"""What a person asks a model for: one motion of a text, or of several in sequence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stickgen.config.schema import KEY_BY_PATH
from stickgen.errors import StickgenError
from stickgen.generate.actions import ActionPlan
from stickgen.generate.given import Motion, Pose
from stickgen.motion.skeleton import FPS
from stickgen.text import clean, is_unicode

SHORTEST, LONGEST = 0.4, 600.0  # seconds
MOST_SEED = 2**63 - 1  # what every generator takes
OVERRIDES = {"guidance": "diffusion.guidance_scale", "steps": "diffusion.sampling_steps"}


@dataclass(frozen=True)
class Request:
    """One motion. Raises StickgenError if it asks for what cannot be."""

    texts: tuple[str, ...]  # in sequence
    seconds: tuple[float | None, ...] = (None,)  # of each text, or one for all; None: as long as it takes
    seed: int = 0
    guidance: float | None = None  # None: the config's diffusion.guidance_scale
    steps: int | None = None  # None: the config's diffusion.sampling_steps
    actions: ActionPlan | None = None
    keyframes: Mapping[int, Pose] | None = None  # frame → the pose that the motion must meet there
    after: Motion | None = None  # the clip that the motion continues

    def __post_init__(self) -> None:
        if not self.texts:
            raise StickgenError("no text: say what the motion is to show")
        for text in self.texts:
            if not is_unicode(text):
                raise StickgenError(f"TEXT {clean(text)!r}: this is not UTF-8; write it in UTF-8")
            if not text.strip():
                raise StickgenError("a text is empty: say what the motion is to show")
        if len(self.seconds) not in (1, len(self.texts)):
            raise StickgenError(
                f"{len(self.seconds)} numbers of seconds for {_texts(len(self.texts))}: give one for all, or one for each"
            )
        for seconds in self.seconds:
            check_seconds(seconds)
        if sum(each or 0.0 for each in self.seconds_of_each) > LONGEST:
            raise StickgenError(
                f"{sum(each or 0.0 for each in self.seconds_of_each):g} seconds in all: ask for at most {LONGEST:g}"
            )
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed <= MOST_SEED:
            raise StickgenError(
                f"seed {clean(self.seed, limit=40)}: must be a whole number from 0 to {MOST_SEED}"
            )
        for name, path in OVERRIDES.items():
            value = getattr(self, name)
            if value is not None:
                try:
                    KEY_BY_PATH[path].check(value)
                except ValueError as error:
                    raise StickgenError(f"{name} {clean(value, limit=40)}: {error}, as {path}") from error

    @property
    def seconds_of_each(self) -> tuple[float | None, ...]:
        """The seconds of each text."""
        return self.seconds * len(self.texts) if len(self.seconds) == 1 else self.seconds

    @property
    def frames_of_each(self) -> list[int | None]:
        """The frames of each text; None: as many as it takes."""
        return [None if seconds is None else round(seconds * FPS) for seconds in self.seconds_of_each]

    @property
    def caption(self) -> str:
        """The texts in one line."""
        return ", then ".join(self.texts)


def check_seconds(seconds: object) -> None:
    """Raise StickgenError unless `seconds` is None or a length that a motion can have."""
    if seconds is None:
        return
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool) and math.isfinite(seconds)
    if not number or not SHORTEST <= seconds <= LONGEST:  # type: ignore[operator]
        raise StickgenError(
            f"{clean(seconds, limit=40)} seconds: must be a number from {SHORTEST:g} to {LONGEST:g}"
        )


def requests_of(texts: Sequence[str], *, sequence: bool, **asked: object) -> list[Request]:
    """One request for all `texts` in sequence, or one for each of them; `asked` are fields of `Request`."""
    parts = [tuple(texts)] if sequence else [(text,) for text in texts]
    return [Request(part, **asked) for part in parts]  # type: ignore[arg-type]


def _texts(count: int) -> str:
    return "one text" if count == 1 else f"{count} texts"
