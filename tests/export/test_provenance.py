"""Licences and sources travel with weights, whatever they started from; no place on somebody's machine does."""

from __future__ import annotations

import errno
import json
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from stickgen.config import TrainingConfig
from stickgen.config.presets import preset_path
from stickgen.data.clip import Clip
from stickgen.data.dataset import pack, save_dataset
from stickgen.errors import StickgenError
from stickgen.export import folder
from stickgen.export.card import local_name
from stickgen.export.folder import export, without_places
from stickgen.runs.store import Run, create_run
from stickgen.train.checkpoints.checkpoint import newest_checkpoint
from stickgen.train.loop import Trainer

torch.set_num_threads(1)
SMALL = {
    "model.embedding_dim": 16, "model.d_model": 32, "model.nhead": 4, "model.num_layers": 1,
    "training.batch_size": 8, "training.grad_accum_steps": 1, "training.epochs": 1, "training.compile": "never",
    "logging.sample_minutes": 0.0, "diffusion.sampling_steps": 1,
}  # fmt: skip


def dataset(path: Path, licence: str, source: str) -> Path:
    rng = np.random.default_rng(0)
    clips = [
        Clip(rng.normal(0.4, 0.1, (16, 20)).astype(np.float32), [f"t{n}"], np.zeros(16, np.int16), source, licence, "n")
        for n in range(12)
    ]  # fmt: skip
    content = pack(clips)
    content["embeddings"] = torch.randn(len(content["texts"]), 16)
    save_dataset(path, content)
    return path


def trained(root: Path, data: Path, name: str, start: Run | None = None, **settings: Any) -> Run:
    config = TrainingConfig(preset_path("quickstart"), {**SMALL, **settings})  # type: ignore[dict-item]
    facts: dict[str, Any] = {} if start is None else {"init_from": str(start.checkpoints[-1])}
    run = create_run(config, root=root, name=name, data_path=str(data), **facts)
    assert Trainer(run).train() == 0
    return run


def card(run: Run, folder: Path) -> str:
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None
    export(checkpoint, folder)
    return "".join(
        path.read_text() for path in (folder / "README.md", folder / "config.yaml", folder / "config.json")
    )


def test_the_licences_of_all_ancestors_are_in_the_card_and_no_place_is(tmp_path: Path) -> None:
    private = tmp_path / "home" / "somebody"
    private.mkdir(parents=True)
    first = dataset(private / "captures.pt", "CC BY-NC 4.0", f"{private}/walks.zip")
    second = dataset(private / "more.pt", "CC BY-SA 4.0", "more")
    made = dataset(private / "made.pt", "MIT", "synthetic")
    grandparent = trained(tmp_path, first, "grandparent", **{"data.train_data": str(first)})  # type: ignore[arg-type]
    parent = trained(tmp_path, second, "parent", grandparent)
    child = trained(tmp_path, made, "child", parent, **{"data.encoder": str(private / "encoder")})
    assert [a["dataset"]["licences"] for a in child.identity["ancestors"]] == [
        ["CC BY-SA 4.0"],
        ["CC BY-NC 4.0"],
    ]
    shutil.rmtree(grandparent.path)
    shutil.rmtree(parent.path)
    for path in (first, second, made):
        path.unlink()  # the card needs none of it
    text = card(child, tmp_path / "exported")
    assert "Licences of all training data: CC BY-NC 4.0; CC BY-SA 4.0; MIT." in text
    assert "walks.zip" in text and "-grandparent`" in text and "after step 2 there" in text
    assert str(tmp_path) not in text and "somebody" not in text


def test_an_ancestor_of_which_nothing_is_known_is_said_to_be_so(tmp_path: Path) -> None:
    data = dataset(tmp_path / "d.pt", "MIT", "s")
    run = trained(tmp_path, data, "child")
    folder = run.checkpoints[-1]
    trainer = json.loads((folder / "trainer.json").read_text())
    for name in ("dataset", "ancestors"):
        del trainer[name]  # as an older version wrote it
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None
    checkpoint.trainer.clear()
    checkpoint.trainer.update(trainer)
    run.update_identity(init_from="/home/somebody/runs/gone/checkpoints/step_00000009")
    export(checkpoint, tmp_path / "exported")
    text = (tmp_path / "exported" / "README.md").read_text()
    assert "MIT; and of data that is no longer known." in text
    assert "`gone`" in text and "/home/somebody" not in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/me/data.pt", "data.pt"), ("~/x/enc", "enc"), (r"C:\Users\me\enc", "enc"), (r"\\server\share\d", "d"),
        ("BAAI/bge-large-en-v1.5", "BAAI/bge-large-en-v1.5"), ("data/x.pt", "data/x.pt"), ("offline", "offline"),
        ("https://example.org/a", "https://example.org/a"),
    ],
)  # fmt: skip
def test_of_an_absolute_path_only_the_name_is_told(text: str, shown: str) -> None:
    assert local_name(text) == shown


def test_a_config_without_absolute_paths_is_exported_byte_for_byte() -> None:
    data = b"# mine\ndata:\n  train_data: data/x.pt   # here\n"
    assert without_places(data) == data
    shortened = without_places(data.replace(b"data/x.pt", b"/home/me/x.pt"))
    assert shortened.split() == data.replace(b"data/x.pt", b"x.pt").split()


@pytest.fixture
def little_room() -> Iterator[None]:
    """No file of more than 20 kB can be written, as on a disk that is nearly full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("kind", ["safetensors", pytest.param("torch", marks=pytest.mark.drill)])
def test_an_export_that_finds_no_room_is_a_sentence_and_leaves_nothing(
    tmp_path: Path, tiny_dataset: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    run = trained(tmp_path / "runs", tiny_dataset, "r")
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None
    request.getfixturevalue("little_room")
    with pytest.raises(StickgenError, match="cannot be written"):
        export(checkpoint, tmp_path / "out" / "model", (kind,))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError(
            "[enforce fail at inline_container.cc:778] . PytorchStreamWriter failed writing file data/0"
        ),
    ],
)
def test_an_onnx_program_that_finds_no_room_is_a_sentence_and_leaves_nothing(
    tmp_path: Path, tiny_dataset: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(tmp_path / "runs", tiny_dataset, "r")
    checkpoint, _ = newest_checkpoint(run.checkpoints_dir)
    assert checkpoint is not None

    def write(program: object, traced: object, path: Path) -> float:
        path.write_bytes(b"the half of it")
        raise error

    monkeypatch.setattr(folder, "check_onnx", lambda: None)
    monkeypatch.setattr(folder, "trace", lambda program: None)
    monkeypatch.setattr(folder, "write_onnx", write)
    with pytest.raises(StickgenError, match="cannot be written .*; nothing was left behind"):
        export(checkpoint, tmp_path / "out" / "model", ("onnx",))
    assert list((tmp_path / "out").iterdir()) == []
