"""Small searches over a few keys: every combination of some values, or values drawn by a seed, each a frozen config."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stickgen.config.key import Value
from stickgen.config.loading import TrainingConfig
from stickgen.config.schema import KEY_BY_PATH
from stickgen.config.suggesting import nearest
from stickgen.errors import StickgenError
from stickgen.text import clean
from stickgen.yaml_edit import Document, format_value, path_of, path_text, resolve

Values = dict[str, Value]

MOST_JOBS: Final = 500
_RANGE = re.compile(r"(?P<low>[^.].*?|\.\d.*?)\.\.(?P<high>.+?)(?P<log>:log)?")
_FIGURES = 3  # of a number that is drawn


@dataclass(frozen=True)
class Choice:
    """Some values of a key."""

    key: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Range:
    """Numbers of a key from `low` to `high`, both included; `log`: each power of ten as often as the others."""

    key: str
    low: float
    high: float
    log: bool
    whole: bool

    def draw(self, chance: random.Random) -> Value:
        """One of them: a float in three figures, which a person can read."""
        if self.log:
            drawn = math.exp(chance.uniform(math.log(self.low), math.log(self.high)))
        elif self.whole:
            return chance.randint(int(self.low), int(self.high))
        else:
            drawn = chance.uniform(self.low, self.high)
        if not self.whole:
            drawn = float(f"{drawn:.{_FIGURES}g}")
        drawn = min(max(drawn, self.low), self.high)
        return round(drawn) if self.whole else drawn


def parse_choice(text: str) -> Choice:
    """`training.batch_size=4,8,16`. Raises StickgenError with the fix."""
    path, written = _parted(text)
    values = tuple(_value(path, part) for part in written.split(","))
    if len(set(map(repr, values))) != len(values):
        raise StickgenError(f"{clean(text)}: it names a value twice")
    return Choice(path, values)


def parse_space(text: str) -> Choice | Range:
    """`training.learning_rate=1e-5..1e-3:log`, or values as in `parse_choice`. Raises StickgenError with the fix."""
    path, written = _parted(text)
    match = _RANGE.fullmatch(written)
    if match is None or KEY_BY_PATH[path].type is str:
        return parse_choice(text)
    low, high, log = _value(path, match["low"]), _value(path, match["high"]), match["log"] is not None
    if isinstance(low, bool) or not isinstance(low, int | float) or not isinstance(high, int | float):
        raise StickgenError(f"{clean(text)}: {path} is no number; write its values with commas")
    if not low < high:
        raise StickgenError(f"{clean(text)}: a range goes from the lower to the higher number")
    if log and low <= 0:
        raise StickgenError(f"{clean(text)}: a range by logarithm begins above 0")
    return Range(path, float(low), float(high), log, KEY_BY_PATH[path].type is int)


def grid(choices: Sequence[Choice]) -> list[Values]:
    """Every combination, the last key fastest. Raises StickgenError for too many."""
    _distinct([choice.key for choice in choices])
    count = math.prod(len(choice.values) for choice in choices)
    if count > MOST_JOBS:
        raise StickgenError(
            f"these are {count:,} combinations, and a search has at most {MOST_JOBS}; name fewer values"
        )
    keys = [choice.key for choice in choices]
    return [
        dict(zip(keys, row, strict=True)) for row in itertools.product(*(choice.values for choice in choices))
    ]


def draw(spaces: Sequence[Choice | Range], trials: int, seed: int) -> list[Values]:
    """`trials` different combinations by chance, the same for the same seed; fewer if there are no more."""
    _distinct([space.key for space in spaces])
    if trials > MOST_JOBS:
        raise StickgenError(f"a search has at most {MOST_JOBS} trials")
    chance = random.Random(seed)
    found: dict[str, Values] = {}
    for _ in range(20 * trials):  # where all combinations are drawn already, more tries find no new one
        values = {
            space.key: space.draw(chance) if isinstance(space, Range) else chance.choice(space.values)
            for space in spaces
        }
        found.setdefault(repr(values), values)
        if len(found) == trials:
            break
    return list(found.values())


def configs_of(config: TrainingConfig, combinations: Sequence[Values]) -> list[TrainingConfig]:
    """A config of each combination; every byte of `config` that no value names stays.

    Raises StickgenError for the first combination that is no valid config, with what is wrong.
    """
    out = []
    for values in combinations:
        document = Document.parse(config.bytes, config.name)
        for key, value in values.items():
            document.set(key, value)
        try:
            out.append(TrainingConfig.from_document(document))
        except StickgenError as error:
            raise StickgenError(f"with {values_text(values)}: {error}") from error
    return out


def values_text(values: Values) -> str:
    """`training.batch_size=4, model.d_model=128`."""
    return ", ".join(f"{key}={value_text(value)}" for key, value in values.items())


def value_text(value: Value) -> str:
    """A value as a person writes it."""
    return value if isinstance(value, str) else format_value(value)


def _parted(text: str) -> tuple[str, str]:
    path, equals, written = text.partition("=")
    path, written = path.strip(), written.strip()
    if not equals or not written:
        raise StickgenError(f"{clean(text)}: write KEY=a,b,c, like training.batch_size=4,8")
    if path not in KEY_BY_PATH:
        near = nearest(path_of(path))
        hint = f"; did you mean {path_text(near.parts)}?" if near is not None else ""
        raise StickgenError(f"{clean(path)}: unknown key{hint}")
    return path, written


def _value(path: str, written: str) -> Value:
    key = KEY_BY_PATH[path]
    written = written.strip()
    try:
        return key.check(written if key.type is str else resolve(written))
    except ValueError as error:
        raise StickgenError(f"{path}: {clean(written) or 'nothing'} {error}") from error


def _distinct(keys: list[str]) -> None:
    if not keys:
        raise StickgenError("name at least one key: KEY=a,b,c")
    for key in keys:
        if keys.count(key) > 1:
            raise StickgenError(f"{key}: it is named twice")
