"""The static model: distilled from a teacher, a plain sentence-transformers model, built once."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

from lib.models import catalog, loader, static
from lib.store.publish import TEMPORARY, verify


@pytest.fixture(scope="module")
def teacher(tiny_model: Path) -> SentenceTransformer:
    return SentenceTransformer(str(tiny_model), device="cpu")


@pytest.fixture(scope="module")
def distil_small(teacher: SentenceTransformer) -> SentenceTransformer:
    return static.distil(teacher, dimension=16)


def test_a_text_is_the_weighted_mean_of_its_tokens(
    teacher: SentenceTransformer, distil_small: SentenceTransformer
) -> None:
    rows = distil_small[0].embedding.weight.detach().numpy()
    ids = teacher.tokenizer("sort a list", add_special_tokens=False)["input_ids"]
    mean = rows[ids].mean(axis=0)
    assert np.allclose(distil_small.encode("Sort a LIST"), mean / np.linalg.norm(mean), atol=1e-6)
    assert rows.shape == (len(teacher.tokenizer), 16)


def test_common_tokens_weigh_less_and_special_ones_nothing(
    teacher: SentenceTransformer, distil_small: SentenceTransformer
) -> None:
    lengths = np.linalg.norm(distil_small[0].embedding.weight.detach().numpy(), axis=1)
    vocabulary = teacher.tokenizer.get_vocab()
    assert lengths[vocabulary["[PAD]"]] == 0
    assert lengths[vocabulary["[unused5]"]] == 0
    assert np.median(lengths[1996:2100]) < np.median(lengths[20000:])
    assert np.all(np.diff(static._weights(1000)) > 0)


def test_principal_directions_keep_what_they_can() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(400, 3)) @ random.normal(size=(3, 10))
    reduced = static._reduce_dimension(rows.astype(np.float32), 3)
    centred = rows - rows.mean(axis=0)
    assert reduced.shape == (400, 3)
    assert np.allclose(reduced @ reduced.T, centred @ centred.T, rtol=1e-3, atol=1e-2)


def test_the_same_teacher_gives_the_same_bits(teacher: SentenceTransformer, distil_small: SentenceTransformer) -> None:
    again = static.distil(teacher, dimension=16)
    assert torch.equal(again[0].embedding.weight, distil_small[0].embedding.weight)


def test_long_and_empty_texts_are_taken(distil_small: SentenceTransformer) -> None:
    found = distil_small.encode(["", "word " * 2000])
    assert np.isfinite(found).all()
    assert np.linalg.norm(found[1]) == pytest.approx(1, abs=1e-5)


def test_it_is_built_once_by_one_of_many(
    home: Path, teacher: SentenceTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds: list[int] = []

    def small(model: SentenceTransformer, **rest: object) -> SentenceTransformer:
        builds.append(1)
        return distil(teacher, dimension=8)

    distil = static.distil
    (home / "models" / f"{TEMPORARY}killed").mkdir(parents=True)
    monkeypatch.setattr(static, "distil", small)
    threads = [threading.Thread(target=static.ensure_static_model, args=(home,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    model = loader.load_model(catalog.STATIC_MODEL, device="cpu", home=home)
    assert builds == [1]
    assert verify(home / "models" / "static-MiniLM") == []
    assert model.encode("works in plain sentence-transformers").shape == (8,)
    assert sorted(path.name for path in (home / "models").iterdir()) == [".static-MiniLM.lock", "static-MiniLM"]


def test_training_it_moves_a_pair_closer(distil_small: SentenceTransformer) -> None:
    model = SentenceTransformer(modules=list(distil_small), device="cpu").train()
    anchors, targets = ["sort a list", "open a file"], ["arrange items in order", "read bytes from disk"]
    before = torch.cosine_similarity(*map(torch.from_numpy, (model.encode(anchors), model.encode(targets)))).mean()
    loss, optimizer = MultipleNegativesRankingLoss(model), torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(10):
        optimizer.zero_grad()
        loss([model.preprocess(anchors), model.preprocess(targets)], None).backward()
        optimizer.step()
    after = torch.cosine_similarity(*map(torch.from_numpy, (model.encode(anchors), model.encode(targets)))).mean()
    assert after > before + 0.05
