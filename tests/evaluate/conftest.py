"""Made-up motion that the tests of this room share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_judge import silent, small_dataset, trained_quickly

from stickgen.data.clip import Clip
from stickgen.data.dataset import DatasetFile
from stickgen.data.synthetic import synthesize
from stickgen.evaluate.admission import Admission, admit
from stickgen.evaluate.evaluator import Evaluator


@pytest.fixture(scope="session")
def synthetic_clips() -> list[Clip]:
    """Enough of all actions that each side of each contrast is told in some."""
    return list(synthesize(2500, seed=41))


@pytest.fixture(scope="session")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> DatasetFile:
    """Made-up motion of six actions."""
    return small_dataset(tmp_path_factory.mktemp("small") / "small.pt")


@pytest.fixture(scope="session")
def judge_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the judge of this room is kept."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def judge(small_file: DatasetFile, judge_cache: Path) -> Iterator[Evaluator]:
    """An evaluator of it, trained once for all tests of the room."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(judge_cache))
        judge = trained_quickly(small_file, patch)
    yield judge


@pytest.fixture(scope="session")
def tested(judge: Evaluator, judge_cache: Path) -> Admission:
    """What that evaluator's figures say of damaged motion."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(judge_cache))
        return admit(judge, silent)
