"""What is looked at before a launch, each in a sentence that says what to do."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from on_screen import screen_text, until

from stickgen.config.loading import TrainingConfig
from stickgen.datasets.facts import DatasetFacts, write_dataset_facts
from stickgen.runs.store import Run
from stickgen.yaml_edit import Document
from stickgen_tui.app import StickgenApp
from stickgen_tui.launching.forecasting import forecast, look_around
from stickgen_tui.launching.preflight import preflight, start
from stickgen_tui.screens.editor import EditorScreen
from stickgen_tui.widgets.forecast_line import forecast_content


def dataset(path: Path, embedding_dim: int | None) -> None:
    """A file with facts beside it; nobody here looks further than that it is a zip file."""
    path.parent.mkdir(exist_ok=True)
    zipfile.ZipFile(path, "w").close()
    write_dataset_facts(path, DatasetFacts(
        clips=231, frames=36401, mean_frames=140.0, longest_frames=1584, clips_train=208, clips_val=23,
        frames_train=30864, texts=208, embedding_dim=embedding_dim, encoder="offline", sources=("CMU",),
        licences=("free",), fingerprint="0" * 64,
    ))  # fmt: skip


def test_a_missing_dataset_says_what_to_do_in_the_app(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = preflight(config)
    (error,) = looked.errors
    assert error.text == (
        "data/quickstart.pt: there is no such dataset yet; launch to make, import or choose one"
    )
    assert looked.asks_for_data
    monkeypatch.setenv("TRAIN_DATA_PATH", "elsewhere.pt")
    assert not preflight(config).asks_for_data  # another dataset in the config would change nothing


def test_a_dataset_without_or_with_other_embeddings_is_refused(config: Path) -> None:
    dataset(Path("data/quickstart.pt"), None)
    assert "stickgen data embed" in preflight(config).errors[0].text
    dataset(Path("data/quickstart.pt"), 1024)
    looked = preflight(config)
    assert "1024 wide, but model.embedding_dim is 384" in looked.errors[0].text
    assert looked.fix == (("model.embedding_dim", 1024),)
    Path("data/quickstart.pt").write_text("a list of clips")
    assert "not a dataset, but a text file" in preflight(config).errors[0].text


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
    read = TrainingConfig(config)
    found = forecast(read, look_around(read, None))
    assert found.effective_batch == 64 and found.steps_per_epoch is None
    assert 1_000_000 < found.parameters < 1_500_000
    text = forecast_content(found).plain
    assert "effective batch 64" in text and "no dataset yet" in text and "a step" in text


def test_a_change_is_shown_as_one_and_what_stays_is_not(config: Path) -> None:
    dataset(Path("data/quickstart.pt"), 384)
    read = TrainingConfig(config)
    around = look_around(read, None)
    before, after = forecast(read, around), forecast(read, around, ("training.batch_size", 64))
    text = forecast_content(after, before).plain
    assert "effective batch 64 → 256" in text and "4 → 1 step an epoch" in text
    peak = text.splitlines()[2]
    assert peak.startswith("peak on cpu ") and " → " in peak
    assert "1.3 M parameters" in text and "→ 1.3 M" not in text
    assert "→" not in forecast_content(before, before).plain


def test_a_run_that_does_not_fit_brings_the_edit_that_makes_it_fit(config: Path) -> None:
    dataset(Path("data/quickstart.pt"), 384)
    document = Document.open(config)
    document.set("model.d_model", 1536)
    document.set("model.num_layers", 24)
    document.save()
    looked = preflight(config)
    assert looked.errors == [] and "training needs about" in looked.warnings[0].text
    # on a disk that is nearly full there is a warning more
    assert any("it would fit with d_model 1536 → " in warning.text for warning in looked.warnings[1:])
    assert looked.fix[0][0] == "model.d_model"


def test_a_start_makes_a_run_of_these_bytes_and_launches_it(
    config: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[Run] = []
    monkeypatch.setattr("stickgen.runs.launch.launch", launched.append)
    dataset(Path("data/quickstart.pt"), 384)
    found = preflight(config).found
    assert found is not None
    run = start(found, workplace / "runs")
    assert launched == [run]
    assert run.config_bytes == config.read_bytes()
    assert run.identity["data_path"] == str(workplace / "data" / "quickstart.pt")


async def test_the_command_of_a_launch_is_copied(app: StickgenApp, config: Path) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "quickstart" in screen_text(app))
        await pilot.press("C")
        assert app.clipboard.startswith(f"stickgen train --config {config} ")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        app.copy_to_clipboard("")
        await pilot.press("C")
        assert app.clipboard.startswith(f"stickgen train --config {config} ")
