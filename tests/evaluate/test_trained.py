"""What was trained comes back from the cache whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from stickgen.evaluate import trained


def test_what_was_kept_comes_back_with_its_digest() -> None:
    tensors = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2, dtype=torch.int64)}
    facts = trained.keep("thing", "k", tensors, {"texts": ["ü", "\n"]})
    found = trained.load("thing", "k")
    assert found is not None
    assert all(torch.equal(found[0][name], tensors[name]) for name in tensors)
    assert found[1] == facts and facts["texts"] == ["ü", "\n"]
    assert facts["digest"] != trained.digest_of({**tensors, "b": torch.zeros(2, dtype=torch.int64)})


def test_a_file_that_is_damaged_or_of_another_kind_counts_for_nothing() -> None:
    trained.keep("thing", "k", {"a": torch.zeros(1000)}, {})
    path = trained.evaluators_folder() / "thing-k.safetensors"
    whole = path.read_bytes()
    for broken in (
        b"",
        whole[:200],
        whole[:-4],
        whole[:-4] + b"\x01\x02\x03\x04",
        b"PK\x03\x04 pickle",
        b"\xff" * 64,
    ):
        path.write_bytes(broken)
        assert trained.load("thing", "k") is None
    path.write_bytes(whole)
    assert trained.load("thing", "k") is not None
    assert trained.load("thing", "other") is None


def test_a_cache_that_cannot_be_written_costs_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert trained.keep("thing", "k", {"a": torch.zeros(2)}, {})["digest"]
    assert trained.load("thing", "k") is None
