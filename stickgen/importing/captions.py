"""The captions of a clip: those that people wrote, else English sentences made from its labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from stickgen.text import clean

# label of a clip's content → what a person does, in two ways
VERBS: dict[str, tuple[str, str]] = {
    "balance": ("keeps their balance", "stands balancing"),
    "bow": ("bows", "takes a bow"),
    "bye": ("waves goodbye", "raises a hand and waves"),
    "byebye": ("waves goodbye with both hands", "says goodbye, waving with both arms"),
    "call": ("calls out", "shouts to somebody far away"),
    "cartwheel": ("turns a cartwheel", "does a cartwheel"),
    "dance": ("dances", "performs a dance"),
    "dance-short": ("dances on the spot", "performs a short dance"),
    "dash": ("dashes forward", "sprints ahead"),
    "guide": ("shows the way", "points the way with an arm"),
    "jump": ("jumps", "leaps up into the air"),
    "kick": ("kicks", "throws a kick"),
    "leap": ("leaps forward", "takes a leap"),
    "pick_up": ("bends down and picks something up", "picks something up from the ground"),
    "pose": ("holds a pose", "stands in a pose"),
    "punch": ("punches", "throws punches"),
    "respond": ("raises a hand to answer", "responds with a raised hand"),
    "run": ("runs", "goes for a run"),
    "slash": ("slashes with a sword", "swings a sword"),
    "swordplay": ("fights with a sword", "practises swordplay"),
    "walk": ("walks forward", "takes a walk"),
    "walk-back": ("walks backwards", "steps back, walking in reverse"),
    "walk-drift-left": ("walks forward, drifting to the left", "walks ahead and bears left"),
    "walk-drift-right": ("walks forward, drifting to the right", "walks ahead and bears right"),
    "walk-left": ("walks to the left", "steps sideways to their left"),
    "walk-right": ("walks to the right", "steps sideways to their right"),
    "wash_self": ("washes themselves", "mimes washing their body"),
}  # fmt: skip

# style → (what kind of person, in what manner, another way to say it)
_STYLES: dict[str, tuple[str, str, str]] = {
    "active": ("an energetic person", "with a lot of energy", "full of vigour"),
    "angry": ("an angry person", "angrily", "in a rage"),
    "childish": ("a childlike person", "like a child", "playfully, as children do"),
    "chimpira": ("a cocky person", "with a swagger", "like a street tough"),
    "feminine": ("a feminine person", "in a feminine way", "with feminine grace"),
    "giant": ("a lumbering giant", "like a giant", "heavily, as a giant would"),
    "happy": ("a happy person", "happily", "in high spirits"),
    "masculinity": ("a manly person", "in a masculine way", "with a manly air"),
    "musical": ("a rhythmic person", "as if to music", "in time with a tune"),
    "not-confident": ("a timid person", "without confidence", "hesitantly"),
    "old": ("an old person", "like an old person", "stiffly, bent by age"),
    "proud": ("a proud person", "proudly", "with their chest out"),
    "sad": ("a sad person", "sadly", "with a heavy heart"),
    "tired": ("a tired person", "wearily", "feeling tired"),
}
MAX_CAPTION = 500  # characters


def captions_of(row: Mapping[str, str], name: str) -> list[str]:
    """One or more captions of a clip, the most specific first.

    `row` may have `captions` separated by |, a `description`, and the labels `action` and `style`, or a `manner` that
    follows the verb. A clip about which nothing is known is named after its file.
    """
    written = [*(row.get("captions") or "").split("|"), row.get("description") or ""]
    sentences = _sentences(row.get("action") or "", row.get("style") or "normal", row.get("manner") or "")
    texts = [clean(text, single_line=True, limit=MAX_CAPTION).strip() for text in (*written, *sentences)]
    texts = list(dict.fromkeys(text for text in texts if text))
    return texts or [clean(PurePosixPath(name).stem, single_line=True).replace("_", " ").replace("-", " ")]


def _sentences(action: str, style: str, manner: str) -> list[str]:
    if action not in VERBS:
        return []
    plainly, otherwise = VERBS[action]
    if manner:
        return [f"a person {plainly} {manner}", f"someone {otherwise} {manner}"]
    if style == "normal":
        return [f"a person {plainly}", f"someone {otherwise}"]
    who, how, or_so = _STYLES.get(style, (f"a {style} person", f"in a {style} way", f"in a {style} manner"))
    return [f"a person {plainly} {how}", f"someone {otherwise}, {or_so}", f"{who} {plainly}"]
