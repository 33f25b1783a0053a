"""The catalogue knows every run, reads what is new and no more, and does without its cache."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from catalogue_runs import Make, write

from stickgen.catalogue import catalogue as module
from stickgen.catalogue.catalogue import Catalogue
from stickgen.catalogue.choosing import chosen, needs, ordered
from stickgen.catalogue.differing import differing, measured
from stickgen.catalogue.kept import Kept
from stickgen.errors import StickgenError
from stickgen.folders import cache_path
from stickgen.record_log import decode_lines
from stickgen.runs.labels import Labels, change_tags, read_labels, write_note
from stickgen.runs.process import describe_process


def names(catalogue: Catalogue, query: str, **order: object) -> list[str]:
    entries = catalogue.look()
    return [e.run.name for e in chosen(entries, catalogue.query(query), **order)]  # type: ignore[arg-type]


@pytest.fixture
def three(root: Path, make: Make) -> Catalogue:
    make("calm-otter", [0.5, 0.1, 0.3], training__optimizer="muon")
    make("brisk-fox", [0.4, 0.2, 0.2], training__epochs=7)
    make("wise-owl", [0.9, None], status=1)
    return Catalogue(root)


def test_runs_are_found_by_metrics_config_labels_and_status(three: Catalogue) -> None:
    change_tags(three.look()[1].run, add=["baseline"])
    assert names(three, "val.loss<0.25") == ["brisk-fox"]
    assert names(three, "val.loss.best<0.25") == ["brisk-fox", "calm-otter"]
    assert names(three, "optimizer=muon or status:failed") == ["wise-owl", "calm-otter"]
    assert names(three, "tag:baseline epochs=7") == ["brisk-fox"]
    assert names(three, "") == ["wise-owl", "brisk-fox", "calm-otter"]  # the newest first


def test_sorted_by_any_figure_what_lacks_it_comes_last(three: Catalogue) -> None:
    assert names(three, "", sort="val.loss_pose") == ["brisk-fox", "calm-otter", "wise-owl"]
    assert names(three, "", sort="val.loss_pose", best=True) == ["calm-otter", "brisk-fox", "wise-owl"]
    assert names(three, "", sort="val.loss_pose", reverse=True) == ["calm-otter", "brisk-fox", "wise-owl"]
    assert names(three, "", sort="name") == ["brisk-fox", "calm-otter", "wise-owl"]
    assert names(three, "", sort="created") == ["wise-owl", "brisk-fox", "calm-otter"]
    smoothed = ordered(three.look(), "loss", smoothed=True)
    values = [entry.figures["loss"].smoothed for entry in smoothed]
    assert values == sorted(values) and values[0] == pytest.approx(sum(2 / s for s in range(1, 31)) / 30)


def test_what_was_read_is_not_read_again(three: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    first = three.look()
    read: list[int] = []

    def counting(lines: list[bytes]) -> list[dict[str, Any]]:
        read.append(len(lines))
        return decode_lines(lines)

    monkeypatch.setattr("stickgen.record_log.decode_lines", counting)
    monkeypatch.setattr(module, "_values_of", lambda run: pytest.fail("a config was read again"))
    again = Catalogue(three.root).look()  # another process would find the same cache
    assert not read
    assert [(e.run.name, repr(e.figures), e.config) for e in again] == [
        (e.run.name, repr(e.figures), e.config) for e in first
    ]
    run = first[1].run
    write(run, [0.01], start=30)
    (grown,) = (e for e in Catalogue(three.root).look() if e.run.name == run.name)
    assert sum(read) == 11 and grown.figures["val.loss"].last == 0.01


def test_a_log_that_was_replaced_is_read_from_its_start(three: Catalogue) -> None:
    run = three.look()[2].run
    run.metrics_path.unlink()
    write(run, [0.7])
    for catalogue in (three, Catalogue(three.root)):
        assert catalogue.entry(run).figures["val.loss"].best == 0.7


@pytest.mark.parametrize("damage", [b"no database at all" * 100, b""], ids=["damaged", "empty"])
def test_without_a_cache_it_is_only_slower(three: Catalogue, damage: bytes) -> None:
    expected = names(three, "", sort="val.loss")
    place = cache_path("runs-1.sqlite")
    place.write_bytes(damage)
    assert names(Catalogue(three.root), "", sort="val.loss") == expected
    assert names(Catalogue(three.root), "", sort="val.loss") == expected
    unwritable = Kept(Path("/proc/none/here.sqlite"))
    assert names(Catalogue(three.root, kept=unwritable), "", sort="val.loss") == expected


def test_a_run_that_is_gone_is_forgotten(three: Catalogue) -> None:
    three.look()
    gone = three.root / "calm-otter"
    (gone / "run.json").unlink()
    (gone / "run-copy.json").unlink()
    Catalogue(three.root).look()
    assert str(gone / "metrics.jsonl") not in Kept().logs(three.root)


def test_an_odd_run_does_not_hide_the_others(three: Catalogue) -> None:
    odd = three.root / "brisk-fox"
    (odd / "config.yaml").write_bytes(b"\xff{")
    (odd / "metrics.jsonl").unlink()
    (odd / "metrics.jsonl").mkdir()
    (odd / "tags.json").write_text("[")
    entry = next(e for e in Catalogue(three.root).look() if e.run.name == "brisk-fox")
    assert (entry.figures, entry.config, entry.labels) == ({}, {}, Labels())


def test_only_what_is_asked_for_is_read(three: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    assert needs(["status", "name"]) == (False, False) and needs(["val.loss", "training.seed"]) == (
        True,
        True,
    )
    monkeypatch.setattr(module, "RecordReader", lambda path: pytest.fail("a log was read"))
    assert len(three.look(figures=False, config=False)) == 3


def test_only_the_keys_that_differ(three: Catalogue) -> None:
    entries = [e for e in reversed(three.look()) if e.run.name != "wise-owl"]
    rows = {row.name: row.values for row in differing(entries)}
    assert set(rows) == {"training.optimizer", "training.epochs"}
    assert rows["training.optimizer"] == ("muon", entries[1].config["training.optimizer"])
    figures = {row.name: [f.best if f else None for f in row.values] for row in measured(entries)}
    assert figures["val.loss"] == [0.1, 0.2] and "lr" not in figures


def test_labels_are_kept_and_a_damaged_file_is_not_written_over(three: Catalogue) -> None:
    run = three.look()[0].run
    change_tags(run, add=["b", "a/1"])
    write_note(run, " the left hand lags \n")
    assert change_tags(run, add=["c"], remove=["b", "z"]) == Labels(("a/1", "c"), "the left hand lags")
    assert read_labels(run).tags == ("a/1", "c") and (run.path / "tags.json").stat().st_mode & 0o777 == 0o600
    for wrong in ("", "a b", "x" * 41, "-a", "\x1b[m"):
        with pytest.raises(StickgenError, match="is no tag"):
            change_tags(run, add=[wrong])
    with pytest.raises(StickgenError, match="at most 4,000"):
        write_note(run, "x" * 5000)
    (run.path / "tags.json").write_text('{"tags": 3}')
    with pytest.raises(StickgenError, match="damaged"):
        change_tags(run, add=["c"])
    assert (run.path / "tags.json").read_text() == '{"tags": 3}'
    (run.path / "tags.json").unlink()
    (run.path / "tags.json").symlink_to("/etc/hostname")
    with pytest.raises(StickgenError, match="it is a link"):
        write_note(run, "x")


def test_a_run_that_is_going_comes_first(three: Catalogue) -> None:
    run = three.root / "calm-otter"
    (run / "exit.json").unlink()
    identity = json.loads((run / "run.json").read_text())
    identity["launches"] = [describe_process(os.getpid())]
    (run / "run.json").write_text(json.dumps(identity))
    before = three.look()
    assert [e.run.name for e in chosen(before, three.query(""))][0] == "calm-otter"
