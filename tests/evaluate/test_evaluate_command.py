"""`stickgen evaluate` from the shell: one run, two, a checkpoint, and what it says of wrong input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from small_judge import FRAMES, HELD_OUT, word_features

from stickgen.cli import root
from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.data.dataset import DatasetFile, save_dataset
from stickgen.errors import StickgenError
from stickgen.evaluate import evaluator, figures
from stickgen.evaluate.evaluator import Evaluator
from stickgen.runs.store import create_run
from stickgen.train.loop import Trainer


@pytest.fixture(scope="module")
def runs(small_file: DatasetFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two steps, `one`."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("runs")
    config = TrainingConfig(
        preset_path("quickstart"),
        {
            "model.embedding_dim": 24, "model.d_model": 32, "model.nhead": 4, "model.num_layers": 1,
            "data.max_frames": FRAMES, "training.val_fraction": HELD_OUT, "diffusion.sampling_steps": 2,
            "training.batch_size": 4, "training.grad_accum_steps": 1,
        },
    )  # fmt: skip
    run = create_run(config, root=folder, name="one", data_path=str(small_file.path), max_steps=2)
    assert Trainer(run).train() == 0
    return folder


@pytest.fixture
def evaluate(runs: Path, judge: Evaluator, judge_cache: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """The command, with the judge of this room."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(judge_cache))
    monkeypatch.setenv("STICKGEN_RUNS", str(runs))
    monkeypatch.setattr(evaluator, "SEEDS", 1)
    monkeypatch.setattr(figures, "SAMPLES", 100)
    monkeypatch.setattr(evaluator, "token_features", word_features)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(root, ["evaluate", "--no-contrast", *arguments], catch_exceptions=False)

    return call


def test_a_run_is_told_of_in_a_table_and_a_page(evaluate, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    page = tmp_path / "page.html"
    result = evaluate("one", "--clips", "64", "--repeats", "1", "--report", str(page))
    assert result.exit_code == 0, result.output
    for told in ("skating share", "mean pose", "retrieval", "shuffled", "one"):
        assert told in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines() if not line.startswith("report"))
    assert page.read_text().startswith("<!doctype html>")


def test_a_run_and_its_checkpoint_are_two_models_without_a_difference(evaluate, runs: Path) -> None:  # type: ignore[no-untyped-def]
    checkpoint = str(next(runs.glob("*-one/checkpoints/step_*")))
    told = json.loads(evaluate("one", checkpoint, "--clips", "64", "--repeats", "1", "--json").stdout)
    assert told["figures"]["one"] == told["figures"][checkpoint]
    assert told["prompts"] > 16
    assert {each["better"] for each in told["differences"]} == {None}
    assert "skate_ratio" in {each["figure"] for each in told["differences"]}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing",), "no run is called 'nothing'"),
        (("one", "one"), "twice"),
        (("one", "--data", "missing.pt"), "missing.pt: there is no such dataset"),
        (("one", "--report", "page.pdf"), "name a .html file"),
    ],
)
def test_wrong_input_is_one_sentence(evaluate, arguments: tuple[str, ...], said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(StickgenError, match=said) as told:
        evaluate(*arguments)
    assert told.value.exit_code == 2 and "\n" not in str(told.value)


def test_a_dataset_that_does_not_fit_is_refused_before_anything_is_trained(  # type: ignore[no-untyped-def]
    evaluate, small_file: DatasetFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = {key: value for key, value in small_file.content.items() if key != "embeddings"}
    save_dataset(tmp_path / "bare.pt", bare)
    monkeypatch.setattr(
        "stickgen.evaluate.evaluator.load_or_train", lambda *_, **__: pytest.fail("it trained")
    )
    with pytest.raises(StickgenError, match="its texts are not embedded yet; run: stickgen data embed"):
        evaluate("one", "--data", str(tmp_path / "bare.pt"))


def test_a_file_that_is_no_report_is_not_written_over(evaluate, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    page = tmp_path / "thesis.html"
    page.write_text("<html>mine</html>")
    with pytest.raises(StickgenError, match="not an evaluation's report"):
        evaluate("one", "--report", str(page), "--force")
    assert page.read_text() == "<html>mine</html>"
