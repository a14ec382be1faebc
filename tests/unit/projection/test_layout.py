"""The layouts on planted worlds: what moved must show, what stood still must not, a seed repeats."""

from __future__ import annotations

import numpy as np
import pytest

from lib.errors import InputError
from lib.projection.layout import compute_layout, paired_points, rotate_to_principal_axis
from lib.projection.pair_faithful import kernels
from lib.projection.points import unit_snapshot
from lib.projection.ranks import true_ranks
from tests.unit.projection.planted import pull_together, unit, world


def lengths(frame: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    return np.linalg.norm(frame[pairs[:, 0]] - frame[pairs[:, 1]], axis=1)


def test_pairs_that_were_moved_together_draw_together() -> None:
    base, pairs = world()
    layout = compute_layout(paired_points({"base": base, "best": pull_together(base, pairs, np.arange(60))}, pairs))
    change = lengths(layout.coordinates["best"], pairs) - lengths(layout.coordinates["base"], pairs)
    assert (change[:60] < 0).mean() >= 0.95
    assert np.median(change[:60]) < 3 * np.median(change[60:]) - 0.1
    assert layout.quality.sign_agreement is not None
    assert layout.quality.sign_agreement >= 0.95


def test_an_identical_model_stands_still() -> None:
    base, pairs = world()
    layout = compute_layout(paired_points({"base": base, "epoch-001": base.copy(), "best": base.copy()}, pairs))
    assert np.array_equal(layout.coordinates["base"], layout.coordinates["best"])
    assert np.array_equal(layout.coordinates["base"], layout.coordinates["epoch-001"])
    assert layout.quality.sign_agreement is None
    assert layout.quality.movement_of_identical_snapshot is None


def test_texts_that_did_not_change_do_not_move_when_others_do() -> None:
    base, pairs = world()
    after = pull_together(base, pairs, np.arange(20))
    layout = compute_layout(paired_points({"base": base, "best": after}, pairs))
    moved = np.linalg.norm(layout.coordinates["best"] - layout.coordinates["base"], axis=1)
    still = (base == after).all(axis=1)
    assert moved[still].max() == 0
    assert moved[~still].min() > 0
    assert layout.quality.movement_of_identical_snapshot == 0


def test_where_no_text_stayed_an_identical_copy_is_measured() -> None:
    base, pairs = world(pairs=40)
    after = base + np.random.default_rng(4).normal(0, 0.05, base.shape).astype(np.float32)
    assert (
        compute_layout(paired_points({"base": base, "best": after}, pairs)).quality.movement_of_identical_snapshot == 0
    )


def test_the_one_planted_mover_is_found() -> None:
    base, pairs = world()
    draw = np.random.default_rng(0)
    after = base + draw.normal(0, 0.002, base.shape).astype(np.float32)
    after[17] = base[200]  # crosses to a place among other texts
    after[200] = base[200]
    layout = compute_layout(paired_points({"base": base, "best": after}, pairs))
    moved = np.linalg.norm(layout.coordinates["best"] - layout.coordinates["base"], axis=1)
    assert moved.argmax() == 17
    assert moved[17] > 5 * np.median(moved)


def test_a_shuffled_pairing_gains_nothing() -> None:
    base, pairs = world(pairs=320, topics=40)  # few topics would make a wrong pair half right
    snapshots = {"base": base, "best": pull_together(base, pairs, np.arange(160))}

    def shrunk(pairing: np.ndarray, balance: float, seed: int) -> float:
        layout = compute_layout(paired_points(snapshots, pairing), balance=balance, seed=seed).coordinates
        return float((lengths(layout["best"], pairs) < lengths(layout["base"], pairs))[:160].mean())

    wrong = [np.stack([pairs[:, 0], np.random.default_rng(s).permutation(pairs[:, 1])], axis=1) for s in range(5)]
    untreated = np.mean([shrunk(pairs, 0.0, seed) for seed in range(5)])
    gain = np.mean([shrunk(given, 0.5, seed) for seed, given in enumerate(wrong)]) - untreated
    assert gain < 0.25 * (np.mean([shrunk(pairs, 0.5, seed) for seed in range(5)]) - untreated)


def test_pairs_that_did_not_move_are_not_pulled_together() -> None:
    base, pairs = world(pairs=160)
    after = base + np.random.default_rng(4).normal(0, 0.05, base.shape).astype(np.float32)
    layout = compute_layout(paired_points({"base": base, "best": after}, pairs)).coordinates
    change = lengths(layout["best"], pairs) - lengths(layout["base"], pairs)
    assert abs(change.mean()) < 0.05 * lengths(layout["base"], pairs).mean()


def test_pairs_that_moved_apart_are_drawn_apart() -> None:
    base, pairs = world()
    closer = pull_together(base, pairs, np.arange(len(pairs)))
    layout = compute_layout(paired_points({"base": closer, "best": base}, pairs))
    change = lengths(layout.coordinates["best"], pairs) - lengths(layout.coordinates["base"], pairs)
    assert (change > 0).mean() >= 0.95


@pytest.mark.parametrize("method", ["pair-faithful", "umap", "aligned", "pca"])
def test_a_seed_repeats_bit_for_bit(method: str) -> None:
    base, pairs = world(pairs=40)
    snapshots = {"base": base, "best": pull_together(base, pairs, np.arange(20))}
    once, again = (compute_layout(paired_points(snapshots, pairs), method=method, seed=5) for _ in range(2))
    assert all(once.coordinates[name].tobytes() == again.coordinates[name].tobytes() for name in snapshots)
    assert once.coordinates["best"].dtype == np.float32
    assert np.isfinite(once.coordinates["best"]).all()


def test_threads_that_share_a_map_draw_the_same_bit_for_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    base, pairs = world(pairs=400)
    snapshots = {"base": base, "best": pull_together(base, pairs, np.arange(200))}
    alone = compute_layout(paired_points(snapshots, pairs))
    monkeypatch.setattr(kernels, "ONE_THREAD_BELOW", 0)
    monkeypatch.setattr("numba.config.NUMBA_NUM_THREADS", 3)
    shared = compute_layout(paired_points(snapshots, pairs))
    assert all(alone.coordinates[name].tobytes() == shared.coordinates[name].tobytes() for name in snapshots)


def test_the_last_snapshot_lies_widest_from_left_to_right_and_no_distance_changes() -> None:
    draw = np.random.default_rng(1)
    tall = draw.normal(size=(60, 2)) * [1, 5] @ np.array([[0.8, 0.6], [-0.6, 0.8]])
    turned = rotate_to_principal_axis(tall, np.arange(40))
    spread = np.cov(turned[:40].T)
    assert spread[0, 0] > spread[1, 1]
    assert spread[0, 1] == pytest.approx(0, abs=1e-9)
    apart = [np.linalg.norm(rows[:, None] - rows[None], axis=2) for rows in (tall, turned)]
    assert np.allclose(*apart)
    before, after = ((rows[1:] - rows[0]) for rows in (tall, turned))
    assert np.allclose(np.linalg.det(before[:2]), np.linalg.det(after[:2])), "it is turned, not mirrored"
    assert rotate_to_principal_axis(tall[:1], np.arange(1)) is not None


@pytest.mark.parametrize("method", ["pair-faithful", "umap"])
def test_a_drawn_map_is_wider_than_high(method: str) -> None:
    base, pairs = world(pairs=40)
    layout = compute_layout(
        paired_points({"base": base, "best": pull_together(base, pairs, np.arange(20))}, pairs), method=method
    )
    wide, high = layout.coordinates["best"].std(axis=0)
    assert wide >= high


def test_another_seed_is_another_layout() -> None:
    base, pairs = world(pairs=40)
    snapshots = {"base": base, "best": pull_together(base, pairs, np.arange(20))}
    one, other = (compute_layout(paired_points(snapshots, pairs), seed=seed) for seed in (0, 1))
    assert not np.array_equal(one.coordinates["base"], other.coordinates["base"])


def test_balance_trades_neighbourhoods_for_lines() -> None:
    base, pairs = world(pairs=200)
    after = pull_together(base, pairs, np.arange(0, 200, 2), share=0.3)
    after = after + np.random.default_rng(2).normal(0, 0.03, after.shape).astype(np.float32)
    quality = {
        b: compute_layout(paired_points({"base": base, "best": after}, pairs), balance=b).quality for b in (0.0, 0.5)
    }
    assert quality[0.5].rank_change_correlation > quality[0.0].rank_change_correlation
    assert quality[0.5].trustworthiness["base"] < quality[0.0].trustworthiness["base"]


def test_an_untouched_pair_is_drawn_equally_near_in_both_frames() -> None:
    base, pairs = world(pairs=160)
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(base.shape[1], base.shape[1])))[0]
    turned = unit(base @ rotation)  # other vectors, yet each cosine and each rank stays
    layout = compute_layout(paired_points({"base": base, "best": turned}, pairs))
    change = np.log(lengths(layout.coordinates["best"], pairs) / lengths(layout.coordinates["base"], pairs))
    free = compute_layout(paired_points({"base": base, "best": turned}, pairs), balance=0.0).coordinates
    change_of_umap = np.log(lengths(free["best"], pairs) / lengths(free["base"], pairs))
    assert np.quantile(np.abs(change), 0.9) < 0.05
    assert np.quantile(np.abs(change_of_umap), 0.9) > 4 * np.quantile(np.abs(change), 0.9)


def test_near_pairs_are_seen_in_either_frame_and_those_that_look_near_are() -> None:
    base, pairs = world(pairs=160)
    near = pull_together(base, pairs, np.arange(80), share=0.85)
    shaken = near + np.random.default_rng(2).normal(0, 0.03, near.shape).astype(np.float32)
    for snapshots in ({"base": base, "best": unit(shaken)}, {"base": unit(shaken), "best": base}):
        quality = compute_layout(paired_points(snapshots, pairs)).quality
        assert all(share >= 0.88 for share in quality.seen.values())
        assert all(share >= 0.93 for share in quality.right.values())
        assert quality.rank_sign_agreement is not None
        assert quality.rank_sign_agreement >= 0.95


@pytest.mark.parametrize("texts", [1, 2, 3, 5, 17])
@pytest.mark.parametrize("method", ["pair-faithful", "umap", "aligned", "pca"])
def test_few_texts_are_drawn(texts: int, method: str) -> None:
    base = world(pairs=10)[0][:texts]
    pairs = np.array([[0, texts - 1]])
    layout = compute_layout(paired_points({"base": base, "best": base[::-1].copy()}, pairs), method=method)
    assert layout.coordinates["best"].shape == (texts, 2)
    assert np.isfinite(layout.coordinates["best"]).all()


def test_no_pairs_and_repeated_texts_are_drawn() -> None:
    base = np.repeat(world(pairs=30)[0][:30], 2, axis=0)
    layout = compute_layout(paired_points({"base": base}, np.empty((0, 2), int)))
    assert np.array_equal(layout.coordinates["base"][0], layout.coordinates["base"][1])
    assert layout.quality.sign_agreement is None


@pytest.mark.parametrize(
    ("snapshots", "pairs", "options", "says"),
    [
        ({}, [], {}, "nothing to draw"),
        ({"base": np.ones((3, 2)), "best": np.ones((4, 2))}, [], {}, "same texts"),
        ({"base": np.full((3, 2), np.nan)}, [], {}, "not numbers"),
        ({"base": np.ones((3, 2))}, [[0, 3]], {}, "names a text"),
        ({"base": np.ones((3, 2))}, [[0, 1]], {"method": "tsne"}, "tsne"),
        ({"base": np.ones((3, 2))}, [[0, 1]], {"balance": 1.5}, "1.5"),
    ],
)
def test_what_cannot_be_drawn_is_said(snapshots: dict, pairs: list, options: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        compute_layout(paired_points(snapshots, np.array(pairs)), **options)


def test_ranks_among_texts_follow_from_those_among_points() -> None:
    base, pairs = world(pairs=50)
    doubled = base.copy()
    doubled[[-1, -2, 3]] = doubled[[0, 0, 1]]  # texts that share a vector, within a pair and without
    paired = paired_points({"base": base, "epoch-001": base[::-1].copy(), "best": doubled}, pairs)
    ends = [unit_snapshot(rows, where="") for rows in (base, doubled)]
    assert np.array_equal(paired.text_ranks(), np.stack([true_ranks(rows, pairs) for rows in ends], axis=1))
    assert not np.array_equal(paired.text_ranks(), paired.ranks[:, [0, -1]])
