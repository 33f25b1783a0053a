"""What is replaced keeps its owner, mode and attributes, or it is said; what is protected stays as it is."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from stickgen.atomic import WriteProtectedError, replacing, write_bytes
from stickgen.cli import root
from stickgen.yaml_edit import Document, ProtectedError

CONFIG = "training:\n  batch_size: 16\n  learning_rate: 1e-4\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "my.yaml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def for_all() -> Iterator[Path]:
    """A folder that every user of this machine may write into."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.mark.parametrize("through_a_link", [False, True])
def test_a_write_protected_file_is_refused_unless_asked_for(config: Path, through_a_link: bool) -> None:
    config.chmod(0o444)
    path = config
    if through_a_link:
        path = config.with_name("link.yaml")
        path.symlink_to(config)
    with pytest.raises(WriteProtectedError, match="it is write-protected"):
        write_bytes(path, b"new")
    document = Document.open(path)
    document.set("training.batch_size", 4)
    with pytest.raises(ProtectedError, match="write-protected; nothing was written"):
        document.save()
    assert config.read_text() == CONFIG and list(config.parent.glob(".*")) == []
    document.save(force=True)
    assert Document.open(config).get("training.batch_size") == 4
    assert config.stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize(
    "words",
    [
        ("config", "set", "my.yaml", "training.batch_size=4"),
        ("config", "unset", "my.yaml", "training.batch_size"),
        ("config", "rename", "my.yaml", "training.batch_size", "other"),
        ("config", "fmt-check", "--fix", "my.yaml"),
    ],
)
def test_every_command_that_edits_says_so_and_has_a_way(
    config: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(config.parent)
    config.chmod(0o444)
    refused = CliRunner().invoke(root, words)
    assert refused.exit_code != 0
    assert "my.yaml: it is write-protected" in str(refused.exception) + refused.output
    assert "--force writes it all the same" in str(refused.exception) + refused.output
    assert config.read_text() == CONFIG
    assert CliRunner().invoke(root, [*words, "--force"]).exit_code == 0
    assert config.read_text() != CONFIG


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_a_file_of_root_is_not_replaced_by_another_user(for_all: Path) -> None:
    path = for_all / "theirs.yaml"
    path.write_text(CONFIG)
    path.chmod(0o644)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        try:
            write_bytes(path, b"new")
        except PermissionError as error:
            os.write(writer, str(error.strerror).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    assert os.read(reader, 200) == b"it belongs to root, and you may not write it"
    os.close(reader)
    assert path.read_text() == CONFIG


def xattrs_work(path: Path) -> bool:
    try:
        os.setxattr(path, "user.probe", b"1")
        os.removexattr(path, "user.probe")
    except (OSError, AttributeError):
        return False
    return True


def test_extended_attributes_are_kept_or_named(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not xattrs_work(config):
        pytest.skip("no extended attributes on this filesystem")
    os.setxattr(config, "user.origin", b"by hand")
    write_bytes(config, b"new")
    assert os.getxattr(config, "user.origin") == b"by hand"
    monkeypatch.setattr(os, "setxattr", refuse)
    lost: list[str] = []
    with replacing(config, lost=lost) as file:
        file.write(b"newer")
    assert lost == ["the attribute user.origin"]


# version 2; the owner rw, user 65534 r, the group r, mask r, others nothing
ACL = bytes.fromhex(
    "0200000001000600ffffffff02000400feff000004000400ffffffff10000400ffffffff20000000ffffffff"
)


def test_an_acl_is_kept_and_one_of_the_folder_not_taken_over(config: Path) -> None:
    try:
        os.setxattr(config, "system.posix_acl_access", ACL)
    except (OSError, AttributeError):
        pytest.skip("no ACLs on this filesystem")
    write_bytes(config, b"new")
    assert os.getxattr(config, "system.posix_acl_access") == ACL
    plain = config.with_name("plain.yaml")
    plain.write_text("x")
    plain.chmod(0o640)
    os.setxattr(config.parent, "system.posix_acl_default", ACL)
    write_bytes(plain, b"new")
    assert "system.posix_acl_access" not in os.listxattr(plain)
    assert plain.stat().st_mode & 0o777 == 0o640


def refuse(*arguments: object) -> None:
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_owner_and_group_are_kept_or_named(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.chown(config, 65534, 65534)
    config.chmod(0o4764)
    write_bytes(config, b"new")
    there = config.stat()
    assert (there.st_uid, there.st_gid, there.st_mode & 0o7777) == (65534, 65534, 0o4764)
    monkeypatch.setattr(os, "fchown", refuse)
    monkeypatch.chdir(config.parent)
    config.write_text(CONFIG)
    config.chmod(0o764)
    done = CliRunner().invoke(root, ["config", "set", "my.yaml", "training.batch_size=4"])
    assert "warning: my.yaml: the group and the owner could not be kept" in done.output
    assert config.stat().st_mode & 0o777 == 0o744  # no other group gets what this one had
