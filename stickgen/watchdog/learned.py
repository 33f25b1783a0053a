"""Whether a run has learned anything, by its validation: what the end of a run must not hide."""

from __future__ import annotations

from stickgen.quantities import number_text
from stickgen.run_contract import Field
from stickgen.watchdog.finding import Record, number


def learned(validation: Record | None) -> bool | None:
    """Whether the newest record of validation is below always predicting the mean pose; None if there is none."""
    if validation is None or Field.LOSS_POSE not in validation:
        return None
    mean, loss = number(validation, Field.MEAN_POSE_LOSS), number(validation, Field.LOSS_POSE)
    if mean is None or mean <= 0:
        return None
    return loss is not None and loss < mean


def not_learned(validation: Record | None) -> str:
    """Why a run has not learned, in words that follow a `but`; empty if it has, or nobody knows."""
    if validation is None or learned(validation) is not False:
        return ""
    loss, mean = number(validation, Field.LOSS_POSE), number(validation, Field.MEAN_POSE_LOSS)
    said = "not finite" if loss is None else number_text(loss)
    return (
        f"did not learn: its validation pose loss {said} is no lower than the {number_text(mean)} of always predicting "
        "the mean pose"
    )
