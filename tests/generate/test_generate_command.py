"""`stickgen generate` and `api.generate` on a trained run: sequences, batches, keyframes, continuing, refusals."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent / "train"))
from hashing_encoder import HashingEncoder

import stickgen.api
from stickgen.api import Generator, find_run, generate, load_model
from stickgen.cli.generate import command
from stickgen.config import TrainingConfig
from stickgen.config.key import Value
from stickgen.config.presets import preset_path
from stickgen.errors import StickgenError
from stickgen.motion.skeleton import PELVIS
from stickgen.runs.store import create_run
from stickgen.train.loop import Trainer

TINY: dict[str, Value] = {
    "model.embedding_dim": 16, "model.d_model": 32, "model.nhead": 2, "model.num_layers": 1,
    "training.batch_size": 32, "training.grad_accum_steps": 1, "training.epochs": 1000, "data.max_frames": 24,
    "training.compile": "never", "logging.sample_minutes": 0.0, "evaluation.every_minutes": 0.0,
    "diffusion.sampling_steps": 4, "training.ema_decay": 0.9,
}  # fmt: skip
TEXTS = ["text 1", "text 2"]


def trained(folder: Path, dataset: Path, steps: int, **settings: Value) -> Path:
    config = TrainingConfig(preset_path("quickstart"), {**TINY, **settings})
    run = create_run(config, root=folder, path=folder / "run", data_path=str(dataset), max_steps=steps)
    assert Trainer(run).train() == 0
    return run.path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Path) -> Path:
    return trained(tmp_path_factory.mktemp("denoiser"), tiny_dataset, 120)


@pytest.fixture(scope="module")
def regressor(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Path) -> Generator:
    folder = tmp_path_factory.mktemp("regressor")
    return load_model(find_run(str(trained(folder, tiny_dataset, 2, **{"diffusion.enabled": False}))))


@pytest.fixture(scope="module")
def model(run: Path) -> Generator:
    return load_model(find_run(str(run)))


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(stickgen.api, "load_encoder", lambda name: HashingEncoder())
    monkeypatch.chdir(tmp_path)


def asked(run: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, [str(run), *arguments])


def frames_in(path: str) -> int:
    with Image.open(path) as image:
        return int(image.n_frames)  # type: ignore[attr-defined]


# -- drawn


def test_texts_in_sequence_are_one_motion_without_a_jump(model: Generator) -> None:
    """No joint is much faster, nor changes its speed much more, where two texts meet than within either."""
    fastest: dict[str, float] = {"seam": 0.0, "within": 0.0, "seam bend": 0.0, "within bend": 0.0}
    for seed in range(4):
        [motion] = generate(model, TEXTS, seconds=[1.2, 1.6], seed=seed, sequence=True)
        assert len(motion) == 70
        steps = np.diff(np.reshape(motion, (70, 10, 2)), axis=0)
        speeds = np.linalg.norm(steps, axis=-1).max(1)
        bends = np.linalg.norm(np.diff(steps, axis=0), axis=-1).max(1)
        for name, values in (("", speeds), (" bend", bends)):
            seam = values[20:40].max()
            within = np.concatenate((values[:18], values[42:])).max()
            fastest["seam" + name] = max(fastest["seam" + name], seam)
            fastest["within" + name] = max(fastest["within" + name], within)
    assert fastest["seam"] < 2 * fastest["within"]
    assert fastest["seam bend"] < 2 * fastest["within bend"]


def test_a_motion_longer_than_the_window_goes_on(model: Generator) -> None:
    [motion] = generate(model, TEXTS[:1], seconds=6, seed=1)
    poses = np.array(motion)
    assert poses.shape == (150, 20) and np.isfinite(poses).all()
    relative = poses.reshape(150, 10, 2) - poses.reshape(150, 10, 2)[:, PELVIS : PELVIS + 1]
    [short] = generate(model, TEXTS[:1], seconds=0.96, seed=1)
    assert (
        np.abs(
            relative.mean(0)
            - (np.reshape(short, (24, 10, 2)) - np.reshape(short, (24, 10, 2))[:, 1:2]).mean(0)
        ).max()
        < 0.1
    )
    assert np.abs(np.diff(poses, axis=0)).max() < 0.2


def test_keyframes_are_met_and_the_same_seed_is_the_same_motion(model: Generator) -> None:
    [other] = generate(model, TEXTS[1:], seconds=0.8, seed=3)
    keyframes = {0: other[0], 15: other[10], 30: [value + 0.3 for value in other[19]]}
    first, again = (generate(model, TEXTS[:1], seconds=1.6, seed=5, keyframes=keyframes)[0] for _ in range(2))
    assert first == again and len(first) == 40
    for frame, pose in keyframes.items():
        assert np.abs(np.subtract(first[frame], pose)).max() < 1e-5
    assert (
        len(generate(model, TEXTS[:1], keyframes={70: other[0]})[0]) == 71
    )  # without seconds, as long as it takes


@pytest.mark.parametrize("frames", [2, 9, 60])
@pytest.mark.parametrize("kind", ["denoiser", "regressor"])
def test_a_clip_is_continued_from_its_end(
    model: Generator, regressor: Generator, kind: str, frames: int
) -> None:
    drawing = model if kind == "denoiser" else regressor
    [clip] = generate(model, TEXTS[1:], seconds=2.4, seed=3)
    clip = [
        [value + 2.0 if number % 2 == 0 else value for number, value in enumerate(pose)]
        for pose in clip[:frames]
    ]
    [whole] = generate(drawing, TEXTS[:1], seconds=2, seed=5, after=clip)
    assert len(whole) == frames + 50
    assert np.abs(np.subtract(whole[:frames], clip)).max() < 1e-5
    seam = np.abs(np.subtract(whole[frames], whole[frames - 1])).max()
    assert seam < 0.15  # the path goes on from x = 2, and the figure from its pose


def test_a_regressor_draws_a_sequence_too(regressor: Generator) -> None:
    [motion] = generate(regressor, TEXTS, seconds=2, sequence=True, actions="idle:1,turn:1")
    assert np.shape(motion) == (100, 20) and np.isfinite(motion).all()


def test_what_is_asked_for_reaches_the_sampler(model: Generator) -> None:
    plain, guided, fine = (
        generate(model, TEXTS[:1], seconds=1, **chosen)[0] for chosen in ({}, {"guidance": 7.0}, {"steps": 9})
    )
    config = model.config.diffusion
    assert (
        plain
        == generate(model, TEXTS[:1], seconds=1, guidance=config.guidance_scale, steps=config.sampling_steps)[
            0
        ]
    )
    assert plain != guided and plain != fine


# -- the command


def test_the_command_draws_a_sequence(run: Path) -> None:
    done = asked(run, *TEXTS, "--sequence", "--seconds", "1,0.6", "--steps", "2", "-o", "both.gif")
    assert done.exit_code == 0, done.output
    assert frames_in("both.gif") == 40


def test_the_command_meets_keyframes_and_continues_a_clip(run: Path, model: Generator) -> None:
    [clip] = generate(model, TEXTS[:1], seconds=1)
    Path("clip.json").write_text(json.dumps({"motion": clip, "fps": 25}))
    np.savez("keys.npz", frames=[30, 44], poses=clip[:2])
    done = asked(
        run, TEXTS[1], "--continue", "clip.json", "--keyframes", "keys.npz", "--seconds", "0.8", "-o", "x.gif"
    )
    assert done.exit_code == 0, done.output
    assert frames_in("x.gif") == 45


def test_actions_are_shown_and_what_they_are_drawn_from_is_said(run: Path, model: Generator) -> None:
    done = asked(run, "text 1", "--actions", "idle:2,turn:1", "--seconds", "3", "-o", "x.png")
    assert done.exit_code == 0, done.output
    assert re.search(
        r"NOTE: (idle|turn): drawn from 'text \d+', the nearest text of that action", done.stderr
    )
    [plain] = generate(model, ["text 1"], seconds=3)
    [told] = generate(model, ["text 1"], seconds=3, actions="idle:2,turn:1")
    assert len(told) == 75 and told != plain


def test_a_file_of_prompts_is_drawn_once(run: Path) -> None:
    Path("p.jsonl").write_text(
        '{"text": "text 1", "seconds": 0.6}\n{"text": ["text 1", "text 2"], "seed": 4}\n{"text": "text 1", "seconds": 0.6}\n'
    )
    arguments = ("--from", "p.jsonl", "-o", "drawn/p.png", "--seconds", "0.8", "--steps", "2")
    done = asked(run, *arguments)
    assert done.exit_code == 0, done.output
    drawn = sorted(Path("drawn").iterdir())
    assert [path.name.rsplit("-", 1)[0] for path in drawn] == ["p-text-1", "p-text-1-then-text-2"]
    drawn[0].unlink()
    kept = drawn[1].stat().st_mtime_ns
    again = asked(run, *arguments)
    assert again.exit_code == 0 and "1 drawn, 1 there already" in again.output
    assert sorted(Path("drawn").iterdir()) == drawn and drawn[1].stat().st_mtime_ns == kept
    assert "0 drawn, 2 there already" in asked(run, *arguments).output
    assert "2 drawn, 0 there already" in asked(run, *arguments, "--force").output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name a TEXT, or a file of texts with --from; not both"),
        (("a", "--from", "p.txt"), "name a TEXT, or a file of texts with --from; not both"),
        (("--from", "p.txt", "--sequence"), "--sequence is for texts here"),
        (("a", "b", "--seconds", "1,2"), "several numbers are for the texts of a --sequence"),
        (("a", "b", "--seconds", "1,2,3", "--sequence"), "3 numbers of seconds for 2 texts"),
        (("a", "--actions", "wlak"), "action wlak: the model knows no such action"),
        (("a", "--actions", "walk:0"), "must be a number above 0"),
        (
            ("a", "--keyframes", "keys.json", "--seconds", "1"),
            "the keyframe at frame 99 lies outside the motion",
        ),
        (("a", "--keyframes", "keys.json", "--continue", "clip.json"), "lies in the clip that is continued"),
        (("a", "--keyframes", "p.txt"), "p.txt: it is neither npz, npy nor JSON"),
        (("--from", "empty.txt"), "empty.txt: it has no text"),
        (("--from", "p.txt", "-o", "clip.json.gif/x.gif"), "the folder cannot be made"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_a_sentence(
    run: Path, model: Generator, arguments: tuple[str, ...], says: str
) -> None:
    [clip] = generate(model, TEXTS[:1], seconds=1)
    Path("clip.json").write_text(json.dumps(clip))
    Path("keys.json").write_text(json.dumps({"frames": [3, 99], "poses": clip[:2]}))
    Path("p.txt").write_text("text 1\n")
    Path("empty.txt").write_text("\n")
    Path("clip.json.gif").touch()
    done = asked(run, *arguments, *(() if "-o" in arguments else ("-o", "x.gif")))
    assert isinstance(done.exception, StickgenError), done.output
    assert says in str(done.exception) and "\n" not in str(done.exception)


@pytest.mark.parametrize(
    "arguments",
    [("--seconds", "-1"), ("--seconds", "1,nan"), ("--seconds", ""), ("--steps", "0"), ("--steps", "1.5"),
     ("--guidance", "nan"), ("--guidance", "101"), ("--keyframes", "missing.npz")],
)  # fmt: skip
def test_a_wrong_number_is_wrong_usage(run: Path, arguments: tuple[str, ...]) -> None:
    done = asked(run, "text 1", *arguments, "-o", "x.gif")
    assert done.exit_code == 2 and "Invalid value for" in done.output


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"steps": 3}, "it takes no guidance and no steps"),
        ({"guidance": 3.0}, "it takes no guidance and no steps"),
        ({"keyframes": {0: [0.05 * n for n in range(20)]}}, "it cannot meet poses that come later"),
    ],
)
def test_what_a_regressor_cannot_do_is_said(
    regressor: Generator, chosen: dict[str, object], says: str
) -> None:
    with pytest.raises(StickgenError, match=says):
        generate(regressor, TEXTS[:1], seconds=1, **chosen)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"seconds": -1}, "-1 seconds: must be a number from 0.4 to 600"),
        ({"seconds": float("nan")}, "nan seconds"),
        ({"seed": -1}, "seed -1: must be"),
        ({"steps": 0}, "steps 0: must be a whole number from 1 to 1,000"),
        ({"guidance": float("inf")}, "guidance inf: must be"),
        ({"actions": "nothing:1"}, "the model knows no such action"),
        ({"keyframes": {-1: [0.5] * 20}}, "keyframes: frame -1 lies before the motion"),
        ({"keyframes": {0: [0.5] * 19}}, "keyframes: the poses have the shape"),
        ({"after": [[float("nan")] * 20]}, "after: frame 0 has a value that is not a finite coordinate"),
        ({"after": []}, "after: the poses have the shape"),
    ],
)
def test_python_hears_the_same_sentences(model: Generator, chosen: dict[str, object], says: str) -> None:
    with pytest.raises(StickgenError, match=says):
        generate(model, TEXTS[:1], **chosen)  # type: ignore[arg-type]
