"""Where the time of a step goes, in one line: a bar cut into its parts, and each part's share in words."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content

from stickgen.quantities import duration_text
from stickgen.run_contract import StepPart
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.line import Line

# a letter in the bar, so that it reads without colour, and a colour
_LOOKS: Mapping[str, tuple[str, str]] = {
    StepPart.DATA: ("d", "$text-error"),
    StepPart.FORWARD: ("f", "$text-primary"),
    StepPart.BACKWARD: ("b", "$text-accent"),
    StepPart.OPTIMIZER: ("o", "$text-secondary"),
    StepPart.AVERAGE: ("a", MUTED),
    StepPart.CHECKPOINT: ("c", "$text-success"),
    StepPart.VALIDATION: ("v", "$text-warning"),
    StepPart.SAMPLE: ("s", "$text-success"),
    StepPart.EVALUATION: ("e", "$text-warning"),
}
_LEAST_SHARE = 0.005
_BAR = 24
STARVING = 0.2  # of the time spent waiting for data, from which on the strip says so


class TimeStrip(Line):
    """One line; nothing of it is shown while a run has not said where its time goes."""

    DEFAULT_CSS = "TimeStrip { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }"

    def show_parts(self, covered: float, parts: Mapping[str, float], step_seconds: float | None) -> None:
        """`parts` are seconds of the last `covered` ones; `step_seconds` is how long a step usually takes."""
        self.display = covered > 0
        if covered > 0:
            self.show(strip(covered, parts, step_seconds))


def strip(covered: float, parts: Mapping[str, float], step_seconds: float | None) -> Content:
    """`a step 1.2 s  ffffffbbbbbbbbbo  forward 38 %  backward 51 %  optimizer 6 %  other 5 %`."""
    whole = max(covered, sum(parts.values()))  # parts on a device may overlap with the waiting of the host
    shares = {name: parts[name] / whole for name in _LOOKS if parts.get(name, 0.0) / whole >= _LEAST_SHARE}
    step = f"a step {step_text(step_seconds)}  " if step_seconds else ""
    out = Content.styled(step, MUTED)
    for name, share in shares.items():
        letter, style = _LOOKS[name]
        out += Content.styled(letter * max(round(share * _BAR), 1), style)
    for name, share in shares.items():
        out += Content.assemble("  ", (f"{name} {share:.0%}", _LOOKS[name][1]))
    other = 1 - sum(shares.values())
    if other >= _LEAST_SHARE:
        out += Content.styled(f"  other {other:.0%}", MUTED)
    if shares.get(StepPart.DATA, 0.0) > STARVING:
        out += Content.styled("  ! it waits for data: raise device.num_workers", "$text-error")
    return out


def step_text(seconds: float) -> str:
    """`340 ms`, `4.2 s`, `2 min 05 s`."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 60 else duration_text(seconds)
