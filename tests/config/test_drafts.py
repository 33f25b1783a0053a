"""No edit is lost with the terminal: journals, and the drafts that are found in them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stickgen.config import drafts
from stickgen.config.drafts import Journal
from stickgen.errors import StickgenError
from stickgen.record_log import decode
from stickgen.yaml_edit import Document, SaveConflictError

TEXT = "model:\n  d_model: 384   # wide\n  nhead: 12\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text(TEXT)
    return path


def leave(document: Document) -> None:
    """End the editor as a kill would: nothing is saved or discarded."""
    assert isinstance(document.journal, Journal)
    document.journal.close()


def edited(config: Path) -> Document:
    document = Document.open(config)
    drafts.keep(document)
    document.set("model.d_model", 256)
    document.set("model.nhead", 8)
    return document


def test_no_edit_no_draft_and_a_living_editors_draft_is_not_offered(config: Path) -> None:
    document = Document.open(config)
    drafts.keep(document)
    assert not drafts.drafts_directory().exists()
    document.set("model.nhead", 8)
    assert drafts.find(config) is None  # this editor lives
    leave(document)
    assert drafts.find(config) is not None


def test_a_draft_brings_bytes_undo_and_redo_and_goes_on(config: Path) -> None:
    document = edited(config)
    document.set("model.nhead", 4)
    document.undo()
    leave(document)
    draft = drafts.find(config)
    assert draft is not None
    assert (draft.path, draft.edits, draft.file_changed) == (config, 2, False)
    assert draft.base == TEXT.encode()
    again = draft.open()
    assert again.data == draft.data == document.data
    assert again.dirty
    assert again.redo()
    assert again.get("model.nhead") == 4
    while again.undo():
        pass
    assert again.data == TEXT.encode()
    while again.redo():
        pass
    again.set("model.dropout", 0.5)
    leave(again)
    draft = drafts.find(config)
    assert draft is not None
    assert draft.data == again.data


def test_saving_and_discarding_end_the_draft(config: Path) -> None:
    document = edited(config)
    document.save()
    leave(document)
    assert drafts.find_all() == []
    document.set("model.nhead", 4)
    assert document.journal is not None
    document.journal.discard()
    assert list(drafts.drafts_directory().iterdir()) == []


def test_a_draft_whose_file_changed_saves_only_over_a_conflict(config: Path) -> None:
    leave(edited(config))
    config.write_text("model: {}\n")
    draft = drafts.find(config)
    assert draft is not None
    assert draft.file_changed
    with pytest.raises(SaveConflictError):
        draft.open().save()
    assert config.read_text() == "model: {}\n"


def test_modes_links_and_names(config: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(config)
    leave(edited(link))
    assert drafts.find(config) is not None  # a file is the same by every name
    (journal,) = drafts.drafts_directory().iterdir()
    assert journal.stat().st_mode & 0o777 == 0o600
    assert journal.parent.stat().st_mode & 0o777 == 0o700
    draft = drafts.find(link)
    assert draft is not None
    draft.discard()
    assert drafts.find(config) is None


def test_one_draft_is_taken_by_one_editor(config: Path) -> None:
    leave(edited(config))
    one, two = drafts.find(config), drafts.find(config)
    assert one is not None
    assert two is not None
    document = one.open()
    with pytest.raises(StickgenError, match="another editor"):
        two.open()
    leave(document)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 2000), garbage=st.binary(max_size=20))
def test_a_torn_journal_costs_its_tail_alone(config: Path, cut: int, garbage: bytes) -> None:
    for old in drafts.find_all():
        old.discard()
    document = edited(config)
    leave(document)
    states = [TEXT.encode(), TEXT.replace("384", "256").encode(), document.data]
    (journal,) = drafts.drafts_directory().iterdir()
    whole = journal.read_bytes()
    journal.write_bytes(whole[: min(cut, len(whole))] + garbage)
    draft = drafts.find(config)
    if draft is not None:
        assert draft.data in states
        again = draft.open()
        again.set("model.nhead", 2)
        leave(again)
        found = drafts.find(config)
        assert found is not None
        assert found.data == again.data
    journal.unlink(missing_ok=True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.one_of(st.just("undo"), st.just("redo"), st.integers(1, 9)), max_size=12))
def test_any_chain_of_edits_comes_back(config: Path, steps: list[str | int]) -> None:
    document = Document.open(config)
    drafts.keep(document)
    for step in steps:
        if isinstance(step, int):
            document.set("model.nhead", step)
        else:
            document.undo() if step == "undo" else document.redo()
    leave(document)
    draft = drafts.find(config)
    assert (draft.data if draft else TEXT.encode()) == document.data
    if draft is not None:
        again = draft.open()
        for which in ("undo", "redo"):
            while getattr(document, which)():
                assert getattr(again, which)()
                assert again.data == document.data
        draft.discard()


def test_a_folder_that_cannot_be_written_costs_no_edit(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(config))  # a file where a folder should be
    document = edited(config)
    assert document.get("model.nhead") == 8
    assert document.journal is not None
    assert "not kept" in str(document.journal.failure)


def test_a_full_disk_in_the_middle_leaves_the_last_state_readable(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = edited(config)
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:7]))  # a short write
    document.set("model.nhead", 4)
    assert document.journal is not None
    assert document.journal.failure
    monkeypatch.setattr(os, "write", write)
    document.undo()
    document.set("model.nhead", 2)
    assert document.journal.failure is None
    leave(document)
    draft = drafts.find(config)
    assert draft is not None
    assert draft.data == document.data


@pytest.mark.parametrize("name", [signal.SIGKILL, signal.SIGHUP])
def test_a_killed_editor_leaves_every_edit(config: Path, name: signal.Signals) -> None:
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"  # whoever runs the tests may have it ignored
        "from stickgen.config import drafts\n"
        "from stickgen.yaml_edit.document import Document\n"
        f"document = Document.open({str(config)!r}); drafts.keep(document)\n"
        "for nhead in range(1, 40): document.set('model.nhead', nhead)\n"
        "print('edited', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "edited\n"
    assert drafts.find(config) is None
    process.send_signal(name)
    process.wait(10)
    process.stdout.close()
    draft = drafts.find(config)
    assert draft is not None
    assert draft.edits == 39
    assert draft.open().get("model.nhead") == 39


def in_the_older_format(journal: Path, lines: slice) -> None:
    """Write some lines of a journal as versions did that put the CRC first."""
    found = journal.read_bytes().splitlines()
    for at in range(*lines.indices(len(found))):
        body = json.dumps(decode(found[at])).encode()
        found[at] = b"%08x %s" % (zlib.crc32(body), body)
    journal.write_bytes(b"".join(line + b"\n" for line in found))


@pytest.mark.parametrize("lines", [slice(None), slice(1)])
def test_a_draft_of_an_older_version_is_found_and_goes_on(config: Path, lines: slice) -> None:
    """All of it, and one that a newer version went on with."""
    document = edited(config)
    leave(document)
    (journal,) = drafts.drafts_directory().iterdir()
    in_the_older_format(journal, lines)
    draft = drafts.find(config)
    assert draft is not None and draft.data == document.data and draft.edits == 2
    again = draft.open()
    again.set("model.dropout", 0.5)
    leave(again)
    draft = drafts.find(config)
    assert draft is not None and draft.data == again.data and draft.edits == 3


def test_a_damaged_line_of_the_older_format_ends_the_draft_there(config: Path) -> None:
    leave(edited(config))
    (journal,) = drafts.drafts_directory().iterdir()
    in_the_older_format(journal, slice(None))
    data = bytearray(journal.read_bytes())
    data[-3] ^= 1
    journal.write_bytes(data)
    draft = drafts.find(config)
    assert draft is not None and draft.edits == 1
