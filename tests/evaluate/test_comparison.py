"""A whole evaluation: models beside baselines, in a table, as JSON and as a page."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest
import torch

from stickgen.evaluate import figures
from stickgen.evaluate.admission import Admission
from stickgen.evaluate.comparison import OTHER_HALF, REAL, Comparison, Model, asked_frames, compare
from stickgen.evaluate.damage import DAMAGES
from stickgen.evaluate.evaluator import Evaluator
from stickgen.evaluate.report import html_report

NAME = "<b>odd\x1b[31m run"


@pytest.fixture(scope="module")
def comparison(judge: Evaluator, tested: Admission) -> Comparison:
    """Real motion as one model, with its feet sliding as another."""
    slide = next(damage for damage in DAMAGES if damage.name == "sliding feet")
    good = [judge.real] * 2
    poor = [slide.how(judge.real, 0.6)] * 2
    kept = Admission(tested.real, tested.damaged, {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "SAMPLES", 400)
        return compare(judge, kept, [Model(NAME, good), Model("slides", poor)])


def test_baselines_stand_beside_the_models(comparison: Comparison) -> None:
    assert list(comparison.values) == [
        NAME, "slides", REAL, OTHER_HALF, "retrieval", "class mean", "mean pose", "shuffled text",
    ]  # fmt: skip
    values = comparison.values
    assert values["mean pose"]["w1_speed"].value > values["retrieval"]["w1_speed"].value
    assert values["mean pose"]["mean_speed"].value == 0
    assert values["shuffled text"]["r1"].value < 0.2 < values[REAL]["r1"].value
    assert values["retrieval"]["copies"].value == 1.0
    assert values[REAL]["copies"].value < 0.2


def test_two_models_differ_where_they_do_and_nowhere_else(comparison: Comparison) -> None:
    pairs = {pair.figure.key: pair for pair in comparison.pairs()}
    for key in ("skate_ratio", "contact_speed", "w1_speed"):
        assert pairs[key].better == 0 and pairs[key].p < 0.01, key
    assert pairs["floor_depth"].better is None


def test_what_was_refused_stands_in_no_table(judge: Evaluator, comparison: Comparison) -> None:
    refusing = Admission(
        comparison.admission.real, comparison.admission.damaged, {"skate_ratio": "it is blind"}
    )
    refused = Comparison(judge, refusing, comparison.models, comparison.values, comparison.copies)
    assert "skate_ratio" in {figure.key for figure in comparison.figures}
    assert "skate_ratio" not in {figure.key for figure in refused.figures}
    assert "skate_ratio" not in refused.as_dict()["figures"]["slides"]
    assert "it is blind" in html_report(refused)


def test_json_is_json_and_says_by_whom_it_was_judged(judge: Evaluator, comparison: Comparison) -> None:
    told = json.loads(json.dumps(comparison.as_dict(), allow_nan=False))
    assert (
        told["evaluator"] == judge.digest and told["dataset"]["fingerprint"] == judge.split.file.fingerprint
    )
    figure = told["figures"]["slides"]["contact_speed"]
    assert figure["low"] <= figure["value"] <= figure["high"]


def test_a_model_that_draws_what_is_no_number_is_the_worst_and_not_the_best(
    judge: Evaluator, tested: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "SAMPLES", 20)
    broken = Model("broken", [[torch.full_like(motion, float("nan")) for motion in judge.real]])
    comparison = compare(judge, Admission(tested.real, tested.damaged, {}), [broken])
    values = comparison.values["broken"]
    assert values["r1"].value < 0.2 and values["action_strict"].value == 0
    assert values["kid"].value > comparison.values["retrieval"]["kid"].value
    assert "NaN" not in json.dumps(comparison.as_dict(), allow_nan=False)
    assert html_report(comparison)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name in ("src", "href") for name, _ in attrs), "the page needs nothing else"


def test_the_page_stands_alone_and_foreign_text_is_inert(comparison: Comparison) -> None:
    page = html_report(comparison)
    parser = _Page()
    parser.feed(page)
    assert parser.tags.count("svg") == 12 * 3
    assert "script" not in parser.tags
    assert NAME not in page and "\x1b" not in page and "&lt;b&gt;odd\\x1b[31m run" in page


def test_a_model_is_asked_for_whole_tens_of_frames_within_the_window(judge: Evaluator) -> None:
    for prompt, frames in zip(judge.prompts, asked_frames(judge), strict=True):
        assert frames <= judge.split.frames
        assert abs(frames - prompt.frames) <= 5 or frames == 20
