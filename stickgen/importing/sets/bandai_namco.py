"""The Bandai-Namco-Research-Motiondataset: what is done in which style, by the names of its files."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stickgen.importing.captions import VERBS
from stickgen.importing.format import Known
from stickgen.importing.public_set import Describe, PublicSet
from stickgen.importing.sources import Found

_NAME = re.compile(r"dataset-([12])_([a-z-]+)_([a-z-]+)_(\d+)")
_LICENCE = "Bandai Namco Research (arXiv:2306.08861): CC BY-NC 4.0"


def _describe(tables: Sequence[Found], files: Sequence[Found]) -> Describe:
    def describe(file: Found) -> Known | None:
        match = _NAME.fullmatch(file.stem)
        if match is None or file.suffix != ".bvh":
            return None
        content, style = match[2], match[3]
        row = {"action": content, "style": style, "source": f"Bandai Namco {match[1]}", "licence": _LICENCE}
        if content not in VERBS:
            words, how = content.replace("-", " "), style.replace("-", " ")
            row["description"] = words if style == "normal" else f"{words}, {how}"
        return Known(row)

    return describe


SET = PublicSet(
    name="Bandai-Namco",
    reads="`dataset-1_walk_angry_001.bvh`: captions and action from content and style",
    is_table=lambda file: False,
    describe=_describe,
)
