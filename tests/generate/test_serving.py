"""The process that draws sentences for a screen, pinned sentences, and the checkpoints that both are drawn from."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent.parent / "train"))
from hashing_encoder import HashingEncoder

import stickgen.data.embed
import stickgen.generate.sketching
from stickgen.api import generate, load_model
from stickgen.children import child_environment
from stickgen.cli.generate import command as generate_command
from stickgen.cli.runs import command as runs_command
from stickgen.config import TrainingConfig
from stickgen.config.key import Value
from stickgen.config.presets import preset_path
from stickgen.errors import StickgenError
from stickgen.generate.serving import serve
from stickgen.hardware.machine import local_machine_fast
from stickgen.record_log import RecordReader
from stickgen.runs.pinned import MOST, pinned_prompts
from stickgen.runs.store import Run, create_run
from stickgen.train.loop import Trainer

TINY: dict[str, Value] = {
    "model.embedding_dim": 16, "model.d_model": 32, "model.nhead": 2, "model.num_layers": 1,
    "training.batch_size": 32, "training.grad_accum_steps": 1, "training.epochs": 1000, "data.max_frames": 24,
    "training.compile": "never", "logging.sample_minutes": 0.0, "evaluation.every_minutes": 0.0,
    "diffusion.sampling_steps": 4, "logging.save_interval": 2,
}  # fmt: skip


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in (stickgen.data.embed, stickgen.api):
        monkeypatch.setattr(module, "load_encoder", lambda name: HashingEncoder())
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Path) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    config = TrainingConfig(preset_path("quickstart"), TINY)
    run = create_run(config, root=folder, path=folder / "run", data_path=str(tiny_dataset), max_steps=4)
    assert Trainer(run).train() == 0
    return run.path


@pytest.fixture
def run(tmp_path: Path, trained: Path) -> Run:
    return Run(Path(shutil.copytree(trained, tmp_path / "run")))


def answers(run: Run, *requests: Any, idle_seconds: float = 60.0) -> list[dict[str, Any]]:
    lines = "".join(one if isinstance(one, str) else json.dumps(one) + "\n" for one in requests)
    out = io.StringIO()
    serve(run, io.StringIO(lines), out, idle_seconds=idle_seconds)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def more_steps(run: Run, steps: int) -> None:
    run.update_identity(max_steps=steps)
    assert Trainer(run).train() == 0


# -- the process


def test_a_sentence_is_drawn_as_generate_draws_it_and_what_was_loaded_is_kept(run: Run) -> None:
    told = answers(run, {"id": "a", "text": "text 1", "seed": 3}, {"id": "b", "text": "text 2"})
    drawn = [one for one in told if "motion" in one]
    [motion] = generate(load_model(run), ["text 1"], seed=3)
    assert drawn[0]["motion"] == [[round(value, 4) for value in pose] for pose in motion]
    assert [(one["id"], one["step"], one["text"]) for one in drawn] == [
        ("a", 4, "text 1"),
        ("b", 4, "text 2"),
    ]
    phases = [(one["id"], one["phase"]) for one in told if "phase" in one]
    assert phases == [
        ("a", "reading the checkpoint"), ("a", "loading the text encoder"), ("a", "drawing"), ("b", "drawing"),
    ]  # fmt: skip


def test_a_newer_checkpoint_is_taken_and_an_older_one_can_be_named(run: Run) -> None:
    out, (read, write) = io.StringIO(), os.pipe()
    with os.fdopen(read) as lines, os.fdopen(write, "w", buffering=1) as asking:
        thread = threading.Thread(target=serve, args=(run, lines, out))
        thread.start()
        asking.write('{"id": 1, "text": "text 1"}\n')
        wait_for(lambda: '"motion"' in out.getvalue())
        more_steps(run, 2)
        asking.write('{"id": 2, "text": "text 1"}\n{"id": 3, "text": "text 1", "checkpoint": 4}\n')
        asking.close()
        thread.join(60)
    drawn = [told for line in out.getvalue().splitlines() if "motion" in (told := json.loads(line))]
    assert [one["step"] for one in drawn] == [4, 6, 4]
    assert drawn[0]["motion"] == drawn[2]["motion"] != drawn[1]["motion"]


def test_what_cannot_be_drawn_is_one_sentence_and_the_next_request_is_answered(run: Run) -> None:
    cases: list[tuple[Any, str]] = [
        ("{\n", "a request is a JSON object on one line"),
        ('["text"]\n', "a request is a JSON object"),
        ({"text": "  "}, "say in a sentence"),
        ({"text": "x" * 400}, "at most 300"),
        ({"text": "a", "seed": "1"}, "seed"),
        ({"text": "a", "steps": 0}, "steps 0"),
        ({"text": "a", "size": 3}, "size: no member of a request"),
        ({"text": "a", "checkpoint": 3}, "of step 3, is not kept; there is 1 checkpoint: 4"),
        ({"text": "a", "checkpoint": "new"}, "write last, best or a step"),
        ({"text": "a", "run": "/nowhere"}, "it is no folder of a run"),
    ]
    told = answers(run, *(request for request, _ in cases), {"id": 9, "text": "text 1"})
    errors = [one["error"] for one in told if "error" in one]
    for (_, said), error in zip(cases, errors, strict=True):
        assert said in error and "\n" not in error
    assert told[-1]["id"] == 9 and told[-1]["motion"]


def test_nothing_is_loaded_where_the_memory_does_not_suffice(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    little = replace(local_machine_fast(), ram_available_bytes=200 * 2**20)
    monkeypatch.setattr(stickgen.generate.sketching, "local_machine_fast", lambda: little)
    [told] = answers(run, {"id": 1, "text": "text 1"})
    assert "200 MiB are free" in told["error"]


def test_a_run_without_a_checkpoint_says_so_before_anything_is_loaded(run: Run) -> None:
    shutil.rmtree(run.checkpoints_dir)
    told = answers(run, {"id": 1, "text": "text 1"})
    assert [one.get("phase") for one in told] == [None] and "has no checkpoint yet" in told[0]["error"]
    assert answers(run, {"id": 2, "text": "text 1", "truth": True})[-1]["likeness"] == 1.0


def test_the_real_clip_of_a_caption_or_the_nearest(run: Run) -> None:
    told = [one for one in answers(
        run, {"id": 1, "text": "text 3", "truth": True}, {"id": 2, "text": "another text", "truth": True}
    ) if "phase" not in one]  # fmt: skip
    assert told[0]["text"] == "text 3" and told[0]["likeness"] == 1.0
    assert told[1]["text"].startswith("text ") and told[1]["likeness"] < 1.0
    assert all(len(pose) == 20 for one in told for pose in one["motion"])


def test_it_ends_when_nobody_asks(run: Run) -> None:
    read, write = os.pipe()
    with os.fdopen(read) as lines, os.fdopen(write, "w"):
        serve(run, lines, io.StringIO(), idle_seconds=0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it notices when its input ends")
def test_it_dies_with_its_parent_and_gives_way_to_all(run: Run) -> None:
    parent = subprocess.Popen(
        [
            sys.executable, "-c",
            "import subprocess, sys, time\n"
            f"child = subprocess.Popen([sys.executable, '-m', 'stickgen', 'generate', {str(run.path)!r}, '--serve'],"
            " stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)\n"
            "child.stdin.write('{}\\n'); child.stdin.flush()\n"
            "child.stdout.readline(); print(child.pid, flush=True); time.sleep(600)",
        ],
        stdout=subprocess.PIPE, text=True, env=child_environment(),
    )  # fmt: skip
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))  # it has answered
    assert child.nice() == 19 and child.ionice().ioclass == psutil.IOPRIO_CLASS_IDLE
    assert Path(f"/proc/{child.pid}/oom_score_adj").read_text().strip() == "1000"
    assert "torch" not in Path(f"/proc/{child.pid}/maps").read_text()  # until there is something to draw
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    child.wait(20)


def wait_for(there: Any) -> None:
    deadline = time.monotonic() + 60
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# -- pinned sentences


def pinned(run: Run, *arguments: str) -> str:
    said = CliRunner().invoke(
        runs_command,
        ["--runs", str(run.path.parent), "pin", str(run.path), *arguments],
        catch_exceptions=False,
    )
    return said.output


def test_a_pinned_sentence_is_drawn_at_every_checkpoint_as_generate_draws_it(run: Run) -> None:
    assert ": pinned: " in pinned(run, "text 7", "--seed", "2")
    [prompt] = pinned_prompts(run)[0]
    more_steps(run, 5)  # two steps an epoch, and a checkpoint every other epoch
    names = sorted(path.name for path in run.samples_dir.glob(f"*-{prompt.id}.json"))
    assert names == [f"step_00000008-{prompt.id}.json", f"step_00000009-{prompt.id}.json"]
    told = json.loads((run.samples_dir / names[-1]).read_text())
    [motion] = generate(load_model(run), ["text 7"], seed=2)
    assert (told["text"], told["prompt"], told["step"]) == ("text 7", prompt.id, 9)
    assert told["motion"] == [[round(value, 4) for value in pose] for pose in motion]


def test_pins_are_listed_removed_and_bounded(run: Run) -> None:
    for number in range(MOST):
        pinned(run, f"text {number}")
    pinned(run, "text 0")  # once is enough
    listed = json.loads(pinned(run, "--list", "--json"))["prompts"]
    assert [one["text"] for one in listed] == [f"text {number}" for number in range(MOST)]
    with pytest.raises(StickgenError, match="which is the most"):
        pinned(run, "one more")
    pinned(run, "--remove", listed[0]["id"])
    pinned(run, "--remove", "text 5")
    assert len(pinned_prompts(run)[0]) == MOST - 2
    with pytest.raises(StickgenError, match="no pinned sentence"):
        pinned(run, "--remove", "text 5")


def test_a_damaged_pin_is_told_once_and_training_goes_on(run: Run) -> None:
    pinned(run, "text 1")
    [prompt] = pinned_prompts(run)[0]
    prompt.path.write_bytes(prompt.path.read_bytes()[:-40])
    (prompt.path.parent / "0123abcd.safetensors").write_bytes(b"\xff" * 100)
    more_steps(run, 5)
    alerts = [one["message"] for one in RecordReader(run.events_path).read_new() if one["event"] == "alert"]
    told = [alert for alert in alerts if "prompts/" in alert]
    assert len(told) == 2 and all("training goes on" in alert for alert in told)
    assert (run.samples_dir / "step_00000009.json").exists()


def test_a_pin_by_the_process_of_the_screen(run: Run) -> None:
    told = answers(run, {"id": 1, "text": "text 3", "seed": 4, "pin": True})[-1]
    [prompt] = pinned_prompts(run)[0]
    assert (told["id"], told["pinned"], prompt.text, prompt.seed) == (1, prompt.id, "text 3", 4)


# -- the command


def test_the_command_takes_a_checkpoint_and_says_what_it_lacks(run: Run) -> None:
    def asked(*arguments: str) -> Any:
        return CliRunner().invoke(generate_command, [str(run.path), *arguments])

    assert "step 4" in asked("text 1", "-o", "a.gif", "--checkpoint", "4").output
    for arguments, said in (
        (("text 1", "-o", "b.gif", "--checkpoint", "5"), "is not kept"),
        (("text 1",), "-o FILE, or --show"),
        (("text 1", "--show", "-o", "c.gif"), "--show plays"),
        (("text 1", "--show"), "--show needs a terminal"),
    ):
        assert said in str(asked(*arguments).exception)
