"""The examples of docs/python.md run, in order, beside a dataset and a run as a reader would have them."""

from __future__ import annotations

import doctest
import re
import shutil
import sys
from pathlib import Path

import pytest

from stickgen.config.key import Value

sys.path.insert(0, str(Path(__file__).parent / "train"))
from hashing_encoder import HashingEncoder

import stickgen.api
from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.runs.store import create_run
from stickgen.train.loop import Trainer

TINY: dict[str, Value] = {
    "model.embedding_dim": 16, "model.d_model": 16, "model.nhead": 2, "model.num_layers": 1,
    "training.batch_size": 64, "training.grad_accum_steps": 1, "training.epochs": 2,
    "training.compile": "never", "logging.log_interval": 1, "logging.sample_minutes": 0.0,
    "evaluation.every_minutes": 0.0, "diffusion.sampling_steps": 2,
}  # fmt: skip


@pytest.fixture
def workplace(tmp_path: Path, repo: Path, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with configs/, data/mine.pt and one finished run."""
    shutil.copytree(repo / "configs", tmp_path / "configs")
    (tmp_path / "data").mkdir()
    shutil.copy(tiny_dataset, tmp_path / "data" / "mine.pt")
    config = TrainingConfig(preset_path("quickstart"), {**TINY, "data.train_data": "data/mine.pt"})
    monkeypatch.chdir(tmp_path)
    run = create_run(
        config,
        root=tmp_path / "runs",
        path=tmp_path / "runs" / "first-light",
        data_path=str(tmp_path / "data" / "mine.pt"),
    )
    assert Trainer(run).train() == 0
    monkeypatch.setattr(stickgen.api, "load_encoder", lambda name: HashingEncoder())
    return tmp_path


def test_the_examples_do_what_the_page_says(workplace: Path, repo: Path) -> None:
    page = (repo / "docs" / "python.md").read_text(encoding="utf-8")
    examples = "\n".join(re.findall(r"```pycon\n(.*?)```", page, flags=re.DOTALL))
    test = doctest.DocTestParser().get_doctest(examples, {}, "docs/python.md", "docs/python.md", 0)
    assert len(test.examples) > 15
    report: list[str] = []
    failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append).failed
    assert not failed, "".join(report)


def test_every_public_name_is_there_and_on_the_page(repo: Path) -> None:
    page = (repo / "docs" / "python.md").read_text(encoding="utf-8")
    for name in stickgen.api.__all__:
        assert hasattr(stickgen.api, name)
    functions = [name for name in stickgen.api.__all__ if name[0].islower() and name != "runs_root"]
    assert all(f"{name}(" in page for name in functions)


def test_type_checkers_may_use_our_types(repo: Path) -> None:
    assert all((repo / package / "py.typed").is_file() for package in ("stickgen", "stickgen_tui"))
