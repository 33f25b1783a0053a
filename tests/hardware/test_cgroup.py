"""Control groups as a container, a service and version 1 show them, built from files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickgen.hardware.cgroup import CgroupLimits, read_limits


def write(root: Path, files: dict[str, str]) -> tuple[Path, Path]:
    """`files` below `root`; returns its /proc and /sys/fs/cgroup."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root / "proc", root / "cgroup"


def test_no_control_groups(tmp_path: Path) -> None:
    assert read_limits(tmp_path / "proc", tmp_path / "cgroup") == CgroupLimits()


def test_max_is_no_limit(tmp_path: Path) -> None:
    roots = write(
        tmp_path,
        {"proc/self/cgroup": "0::/a\n", "cgroup/a/memory.max": "max\n", "cgroup/a/cpu.max": "max 100000\n"},
    )
    assert read_limits(*roots) == CgroupLimits()


def test_the_least_limit_on_the_way_up_holds(tmp_path: Path) -> None:
    roots = write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/a/b/c\n",
            "cgroup/a/b/c/memory.max": "9000\n",
            "cgroup/a/b/memory.max": "max\n",
            "cgroup/a/memory.max": "4000\n",
            "cgroup/a/memory.current": "3000\n",
            "cgroup/a/memory.stat": "anon 10\ninactive_file 1000\n",
            "cgroup/a/b/c/cpu.max": "150000 100000\n",
            "cgroup/a/cpu.max": "400000 100000\n",
        },
    )
    # 3000 of 4000 are in use, of which 1000 are cache that the kernel gives back
    assert read_limits(*roots) == CgroupLimits(4000, 2000, 1.5)


def test_memory_high_is_a_limit_too(tmp_path: Path) -> None:
    roots = write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/a\n",
            "cgroup/a/memory.max": "8000\n",
            "cgroup/a/memory.high": "6000\n",
            "cgroup/a/memory.current": "7000\n",
        },
    )
    assert read_limits(*roots) == CgroupLimits(6000, 0)


def test_the_path_of_the_host_seen_from_inside_a_container(tmp_path: Path) -> None:
    """Only the container's own group is mounted, at the root of the mount."""
    roots = write(tmp_path, {"proc/self/cgroup": "0::/docker/0123abcd\n", "cgroup/memory.max": str(2**31)})
    assert read_limits(*roots).memory_bytes == 2**31


def test_a_path_that_climbs_out_of_the_mount(tmp_path: Path) -> None:
    roots = write(
        tmp_path,
        {"proc/self/cgroup": "0::/../x\n", "cgroup/memory.max": "5000", "x/memory.max": "1", "cgroup/x/memory.max": "2"},
    )  # fmt: skip
    assert read_limits(*roots).memory_bytes == 5000


@pytest.mark.parametrize("mount", ["cpu", "cpu,cpuacct"])
def test_version_1(tmp_path: Path, mount: str) -> None:
    roots = write(
        tmp_path,
        {
            "proc/self/cgroup": "11:cpuset:/\n7:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n1:name=systemd:/init\n",
            "cgroup/memory/docker/x/memory.limit_in_bytes": "4294967296\n",
            "cgroup/memory/docker/x/memory.usage_in_bytes": "1073741824\n",
            "cgroup/memory/docker/x/memory.stat": "cache 5\ntotal_inactive_file 1073741824\n",
            "cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            f"cgroup/{mount}/docker/x/cpu.cfs_quota_us": "50000\n",
            f"cgroup/{mount}/docker/x/cpu.cfs_period_us": "100000\n",
            f"cgroup/{mount}/cpu.cfs_quota_us": "-1\n",
            f"cgroup/{mount}/cpu.cfs_period_us": "100000\n",
        },
    )
    assert read_limits(*roots) == CgroupLimits(2**32, 2**32, 0.5)


@given(st.lists(st.one_of(st.none(), st.integers(1, 2**50)), max_size=6))
def test_the_limit_is_the_minimum_over_any_nesting(
    tmp_path_factory: pytest.TempPathFactory, limits: list[int | None]
) -> None:
    root = tmp_path_factory.mktemp("nested")
    files = {"proc/self/cgroup": "0::" + "/g" * len(limits) + "\n"}
    for depth, limit in enumerate(limits, 1):
        files["cgroup" + "/g" * depth + "/memory.max"] = "max" if limit is None else str(limit)
    wanted = min((limit for limit in limits if limit is not None), default=None)
    assert read_limits(*write(root, files)).memory_bytes == wanted


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_odd_files_are_no_limit_and_no_crash(
    tmp_path_factory: pytest.TempPathFactory, groups: bytes, limit: bytes
) -> None:
    root = tmp_path_factory.mktemp("odd")
    (root / "proc/self").mkdir(parents=True)
    (root / "cgroup").mkdir()
    (root / "proc/self/cgroup").write_bytes(groups)
    (root / "cgroup/memory.max").write_bytes(limit)
    read_limits(root / "proc", root / "cgroup")
