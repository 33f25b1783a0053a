"""Single values: what a plain text reads as, and how a value is written so that every reader agrees.

YAML 1.1 (PyYAML) and 1.2 (ruamel.yaml) differ on plain texts: `1e-4` is text to the one and a number to the
other, `on` a truth and text, `017` fifteen and seventeen. We read as 1.2 does and write only what both read alike.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from functools import lru_cache

import yaml

Plain = bool | int | float | str | None

_DIGITS = 300  # a longer whole number is beyond every float; Python itself refuses 4300 digits
_INTEGER = re.compile(r"[-+]?[0-9][0-9_]*")
_BASED = re.compile(r"[-+]?(0o[0-7_]+|0x[0-9a-fA-F_]+|0b[01_]+)")
_FLOAT = re.compile(r"[-+]?(\.[0-9][0-9_]*|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?")
BARE = re.compile(
    r"(?:[\w/+]|[-.][\w/])[\w./@+-]*(?: [\w./@+-]+)*", re.ASCII
)  # text that may stand without quotes anywhere

_ESCAPES = {'"': '"', "\\": "\\", "\n": "n", "\t": "t", "\r": "r"}

CORE_TAG = "tag:yaml.org,2002:"


def resolve(text: str) -> Plain:
    """A plain scalar as YAML 1.2 reads it; `_` between digits is allowed, as both readers do."""
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return text.lower() == "true"
    if _INTEGER.fullmatch(text):
        digits = text.replace("_", "")
        return int(digits) if len(digits) < _DIGITS else -math.inf if text[0] == "-" else math.inf
    if _BASED.fullmatch(text) and text[-1] != "_" and len(text) < _DIGITS:
        return int(text.replace("_", ""), 0)
    if _FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    if text in {sign + word for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")}:
        return -math.inf if text[0] == "-" else math.inf
    return math.nan if text in {".nan", ".NaN", ".NAN"} else text


def resolve_tagged(text: str, style: str | None, tag: str | None) -> Plain:
    """The value of a scalar; a core tag (`!!float 3`) decides its type, an unknown one leaves the text."""
    if tag is None:
        return resolve(text) if style is None else text
    value = resolve(text)
    kind = tag.removeprefix(CORE_TAG)
    if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    fits = {"int": int, "float": float, "bool": bool, "null": type(None)}.get(kind)
    return value if fits is not None and type(value) is fits else text


@lru_cache(maxsize=4096)
def reads_alike(text: str) -> bool:
    """Whether a plain text means the same to readers of YAML 1.1 and of 1.2."""
    return same_value(resolve(text), _read_as_1_1(text))


def reading_1_1(text: str) -> str:
    """How a reader of YAML 1.1 takes a plain text, as words: `text`, `15`, `true`."""
    value = _read_as_1_1(text)
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: "nothing"}[value]
    if isinstance(value, str):
        return "text"
    return "an error" if value is ... else str(value)


def truth_1_1(text: str) -> bool | None:
    """What `yes`, `off` and the like mean in YAML 1.1; None for any other text."""
    value = _read_as_1_1(text)
    return value if isinstance(value, bool) else None


def _read_as_1_1(text: str) -> object:
    """What PyYAML makes of a plain scalar; `...` if it raises."""
    loader = yaml.SafeLoader("")
    try:
        tag = loader.resolve(yaml.ScalarNode, text, (True, False))
        return loader.construct_object(yaml.ScalarNode(tag, text))
    except (yaml.YAMLError, ValueError):
        return ...
    finally:
        loader.dispose()


def same_value(one: object, other: object) -> bool:
    """Equal and of one type; nan is itself."""
    if type(one) is not type(other):
        return False
    return one == other or (isinstance(one, float) and math.isnan(one) and one != one and other != other)


def format_value(value: Plain, style: str | None = None, like: str = "") -> str:
    """`value` as YAML 1.1 and 1.2 read alike: text in the quotes of `style`, numbers in the notation of `like`.

    >>> format_value(2000, like="1_000"), format_value(255, like="0x0F"), format_value(0.0001, like="3e-4")
    ('2_000', '0xFF', '1.0e-4')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _format_int(value, like)
    if isinstance(value, float):
        return _format_float(value, like)
    if style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if style is None and BARE.fullmatch(value) and resolve(value) == value and reads_alike(value):
        return value
    return '"' + "".join(_escaped(character) for character in value) + '"'


def _format_int(value: int, like: str) -> str:
    if _BASED.fullmatch(like) and value >= 0 and "o" not in like:
        if "b" in like[:3]:
            return f"0b{value:b}"
        return f"0x{value:x}" if like[2:] == like[2:].lower() else f"0x{value:X}"
    return f"{value:_}" if "_" in like and _INTEGER.fullmatch(like) else str(value)


def _format_float(value: float, like: str) -> str:
    if not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    text = repr(value)
    number = _FLOAT.fullmatch(like)
    if number and number.group(3) and value:
        exponent = number.group(3)[0]  # e or E
        digits = Decimal(text).normalize()
        power = digits.adjusted()
        mantissa = f"{digits.scaleb(-power):f}"
        return f"{mantissa}{'' if '.' in mantissa else '.0'}{exponent}{power:+d}"
    if "e" in text and 1e-9 < abs(value) < 1e16:
        text = f"{Decimal(text):f}"
    if "e" in text:
        mantissa, power_text = text.split("e")
        mantissa += "" if "." in mantissa else ".0"
        return f"{mantissa}e{int(power_text):+d}"
    return text if "." in text else text + ".0"


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return "\\" + _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
