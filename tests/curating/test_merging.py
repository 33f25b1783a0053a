"""A merged dataset holds each motion once, and all that was known of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from stickgen.cli.data import command
from stickgen.data.clip import Clip
from stickgen.data.dataset import DatasetFile, open_dataset, pack, save_dataset
from stickgen.data.mirroring import with_mirrors
from stickgen.data.split import TEST, UNDECIDED, VALIDATION
from stickgen.errors import StickgenError


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def clip(seed: int, *texts: str, action: int = -1, **known: Any) -> Clip:
    rng = np.random.default_rng(seed)
    motion = rng.normal(0.5, 0.2, size=(14 + seed, 20)).astype(np.float32)
    about: dict[str, Any] = {"source": "lab", "licence": "CC0", "name": f"{seed}.bvh", **known}
    return Clip(motion, list(texts), np.full(len(motion), action, np.int16), **about)


def save(path: Path, clips: list[Clip], dim: int | None = None, encoder: str = "small") -> Path:
    content = pack(clips)
    if dim:
        texts = content["texts"]
        rows = [torch.full((dim,), float(sum(map(ord, text)) % 97)) for text in texts]
        words = [
            torch.full((len(text.split()), dim), float(len(text)), dtype=torch.float16) for text in texts
        ]
        content |= {
            "embeddings": torch.stack(rows), "word_embeddings": torch.cat(words),
            "word_offsets": torch.tensor([0, *map(len, words)]).cumsum(0),
            "encoder": encoder, "encoder_digest": f"digest of {encoder}", "embedding_dim": dim,
        }  # fmt: skip
    save_dataset(path, content)
    return path


def merged(tmp_path: Path, *paths: Path) -> DatasetFile:
    result = call("merge", *paths, "-o", tmp_path / "all.pt")
    assert result.exit_code == 0, (result.output, result.exception)
    return open_dataset(tmp_path / "all.pt")


def test_all_that_is_known_of_a_clip_stays(tmp_path: Path) -> None:
    first = save(
        tmp_path / "a.pt",
        [clip(1, "walks", action=6, subject="lab/1", view="side", split=TEST), clip(2, "runs")],
        4,
    )
    second = save(
        tmp_path / "b.pt",
        [clip(3, "runs", "jogs along", source="web", licence="CC BY", subject="web/1", action=9)],
        4,
    )
    file = merged(tmp_path, first, second)
    assert file.clips == 3
    assert file.content["source"] == ["lab", "lab", "web"]
    assert file.content["licence"] == ["CC0", "CC0", "CC BY"]
    assert file.content["subject"] == ["lab/1", "", "web/1"]
    assert file.content["view"] == ["side", "", ""]
    assert file.content["split"].tolist() == [TEST, UNDECIDED, UNDECIDED]
    assert [file.captions(number) for number in range(3)] == [["walks"], ["runs"], ["runs", "jogs along"]]
    assert file.content["texts"].count("runs") == 1
    for number, (path, there) in enumerate([(first, 0), (first, 1), (second, 0)]):
        before = open_dataset(path)
        assert torch.equal(file.motion(number), before.motion(there))
        assert torch.equal(file.actions(number), before.actions(there))
        for ours, theirs in zip(file.texts(number), before.texts(there), strict=True):
            assert torch.equal(file.content["embeddings"][ours], before.content["embeddings"][theirs])
            assert torch.equal(file.words(ours), before.words(theirs))  # type: ignore[arg-type]
    assert file.content["encoder"] == "small" and file.embedding_dim == 4


def test_the_same_motion_is_taken_once_with_the_captions_and_labels_of_all(tmp_path: Path) -> None:
    first = save(tmp_path / "a.pt", [clip(1, "walks", split=VALIDATION), clip(2, "runs")])
    again = clip(1, "walks", "strolls", action=6, subject="lab/1", split=TEST)
    second = save(tmp_path / "b.pt", [clip(5, "bows"), again])
    result = call("merge", first, second, "-o", tmp_path / "all.pt")
    assert "3 of 4 clips" in result.output and "1 were there already" in result.output
    assert "NOTE: 1 clips are on another side of the split" in result.output
    file = open_dataset(tmp_path / "all.pt")
    assert file.captions(0) == ["walks", "strolls"]
    assert file.content["subject"] == ["lab/1", "", ""]
    assert set(file.actions(0).tolist()) == {6}
    assert file.content["split"].tolist() == [VALIDATION, UNDECIDED, UNDECIDED]


def test_mirror_images_stay_with_their_clips_and_are_not_there_twice(tmp_path: Path) -> None:
    """The mirror of one clip is played at another speed in another dataset, so its bytes do not show that it is the same."""
    walks, runs = clip(1, "she walks to the left"), clip(2, "he runs")
    first = save(tmp_path / "a.pt", with_mirrors([walks, runs]))
    second = save(
        tmp_path / "b.pt", with_mirrors([clip(7, "they sit"), clip(8, "bows"), clip(9, "nods"), walks])
    )
    file = merged(tmp_path, first, second)
    names = file.content["name"]
    assert len(names) == len(set(names)) == 10
    for number, other in enumerate(file.content["mirror_of"].tolist()):
        assert (
            (names[number] == f"{names[other]} (mirrored)") if other >= 0 else "mirrored" not in names[number]
        )


def test_a_dataset_merged_with_itself_is_itself(tmp_path: Path) -> None:
    path = save(tmp_path / "a.pt", with_mirrors([clip(1, "walks"), clip(2, "runs")]), 4)
    file, before = merged(tmp_path, path, path), open_dataset(path)
    assert torch.equal(file.content["motion"], before.content["motion"])
    assert torch.equal(file.content["mirror_of"], before.content["mirror_of"])
    assert [file.captions(n) for n in range(4)] == [before.captions(n) for n in range(4)]


def test_labels_of_a_source_are_as_sure_beside_labels_that_were_read(tmp_path: Path) -> None:
    first = save(tmp_path / "a.pt", [clip(1, "walks", action=6), clip(2, "something")])
    content = pack([clip(3, "runs", action=9), clip(2, "bows", action=37)])
    read = {"label_confidence": torch.tensor([0.6, 0.7]), "quality": torch.tensor([0.9, 0.8])}
    save_dataset(tmp_path / "b.pt", {**content, **read})
    file = merged(tmp_path, first, tmp_path / "b.pt")
    assert torch.allclose(file.content["label_confidence"], torch.tensor([1.0, 0.7, 0.6]))
    assert set(file.actions(1).tolist()) == {37}
    assert "quality" not in file.content  # of the first, nobody measured it


def test_actions_are_matched_by_name(tmp_path: Path) -> None:
    first = save(tmp_path / "a.pt", [clip(1, "walks", action=6)])
    content = pack([clip(2, "juggles", action=1), clip(3, "walks", action=0)])
    content["action_names"] = ["walk", "juggle"]
    save_dataset(tmp_path / "b.pt", content)
    file = merged(tmp_path, first, tmp_path / "b.pt")
    assert [file.action_names[int(file.actions(n)[0])] for n in range(3)] == ["walk", "juggle", "walk"]
    assert file.action_names[:64] == open_dataset(first).action_names


@pytest.mark.parametrize(
    ("dim", "encoder", "said"),
    [
        (
            None,
            "",
            "not embedded; run: stickgen data embed {b} --encoder small, or merge with --drop-embeddings",
        ),
        (
            6,
            "large",
            "embedded by large, 6 wide; run: stickgen data embed {b} --encoder small, or merge with",
        ),
        (
            4,
            "other",
            "embedded by other, 4 wide; run: stickgen data embed {b} --encoder small, or merge with",
        ),
    ],
)
def test_mixed_encoders_are_refused_with_what_to_do(
    tmp_path: Path, dim: int | None, encoder: str, said: str
) -> None:
    first = save(tmp_path / "a.pt", [clip(1, "walks")], 4)
    second = save(tmp_path / "b.pt", [clip(2, "runs")], dim, encoder)
    result = call("merge", first, second, "-o", tmp_path / "all.pt")
    assert isinstance(result.exception, StickgenError)
    assert said.format(b=second) in str(result.exception)
    assert not (tmp_path / "all.pt").exists()
    result = call("merge", first, second, "-o", tmp_path / "all.pt", "--drop-embeddings")
    assert result.exit_code == 0 and "next: stickgen data embed" in result.output
    assert open_dataset(tmp_path / "all.pt").embedding_dim is None


def test_what_is_not_known_of_a_file_is_said(tmp_path: Path) -> None:
    content = {**pack([clip(1, "walks")]), "mood": ["happy"]}
    save_dataset(tmp_path / "a.pt", content)
    result = call(
        "merge", tmp_path / "a.pt", save(tmp_path / "b.pt", [clip(2, "runs")]), "-o", tmp_path / "all.pt"
    )
    assert "NOTE:" in result.output and "`mood` is not known and is left out" in result.output


def test_the_older_layout_keeps_the_embedding_of_each_clip(tmp_path: Path) -> None:
    """There, equal texts need not have equal embeddings."""
    samples = [
        {"description": "walks", "motion": torch.rand(12, 20), "embedding": torch.full((4,), float(n))}
        for n in range(2)
    ]
    torch.save(samples, tmp_path / "old.pt")
    file = merged(tmp_path, tmp_path / "old.pt")
    assert [float(file.content["embeddings"][file.texts(n)[0], 0]) for n in range(2)] == [0, 1]


def test_memory_does_not_grow_with_the_datasets(tmp_path: Path) -> None:
    """The anonymous memory of a merge of 48 MB stays far below that."""
    for name in ("a", "b"):
        rng = np.random.default_rng(ord(name))
        clips = [
            Clip(
                rng.random((30_000, 20), np.float32),
                [f"{name} {n}"],
                np.zeros(30_000, np.int16),
                "lab",
                "CC0",
                str(n),
            )
            for n in range(10)
        ]
        save_dataset(tmp_path / f"{name}.pt", pack(clips))
    program = (
        "import re, sys, threading, time, pathlib\n"
        "import torch, click\n"
        "from stickgen.cli.data import command\n"
        "import stickgen.curating.merging, stickgen.curating.gathering, stickgen.data.doubts\n"
        "status = pathlib.Path('/proc/self/status')\n"
        "anon = lambda: int(re.search(r'RssAnon:\\s+(\\d+)', status.read_text())[1])\n"
        "before, most, ended = anon(), [0], threading.Event()\n"
        "def watch():\n"
        "    while not ended.wait(0.005): most[0] = max(most[0], anon())\n"
        "thread = threading.Thread(target=watch); thread.start()\n"
        "command(sys.argv[1:], standalone_mode=False)\n"
        "ended.set(); thread.join()\n"
        "print('grew', most[0] - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "merge", tmp_path / "a.pt", tmp_path / "b.pt", "-o", tmp_path / "all.pt"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout.split()[-1]) < 24_000  # KiB
