"""The filter language means what it says, reads what it writes, and says where it does not understand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickgen.catalogue.fields import resolver
from stickgen.catalogue.query import (
    Comparison,
    Either,
    Every,
    Not,
    Query,
    QueryError,
    fields_of,
    number_of,
    parse,
    written,
)

RESOLVE = resolver(lambda: ["my_own"])
RUN: dict[str, Any] = {
    "name": "20260921-medium-calm-otter", "status": "running", "val.loss": 0.08, "lr": 1e-3, "val.loss.best": 0.05,
    "training.optimizer": "muon", "tag": ("baseline", "night"), "note": "the Left hand lags", "lora.enabled": False,
    "age": 90_000.0, "training.seed": 5, "my_own": 7.0, "quality_contrast": None, "grad_norm": float("nan"),
}  # fmt: skip


def holds(text: str) -> bool:
    return parse(text, RESOLVE).holds(RUN.get)


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "otter", "OTTER", '"calm-otter"', "status:running", "status=RUNNING", "val.loss<0.1", "val.loss < 0.1",
        "training.optimizer=muon", "optimizer=muon", "tag:baseline", "tag=night", 'note~"left hand"', "note:lags", "lr=1e-3", "lr=0.001",
        "lr>=.001", "status:running val.loss<0.1 training.optimizer=muon tag:baseline note~\"left hand\" and not (name~test or lr>1e-2)",
        "not name~test", "not not otter", "zebra or otter", "zebra or otter and otter", "(zebra or otter) otter",
        "seed==5", "seed=5.0", "seed!=6", "name!~^x", "enabled=false or lora.enabled=false", "age>1d", "age<2d", "age>24h",
        "val.loss.best<0.06", "train.lr<1", "my_own=7", "quality_contrast=none", "tags:night", "status!=failed",
    ],
)  # fmt: skip
def test_holds(text: str) -> None:
    if text.startswith("enabled"):  # a name of several keys
        text = text.split(" or ")[1]
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "zebra", "status=run", "val.loss>0.1", "tag:base", "tag!=night", "not otter", "otter zebra", "age>2d",
        "quality_contrast<1", "quality_contrast>1", "grad_norm<1e9", "grad_norm>0", "seed=6", "name~^calm",
    ],
)  # fmt: skip
def test_does_not_hold(text: str) -> None:
    assert not holds(text)


def test_what_a_run_does_not_have_fails_every_comparison_and_so_passes_their_contrary() -> None:
    assert holds("not quality_contrast<1") and holds("quality_contrast!=1")


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("val.loss<abc", 9, "compares numbers, and 'abc' is none"),
        ("otter (name~x", 6, "never closed"),
        ("otter)", 5, "closes nothing"),
        ("otter and", 9, "ends where a word"),
        ("and otter", 0, "`and` needs"),
        ("otter or or otter", 9, "`or` needs"),
        ("()", 1, "nothing in these brackets"),
        ("val.los<1", 0, "did you mean val.loss?"),
        ("trainning.optimizer=muon", 0, "did you mean training.optimizer?"),
        ("enabled=true", 0, "a name of several keys: diffusion.enabled, lora.enabled"),
        ("lr>", 3, "nothing behind >"),
        ("name~[", 5, "no regular expression"),
        ('note:"left', 5, "this quote is never closed"),
        ("=5", 0, "no field before"),
        ("otter !", 6, "no field before"),
        ("name!x", 4, "write not"),
        ("not " * 60 + "x", 200, "more than 50"),
    ],
)
def test_an_error_says_what_and_where(text: str, at: int, says: str) -> None:
    with pytest.raises(QueryError, match="filter, character") as caught:
        parse(text, RESOLVE)
    assert caught.value.at == at and says in caught.value.sentence


def test_numbers_have_units() -> None:
    assert number_of("2d") == 172_800 and number_of("4GiB") == 2**32 and number_of("20M") == 2e7
    assert number_of("1e999") is None and number_of("3 d") is None and number_of("nan") is None


values = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
comparisons = st.builds(
    lambda field, operator, value: parse(written(Comparison(field, operator, value)), RESOLVE),
    st.sampled_from(sorted(RUN)), st.sampled_from([":", "=", "!="]), values,
) | st.builds(
    lambda field, operator, value: parse(f"{field}{operator}{value!r}", RESOLVE),
    st.sampled_from(["val.loss", "lr", "age", "training.seed"]), st.sampled_from(["<", "<=", ">", ">=", "=", "!="]),
    st.floats(-1e6, 1e6) | st.integers(-9, 9),
)  # fmt: skip
queries = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(lambda parts: Every(tuple(parts)), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda parts: Either(tuple(parts)), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=8,
)


@given(queries)
def test_a_written_query_reads_as_itself(query: Query) -> None:
    again = parse(written(query), RESOLVE)
    assert again.holds(RUN.get) == query.holds(RUN.get) and fields_of(again) == fields_of(query)
    assert written(again) == written(query)


@given(queries, queries)
def test_and_or_not_are_those_of_logic(one: Query, other: Query) -> None:
    a, b = one.holds(RUN.get), other.holds(RUN.get)
    first, second = f"({written(one)})", f"({written(other)})"
    assert holds(f"{first} and {second}") == holds(f"{first} {second}") == (a and b)
    assert holds(f"{first} or {second}") == (a or b)
    assert holds(f"not ({first} or {second})") == holds(f"not {first} not {second}")
    assert holds(f"{first} or {second} and {first}") == (a or (b and a))


@given(st.text(max_size=40) | st.text("()\"' <>=!~:andornt.1x\\", max_size=40))
def test_any_text_is_a_query_or_an_error_within_it(text: str) -> None:
    try:
        parse(text, RESOLVE).holds(RUN.get)
    except QueryError as error:
        assert 0 <= error.at <= len(text)
