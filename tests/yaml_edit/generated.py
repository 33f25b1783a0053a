"""Random YAML texts in every style that a person may write, for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

PLAIN = ["1", "-2", "0.5", "1.0e-3", "3e-4", "0x1F", "1_000", "true", "null", "~", "on", "word", "two words", "a#b",
         "http://x.y/z", "C:\\dir", "12:30", "größe", "🏃"]  # fmt: skip
QUOTED = ["''", '""', "'it''s'", '"a \\"b\\" \\n c"', "'x: y'", '"# no comment"', '"\\u00e4"']
MULTI = ["|\n{i}text\n{i}  more\n", ">-\n{i}folded\n{i}lines\n", "plain\n{i}over lines\n", '"quoted\n{i}over lines"\n',
         "|+\n{i}kept\n\n"]  # fmt: skip
KEYS = ["a", "b", "long_key", "d e", "'q'", '"r"', "größe", "x.y", "7"]
COMMENTS = ["", "", "", " # c", "   # a longer one"]


@st.composite
def yaml_texts(draw: st.DrawFn) -> str:
    """A config-like text: a mapping in block style, with everything that may be in it."""
    anchors: list[str] = []
    text = draw(st.sampled_from(["", "# head\n", "---\n", "\n\n"]))
    text += draw(_block_mapping(0, 3, anchors)) + draw(st.sampled_from(["", "# end\n", "...\n", "\n\n"]))
    if draw(st.integers(0, 3)) == 0:
        text = text.rstrip("\n")
    if draw(st.integers(0, 3)) == 0:
        text = text.replace("\n", "\r\n")
    return draw(st.sampled_from(["", "", "", "\ufeff"])) + text


@st.composite
def _block_mapping(draw: st.DrawFn, indent: int, depth: int, anchors: list[str]) -> str:
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique_by=lambda k: k.strip("'\"")))
    text = ""
    for key in keys:
        text += draw(st.sampled_from(["", "", " " * indent + "# about it\n", "\n"]))
        colon = draw(st.sampled_from([":", ":", " :", ":  "]))
        text += " " * indent + key + colon + draw(_value(indent, depth, anchors))
    return text


@st.composite
def _value(draw: st.DrawFn, indent: int, depth: int, anchors: list[str]) -> str:
    """What stands behind a colon or dash, with the line end."""
    kind = draw(
        st.sampled_from(
            ["plain"] * 3 + ["quoted", "flow", "empty", "multi", "alias"] + ["block"] * 2 * (depth > 0)
        )
    )
    comment = draw(st.sampled_from(COMMENTS)) if kind != "multi" else ""
    anchor = ""
    if kind in {"plain", "quoted", "flow", "block"} and draw(st.integers(0, 4)) == 0:
        anchor = f"&n{len(anchors)} "
    if kind == "alias":
        return f" *{draw(st.sampled_from(anchors))}{comment}\n" if anchors else f" 0{comment}\n"
    if kind == "empty":
        return f"{comment}\n"
    if kind == "multi":
        return " " + draw(st.sampled_from(MULTI)).replace("{i}", " " * (indent + 2))
    if kind == "block":
        step = draw(st.sampled_from([2, 4]))
        inner = draw(st.booleans())
        body = draw(
            _block_mapping(indent + step, depth - 1, anchors)
            if inner
            else _block_list(indent + step, depth - 1, anchors)
        )
        text = f" {anchor}".rstrip() + f"{comment}\n{body}"
    else:
        shown = (
            draw(st.sampled_from(PLAIN if kind == "plain" else QUOTED)) if kind != "flow" else draw(_flow(2))
        )
        text = f" {anchor}{shown}{comment}\n"
    if anchor:
        anchors.append(anchor[1:-1])
    return text


@st.composite
def _block_list(draw: st.DrawFn, indent: int, depth: int, anchors: list[str]) -> str:
    text = ""
    for _ in range(draw(st.integers(1, 3))):
        text += draw(st.sampled_from(["", "", " " * indent + "# about it\n"]))
        text += " " * indent + "-" + draw(_value(indent, depth, anchors))
    return text


@st.composite
def _flow(draw: st.DrawFn, depth: int) -> str:
    is_map, count = draw(st.booleans()), draw(st.integers(0, 3))
    blank, between = draw(st.sampled_from(["", " "])), draw(st.sampled_from([", ", ",", " , "]))
    parts: list[Any] = []
    keys = draw(st.permutations(["a", "b", '"c"']))
    for index in range(count):
        nested = depth > 0 and draw(st.integers(0, 3)) == 0
        item = (
            draw(_flow(depth - 1))
            if nested
            else draw(st.sampled_from(["1", "0.5", "word", "'x'", '"y, z"', "null"]))
        )
        parts.append(f"{keys[index]}: {item}" if is_map else item)
    opening, closing = ("{", "}") if is_map else ("[", "]")
    return opening + blank + between.join(parts) + blank + closing
