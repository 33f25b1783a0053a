"""What the gradient is taken of: small motions count, and physics is not asked of means."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from stickgen.model.objective import Draw, training_loss

WEIGHTS = {"temporal": 0.1, "action": 0.15, "physics": 0.2, "diffusion": 0.1}
BEFORE: dict[str, Any] = {"enabled": True, "physics_fade": 0.0, "relative_loss": 0.0}
NOW: dict[str, Any] = {"enabled": True, "physics_fade": 2.0, "relative_loss": 1.0}


def terms(pose: Tensor, physics: float = 0.0) -> dict[str, Tensor]:
    others = {name: torch.zeros_like(pose) for name in ("temporal", "action", "diffusion")}
    others |= {"physics": torch.full_like(pose, physics)}
    total = pose + sum(WEIGHTS[name] * value for name, value in others.items())
    return {"pose": pose, **others, "total": total}


def draw(*times: float) -> Draw:
    time, no = torch.tensor(times), torch.zeros(len(times), dtype=torch.bool)
    return Draw(torch.zeros(len(times), 1, 20), time, ~no, no)


@pytest.mark.parametrize("diffusion", [BEFORE, {**NOW, "enabled": False}])
def test_a_run_from_before_and_a_regressor_take_the_total_itself(diffusion: dict[str, Any]) -> None:
    found = terms(torch.tensor([0.5, 0.1]), physics=3.0)
    assert training_loss(found, draw(0.9, 0.1), WEIGHTS, diffusion) is found["total"]


def test_a_clap_gets_as_much_of_the_gradient_as_a_cartwheel() -> None:
    pose = torch.tensor([0.04, 4.0], requires_grad=True)
    errors = pose * 1.0  # an error that is halved halves the loss, whatever its size
    training_loss(terms(errors), draw(0.5, 0.5), WEIGHTS, NOW).sum().backward()
    assert pose.grad is not None
    clap, cartwheel = (pose.grad * pose.detach()).tolist()  # what a change by one per cent is worth
    assert cartwheel / clap < 3
    again = pose.detach().requires_grad_()
    training_loss(terms(again * 1.0), draw(0.5, 0.5), WEIGHTS, BEFORE).sum().backward()
    assert again.grad is not None
    clap, cartwheel = (again.grad * pose.detach()).tolist()
    assert cartwheel / clap == pytest.approx(100)


def test_no_physics_is_asked_of_noise() -> None:
    pose = torch.full((2,), 0.95)  # the weight of physics is then 1 at time 0
    with_it = training_loss(terms(pose, physics=1.0), draw(1.0, 0.0), WEIGHTS, NOW)
    without = training_loss(terms(pose), draw(1.0, 0.0), WEIGHTS, NOW)
    torch.testing.assert_close(with_it - without, torch.tensor([0.0, 0.2]))


def test_physics_counts_more_against_the_pose_as_the_schedule_goes_by() -> None:
    found = terms(torch.tensor([0.02, 0.02]), physics=1.0)

    def share_of_physics(over: float) -> float:
        whole = training_loss(found, draw(0.3, 0.3), WEIGHTS, NOW, over)
        pose = training_loss(terms(torch.tensor([0.02, 0.02])), draw(0.3, 0.3), WEIGHTS, NOW, over)
        return float(((whole - pose) / whole)[0])

    assert share_of_physics(0.0) < share_of_physics(0.5) < share_of_physics(1.0)
