"""A report as one HTML file that needs nothing else: its style, its tables, its texts escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from stickgen.text import clean

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#282c34;background:#faf9f6}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #ddd}
th:first-child,td:first-child{text-align:left}th{font-weight:600}
.model{font-weight:600}.dim{color:#777}.bad{color:#b03a2e}
svg{display:block;max-width:100%}svg line,svg circle{stroke-linecap:round;stroke-width:2.2;stroke:#282c34}
svg .l{stroke:#c44e38}svg .r{stroke:#2e68a8}svg .f{stroke:#c4c4c0;stroke-width:1}
.pair{border-top:1px solid #ddd;padding:.6rem 0}.pair p{margin:.2rem 0}
"""


def page(title: str, parts: Iterable[str]) -> str:
    """The file. `parts` are HTML already."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{safe(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{safe(title)}</h1>{''.join(parts)}</body></html>\n"
    )


def safe(text: object) -> str:
    """A text of a dataset or a run, escaped."""
    return escape(clean(text, single_line=True, limit=500))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are already HTML."""
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{''.join(f'<th>{cell}</th>' for cell in head)}</tr>{body}</table>"
