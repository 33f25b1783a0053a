"""A request is applied once, by the launch it was meant for."""

from __future__ import annotations

from stickgen.run_contract import Wish
from stickgen.runs.control import request, take_requests
from stickgen.runs.store import Run


def test_requests_are_taken_once_in_order(run: Run) -> None:
    first, second = request(run, Wish.SAVE), request(run, Wish.STOP)
    assert [(r.id, r.wish, r.refusal) for r in take_requests(run, 0)] == [
        (first, "save", ""),
        (second, "stop", ""),
    ]
    assert take_requests(run, 0) == []


def test_a_request_left_over_from_an_older_launch_is_refused(run: Run) -> None:
    run.update_identity(launches=[{}])
    old = request(run, Wish.STOP)
    run.update_identity(launches=[{}, {}])
    new = request(run, Wish.SAVE)
    refused, taken = take_requests(run, 2)
    assert (refused.id, refused.refusal) == (old, "it was meant for launch 1, this is 2")
    assert (taken.id, taken.refusal) == (new, "")


def test_what_is_no_request_is_refused_and_gone(run: Run) -> None:
    for name, text in (("a", "{"), ("b", "[]"), ("c", '{"wish": {}}'), ("d", '{"wish": "format the disk"}')):
        (run.control_dir / f"{name}.json").write_text(text)
    assert [r.id for r in take_requests(run, 0) if r.refusal] == ["a", "b", "c", "d"]
    assert take_requests(run, 0) == []
