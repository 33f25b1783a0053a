"""A request is answered once, by the launch it was meant for; keys that were set hold for the run."""

from __future__ import annotations

from stickgen.record_log import RecordWriter
from stickgen.run_contract import Wish
from stickgen.runs.control import Inbox, request, waiting
from stickgen.runs.store import Run


def test_requests_come_once_in_order_and_leave_the_inbox_when_their_answer_is_written(run: Run) -> None:
    first, second = request(run, Wish.SAVE), request(run, Wish.STOP)
    inbox = Inbox(run, 0)
    found = inbox.new()
    assert [(r.id, r.wish, r.refusal) for r in found] == [(first, "save", ""), (second, "stop", "")]
    assert all(r.asked_unix is not None for r in found)
    for each in found:
        inbox.answer(each)
    assert inbox.new() == [] and inbox.to_clear
    assert len(list(run.control_dir.iterdir())) == 2  # until the answers are on disk
    inbox.clear()
    assert not inbox.to_clear and list(run.control_dir.iterdir()) == []


def test_what_the_events_answer_is_not_answered_again(run: Run) -> None:
    """The trainer was killed after it answered and before it removed the request."""
    answered, new = request(run, Wish.SET, {"training.epochs": 7}), request(run, Wish.SAMPLE)
    writer = RecordWriter(run.events_path)
    writer.write({"event": "live", "id": answered, "applied": True})
    writer.close()
    inbox = Inbox(run, 0)
    assert [r.id for r in inbox.new()] == [new]
    inbox.clear()
    assert [path.stem for path in run.control_dir.iterdir()] == [new]


def test_a_request_left_over_from_an_older_launch_is_refused_but_keys_stay_set(run: Run) -> None:
    run.update_identity(launches=[{}])
    old, keys = request(run, Wish.STOP), request(run, Wish.SET, {"training.epochs": 7})
    run.update_identity(launches=[{}, {}])
    new = request(run, Wish.SAVE)
    refused, kept, taken = waiting(run, 2)
    assert (refused.id, refused.refusal) == (old, "it was meant for launch 1, this is 2")
    assert (kept.id, kept.refusal, kept.values) == (keys, "", {"training.epochs": 7})
    assert (taken.id, taken.refusal) == (new, "")


def test_what_is_no_request_is_refused_and_gone(run: Run) -> None:
    texts = ("{", "[]", '{"wish": {}}', '{"wish": "format the disk"}', '{"wish": "set", "values": [1]}')
    for name, text in zip("abcde", texts, strict=True):
        (run.control_dir / f"{name}.json").write_text(text)
    inbox = Inbox(run, 0)
    found = inbox.new()
    assert [r.id for r in found if r.refusal] == ["a", "b", "c", "d", "e"]
    for each in found:
        inbox.answer(each)
    inbox.clear()
    assert list(run.control_dir.iterdir()) == []
