"""Measure the map of all texts at 100,000 texts and more.

Writes bench/README.md, sections Large map and Large map in the browser.

    python -m bench.large [--layout 100000] [--view 100000 500000]

Layout: clustered random vectors of 384 dimensions, half of them pairs whose ends tuning moves together; seconds by stage. View: a workspace
with generated texts and positions, opened in a real browser: seconds until the map stands, frames a second while it is dragged and while it
plays, memory of server, page and graphics process.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import psutil
from playwright.sync_api import Browser, Locator, sync_playwright

from bench.picture import serve_closer
from bench.results import put
from lib.progress import Silent
from lib.projection.layout import PairedPoints, ends_of, measure_layout, paired_points
from lib.projection.line_measures import measure_pairs
from lib.projection.pair_faithful.cells import cell_neighbours
from lib.projection.pair_faithful.optimise import pair_faithful_layout
from lib.projection.quality import LayoutQuality
from lib.projection.regions import find_regions
from lib.projection.store import MapFacts, SnapshotLabel, write_all_texts_map, write_end_vectors
from lib.projection.turnover import measure_neighbours
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.store.map_paths import MapKind
from lib.store.publish import publish
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from tools.browser import get

DIMENSIONS = 384
TEXTS_A_TOPIC = 250
SECONDS = 4.0
"""Of dragging, whose frames are counted."""

DRAG = """(host, seconds) => new Promise(resolve => {
  const map = host.closerMap, begin = performance.now(), times = [];
  const step = now => {
    times.push(now);
    map.moveBy(6 * Math.sin(now / 300), 3 * Math.cos(now / 300));
    if (performance.now() - begin < 1000 * seconds) requestAnimationFrame(step); else resolve([times.length / (times.at(-1) - times[0]) * 1000, map.drawn]);
  };
  requestAnimationFrame(step);
})"""

PLAY = """host => new Promise(resolve => {
  const map = host.closerMap, shares = new Set(), begin = performance.now();
  map.setShare(0, false); map.drawn = map.count; map.moveTo(1);
  const step = () => { shares.add(map.share); if (map.share < 1) requestAnimationFrame(step); else resolve((shares.size - 1) / (performance.now() - begin) * 1000); };
  requestAnimationFrame(step);
})"""


def clustered(texts: int, *, seed: int = 0) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Draw vectors (texts, d) of base and best around topics, and pairs (texts / 2, 2).

    Tuning moves the ends of a pair together.
    """
    draw = np.random.default_rng(seed)
    centres = draw.normal(size=(max(2, texts // TEXTS_A_TOPIC), DIMENSIONS)).astype(np.float32)
    pairs = np.arange(texts).reshape(-1, 2)
    topic = draw.integers(len(centres), size=len(pairs)).repeat(2)
    topic[1::2] = np.where(draw.random(len(pairs)) < 0.5, topic[::2], draw.integers(len(centres), size=len(pairs)))
    base = centres[topic] + draw.normal(size=(texts, DIMENSIONS)).astype(np.float32)
    share = draw.random((len(pairs), 1)).astype(np.float32) * 0.5
    best = base.copy()
    middle = (base[::2] + base[1::2]) / 2
    best[::2] += share * (middle - base[::2])
    best[1::2] += share * (middle - base[1::2])
    return {
        name: rows / np.linalg.norm(rows, axis=1, keepdims=True) for name, rows in (("base", base), ("best", best))
    }, pairs


def layout_rows(texts: int) -> list[str]:
    """Lay out so many texts, and list the seconds of each stage and the figures of the result."""
    vectors, pairs = clustered(texts)
    seconds: dict[str, float] = {}
    begin = time.perf_counter()

    def note(stage: str) -> None:
        nonlocal begin
        seconds[stage] = time.perf_counter() - begin
        begin = time.perf_counter()

    paired: PairedPoints = paired_points(vectors, pairs)
    note("distinct vectors")
    recall = neighbour_recall(vectors["base"])
    begin = time.perf_counter()
    _ = paired.neighbours
    note("neighbours of both snapshots")
    _ = paired.ranks
    note("ranks of the pairs")
    points = paired.points
    positions = pair_faithful_layout(
        points, paired.neighbours, pairs, paired.ranks, balance=0.5, seed=0, progress=Silent()
    )
    note("placing the texts")
    lines = measure_pairs(*ends_of(points, positions), pairs, true_rank=paired.text_ranks())
    quality = measure_layout(points, positions, lines)
    note("quality of the map")
    pair_faithful_layout(points, paired.neighbours, pairs, paired.ranks, balance=0.5, seed=1, progress=Silent())
    note("another seed, for the noise")
    frames = points.to_frames(positions)
    measure_neighbours(vectors, frames)
    note("new neighbours and doubtful positions")
    find_regions(frames["base"], frames["best"], [f"text {number % 977}" for number in range(texts)])
    note("regions")
    total = sum(seconds.values())
    rows = [f"| {texts:,} | {stage} | {value:.1f} |" for stage, value in seconds.items()]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    rows += [f"| {texts:,} | **all** ({peak:.1f} GB at most) | **{total:.1f}** |"]
    return [*rows, "", f"{texts:,} texts: {recall:.1%} of the true 15 nearest found; {figures(quality)}.", ""]


def neighbour_recall(vectors: np.ndarray, *, sample: int = 500) -> float:
    """Measure which share of the true 15 nearest of some texts the search by cells finds."""
    found = cell_neighbours(vectors, k=15, seed=0)[0][:sample]
    products = vectors[:sample] @ vectors.T
    products[np.arange(sample), np.arange(sample)] = -np.inf
    true = np.argpartition(-products, 15, axis=1)[:, :15]
    return float(np.mean([len(set(one) & set(other)) / 15 for one, other in zip(found, true, strict=True)]))


def figures(quality: LayoutQuality) -> str:
    """Write the figures of a map."""
    seen, right, trust = (
        " ".join(f"{value:.3f}" for value in some.values())
        for some in (quality.seen, quality.right, quality.trustworthiness)
    )
    return (
        f"sign by rank {quality.rank_sign_agreement:.3f}, Spearman {quality.rank_change_correlation:.3f}, seen {seen}, right {right}, "
        f"trustworthiness {trust} (base, best)"
    )


def plant(home: Path, texts: int) -> Run:
    """Make a workspace with a run whose maps are generated: a small one, and one of so many texts."""
    draw = np.random.default_rng(0)
    pairs = texts // 2
    frame = pd.DataFrame(
        {
            "line": np.arange(pairs) + 2,
            "part": np.array(["held_out", "train", "train", "validation"])[np.arange(pairs) % 4],
            "component": np.arange(pairs),
            "anchor": [f"question {number} about topic {number % 613}" for number in range(pairs)],
            "positive": [
                f"answer {number} on topic {number % 613}, with some words to make it as long as texts are"
                for number in range(pairs)
            ],
        }
    )
    workspace = open_workspace(home)
    dataset = workspace.datasets.publish(
        SimpleNamespace(shape=Shape.PAIRS, frame=frame, facts={}, left_out=frame.head(0)), name=f"{texts:,} texts"
    )
    run = workspace.runs.create(dataset=dataset.id, model="planted/model", recipe=Recipe(), batch="Generated")
    job = workspace.jobs.claim(run.job)
    assert job is not None, "the run was just queued"
    workspace.jobs.finish(job, "succeeded")
    run = workspace.runs.get(run.id)
    run.model_dir.mkdir(parents=True)
    topic = np.tile(draw.integers(613, size=pairs), 2)
    centres = draw.normal(size=(613, 2)) * 12
    first = centres[topic] + draw.normal(size=(2 * pairs, 2))
    last = first + 0.5 * (np.roll(first, pairs, axis=0) - first) * draw.random((2 * pairs, 1))
    base = draw.random(pairs)
    lines = frame[["part"]].assign(
        pair=np.arange(pairs),
        source=np.arange(pairs),
        target=np.arange(pairs) + pairs,
        base_cosine=base,
        tuned_cosine=base + 0.2 * draw.normal(size=pairs),
        base_pair_rank=5.0,
        tuned_pair_rank=2.0,
        opposed=False,
        change=0.1,
        noise=0.0,
        faded=False,
    )
    words = [*frame["anchor"], *frame["positive"]]
    labels = (SnapshotLabel("base", 0, "Base"), SnapshotLabel("best", 1, "Best (epoch 1)"))
    facts = MapFacts("pair-faithful", 0.5, 1.0, labels, LayoutQuality(), LayoutQuality(), texts=texts)
    from lib.projection.store import write_map
    from lib.store.snapshots import SnapshotWriter

    with publish(run.paths.map_of(MapKind.ALL).folder) as folder:
        write_all_texts_map(folder, {"base": first, "best": last}, words, lines, facts)
        vectors = draw.normal(size=(len(words), 32)).astype(np.float32)
        write_end_vectors(folder, {"base": vectors, "best": vectors})
    some = lines.head(1_000)
    followed = np.r_[0:1_000, pairs : pairs + 1_000]
    with publish(run.paths.map.folder) as folder:
        small = some.assign(source=np.arange(1_000), target=np.arange(1_000) + 1_000)
        write_map(folder, {"base": first[followed], "best": last[followed]}, small, facts)
    writer = SnapshotWriter(run.paths.snapshots.folder, [words[at] for at in followed])
    for name, epoch in (("base", 0), ("best", 1)):
        writer.write(name, epoch=epoch, embeddings=vectors[followed])
    return run


def memory_of(process: psutil.Process) -> float:
    """Read the memory that a process has for itself, in MB."""
    return process.memory_full_info().uss / 1e6


def browser_memory() -> dict[str, float]:
    """Read the memory of the page's and the graphics process of this process's browser, in MB."""
    kinds = {"page": "--type=renderer", "graphics": "--type=gpu-process"}
    children = [(child, " ".join(child.cmdline())) for child in psutil.Process().children(recursive=True)]
    return {
        name: max((memory_of(child) for child, line in children if mark in line), default=0.0)
        for name, mark in kinds.items()
    }


def server_memory() -> float:
    """Read the memory of the servers that this process started, in MB."""
    return sum(
        memory_of(child)
        for child in psutil.Process().children(recursive=True)
        if "streamlit" in child.cmdline()  # what tools.serve becomes
    )


def open_map(browser: Browser, address: str) -> tuple[Locator, float]:
    """Open Explore in a fresh window, choose the map of all texts; the seconds until it stands."""
    page = browser.new_context(viewport={"width": 1440, "height": 1800}).new_page()
    page.goto(address)
    choice = (
        page.get_by_role("radio", name="All ")
        .or_(page.locator("button", has_text="All ").filter(has_text=" texts"))
        .first
    )
    choice.wait_for(timeout=120_000)
    begin = time.perf_counter()
    choice.click()
    host = page.locator(".text-map[data-ready]")
    host.wait_for(timeout=180_000)
    return host, time.perf_counter() - begin


def view_row(browser: Browser, texts: int) -> str:
    """Measure the view of so many texts, and write its row."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CLOSER_HOME"] = folder
        os.environ["CLOSER_TOKEN"] = "off"
        run = plant(Path(folder), texts)
        with serve_closer() as server:
            address = f"{server}/explore?run={run.id}&part=all"
            host, first = open_map(browser, address)
            host.page.wait_for_timeout(4_000)
            rate, drawn = host.evaluate(DRAG, SECONDS)
            play = host.evaluate(PLAY)
            host.page.wait_for_timeout(1_000)
            page, server_mb = browser_memory(), server_memory()
            host.page.context.close()
            again = open_map(browser, address)[1]
    return (
        f"| {texts:,} | {first:.1f} | {again:.1f} | {rate:.0f} ({drawn:,.0f} points) | {play:.0f} | {server_mb:,.0f} | {page['page']:,.0f} "
        f"| {page['graphics']:,.0f} |"
    )


VIEW_HEAD = """| texts | map, first | map, again | frames/s, drag (drawn meanwhile) | frames/s, play | server MB | page MB | graphics MB |
|---:|---:|---:|---:|---:|---:|---:|---:|"""


def main() -> None:
    """Measure both and write their sections."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layout", type=int, nargs="*", default=[100_000])
    parser.add_argument("--view", type=int, nargs="*", default=[100_000, 500_000])
    args = parser.parse_args()
    machine = f"{os.cpu_count()} cores, {time.strftime('%d %b %Y')}. `python -m bench.large`."
    if args.layout:
        rows = [row for texts in args.layout for row in layout_rows(texts)]
        put(
            "Large map", "\n".join(["| texts | stage | seconds |", "|---:|---|---:|", *rows, "", f"Seconds; {machine}"])
        )
    if args.view:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=get(), args=["--no-sandbox", "--disable-quic", "--no-first-run"]
            )
            rows = [view_row(browser, texts) for texts in args.view]
            browser.close()
        words = f"Seconds and MB; headless Chromium without a graphics card, {machine}"
        put("Large map in the browser", "\n".join([VIEW_HEAD, *rows, "", words]))


if __name__ == "__main__":
    main()
