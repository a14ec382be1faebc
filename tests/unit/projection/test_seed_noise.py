"""Layouts of several seeds are aligned, and their disagreement is the noise."""

from __future__ import annotations

import numpy as np

from lib.projection.seed_noise import align, seed_noise


def test_a_rotated_and_reflected_layout_is_aligned_to_the_first() -> None:
    frame = np.random.default_rng(0).normal(size=(30, 2))
    turn = np.array([[0, 2.0], [2.0, 0]])
    back = align((frame @ turn + 3, frame @ turn + 4), (frame, frame + 0.5))
    assert np.abs(back[0] - frame).max() < 1e-9


def test_noise_is_what_seeds_disagree_on() -> None:
    draw = np.random.default_rng(0)
    first = draw.normal(size=(50, 2))
    moved = first + [1, 0]
    shaky = moved.copy()
    shaky[7] += [0, 2]
    found = seed_noise([(first, moved), (first, shaky)], np.array([[0, 1], [7, 8]]))
    assert found.texts.argmax() == 7
    assert found.lines[1] > found.lines[0]
    alone = seed_noise([(first, moved)], np.array([[0, 1]]))
    assert not alone.texts.any()
