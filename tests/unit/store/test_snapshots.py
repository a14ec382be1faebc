"""Snapshots on disk: what is written comes back in order, repeats replace, damage is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lib.errors import NotFoundError, StoreError
from lib.store.layout import SnapshotPaths
from lib.store.snapshots import BASE, BEST, SnapshotWriter, read_snapshots, snapshot_problems


def rows(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(2, 4))


def test_a_training_that_goes_on_keeps_the_texts_it_began_with(tmp_path: Path) -> None:
    SnapshotWriter(tmp_path, ["one", "two"]).write(BASE, epoch=0, embeddings=np.eye(2))
    assert SnapshotWriter(tmp_path, ["two", "three", "four"]).texts == ["one", "two"]


def test_snapshots_come_back_in_order_of_time_and_normalised(tmp_path: Path) -> None:
    writer = SnapshotWriter(tmp_path, ["one", "two"])
    for name, epoch in ((BASE, 0), ("epoch-001", 1), ("epoch-002", 2)):
        writer.write(name, epoch=epoch, embeddings=rows(epoch))
    assert writer.repeat("epoch-001", BEST, epoch=1)
    snapshots = read_snapshots(tmp_path)
    assert snapshots.names == [BASE, "epoch-001", "epoch-002", BEST]
    assert [snapshot.label for snapshot in snapshots.all] == ["Base", "Epoch 1", "Epoch 2", "Best (epoch 1)"]
    assert snapshots.texts() == ["one", "two"]
    np.testing.assert_allclose(np.linalg.norm(snapshots.vectors("epoch-002"), axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(snapshots.vectors(BEST), snapshots.vectors("epoch-001"))
    assert snapshot_problems(tmp_path) == []


def test_an_epoch_that_is_trained_again_replaces_what_came_after_it(tmp_path: Path) -> None:
    writer = SnapshotWriter(tmp_path, ["one", "two"])
    for name, epoch in ((BASE, 0), ("epoch-001", 1), ("epoch-002", 2), ("epoch-001", 1)):
        writer.write(name, epoch=epoch, embeddings=rows(epoch))
    assert read_snapshots(tmp_path).names == [BASE, "epoch-001"]


def test_a_snapshot_that_is_not_there_cannot_be_repeated(tmp_path: Path) -> None:
    writer = SnapshotWriter(tmp_path, ["one"])
    writer.write(BASE, epoch=0, embeddings=rows(0)[:1])
    assert not writer.repeat("epoch-001", BEST, epoch=1)
    SnapshotPaths(tmp_path).vectors(BASE).write_bytes(b"damaged")
    assert not writer.repeat(BASE, BEST, epoch=0)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_snapshots(tmp_path)
    assert snapshot_problems(tmp_path) == []
    writer = SnapshotWriter(tmp_path, ["one"])
    writer.write(BASE, epoch=0, embeddings=rows(0)[:1])
    writer.write("epoch-001", epoch=1, embeddings=rows(1)[:1])
    with pytest.raises(NotFoundError):
        read_snapshots(tmp_path).vectors("epoch-009")
    SnapshotPaths(tmp_path).vectors("epoch-001").write_bytes(b"damaged")
    with pytest.raises(StoreError):
        read_snapshots(tmp_path).vectors("epoch-001")
    assert [line.split(":")[0] for line in snapshot_problems(tmp_path)] == ["snapshots/epoch-001.npy"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"moments": 3}', '{"moments": [1]}', '{"moments": [{}]}', "\x00"])
def test_a_damaged_index_is_one_named_error(tmp_path: Path, text: str) -> None:
    SnapshotWriter(tmp_path, ["one"]).write(BASE, epoch=0, embeddings=rows(0)[:1])
    SnapshotPaths(tmp_path).index.write_text(text, encoding="utf-8")
    with pytest.raises(StoreError):
        read_snapshots(tmp_path)
    assert len(snapshot_problems(tmp_path)) == 1
