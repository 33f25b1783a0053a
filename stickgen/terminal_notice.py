"""The bytes that make a terminal ring, or show a notification, over SSH too."""

from __future__ import annotations

from collections.abc import Mapping

from stickgen.text import clean

_BELL, _ESCAPE = "\x07", "\x1b"
_LONGEST = 300  # characters; terminals cut or refuse longer ones


def terminal_notice(kind: str, title: str, text: str, environment: Mapping[str, str]) -> str:
    """What to write for `notify.terminal` `kind` (none, bell, osc9, osc777); empty for none.

    Nothing in `title` or `text` can end the sequence or begin another. tmux passes it on if its `allow-passthrough`
    is on; as it often is not, the bell is sent along, which tmux knows what to do with.
    """
    if kind == "bell":
        return _BELL
    title, text = (clean(part, single_line=True, limit=_LONGEST) for part in (title, text))
    if kind == "osc9":
        sequence = f"{_ESCAPE}]9;{title}: {text}{_BELL}"
    elif kind == "osc777":
        sequence = f"{_ESCAPE}]777;notify;{title.replace(';', ',')};{text.replace(';', ',')}{_BELL}"
    else:
        return ""
    if "TMUX" in environment:
        return f"{_ESCAPE}Ptmux;{sequence.replace(_ESCAPE, 2 * _ESCAPE)}{_ESCAPE}\\{_BELL}"
    return sequence
