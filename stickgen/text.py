"""The one door for foreign text: logs, names, paths, captions, messages of exceptions.

A terminal obeys escape codes wherever they come from, so text that we did not write passes `clean`
before it is printed or handed to a widget.
"""

from __future__ import annotations

import unicodedata

_KEPT = {"\n", "\t"}


def is_unicode(text: str) -> bool:
    """Whether `text` can be written as UTF-8: not if it holds a lone surrogate, as from bytes of another encoding."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def clean(text: object, *, single_line: bool = False, limit: int | None = None) -> str:
    """`text` with every control character made visible and inert.

    C0 and C1 controls (ESC, BEL, NUL, CR, the C1 OSC…), bidirectional overrides and other format
    characters, lone surrogates and line separators become `\\xNN` or `\\uNNNN`; newline and tab stay,
    unless `single_line`, where they become a space. `limit` cuts to so many characters, with an ellipsis.
    """
    out: list[str] = []
    for character in str(text):
        if character in _KEPT:
            out.append(" " if single_line else character)
        elif unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and character != "\u200d":
            code = ord(character)
            out.append(f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
        else:
            out.append(character)
    result = "".join(out)
    if limit is not None and len(result) > limit:
        result = result[: max(limit - 1, 0)] + "…"
    return result
