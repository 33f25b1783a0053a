"""How a run stands, in two lines: state, phase, step, epoch, time; and how far it is."""

from __future__ import annotations

import time

from textual.content import Content

from stickgen.quantities import DASH, age_text, duration_text
from stickgen.run_contract import Field, Phase
from stickgen.runs.steering import EndAsked
from stickgen.runs.store import Status
from stickgen.watchdog.learned import learned
from stickgen_tui.drawing.progress_bar import progress_bar
from stickgen_tui.drawing.states import look_of
from stickgen_tui.following.moment import Moment
from stickgen_tui.following.run_follower import RunFollower
from stickgen_tui.text import clean
from stickgen_tui.tones import MUTED
from stickgen_tui.widgets.line import Line

ALARM_SECONDS = 900.0  # an alert of the watchdog stands in the line so long


class StatusLine(Line):
    """Both lines of a run's state."""

    DEFAULT_CSS = "StatusLine { height: 2; padding: 0 1; }"

    def show_run(self, follower: RunFollower, moment: Moment | None = None) -> None:
        """Show how the run stands now; with a `moment`, that all panels show that one instead."""
        self.show(status_content(follower, self.size.width or 80, moment))


def _asked(asked: EndAsked) -> str:
    """`asked to stop at 14:02, a step takes 38 s`."""
    clock, seconds = time.strftime("%H:%M", time.localtime(asked.when_unix)), asked.step_seconds
    took = "" if seconds is None else f", a step takes {duration_text(max(seconds, 1))}"
    return f"asked to {asked.wish} at {clock}{took}"


def status_content(follower: RunFollower, width: int, moment: Moment | None = None) -> Content:
    """Both lines; what does not fit is left off at the end."""
    look = look_of(follower.state.status)
    step, total, epoch = follower.step, follower.total_steps, follower.newest.get(Field.EPOCH)
    parts = [f"step {DASH if step is None else f'{step:,}'}{f' of {total:,}' if total else ''}"]
    if isinstance(epoch, int | float):
        parts.append(f"epoch {epoch:.1f}")
    elapsed = duration_text(follower.elapsed_seconds())
    if look.alive:
        parts.append(f"{eta_text(follower)} to go")
        parts.append(f"{elapsed} so far")
        if (left := follower.eta_seconds()) is not None:
            parts.append(f"ends {end_text(time.time() + left)}")
    else:
        parts.append(f"took {elapsed}")
    phase = follower.phase if follower.phase not in ("", Phase.TRAINING) else ""
    # the reason says why it stalled or how it ended
    reason = (
        ""
        if look.word in ("running", "starting", "finished")
        else clean(follower.state.reason, single_line=True)
    )
    word = "stopped early" if follower.state.status == Status.EARLY else look.word
    first = Content.assemble((f"{look.glyph} {word}", f"bold {look.style}"))
    if follower.state.status in {Status.FINISHED, Status.EARLY} and not_learned(follower):
        first += Content.styled("   ✗ did not learn: worse than the mean pose", "bold $text-error")
    elif look.alive and (rule := alarm(follower)):
        first += Content.styled(f"   ! {rule}", "bold $text-warning")
    if phase and phase != look.word:
        first += Content.styled(f" · {phase}", "$text-warning")
    if look.alive and (asked := follower.asked_to_end) is not None:
        first += Content.styled(f" · {_asked(asked)}", "bold $text-warning")
    if moment is not None:
        first += Content.styled(f"   {looking_back(moment)}", "bold reverse")
    first += f"   {' · '.join(parts)}"
    if reason:
        first += Content.styled(f"   {reason}", MUTED)
    share = (step or 0) / total if total else 0.0
    percent = f" {share:4.0%}" if total else ""
    bar = progress_bar(share, max(width - len(percent), 4))
    return first.truncate(max(width, 1), ellipsis=True) + "\n" + Content.assemble((bar, look.style), percent)


def eta_text(follower: RunFollower) -> str:
    """`3 h 10 min ± 8 min 00 s`."""
    left = follower.eta_seconds()
    if left is None:
        return DASH
    error = follower.eta_error_seconds()
    about = f" ± {duration_text(error)}" if error is not None and error >= 1 else ""
    return f"{duration_text(left)}{about}"


def end_text(moment: float) -> str:
    """When a run ends, by the clock: `04:10`, and with the day if that is not today: `Tue 04:10`."""
    end = time.localtime(moment)
    return time.strftime("%H:%M" if end[:3] == time.localtime()[:3] else "%a %H:%M", end)


def looking_back(moment: Moment) -> str:
    """` looking at step 1,240, Sat 14:02, 3 h ago · end: now `."""
    if moment.unix is None:
        return f" looking at step {moment.step:,} · end: now "
    when = time.strftime("%a %H:%M", time.localtime(moment.unix))
    return f" looking at step {moment.step:,}, {when}, {age_text(time.time() - moment.unix)} · end: now "


def not_learned(follower: RunFollower) -> bool:
    """Whether the newest validation is at or above always predicting the mean pose."""
    pose, mean = (follower.validation.get(name) for name in (Field.LOSS_POSE, Field.MEAN_POSE_LOSS))
    if pose is None or mean is None or pose.last is None or mean.last is None:
        return False
    return learned({Field.LOSS_POSE: pose.last, Field.MEAN_POSE_LOSS: mean.last}) is False


def alarm(follower: RunFollower) -> str:
    """The rule by which the watchdog alerted in the last minutes, for the status line; empty if none."""
    for event in reversed(follower.events):
        moment = event.get(Field.TIME)
        if not isinstance(moment, int | float) or time.time() - moment > ALARM_SECONDS:
            return ""
        if event.get(Field.RULE) is not None:
            return clean(event[Field.RULE], single_line=True, limit=20).replace("_", " ")
    return ""
