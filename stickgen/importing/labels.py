"""What a clip shows: decided by its motion where possible, not only by its name."""

from __future__ import annotations

from stickgen.data.actions import ACTION_INDEX, action_of_label
from stickgen.importing.projection import Figure

_WAYS = {ACTION_INDEX[name] for name in ("walk", "walk_backward", "sidestep")}
_FAST = {ACTION_INDEX[name] for name in ("run", "jog", "sprint")}
_GOES = 0.08  # units per second: at lower speeds, the direction is unclear
_STEPS = 0.05  # units: if feet move less relative to the pelvis, nobody walks
_SIDEWAYS = 1.2  # ratio of sideways to forward or backward speed
_DRIFT = 0.15  # share of sideways movement


def decide(label: str, figure: Figure) -> tuple[int | None, str]:
    """The action of a clip that its source calls `label`, and the label for its captions.

    The hips show the direction: Bandai-Namco's `walk-left` goes forward and drifts to the left.
    """
    action = action_of_label(label)
    if action not in _WAYS | _FAST:
        return action, label
    ahead, aside = figure.forward, figure.leftward
    if max(abs(ahead), abs(aside)) < _GOES or figure.stride < _STEPS:
        return action, label
    side = "left" if aside > 0 else "right"
    if abs(aside) > _SIDEWAYS * abs(ahead):
        return ACTION_INDEX["sidestep"], f"walk-{side}"
    if action in _FAST:
        return action, label
    if ahead < 0:
        return ACTION_INDEX["walk_backward"], "walk-back"
    if action == ACTION_INDEX["walk"]:
        return action, label
    return ACTION_INDEX["walk"], f"walk-drift-{side}" if abs(aside) > _DRIFT * ahead else "walk"
