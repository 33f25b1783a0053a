"""What is looked at before a launch, each in a sentence that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from stickgen.runs.dataset_facts import DatasetFacts, write_dataset_facts
from stickgen_tui.launching import forecast, preflight, start
from stickgen_tui.widgets.forecast_line import forecast_content


def dataset(path: Path, embedding_dim: int | None) -> None:
    """A file with facts beside it; nobody here opens the file itself."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"stands for a dataset")
    write_dataset_facts(path, DatasetFacts(
        clips=231, frames=36401, mean_frames=140.0, longest_frames=1584, clips_train=208, clips_val=23,
        frames_train=30864, texts=208, embedding_dim=embedding_dim, encoder="offline", sources=("CMU",),
        licences=("free",), fingerprint="0" * 64,
    ))  # fmt: skip


def test_a_missing_dataset_names_the_command_that_makes_it(config: Path) -> None:
    (error,) = preflight(config).errors
    assert error.text.startswith("no dataset at data/quickstart.pt")
    assert "stickgen data import" in error.text and "stickgen data embed data/quickstart.pt" in error.text


def test_a_dataset_without_or_with_other_embeddings_is_refused(config: Path) -> None:
    dataset(Path("data/quickstart.pt"), None)
    assert "stickgen data embed" in preflight(config).errors[0].text
    dataset(Path("data/quickstart.pt"), 1024)
    assert "set model.embedding_dim to 1024" in preflight(config).errors[0].text


def test_with_all_in_order_it_says_what_it_will_train_on(config: Path) -> None:
    dataset(Path("data/quickstart.pt"), 384)
    looked = preflight(config)
    assert looked.errors == []
    assert looked.checks[0].text == "dataset data/quickstart.pt: 231 clips, embeddings of 384"


def test_the_variable_wins_over_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset(Path("elsewhere.pt").absolute(), 384)
    monkeypatch.setenv("TRAIN_DATA_PATH", "elsewhere.pt")
    assert preflight(config).checks[0].text.startswith("dataset elsewhere.pt")


def test_a_broken_config_is_an_error_line_and_no_traceback(config: Path) -> None:
    config.write_text("model: [unclosed\n")
    looked = preflight(config)
    assert len(looked.errors) == 1 and "quickstart.yaml" in looked.errors[0].text
    assert preflight(Path("nowhere.yaml")).errors


def test_the_forecast_counts_what_the_config_says(config: Path) -> None:
    found = forecast(config.read_bytes(), "quickstart")
    assert found.error is None and found.effective_batch == 32 and found.dataset_missing
    assert found.parameters is not None and 1_000_000 < found.parameters < 1_500_000
    assert "effective batch 32" in forecast_content(found).plain
    assert "no dataset yet" in forecast_content(found).plain


def test_a_config_with_errors_has_no_forecast_but_a_reason() -> None:
    found = forecast(b"model:\n  nhead: seven\n", "mine.yaml")
    assert found.error is not None and "mine.yaml:2" in found.error
    assert forecast_content(found).plain.startswith("✗ ")


def test_a_start_makes_a_run_of_these_bytes_and_launches_it(
    config: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched = []
    monkeypatch.setattr("stickgen.runs.launch.launch", launched.append)
    run = start(config, workplace / "runs")
    assert launched == [run]
    assert run.config_bytes == config.read_bytes()
    assert run.identity["data_path"] == str(workplace / "data" / "quickstart.pt")
