"""The editor as another program would use it: its README, its names, and what it takes of stickgen."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from stickgen import yaml_edit
from stickgen.yaml_edit import RepeatedKeyError


def test_the_readme_does_what_it_says(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("service.yaml").write_text(
        "server:  # the front\n  port: 8080  # why\n  prot: x\n  debug: 1\nhosts: [b]\n"
    )
    readme = (repo / "stickgen/yaml_edit/README.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    exec(code, {})
    assert Path("service.yaml").read_text() == (  # the deletion is undone
        "server:  # the front\n  port: 9090  # why\n  protocol: x\n  debug: 1\n  tls:\n    enabled: true\n"
        "hosts: [a.example, b]\n"
    )


def test_every_name_of_the_interface_is_there() -> None:
    assert all(getattr(yaml_edit, name) is not None for name in yaml_edit.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = yaml_edit.nothing


def test_the_room_alone_brings_no_parser() -> None:
    """The screen draws its first frame before it needs one."""
    code = "import sys, stickgen.yaml_edit.nodes; sys.exit('ruamel.yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_repeated_key_has_an_error_of_its_own() -> None:
    with pytest.raises(RepeatedKeyError):
        yaml_edit.Document.parse(b"a: 1\na: 2\n")
