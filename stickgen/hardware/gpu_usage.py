"""What NVIDIA's GPUs are doing now: how busy they are, memory, power and temperature, as NVML says."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

from stickgen.quantities import byte_text


@dataclass(frozen=True)
class GpuReading:
    """One GPU at one moment; what it does not tell is None."""

    index: int
    name: str
    busy: float | None  # share of the time in which a kernel ran, from 0 to 1
    memory_used_bytes: int | None
    memory_total_bytes: int | None
    power_watts: float | None
    power_limit_watts: float | None
    celsius: int | None

    @property
    def sentence(self) -> str:
        """`0: busy 87 %, 312 of 700 W, 12.1 GiB of 79.6 GiB, 61 °C`."""
        parts = []
        if self.busy is not None:
            parts.append(f"busy {self.busy:.0%}")
        if self.power_watts is not None:
            limit = f" of {self.power_limit_watts:.0f}" if self.power_limit_watts else ""
            parts.append(f"{self.power_watts:.0f}{limit} W")
        if self.memory_used_bytes is not None and self.memory_total_bytes is not None:
            parts.append(f"{byte_text(self.memory_used_bytes)} of {byte_text(self.memory_total_bytes)}")
        if self.celsius is not None:
            parts.append(f"{self.celsius} °C")
        return f"{self.index}: {', '.join(parts) or 'it tells nothing'}"


class GpuMeter:
    """Reads the GPUs; where there is no NVIDIA driver, it finds none and asks no more."""

    def __init__(self) -> None:
        self._nvml: ModuleType | None = None
        self._tried = False

    def read(self) -> list[GpuReading]:
        """Every GPU of this machine now. Never raises: a driver that goes away is as good as none."""
        nvml = self._library()
        if nvml is None:
            return []
        try:
            return [_reading(nvml, index) for index in range(nvml.nvmlDeviceGetCount())]
        except nvml.NVMLError:
            return []

    def _library(self) -> ModuleType | None:
        if not self._tried:
            self._tried = True
            try:
                import pynvml

                pynvml.nvmlInit()
                self._nvml = pynvml
            except (ImportError, OSError, pynvml.NVMLError):
                self._nvml = None
        return self._nvml


def _reading(nvml: ModuleType, index: int) -> GpuReading:
    gpu = nvml.nvmlDeviceGetHandleByIndex(index)

    def ask(name: str, *arguments: Any) -> Any:
        """What a question answers; None if this GPU does not know."""
        try:
            return getattr(nvml, name)(gpu, *arguments)
        except nvml.NVMLError:
            return None

    name = ask("nvmlDeviceGetName")
    rates, memory = ask("nvmlDeviceGetUtilizationRates"), ask("nvmlDeviceGetMemoryInfo")
    power, limit = ask("nvmlDeviceGetPowerUsage"), ask("nvmlDeviceGetPowerManagementLimit")  # mW
    return GpuReading(
        index,
        name.decode(errors="replace") if isinstance(name, bytes) else str(name or "GPU"),
        rates.gpu / 100 if rates is not None else None,
        memory.used if memory is not None else None,
        memory.total if memory is not None else None,
        power / 1000 if power is not None else None,
        limit / 1000 if limit is not None else None,
        ask("nvmlDeviceGetTemperature", nvml.NVML_TEMPERATURE_GPU),
    )
