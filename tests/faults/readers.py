"""Every JSON file of a workspace, with what reads it and the page that shows it, and how to damage one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from streamlit.testing.v1 import AppTest

from lib.errors import CloserError
from lib.evaluation.store import load_evaluation
from lib.experiments.cost_estimate import load_estimate
from lib.experiments.exported_form import has_files, list_exported_forms, price_lines
from lib.experiments.file_vectors import list_file_vectors
from lib.experiments.label_noise_check import label_noise_path, load_label_noise
from lib.experiments.result import (
    load_control,
    load_interpolation,
    load_learning_curve,
    load_saved_blends,
)
from lib.format import format_bytes
from lib.jobs.events import read_events
from lib.jobs.locks import kill_worker, load_failure, memory_ran_out, worker_lock
from lib.jobs.status import fold
from lib.projection.store import load_map
from lib.store.check import check
from lib.store.layout import MODEL_CARD_DATA, UploadPaths, WorkspacePaths
from lib.store.publish import MANIFEST, amend, verify
from lib.store.snapshots import read_snapshots
from lib.store.uploads import load_upload
from lib.training.card import read_model_facts
from lib.training.checkpoints import load_history
from lib.ui.explore.embed_file import describe_file_vectors
from lib.ui.train.log import format_line
from tests.app.conftest import ROUTER
from tests.faults.columns import COLUMNS, damaged_column, use_store
from tests.faults.planted import Planted, checkpoint_of
from tests.mutations import mutate


@dataclass(frozen=True)
class Reader:
    """A file of the workspace, what reads it, and the page that shows it."""

    path: Callable[[Planted], Path]
    read: Callable[[Planted], object]
    page: str = ""


def use_events(planted: Planted) -> None:
    """Fold the events and write what the page writes of them."""
    status = fold(read_events(planted.run.paths.events)[0])
    assert 0 <= status.fraction <= 1
    assert status.seconds_silent >= 0
    for line in status.log:
        format_line(line)


def use_manifest(planted: Planted) -> None:
    """Verify, and amend a file."""
    folder = planted.run.paths.evaluation.folder
    assert isinstance(verify(folder), list)
    check(planted.workspace)
    amend(folder, "evaluation.json", (folder / "evaluation.json").read_text())


def use_worker_note(planted: Planted) -> None:
    """Read it as the supervisor does while a worker lives, and kill nobody."""
    home = planted.workspace.home
    with worker_lock(home), patch("lib.jobs.locks.kill_tree"):
        memory_ran_out(home)
        kill_worker(home)


def use_evaluation(planted: Planted) -> None:
    """Load the evaluation, write it again, and make its headline."""
    found = load_evaluation(planted.run)
    if found is not None:
        found.to_json()
        assert found.headline is None or isinstance(found.headline.verdict, str)


def use_file_vectors(planted: Planted) -> None:
    """List the files of vectors, and write what the page writes of each."""
    for made in list_file_vectors(planted.run):
        assert made.file_name in ("7.npy", "7.parquet")
        describe_file_vectors(made)
        format_bytes(made.bytes)


def use_exported_forms(planted: Planted) -> None:
    """List the exported forms, and write what command and page write of each."""
    for exported in list_exported_forms(planted.run):
        assert exported.name == "static-16"
        price_lines(exported)
        assert not has_files(planted.run, exported)


OVERVIEW, EXPLORE, TRAIN, UPLOAD, FORM = "overview", "explore", "train", "upload", "train form"
PAGES_OF_COLUMNS = (OVERVIEW, TRAIN, UPLOAD, EXPLORE, FORM)
READERS = {
    "manifest": Reader(lambda p: p.run.paths.evaluation.folder / MANIFEST, use_manifest),
    "events": Reader(lambda p: p.run.paths.events, use_events, TRAIN),
    "evaluation": Reader(lambda p: p.run.paths.evaluation.summary, use_evaluation, EXPLORE),
    "map": Reader(lambda p: p.run.paths.map.summary, lambda p: load_map(p.run), EXPLORE),
    "snapshots": Reader(
        lambda p: p.run.paths.snapshots.index, lambda p: read_snapshots(p.run.paths.snapshots.folder), EXPLORE
    ),
    "control": Reader(lambda p: p.run.paths.experiment("placebo"), lambda p: load_control(p.run), EXPLORE),
    "curve": Reader(lambda p: p.run.paths.experiment("learning_curve"), lambda p: load_learning_curve(p.run), EXPLORE),
    "interpolation": Reader(lambda p: p.run.paths.experiment("blend"), lambda p: load_interpolation(p.run), EXPLORE),
    "blend": Reader(
        lambda p: p.run.paths.interpolations / "half" / MODEL_CARD_DATA, lambda p: load_saved_blends(p.run), EXPLORE
    ),
    "model facts": Reader(
        lambda p: p.run.model_dir / MODEL_CARD_DATA,
        lambda p: (read_model_facts(p.run.model_dir), p.run.is_partial),
        TRAIN,
    ),
    "estimate": Reader(
        lambda p: p.planned.path(p.workspace.home), lambda p: load_estimate(p.workspace.home, p.planned), FORM
    ),
    "label noise": Reader(
        lambda p: label_noise_path(p.workspace.home, p.run.dataset),
        lambda p: load_label_noise(label_noise_path(p.workspace.home, p.run.dataset)),
        UPLOAD,
    ),
    "worker": Reader(
        lambda p: WorkspacePaths(p.workspace.home).worker_note,
        use_worker_note,
    ),
    "load failure": Reader(
        lambda p: WorkspacePaths(p.workspace.home).load_failure, lambda p: load_failure(p.workspace.home)
    ),
    "file vectors": Reader(lambda p: p.run.paths.file_vectors / "7.json", use_file_vectors),
    "exported form": Reader(lambda p: p.run.paths.exports / "static-16.json", use_exported_forms),
    "history": Reader(lambda p: checkpoint_of(p.run) / "history.json", lambda p: load_history(checkpoint_of(p.run))),
    "upload": Reader(
        lambda p: UploadPaths(p.upload.folder).names, lambda p: load_upload(p.workspace.home, p.upload.id).title, UPLOAD
    ),
    "draft": Reader(lambda p: UploadPaths(p.upload.folder).draft, lambda p: p.upload.draft(), UPLOAD),
    "dataset facts": Reader(
        lambda p: p.workspace.datasets.get(p.run.dataset).paths.facts,
        lambda p: p.workspace.datasets.get(p.run.dataset).facts,
        EXPLORE,
    ),
}
"""Every JSON file that a workspace's pages and commands read, by what it holds."""


@contextmanager
def damaged(path: Path, seed: int) -> Iterator[None]:
    """Damage the file for the block: as a whole, or some of its lines where it has JSON lines."""
    whole, draw = path.read_bytes(), random.Random(seed)
    if path.suffix == ".jsonl":
        lines = [mutate(line, draw) if draw.random() < 0.5 else line.encode() for line in whole.decode().splitlines()]
        path.write_bytes(b"\n".join(lines) + b"\n")
    else:
        path.write_bytes(mutate(whole.decode(), draw))
    try:
        yield
    finally:
        path.write_bytes(whole)


def assert_page_stands(planted: Planted, page: str, what: str) -> None:
    """Draw a page and check that nothing but named errors is on it."""
    app = AppTest.from_file(str(ROUTER), default_timeout=60)
    if page == OVERVIEW:
        app.run()
    else:
        app.switch_page(f"{page.split()[0]}.py")
        app.query_params["run" if page in (EXPLORE, TRAIN) else "upload"] = (
            planted.run.id if page in (EXPLORE, TRAIN) else planted.upload.id
        )
        if page == FORM:
            app.query_params["model"], app.query_params["dataset"] = "planted/model", planted.run.dataset
        app.run()
    assert not app.exception, f"{what}: {app.exception}"


def damaged_thing(planted: Planted, name: str, seed: int) -> AbstractContextManager[None]:
    """Damage a file or a column of the database for the block."""
    if name in COLUMNS:
        return damaged_column(planted, COLUMNS[name], seed)
    return damaged(READERS[name].path(planted), seed)


def read_damaged(planted: Planted, name: str, seed: int) -> CloserError | None:
    """Damage a file or a column and read it: the named error, which is as good as a result, or None."""
    with damaged_thing(planted, name, seed):
        try:
            use_store(planted) if name in COLUMNS else READERS[name].read(planted)
        except CloserError as error:
            return error
    return None


def draw_damaged_page(planted: Planted, name: str, seed: int) -> None:
    """Damage a file or a column and draw a page that shows it."""
    pages = PAGES_OF_COLUMNS if name in COLUMNS else (READERS[name].page or OVERVIEW,)
    page = pages[seed % len(pages)]
    with damaged_thing(planted, name, seed):
        assert_page_stands(planted, page, f"{name} on {page}, seed {seed}")
