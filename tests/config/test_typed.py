"""A config is typed: a misspelt key or a value of another type is an error before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from stickgen.config import TrainingConfig
from stickgen.config.key import Section
from stickgen.config.schema import KEYS
from stickgen.config.settings import SECTIONS, Settings

SNIPPET = """
from stickgen.config import TrainingConfig

config = TrainingConfig()
epochs: int = config.training.epochs
config.training.learning_rat
config.training.epochs = "x"
name: str = config.training.epochs
"""


@pytest.mark.drill
def test_a_type_checker_refuses_what_is_misspelt_or_of_another_type(tmp_path: Path) -> None:
    from mypy import api

    snippet = tmp_path / "snippet.py"
    snippet.write_text(SNIPPET)
    said, _, status = api.run(["--cache-dir", str(tmp_path / "cache"), str(snippet)])
    assert status == 1
    errors = [line for line in said.splitlines() if "snippet.py" in line and "error:" in line]
    assert [line.split(":")[1] for line in errors] == ["6", "7", "7", "8"]
    assert 'has no attribute "learning_rat"' in errors[0]
    assert "read-only" in said and "Incompatible types in assignment" in errors[-1]


def test_attribute_item_and_path_are_one_value() -> None:
    config = TrainingConfig()
    for key in KEYS:
        section = getattr(config, key.group)
        assert isinstance(section, Section)
        assert getattr(section, key.name) == section[key.name] == config.get(key.path) == key.default
    assert config.get("training") == dict(config.training) == config.training
    assert config.get("training.nothing", 3) == 3 and config.get("nothing.epochs") is None


def test_nothing_can_be_set_and_a_replacement_leaves_the_config_as_it_was() -> None:
    config = TrainingConfig()
    with pytest.raises(AttributeError):
        config.training.epochs = 3  # type: ignore[misc]
    with pytest.raises(AttributeError):
        config.training = config.training  # type: ignore[misc]
    other = config.replace({"training.epochs": 3, "model.d_model": 64})
    assert (other.training.epochs, other.model.d_model) == (3, 64)
    assert other.replace([("training.epochs", config.training.epochs)]).training == config.training
    assert config.training.epochs != 3 and other.data is config.data
    for path in ("training.nothing", "nothing.epochs", "training", ""):
        with pytest.raises(KeyError):
            config.replace({path: 1})


def test_no_key_hides_what_a_section_is() -> None:
    """A key called `items` or `get` would break the mapping."""
    for name, section in SECTIONS.items():
        assert not set(section.__dataclass_fields__) & set(dir(Section)), name  # type: ignore[attr-defined]
    assert Settings() == Settings() and hash(Settings()) == hash(Settings())
