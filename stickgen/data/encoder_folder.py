"""Which text encoders may be loaded: files from elsewhere never decide what code runs.

A sentence-transformers folder names the classes it is made of. From version 6 on, the library refuses classes that
are not its own; here, a folder is checked before the library sees it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stickgen.config.schema import KEY_BY_PATH
from stickgen.errors import StickgenError
from stickgen.text import clean

OFFLINE = "offline"
DEFAULT = str(KEY_BY_PATH["data.encoder"].default)
# Encoders that a run's config may name. Any other has to be named by the user.
KNOWN = {
    OFFLINE,
    DEFAULT,
    "BAAI/bge-small-en-v1.5",
    "BAAI/bge-base-en-v1.5",
    "sentence-transformers/all-MiniLM-L6-v2",
    "sentence-transformers/all-MiniLM-L12-v2",
    "sentence-transformers/all-mpnet-base-v2",
}

_MODULES = re.compile(
    r"sentence_transformers(\.\w+)*\.(Transformer|Pooling|Normalize|Dense|LayerNorm|Dropout|StaticEmbedding)"
)
_ACTIVATIONS = re.compile(r"torch\.nn(\.modules)?(\.\w+)?\.[A-Z]\w*")
_PICKLES = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib"}
_MAX_JSON_BYTES = 4 * 2**20
_UNREAD_JSON = {"tokenizer.json", "vocab.json", "added_tokens.json"}  # large, and they name no class


def encoder_of_run(named: str, chosen: str | None) -> str:
    """The encoder to load for a run whose config names `named`; `chosen` is what the user named, if anything.

    Raises StickgenError if only the run names it and it is not one of KNOWN.
    """
    return _trusted(named, chosen, "run's config", "run")


def encoder_of_dataset(named: str, chosen: str | None) -> str:
    """The encoder to load for a dataset that `named` embedded, as `encoder_of_run`."""
    return _trusted(named, chosen, "dataset", "dataset")


def _trusted(named: str, chosen: str | None, what: str, whole: str) -> str:
    if chosen is not None or named in KNOWN:
        return chosen if chosen is not None else named
    raise StickgenError(
        f"the {what} names the text encoder {clean(named)}, which stickgen does not know, and the {whole} may come from "
        f"a stranger; if you trust that encoder, name it yourself: --encoder {clean(named)}"
    )


def check_encoder_folder(folder: Path) -> None:
    """Raise StickgenError if the folder contains code, pickled weights or classes of its own."""
    try:
        found = sorted(path for path in folder.rglob("*") if not path.is_dir())
        for path in found:
            _check_file(path)
    except OSError as error:
        raise StickgenError(f"{error.filename or folder}: it cannot be read ({error.strerror})") from error


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise _refused(path, "is not a regular file")
    if path.suffix.lower() in {".py", ".pyc", ".pyd", ".so"}:
        raise _refused(path, "is code, and no code that comes with an encoder is run")
    if path.name == "adapter_config.json":
        raise _refused(path, "names another model to load")
    if path.suffix.lower() in _PICKLES and not any(path.parent.glob("*.safetensors")):
        raise _refused(path, "may be a pickle, which could run code; it needs weights as safetensors")
    if path.suffix.lower() == ".json" and path.name not in _UNREAD_JSON:
        if path.stat().st_size > _MAX_JSON_BYTES:
            raise _refused(path, "is too large for such a file")
        try:
            content = json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise _refused(path, "is not JSON") from error
        for key, value in _members(content):
            _check_member(path, key, value)


def _check_member(path: Path, key: str, value: Any) -> None:
    if key == "auto_map" and value:
        raise _refused(path, "names classes of its own (auto_map)")
    if key == "trust_remote_code" and value:
        raise _refused(path, "asks for its own code to be trusted")
    if path.name == "modules.json" and key == "type" and not _fits(_MODULES, value):
        raise _refused(path, f"names the module {value!r}, which is not one of sentence-transformers' own")
    if path.name == "router_config.json":
        raise _refused(path, "is a router, which names modules of its own")
    if key == "activation_function" and not _fits(_ACTIVATIONS, value):
        raise _refused(path, f"names the activation {value!r}, which is not one of torch's own")
    if key == "tokenizer_class" and isinstance(value, str) and "." in value:
        raise _refused(path, f"names the tokenizer {value!r}, a class of its own")


def _members(content: Any) -> Iterator[tuple[str, Any]]:
    """Every key with its value, at any depth."""
    waiting = [content]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield from item.items()
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _fits(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _refused(path: Path, why: str) -> StickgenError:
    return StickgenError(f"{path}: {why}; use another --encoder")
