"""Walking and running: feet stand still while they bear weight, and swing while they do not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stickgen.data.synthetic.body import GRAVITY, INDEX, REACH, STANDING, Floats, deg, ease, still
from stickgen.motion.skeleton import FPS

_SOFTENED = np.array([1, 3, 4, 3, 1]) / 12  # taking off and landing take several frames
_SETTLES, _HELD = 0.12, 0.66  # shares of a stance: until the ankle rests, and for how long it does


@dataclass(frozen=True)
class Gait:
    """A gait, in skeleton units (about 1.75 m) and seconds.

    `duty` is the share of a cycle during which a foot stands. Above 0.5, at least one foot always does (walking); below,
    the body flies between steps (running).
    """

    speed: float = 0.72
    step_rate: float = 1.9  # steps per second, counting both feet
    duty: float = 0.62
    lift: float = 0.06
    heel_kick: float = 0.0  # extra lift early in the swing, as in running
    lean: float = 0.05
    arm_swing: float = 0.45
    elbow: float = 0.3
    crouch: float = 0.0
    bounce: float = 1.0
    rise: float = 0.0  # height gained per step, for stairs
    yaw: float = 0.0
    sway: float = 0.0
    uneven: float = 0.0  # how much longer one leg's step takes than the other's: a limp

    def scaled(self, size: float, pace: float) -> Gait:
        """The gait with longer steps (`size`) and more of them per second (`pace`)."""
        return replace(
            self,
            speed=self.speed * pace * (0.5 + 0.5 * size),
            step_rate=self.step_rate * (0.5 + 0.5 * pace),
            lift=self.lift * size,
            arm_swing=self.arm_swing * size,
        )


def footsteps(
    time: Floats,
    *,
    start: float,
    cycle: float,
    duty: float,
    speed: float,
    lift: float,
    kick: float,
    rise: float,
) -> tuple[Floats, Floats]:
    """Place and height of a foot whose first stance begins at `start`; both [t].

    While the foot stands, both are constant. It is put down as far ahead of the body as it is lifted behind it.
    """
    # the ankle comes to rest a little after the heel, and leaves the floor before the toes do
    held = _HELD * duty
    phase = (time - start) / cycle - _SETTLES * duty
    number = np.floor(phase)
    part = phase - number
    stands = part < held
    landing = start + number * cycle
    here = speed * (landing + duty * cycle / 2)
    swing = np.clip((part - held) / (1 - held), 0, 1)
    # the foot has arrived when it comes down
    place = here + speed * cycle * ease(np.clip(1.12 * swing - 0.06, 0, 1)) * ~stands
    ground = number * rise
    arc = lift * np.sin(np.pi * swing) ** 2 + kick * np.sin(np.pi * np.minimum(swing * 1.5, 1)) ** 2
    climbed = rise * ease(np.minimum(swing * 1.5, 1)) + 0.35 * rise * np.sin(np.pi * swing)
    return place, ground + np.where(stands, 0, arc + climbed)


def go(gait: Gait, seconds: float, phase: float = 0.0) -> Floats:
    """The controls for `seconds` of this gait towards +x."""
    frames = max(round(seconds * FPS), 2)
    time = np.arange(frames) / FPS
    cycle = 2 / gait.step_rate
    stance = gait.duty * cycle
    half = gait.speed * stance / 2
    first = phase * cycle - stance / 2
    offset = 0.5 + 0.5 * gait.uneven
    places = {
        side: footsteps(
            time, start=begin, cycle=cycle, duty=gait.duty, speed=gait.speed,
            lift=gait.lift, kick=gait.heel_kick, rise=2 * gait.rise,
        )
        for side, begin in (("l", first), ("r", first - offset * cycle))
    }  # fmt: skip
    top = STANDING - gait.crouch
    # steps of the body: 0 in the middle of a stance
    step = (time - phase * cycle) * gait.step_rate
    if gait.duty >= 0.5:
        low = min(np.sqrt(max(REACH**2 - half**2, 0.02)) - 0.002, top - 0.004)
        height = low + (top - low) * (0.5 + 0.5 * np.cos(2 * np.pi * step)) * gait.bounce
    else:
        # if a leg were stretched at either end of its stance, the knee would snap
        height = _running_height(step, gait, stance, min(top, float(np.sqrt(REACH**2 - half**2)) - 0.014))
        height = np.convolve(np.pad(height, 2, mode="reflect"), _SOFTENED, mode="valid")
    rise = gait.rise * gait.step_rate
    climb = rise * time - (gait.rise * 0.9 if gait.rise else 0)
    swing = np.cos(np.pi * step)  # 1 in the middle of the left foot's stance, -1 in that of the right
    drive = np.sin(np.pi * step)
    return still(
        frames,
        x=gait.speed * time,
        y=height + climb,
        yaw=gait.yaw,
        pitch=gait.lean + 0.015 * np.cos(2 * np.pi * step),
        roll=gait.sway * swing,
        lx=places["l"][0], rx=places["r"][0],
        ly=places["l"][1], ry=places["r"][1] + (-gait.rise if gait.rise else 0),
        la=0.05 + gait.arm_swing * drive, ra=0.05 - gait.arm_swing * drive,
        le=gait.elbow + 0.3 * gait.arm_swing * np.maximum(drive, 0),
        re=gait.elbow + 0.3 * gait.arm_swing * np.maximum(-drive, 0),
        lb=0.1, rb=0.1, lc=0.05, rc=0.05, ls=0.04, rs=-0.04,
    )  # fmt: skip


def _running_height(step: Floats, gait: Gait, stance: float, top: float) -> Floats:
    """The height while running: flight is ballistic, and the stance is a half wave that reverses the speed."""
    period = 1 / gait.step_rate
    flight = period - stance
    # seconds since the middle of the nearest stance
    away = np.abs((step - np.round(step)) * period)
    dip = GRAVITY * flight * stance / (2 * np.pi)
    flying = away > stance / 2
    since = away - stance / 2
    arc = 0.5 * GRAVITY * since * (flight - since)
    return np.where(flying, top + arc, top - dip * np.cos(np.pi * away / stance))


def spread(track: Floats, side: str = "", /, **changes: float | Floats) -> Floats:
    """The track with some controls, of `side` if given, set to a number or to a value per frame."""
    for name, value in changes.items():
        track[:, INDEX[side + name]] = value
    return track


WALK = Gait()
JOG = Gait(
    speed=1.15, step_rate=2.55, duty=0.42, lift=0.05, heel_kick=0.07, lean=0.12, arm_swing=0.6, elbow=1.3
)
RUN = Gait(
    speed=1.6, step_rate=2.65, duty=0.34, lift=0.1, heel_kick=0.1, lean=0.18, arm_swing=0.65, elbow=1.4
)
SPRINT = Gait(
    speed=2.15, step_rate=2.95, duty=0.28, lift=0.14, heel_kick=0.12, lean=deg(16), arm_swing=0.75, elbow=1.45
)
