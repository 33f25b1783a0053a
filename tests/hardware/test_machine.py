"""Facts of this machine, of made-up processors, and of what torch answers or fails to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stickgen.hardware import machine as machine_module
from stickgen.hardware import torch_answer
from stickgen.hardware.cgroup import CgroupLimits
from stickgen.hardware.cpu import read_cpu, usable_cores
from stickgen.hardware.machine import Gpu, Machine, Speed, detect, local_machine_fast

GIB = 2**30
SPEED = {"gflops_fp32": 100.0, "gflops_bf16": None, "gbytes_per_second": 20.0}
ANSWER: dict[str, Any] = {"torch_version": "2.13.0", "cpu_speed": SPEED, "mps": False, "mps_speed": None, "gpus": []}  # fmt: skip
WITH_GPU = {
    **ANSWER,
    "gpus": [
        {"index": 0, "name": "Card", "vram_total_bytes": 8 * GIB, "vram_free_bytes": 6 * GIB, "bf16": True,
         "speed": {**SPEED, "gflops_bf16": 9000.0}},
    ],
}  # fmt: skip


class FakeProbe:
    """Stands in for the process that asks torch; counts how often and with what options."""

    def __init__(self, stdout: str, stderr: str = "", code: int = 0) -> None:
        self.done = subprocess.CompletedProcess([], code, stdout.encode(), stderr.encode())
        self.calls: list[list[str]] = []

    def __call__(self, command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        self.calls.append(command[3:])
        return self.done


def use_probe(monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]) -> FakeProbe:
    probe = FakeProbe(json.dumps(answer))
    monkeypatch.setattr(subprocess, "run", probe)
    return probe


# -- the fast part


def test_this_machine() -> None:
    here = local_machine_fast()
    assert 0 < here.ram_available_bytes <= here.ram_total_bytes
    assert 1 <= here.cores_usable <= here.cores_logical
    assert here.torch_version is None  # nobody was asked
    assert Machine.from_json(json.loads(json.dumps(here.to_json()))) == here


def test_a_machine_with_gpus_survives_json() -> None:
    gpu = Gpu(0, "Card", 8 * GIB, 6 * GIB, True, Speed(10.0, 20.0, 30.0))
    there = Machine(16 * GIB, 8 * GIB, 4 * GIB, 8, 4, 8, "cpu", True, (gpu,), cpu_speed=Speed(1.0, None, 2.0))
    assert Machine.from_json(json.loads(json.dumps(there.to_json()))) == there
    assert there.ram_usable_bytes == 4 * GIB
    assert there.limited_by_cgroup


def test_the_control_group_limits_memory_and_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_module, "read_limits", lambda: CgroupLimits(2**20, 2**19, 0.5))
    here = local_machine_fast()
    assert here.ram_usable_bytes == 2**20
    assert here.ram_available_bytes == 2**19
    assert here.cores_usable == 1


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system has no affinity")
def test_usable_cores_follow_affinity_and_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)))
    assert usable_cores(None) == 6
    assert usable_cores(1.5) == 2
    assert usable_cores(0.1) == 1
    assert usable_cores(64.0) == 6


@pytest.mark.parametrize(
    ("text", "name", "bf16"),
    [
        ("processor\t: 0\nmodel name\t: Zen 5: fast\nflags\t\t: fpu avx512_bf16 sse\n\nprocessor: 1\n", "Zen 5: fast", True),
        ("model name : Old\nflags : fpu avx2\n\nmodel name : Other\nflags : amx_bf16\n", "Old", False),
        ("processor : 0\nFeatures : fp asimd bf16\n", "Board 5", True),
        ("processor : 0\nFeatures : fp asimd\n", "Board 5", False),
        ("", "Board 5", False),
    ],
)  # fmt: skip
def test_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, name: str, bf16: bool
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    (tmp_path / "device-tree").mkdir()
    (tmp_path / "device-tree/model").write_text("Board 5\0")
    (tmp_path / "cpuinfo").write_text(text)
    cpu = read_cpu(tmp_path)
    assert (cpu.name, cpu.bf16) == (name, bf16)


def test_a_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"machdep.cpu.brand_string": "Apple M3\n", "hw.optional.arm.FEAT_BF16": "1\n"}
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(
        subprocess, "run",
        lambda command, **_: subprocess.CompletedProcess(command, 0, answers[command[-1]], ""),
    )  # fmt: skip
    cpu = read_cpu()
    assert (cpu.name, cpu.bf16) == ("Apple M3", True)


# -- what torch answers


def test_torch_is_asked_once_and_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    probe = use_probe(monkeypatch, ANSWER)
    first = detect()
    assert first.torch_version == "2.13.0"
    assert first.cpu_speed == Speed(100.0, None, 20.0)
    assert detect().cpu_speed == first.cpu_speed
    assert local_machine_fast().torch_version == "2.13.0"
    assert len(probe.calls) == 1
    detect(refresh=True)
    assert len(probe.calls) == 2
    assert torch_answer.cache_path().stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("change", ["python", "cores", "torch", "driver"])
def test_what_an_answer_depends_on_makes_it_stale(monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    probe = use_probe(monkeypatch, ANSWER)
    detect()
    path = torch_answer.cache_path()
    kept = json.loads(path.read_bytes())
    kept["key"][change] = "another"
    path.write_text(json.dumps(kept))
    assert local_machine_fast().torch_version is None
    detect()
    assert len(probe.calls) == 2


def test_free_vram_is_asked_again_after_a_minute_without_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    probe = use_probe(monkeypatch, WITH_GPU)
    detect()
    detect()
    assert probe.calls == [[]]
    path = torch_answer.cache_path()
    kept = json.loads(path.read_bytes())
    kept["answer"]["asked_unix"] -= 61
    path.write_text(json.dumps(kept))
    later = {
        **WITH_GPU,
        "cpu_speed": None,
        "gpus": [{**WITH_GPU["gpus"][0], "vram_free_bytes": GIB, "speed": None}],
    }
    probe = use_probe(monkeypatch, later)
    machine = detect()
    assert probe.calls == [["--without-speed"]]
    assert machine.gpus[0].vram_free_bytes == GIB
    assert machine.gpus[0].speed == Speed(100.0, 9000.0, 20.0)  # the speed is the remembered one
    assert machine.cpu_speed == Speed(100.0, None, 20.0)


@pytest.mark.parametrize(
    ("stdout", "stderr", "sentence"),
    [
        ("", "Traceback…\nModuleNotFoundError: No module named 'torch'\n", "No module named 'torch'"),
        ("not json", "", "exit code 1"),
        ("", "\x1b[31mboom\n", r"\x1b[31mboom"),
    ],
)
def test_a_torch_that_fails_is_said_and_not_remembered(
    monkeypatch: pytest.MonkeyPatch, stdout: str, stderr: str, sentence: str
) -> None:
    monkeypatch.setattr(subprocess, "run", FakeProbe(stdout, stderr, 1))
    machine = detect()
    assert machine.torch_version is None
    assert sentence in str(machine.torch_error)
    assert "\x1b" not in str(machine.torch_error)
    assert not torch_answer.cache_path().exists()


def test_a_torch_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(command: list[str], **options: Any) -> None:
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(subprocess, "run", hang)
    assert "did not answer" in str(detect().torch_error)


@pytest.mark.parametrize("content", ["", "[", "[1]", '{"key": 1}', '{"answer": {"gpus": 3}}'])
def test_a_damaged_cache_is_no_answer(monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    probe = use_probe(monkeypatch, ANSWER)
    path = torch_answer.cache_path()
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert local_machine_fast().torch_version is None
    assert detect().torch_version == "2.13.0"
    assert len(probe.calls) == 1


def test_an_answer_without_sense_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    use_probe(monkeypatch, {**ANSWER, "gpus": [{"index": 0, "colour": "red"}]})
    assert detect().torch_error


def test_a_home_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    use_probe(monkeypatch, ANSWER)
    assert detect().torch_version == "2.13.0"


def test_the_real_probe() -> None:
    """torch itself, in its own process: version, devices, and rates above nothing."""
    machine = detect()
    assert machine.torch_error is None
    assert machine.torch_version is not None
    assert machine.cpu_speed is not None
    assert machine.cpu_speed.gflops_fp32 > 0
    assert machine.cpu_speed.gbytes_per_second > 0
    assert (machine.cpu_speed.gflops_bf16 is not None) == machine.cpu_bf16
