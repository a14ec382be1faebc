"""Every hostile folder is refused in one line that names the file, before anything of it is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.errors import ModelError
from lib.models import loader
from lib.models.folder_check.check import check_folder
from tests.unit.models.folder_check.hostile import HOSTILE


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_folder_is_refused_before_anything_is_loaded(
    name: str, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, spoil = HOSTILE[name]
    spoil(folder)
    monkeypatch.setattr(loader, "SentenceTransformer", lambda *_, **__: pytest.fail("It was loaded."))
    with pytest.raises(ModelError) as caught:
        loader.load_model(str(folder), device="cpu", home=home)
    assert caught.value.where == str(folder / file).removesuffix("/") + ("/" if file.endswith("/") else "")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 900
    assert not (folder.parent / "canary").exists()


def test_the_folder_that_the_hostile_ones_are_made_of_is_loaded(folder: Path, home: Path) -> None:
    facts = check_folder(folder)
    assert (facts.dimension, facts.longest, facts.is_static, facts.default_prompt) == (6, 32, False, "")
    assert loader.load_model(str(folder), device="cpu", home=home).encode("a b").shape == (6,)
