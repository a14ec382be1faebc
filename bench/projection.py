"""Measure the map's layouts side by side: how true, how good their neighbourhoods, how fast.

Writes bench/README.md, section Map.

    python -m bench.projection RUN [RUN ...] [--speed]

A run is one of the workspace (`python -m lib train ...` makes it); what was measured before of other runs stays in the section.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.dynamic_tsne import draw_dynamic_tsne
from bench.results import put
from lib.projection.layout import compute_layout, paired_points
from lib.projection.line_measures import line_quality, measure_pairs
from lib.projection.lines import pair_lines
from lib.projection.pair_faithful.graph import nearest_neighbours
from lib.projection.points import distinct_points, unit_snapshot
from lib.projection.quality import rank_correlation, trustworthiness
from lib.store.runs import Run
from lib.store.snapshots import read_snapshots
from lib.store.workspace import open_workspace

Frames = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Base, best, and a copy of base that was drawn as a third snapshot: the placebo."""

Pairs = tuple[np.ndarray, np.ndarray]
"""Pairs (m, 2) of texts, and which of them are held out (m,)."""

COLUMNS = (
    "| method | seconds | sign by rank, held-out | Spearman, held-out | seen base, best | held-out | right base, best | held-out "
    "| trust base, best | still | sign, rank by cosine | kept of 15 | stability |\n" + "|---" * 13 + "|"
)


def read(run: Run) -> tuple[np.ndarray, np.ndarray, Pairs]:
    """Read base and best of the shown texts, unit rows, and the pairs among them."""
    snapshots = read_snapshots(run.paths.snapshots.folder)
    base, best = (unit_snapshot(np.asarray(snapshots.vectors(name)), where=name) for name in ("base", "best"))
    dataset = open_workspace().datasets.get(run.dataset)
    lines = pair_lines(dataset.frame(), snapshots.texts(), shape=dataset.shape)
    return base, best, (lines[["source", "target"]].to_numpy(np.int64), (lines["part"] == "held_out").to_numpy())


def ours(
    base: np.ndarray, best: np.ndarray, pairs: np.ndarray, *, method: str, balance: float = 0.5
) -> tuple[Frames, float]:
    """Draw with the product's own layout; the placebo is a third snapshot of a second drawing."""
    timed = compute_layout(paired_points({"base": base, "best": best}, pairs), method=method, balance=balance)
    again = compute_layout(
        paired_points({"base": base, "copy": base, "best": best}, pairs), method=method, balance=balance
    )
    moved = again.coordinates["copy"] - again.coordinates["base"]
    return (timed.coordinates["base"], timed.coordinates["best"], timed.coordinates["base"] + moved), timed.seconds


def together(base: np.ndarray, best: np.ndarray, _pairs: np.ndarray) -> tuple[Frames, float]:
    """Draw with plain umap on all rows; the placebo is base stacked once more in a second drawing."""
    from umap import UMAP

    begin = time.perf_counter()
    layout = UMAP(random_state=0).fit_transform(np.concatenate([base, best]))
    seconds = time.perf_counter() - begin
    again = UMAP(random_state=0).fit_transform(np.concatenate([base, best, base]))
    n = len(base)
    return (layout[:n], layout[n:], layout[:n] + again[2 * n :] - again[:n]), seconds


def draw_aligned(base: np.ndarray, best: np.ndarray, _pairs: np.ndarray) -> tuple[Frames, float]:
    """Draw base, its copy and best by AlignedUMAP.

    Duplicates within a snapshot are dropped first: it fails on them.
    """
    from umap import AlignedUMAP

    keep = distinct_points({"base": base, "best": best})
    rows = np.unique(np.unique(keep.index[0], return_index=True)[1])
    rows = np.intersect1d(rows, np.unique(keep.index[1], return_index=True)[1])
    same = {i: i for i in range(len(rows))}

    def draw(*snapshots: np.ndarray) -> list[np.ndarray]:
        model = AlignedUMAP(alignment_regularisation=0.01, random_state=0)
        return list(model.fit([m[rows] for m in snapshots], relations=[same] * (len(snapshots) - 1)).embeddings_)

    begin = time.perf_counter()
    first, last = draw(base, best)
    seconds = time.perf_counter() - begin
    twin = draw(base, base)
    layouts = [np.zeros((len(base), 2)) for _ in range(3)]
    for frame, part in zip(layouts, (first, last, first + twin[1] - twin[0]), strict=True):
        frame[:] = part[np.searchsorted(rows, np.arange(len(base))).clip(0, len(rows) - 1)]
        frame[rows] = part
    return (layouts[0], layouts[1], layouts[2]), seconds


def draw_chained(base: np.ndarray, best: np.ndarray, _pairs: np.ndarray) -> tuple[Frames, float]:
    """Draw base, then best started from it; the placebo is base drawn again, started from base."""
    from umap import UMAP

    begin = time.perf_counter()
    first = UMAP(random_state=0).fit_transform(base)
    last = UMAP(random_state=0, init=first, n_epochs=200).fit_transform(best)
    seconds = time.perf_counter() - begin
    return (first, last, UMAP(random_state=0, init=first, n_epochs=200).fit_transform(base)), seconds


def draw_together(fit: Callable[[np.ndarray], np.ndarray], *snapshots: np.ndarray) -> list[np.ndarray]:
    """Draw the rows of all snapshots by one layout of all."""
    layout = fit(np.concatenate(snapshots))
    return [layout[number * len(snapshots[0]) :][: len(snapshots[0])] for number in range(len(snapshots))]


def stacked(fit: Callable[[np.ndarray], np.ndarray]) -> Callable[..., tuple[Frames, float]]:
    """Build a method that draws all rows together, and for the placebo base a second time."""

    def draw(base: np.ndarray, best: np.ndarray, _pairs: np.ndarray) -> tuple[Frames, float]:
        begin = time.perf_counter()
        first, last = draw_together(fit, base, best)
        seconds = time.perf_counter() - begin
        again = draw_together(fit, base, best, base)
        return (first, last, first + again[2] - again[0]), seconds

    return draw


def draw_dynamic(base: np.ndarray, best: np.ndarray, _pairs: np.ndarray) -> tuple[Frames, float]:
    """Draw by dynamic t-SNE; the placebo is a copy of base that stands between both in a second drawing."""
    begin = time.perf_counter()
    first, last = draw_dynamic_tsne(base, best)
    seconds = time.perf_counter() - begin
    again = draw_dynamic_tsne(base, base, best)
    return (first, last, first + again[1] - again[0]), seconds


def fit_tsne(rows: np.ndarray) -> np.ndarray:
    """Fit scikit-learn's t-SNE."""
    from sklearn.manifold import TSNE

    return TSNE(random_state=0).fit_transform(rows)


def fit_pacmap(rows: np.ndarray) -> np.ndarray:
    """Fit PaCMAP (bench/requirements.txt)."""
    from pacmap import PaCMAP

    return PaCMAP(random_state=0).fit_transform(rows)


def fit_localmap(rows: np.ndarray) -> np.ndarray:
    """Fit LocalMAP (bench/requirements.txt)."""
    from pacmap import LocalMAP

    return LocalMAP(random_state=0).fit_transform(rows)


def figures(frames: Frames, base: np.ndarray, best: np.ndarray, pairs: Pairs) -> dict[str, Any]:
    """Compute all figures of merit of one drawing."""
    first, last, copy = frames
    lines = measure_pairs((base, best), (first, last), pairs[0])
    real = np.linalg.norm(last - first, axis=1)
    return {
        "all": line_quality(lines, ENDS),
        "held_out": line_quality(lines.select(np.flatnonzero(pairs[1])), ENDS),
        "trust": [trustworthiness(base, first) or np.nan, trustworthiness(best, last) or np.nan],
        "still": float(np.linalg.norm(copy - first, axis=1).mean() / max(real.mean(), 1e-12)),
        "kept": np.mean([overlap(vectors, frame) for vectors, frame in ((base, first), (best, last))]),
        "stability": rank_correlation(np.linalg.norm(best - base, axis=1), real) or np.nan,
    }


def overlap(vectors: np.ndarray, frame: np.ndarray, k: int = 15) -> float:
    """Compute the share of the k nearest neighbours that are so on the map too."""
    from scipy.spatial import cKDTree

    near = nearest_neighbours(vectors, k=k)[0]
    neighbours = cKDTree(frame).query(frame, k=k + 1)[1][:, 1:]
    return float(np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(near, neighbours, strict=True)]))


def shuffle_targets(pairs: np.ndarray) -> np.ndarray:
    """Shuffle the targets among the pairs."""
    return np.stack([pairs[:, 0], np.random.default_rng(0).permutation(pairs[:, 1])], axis=1)


OURS = "UMAP with pair constraints"
METHODS: dict[str, Callable[..., tuple[Frames, float]]] = {
    "PCA": lambda b, t, p: ours(b, t, p, method="pca"),
    "UMAP together": together,
    "AlignedUMAP": draw_aligned,
    "chained UMAP": draw_chained,
    "t-SNE together": stacked(fit_tsne),
    "dynamic t-SNE": draw_dynamic,
    "PaCMAP together": stacked(fit_pacmap),
    "LocalMAP together": stacked(fit_localmap),
    f"{OURS}, balance 0": lambda b, t, p: ours(b, t, p, method="pair-faithful", balance=0.0),
    f"{OURS}, balance 0.3": lambda b, t, p: ours(b, t, p, method="pair-faithful", balance=0.3),
    f"**{OURS}, balance 0.5**": lambda b, t, p: ours(b, t, p, method="pair-faithful"),
    f"{OURS}, pairs shuffled": lambda b, t, p: ours(b, t, shuffle_targets(p), method="pair-faithful"),
}


WARM = tuple(name for name in METHODS if "balance 0.3" in name or "0.5" in name or "0.7" in name or "shuffled" in name)
"""Methods that need no warming: another balance of the same was drawn before."""


def table(run: Run, only: tuple[str, ...] = ()) -> str:
    """Build the table of one run.

    Rows that were measured before are kept, so that a long measurement can be cut in pieces.

    Every method is warmed first, so that compilation is not in its seconds.
    """
    base, best, pairs = read(run)
    some = slice(0, min(200, len(base)))
    few = pairs[0][(pairs[0] < some.stop).all(axis=1)]
    rows_file = KEPT / f"rows-{file_name(run)}.json"
    rows = json.loads(rows_file.read_text()) if rows_file.is_file() else {}
    for name, method in METHODS.items():
        if name in rows or (only and not any(word in name for word in only)):
            continue
        if name not in WARM:
            method(base[some], best[some], few)
        frames, seconds = method(base, best, pairs[0])
        rows[name] = row(name, seconds, figures(frames, base, best, pairs))
        rows_file.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        print(rows[name], flush=True)
    title = f"### {run.name}: {len(pairs[0]):,} pairs, {len(base):,} texts\n"
    return "\n".join([title, COLUMNS, *(rows[name] for name in METHODS if name in rows)])


def row(name: str, seconds: float, f: dict[str, Any]) -> str:
    """Build one row of the table."""
    every, held_out = f["all"], f["held_out"]
    cells = [
        f"{seconds:.2f}",
        two(every.rank_sign_agreement, held_out.rank_sign_agreement),
        two(every.rank_change_correlation, held_out.rank_change_correlation),
        *(
            two(*(shares.get(end) for end in ENDS))
            for shares in (every.seen, held_out.seen, every.right, held_out.right)
        ),
        two(*f["trust"]),
        f"{f['still']:.2f}",
        two(every.sign_agreement, every.rank_correlation),
        f"{f['kept']:.3f}",
        f"{f['stability']:.2f}",
    ]
    return f"| {name} | {' | '.join(cells)} |"


def two(one: float | None, other: float | None) -> str:
    """Write two figures, a dash where there is none."""
    return " ".join("-" if value is None else f"{value:.3f}" for value in (one, other))


def file_name(run: Run) -> str:
    """Make a run's name a part of a file name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", run.name)


TIMED_PAIRS = 2_000

FRESH = """
import sys, time, warnings; begin = time.perf_counter(); warnings.simplefilter("ignore")
import numpy as np
base, best, pairs = (np.load(f"{sys.argv[2]}/{name}.npy") for name in ("base", "best", "pairs"))
if sys.argv[1] == "umap":
    from umap import UMAP
    rows = np.concatenate([base, best])
    draw = lambda: UMAP().fit_transform(rows)
else:
    from lib.projection.layout import compute_layout, paired_points
    draw = lambda: compute_layout({"base": base, "best": best}, pairs)
draw(); first, used = time.perf_counter() - begin, time.process_time()
begin = time.perf_counter(); draw(); print(first, time.perf_counter() - begin, used, time.process_time() - used)
"""


def fresh(what: str, folder: Path, cache: str) -> list[float]:
    """Measure a new process: seconds to its first map and to the next one, then the same in CPU seconds."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache, "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-c", FRESH, what, str(folder)]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
    return [float(word) for word in found[-4:]]


def first_pairs(base: np.ndarray, best: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Take the first TIMED_PAIRS pairs and their texts alone."""
    texts, numbered = np.unique(pairs[:TIMED_PAIRS], return_inverse=True)
    return base[texts], best[texts], numbered.reshape(-1, 2)


def speed(run: Run, *, rounds: int = 3) -> str:
    """Build the table of times, plain umap and ours by turns; ours once with an empty compilation cache."""
    folder = Path(tempfile.mkdtemp())
    base, best, pairs = read(run)
    arrays = first_pairs(base, best, pairs[0])
    for name, array in zip(("base", "best", "pairs"), arrays, strict=True):
        np.save(folder / f"{name}.npy", array)
    with tempfile.TemporaryDirectory() as cache:
        empty = fresh("ours", folder, cache)
        times = [(fresh("umap", folder, cache), fresh("ours", folder, cache)) for _ in range(rounds)]
    plain, mine = (np.median([pair[i] for pair in times], axis=0) for i in (0, 1))
    return "\n".join(
        [
            f"### Time, {run.name}, {len(arrays[2]):,} pairs, base and best together, {os.cpu_count()} cores, median of {rounds} turns\n",
            "| | plain `umap.UMAP().fit_transform` | UMAP with pair constraints | share | share of CPU seconds |\n|---|---|---|---|---|",
            f"| fresh process to first map | {plain[0]:.1f} s | {mine[0]:.1f} s | {mine[0] / plain[0]:.2f} | {mine[2] / plain[2]:.2f} |",
            f"| next map | {plain[1]:.1f} s | {mine[1]:.2f} s | {mine[1] / plain[1]:.2f} | {mine[3] / plain[3]:.2f} |",
            f"| fresh process, nothing compiled yet | | {empty[0]:.1f} s | {empty[0] / plain[0]:.2f} | {empty[2] / plain[2]:.2f} |",
        ]
    )


def main() -> None:
    """Measure every folder and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", help="ids of finished runs")
    parser.add_argument("--speed", action="store_true", help="compare times in fresh processes instead")
    parser.add_argument(
        "--only", nargs="*", default=[], help="measure only methods whose names hold one of these words"
    )
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    KEPT.mkdir(parents=True, exist_ok=True)
    for run in (open_workspace().runs.get(identity) for identity in args.runs):
        kind, found = ("time", speed(run)) if args.speed else ("table", table(run, tuple(args.only)))
        (KEPT / f"{kind}-{file_name(run)}.md").write_text(found + "\n", encoding="utf-8")
        print(found)
    put("Map", "\n\n".join([INTRODUCTION, *(path.read_text().strip() for path in sorted(KEPT.glob("t*.md")))]))


ENDS = ("base", "best")
KEPT = Path(__file__).parent / "results" / "projection"
INTRODUCTION = """Sign by rank: share of pairs whose line changed as their rank among neighbours did, by cosine where the rank stayed.
Spearman: of the changes of log length and log rank. Seen: of pairs among each other's 10 nearest texts, the share drawn so; right: of those
drawn so, the share that is. Trust: trustworthiness (15 neighbours). Still: how far an identical snapshot moves, as a share of the real
movement. Sign, rank by cosine: share of lines that changed as the cosine did, and the rank correlation of both changes. Kept: share of the 15
nearest neighbours that are so on the map. Stability (temporal, by point, as in Vernier and others 2020): Spearman of each text's movement in full dimensions
and on the map. Pairs shuffled: the layout is given wrong pairs, the figures are over the true ones, to be compared with balance 0. Base and best
after two epochs. Seconds in these tables were taken beside other work; times are compared, in turns, in their own table."""


if __name__ == "__main__":
    main()
