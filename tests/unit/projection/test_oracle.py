"""The figures of merit against ZADU, the field's collection of measures of layouts (Jeon and others 2023)."""

from __future__ import annotations

import numpy as np
import pytest

from lib.projection.layout import compute_layout, paired_points
from lib.projection.quality import trustworthiness
from tests.unit.projection.planted import pull_together, unit, world


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray]:
    """Draw a planted world; its first snapshot's vectors and frame."""
    base, pairs = world(pairs=100)
    best = pull_together(base, pairs, np.arange(50))
    return base, compute_layout(paired_points({"base": base, "best": best}, pairs)).coordinates["base"].astype(
        np.float64
    )


def test_trustworthiness_is_theirs_and_continuity_is_far_from_random(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    from zadu.measures import trustworthiness_continuity

    vectors, frame = drawn
    theirs = trustworthiness_continuity.measure(vectors.astype(np.float64), frame, k=15)
    assert trustworthiness(vectors, frame) == pytest.approx(theirs["trustworthiness"], abs=1e-3)
    shuffled = np.random.default_rng(0).permutation(frame)
    random = trustworthiness_continuity.measure(vectors.astype(np.float64), shuffled, k=15)
    assert theirs["continuity"] > random["continuity"] + 0.2


def test_clusters_are_steady_and_cohesive_and_far_better_than_at_random(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    from zadu.measures import scale_normalized_stress, steadiness_cohesiveness

    vectors, frame = drawn
    shuffled = np.random.default_rng(0).permutation(frame)
    ours, random = (steadiness_cohesiveness.measure(vectors, one, iteration=30, k=15) for one in (frame, shuffled))
    assert ours["steadiness"] > random["steadiness"] + 0.05
    assert ours["cohesiveness"] > random["cohesiveness"] + 0.05
    stress = [scale_normalized_stress.measure(vectors, one)["scale_normalized_stress"] for one in (frame, shuffled)]
    assert stress[0] < stress[1]


def test_a_perfect_frame_is_perfect_by_both() -> None:
    from zadu.measures import trustworthiness_continuity

    frame = np.random.default_rng(0).normal(size=(120, 2))
    vectors = unit(np.concatenate([frame * 0.01, np.ones((120, 1))], axis=1))
    theirs = trustworthiness_continuity.measure(vectors.astype(np.float64), frame, k=15)
    assert theirs["trustworthiness"] == pytest.approx(1, abs=0.01)
    assert trustworthiness(vectors, frame) == pytest.approx(1, abs=0.01)
