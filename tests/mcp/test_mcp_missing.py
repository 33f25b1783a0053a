"""Without its extra, `stickgen mcp` says what to install."""

from __future__ import annotations

import sys

import pytest
from click.testing import CliRunner

from stickgen.cli.mcp import MISSING, command
from stickgen.errors import StickgenError


def test_a_missing_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        name for name in sys.modules if name.split(".")[0] == "mcp" or name == "stickgen.mcp.server"
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)
    result = CliRunner().invoke(command, [])
    assert isinstance(result.exception, StickgenError) and str(result.exception) == MISSING
