"""How long hostile configs take to be refused, and how much memory: `python benchmarks/config_bombs.py`.

Each is read in this process; the peak of the memory that Python allocates for it is measured in a second reading.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from stickgen.yaml_edit import Document, YamlError
from stickgen.yaml_edit.parsing import MAX_BYTES

FULL = MAX_BYTES - 10


def bombs() -> dict[str, bytes]:
    """Configs that cost a careless reader minutes or gigabytes."""
    laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    laughs += "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12))
    merges = "a0: &a0 {k0: 1}\n"
    merges += "".join(f"a{i}: &a{i}\n  <<: [*a{i - 1}, *a{i - 1}]\n  k{i}: 1\n" for i in range(1, 100))
    wide = "a: &a {" + ",".join(f"k{i}: 1" for i in range(2000)) + "}\n"
    texts = {
        "billion laughs": laughs,
        "<< chain": merges,
        "<< wide": wide + "".join(f"b{i}: {{<<: *a}}\n" for i in range(400)),
        "10,000 [": "a: " + "[" * 10_000,
        "10,000 {a:": "{a: " * 10_000,
        "10,000 -": "- " * 10_000,
        "10,000 ?": "? " * 10_000,
        "many items": "a:\n" + "- 1\n" * (FULL // 4 - 2),
        "many flow items": "a: [" + "1," * (FULL // 2 - 5) + "]",
        "open quote": 'a: "' + "x\n" * (FULL // 2 - 2),
        "one long text": "a: " + "x " * (FULL // 2 - 2),
        "blank lines": "\n" * FULL,
        "many documents": "---\n" * (FULL // 4),
        "digits": "a: " + "9" * (FULL - 3),
        "aliases": "a: &a 1\nb: [" + "*a," * 5_000 + "]",
    }
    return {name: text.encode() for name, text in texts.items()}


def measured(name: str, read: object) -> str:
    """A line of the table."""
    assert callable(read)
    outcome = "read"
    started = time.perf_counter()
    try:
        read()
    except YamlError as error:
        outcome = str(error).splitlines()[0].rpartition("bomb")[2].lstrip(":0123456789 ")
    seconds = time.perf_counter() - started
    tracemalloc.start()
    with contextlib.suppress(YamlError):
        read()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return f"{name:16} {seconds:6.3f} s {peak / 1e6:6.1f} MB  {outcome[:80]}"


def main() -> None:
    """Print the table."""
    for name, data in bombs().items():
        print(measured(name, lambda data=data: Document.parse(data, "bomb")))
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "bomb.yaml"
        large.write_bytes(b"a: 1\n" * 20_000_000)
        print(measured("100 MB file", lambda: Document.open(large)))


if __name__ == "__main__":
    main()
