"""Which files are presets that come with stickgen, by whatever name they are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from stickgen.config.presets import preset_names, preset_of, preset_path, shipped_directory
from stickgen.errors import StickgenError


def test_the_shipped_files_are_the_named_ones_and_a_persons_own_beside_them_is_none() -> None:
    for name in preset_names():
        assert preset_of(preset_path(name)) == name
    assert preset_of(shipped_directory() / "mine.yaml") is None
    assert preset_of("medium.yaml") is None
    with pytest.raises(StickgenError, match="there is no preset"):
        preset_path("mine")


def test_a_link_to_a_preset_is_that_preset(tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(preset_path("tiers/cpu_8gb"))
    assert preset_of(link) == "tiers/cpu_8gb"
    copy = tmp_path / "medium.yaml"
    copy.write_bytes(preset_path("medium").read_bytes())
    assert preset_of(copy) is None


def test_every_shipped_config_is_named(repo: Path) -> None:
    import subprocess

    listed = subprocess.run(
        ["git", "ls-files", "configs/*.yaml", "configs/tiers/*.yaml"],
        cwd=repo,
        capture_output=True,
        text=True,
    )
    if listed.returncode or not listed.stdout:
        pytest.skip("not in a git checkout")
    names = {line.removeprefix("configs/").removesuffix(".yaml") for line in listed.stdout.splitlines()}
    assert names == set(preset_names())
