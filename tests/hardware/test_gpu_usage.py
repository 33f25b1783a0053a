"""Readings of GPUs: what NVML says, and nothing where it is silent or missing."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from stickgen.hardware.gpu_usage import GpuMeter


class NvmlError(Exception):
    pass


def fake_nvml(*, mute: frozenset[str] = frozenset()) -> ModuleType:
    answers = {
        "nvmlDeviceGetName": b"Card",
        "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=87),
        "nvmlDeviceGetMemoryInfo": SimpleNamespace(used=3 * 2**30, total=8 * 2**30),
        "nvmlDeviceGetPowerUsage": 312_400,
        "nvmlDeviceGetPowerManagementLimit": 700_000,
        "nvmlDeviceGetTemperature": 61,
    }

    def answer(name: str) -> object:
        def ask(*_: object) -> object:
            if name in mute:
                raise NvmlError
            return answers[name]

        return ask

    module = ModuleType("pynvml")
    members = {name: answer(name) for name in answers}
    members |= {
        "NVMLError": NvmlError, "NVML_TEMPERATURE_GPU": 0, "nvmlInit": lambda: None,
        "nvmlDeviceGetCount": lambda: 1, "nvmlDeviceGetHandleByIndex": lambda index: index,
    }  # fmt: skip
    for name, member in members.items():
        setattr(module, name, member)
    return module


def test_a_gpu_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml())
    (reading,) = GpuMeter().read()
    assert reading.sentence == "0: busy 87%, 312 of 700 W, 3.0 GiB of 8.0 GiB, 61 °C"


def test_what_a_gpu_does_not_know_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    mute = frozenset({"nvmlDeviceGetPowerUsage", "nvmlDeviceGetTemperature"})
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml(mute=mute))
    (reading,) = GpuMeter().read()
    assert reading.power_watts is None
    assert reading.sentence == "0: busy 87%, 3.0 GiB of 8.0 GiB"


def test_without_a_driver_there_is_none_and_it_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    module, asked = fake_nvml(), []

    def no_driver() -> None:
        asked.append(1)
        raise NvmlError

    monkeypatch.setattr(module, "nvmlInit", no_driver)
    monkeypatch.setitem(sys.modules, "pynvml", module)
    meter = GpuMeter()
    assert meter.read() == meter.read() == []
    assert asked == [1]
