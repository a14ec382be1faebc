"""Control, learning curve and interpolation: what they change, leave behind (nothing) and store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lib.cluster import ray_training
from lib.cluster.request import TrainingRequest
from lib.data.prepare import prepare
from lib.data.samples.registry import load_support_desk
from lib.errors import CancelledError, ClusterError, InputError
from lib.experiments.control import shuffle_targets
from lib.experiments.interpolation import TUNED_SHARES, blend_folder, interpolate_weights
from lib.experiments.learning_curve import sample_components
from lib.experiments.result import load_control, load_interpolation, load_learning_curve, load_saved_blends
from lib.jobs.events import AdvanceEvent, EventWriter, read_events
from lib.jobs.kinds import perform
from lib.jobs.status import fold
from lib.progress import Progress, Silent
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.store.runs import Run
from lib.store.workspace import Workspace, open_workspace
from tests.unit.cluster.small import train_here
from tests.unit.evaluation.fakes import pairs_frame

PATIENCE = 120.0


def test_the_control_permutes_targets_among_training_rows_alone() -> None:
    frame = pairs_frame(200)
    changed = shuffle_targets(frame, Shape.PAIRS, seed=3)
    train = frame["part"] == "train"
    assert changed[~train].equals(frame[~train])
    assert sorted(changed.loc[train, "positive"]) == sorted(frame.loc[train, "positive"])
    assert (changed.loc[train, "positive"] == frame.loc[train, "positive"]).mean() < 0.1
    assert changed["anchor"].equals(frame["anchor"])


@pytest.mark.parametrize(("shape", "column"), [(Shape.SCORED, "score"), (Shape.LABELLED_TEXTS, "label")])
def test_the_control_of_scores_and_labels_shuffles_these(shape: Shape, column: str) -> None:
    frame = pairs_frame(200).assign(**{column: [str(n) for n in range(200)]})
    changed = shuffle_targets(frame, shape, seed=3)
    assert changed["positive"].equals(frame["positive"])
    assert not changed[column].equals(frame[column])


def test_a_smaller_share_is_within_a_larger_one_and_keeps_components_whole() -> None:
    frame = pairs_frame(200).assign(component=np.arange(200) // 2)
    quarter, half = (
        set(sample_components(frame, share, seed=0).query("part == 'train'").index) for share in (0.25, 0.5)
    )
    assert quarter < half
    assert len(half) == pytest.approx(65, abs=2)
    assert all((n ^ 1) in half for n in half)
    assert (sample_components(frame, 0.25, seed=0)["part"] == "held_out").sum() == 60


def test_a_blend_lies_between_base_and_tuned() -> None:
    base, tuned = {"w": torch.zeros(3), "ids": torch.arange(3)}, {"w": torch.ones(3), "ids": torch.arange(3)}
    assert interpolate_weights(base, tuned, 0.25)["w"].tolist() == [0.25] * 3
    assert interpolate_weights(base, tuned, 0.0)["w"].equal(base["w"])
    assert interpolate_weights(base, tuned, 1.0)["w"].equal(tuned["w"])
    with pytest.raises(InputError, match="cannot be blended"):
        interpolate_weights(base, {"w": torch.ones(4), "ids": torch.arange(3)}, 0.5)


@pytest.fixture(scope="module")
def trained_run(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> tuple[Workspace, Run]:
    """Train the tiny model on a part of the support desk for one epoch."""
    workspace = open_workspace(tmp_path_factory.mktemp("workspace"))
    dataset = workspace.datasets.publish(prepare(load_support_desk().head(160)), name="desk")
    recipe = Recipe(epochs=1, batch_size=16, learning_rate=1e-3)
    run = workspace.runs.create(dataset=dataset.id, model=str(tiny_model), recipe=recipe)
    perform(workspace, workspace.jobs.get(run.job), Silent())
    return workspace, run


def done(workspace: Workspace, run: Run, kind: str, *, progress: Progress = Silent(), **payload: float) -> None:
    """Do a job of this kind in this process."""
    job = workspace.jobs.submit(kind, run=run.id, payload=payload)
    assert perform(workspace, job, progress) == ()


def test_a_control_is_compared_with_base_and_run_and_leaves_no_model(trained_run: tuple[Workspace, Run]) -> None:
    workspace, run = trained_run
    done(workspace, run, "placebo", progress=EventWriter(run.paths.events))
    found = load_control(run)
    assert found is not None
    assert found.metric == "accuracy@1"
    assert found.control.verdict != "better"
    assert found.control.low <= found.control.difference <= found.control.high
    gain, beyond = found.run, found.beyond
    assert gain is not None
    assert beyond is not None
    assert gain.base == found.control.base
    assert (beyond.base, beyond.tuned) == (found.control.tuned, gain.tuned)
    assert beyond.low <= beyond.difference <= beyond.high
    assert not list(run.folder.glob("experiment-*"))
    status = fold(read_events(run.paths.events)[0])
    assert status.losses == []
    assert status.measurements == []
    assert any("control" in line.text for line in status.log)


def test_a_learning_curve_ends_with_the_run_itself(trained_run: tuple[Workspace, Run]) -> None:
    workspace, run = trained_run
    done(workspace, run, "learning_curve")
    found = load_learning_curve(run)
    assert found is not None
    points, step = found.points, found.last_step
    assert step is not None
    assert (step.base, step.tuned) == (points[1].change.tuned, points[2].change.tuned)
    assert step.verdict in ("better", "no clear change", "worse")
    assert [point.fraction for point in points] == [0.25, 0.5, 1.0]
    assert points[0].rows < points[1].rows < points[2].rows
    assert points[2].rows == workspace.datasets.get(run.dataset).counts["train"]
    assert len({point.change.base for point in points}) == 1


@pytest.fixture
def run_on_cluster(trained_run: tuple[Workspace, Run]) -> Iterator[tuple[Workspace, Run]]:
    """Let the run's recipe train on a cluster, for one test."""
    workspace, run = trained_run
    place = {"where": "ray", "address": "127.0.0.1:6379", "processes": 1}
    yield workspace, workspace.runs.set_recipe(run.id, replace(run.recipe, **place))
    workspace.runs.set_recipe(run.id, run.recipe)


@pytest.mark.parametrize(
    ("kind", "load", "count"), [("learning_curve", load_learning_curve, 2), ("placebo", load_control, 1)]
)
def test_on_a_cluster_all_train_at_once_to_the_same_result(
    kind: str,
    load: Callable[[Run], object],
    count: int,
    trained_run: tuple[Workspace, Run],
    run_on_cluster: tuple[Workspace, Run],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace, run = run_on_cluster
    workspace.runs.set_recipe(run.id, trained_run[1].recipe)
    done(workspace, run, kind)
    here = load(run)
    workspace.runs.set_recipe(run.id, run.recipe)
    together, one_at_a_time = threading.Barrier(count), threading.Lock()  # torch's random numbers are the process's

    def train(request: TrainingRequest, *, progress: Progress) -> None:
        together.wait(PATIENCE)
        with one_at_a_time:
            train_here(request, progress)

    monkeypatch.setattr(ray_training, "train_on_ray", train)
    events = tmp_path / "events.jsonl"
    done(workspace, run, kind, progress=EventWriter(events))
    assert load(run) == here
    assert not list(run.folder.glob("experiment-*"))
    read = read_events(events)[0]
    assert fold(read).losses == []
    steps = [event for event in read if isinstance(event, AdvanceEvent) and event.total == count]
    assert steps[-1].done == count
    assert [event.done for event in steps] == sorted(event.done for event in steps)


def test_where_one_fails_the_other_stops(
    run_on_cluster: tuple[Workspace, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, run = run_on_cluster
    together, ends = threading.Barrier(2), []

    def train(request: TrainingRequest, *, progress: Progress) -> None:
        if together.wait(PATIENCE) == 0:
            raise ClusterError("Nothing answers.")
        for _ in range(int(PATIENCE / 0.05)):
            try:
                progress.check()
            except CancelledError:
                ends.append(request.card["experiment"])
                raise
            threading.Event().wait(0.05)

    monkeypatch.setattr(ray_training, "train_on_ray", train)
    with pytest.raises(ClusterError, match="Nothing answers"):
        done(workspace, run, "learning_curve")
    assert len(ends) == 1


def test_blends_are_measured_from_base_to_tuned_and_one_is_saved(trained_run: tuple[Workspace, Run]) -> None:
    from sentence_transformers import SentenceTransformer

    workspace, run = trained_run
    done(workspace, run, "blend")
    found = load_interpolation(run)
    assert found is not None
    first, *_, last = found.points
    assert [point.share for point in found.points] == list(TUNED_SHARES)
    assert first.general != last.general
    assert first.target_change is not None
    assert first.target_change.difference == 0.0
    assert last.target_change is not None
    assert last.target_change.low <= last.target - first.target
    done(workspace, run, "blend", share=0.5)
    (blend,) = load_saved_blends(run)
    assert blend.share == 0.5
    assert blend.held_out is not None
    assert blend.held_out.low <= blend.held_out.difference <= blend.held_out.high
    assert blend.general is not None
    assert blend.general.has_interval
    half = SentenceTransformer(str(blend_folder(run, 0.5)), device="cpu", local_files_only=True)
    ends = [SentenceTransformer(str(folder), device="cpu") for folder in (run.model, run.model_dir)]
    name = next(key for key in half.state_dict() if key.endswith("word_embeddings.weight"))
    middle = (ends[0].state_dict()[name] + ends[1].state_dict()[name]) / 2
    assert torch.allclose(half.state_dict()[name], middle, atol=1e-6)
    with pytest.raises(InputError, match="share from 0 to 1"):
        done(workspace, run, "blend", share=1.5)


def test_a_damaged_result_is_named(trained_run: tuple[Workspace, Run]) -> None:
    from lib.errors import StoreError

    _, run = trained_run
    other = replace(run, folder=run.folder / "other")
    assert load_control(other) is None
    other.folder.mkdir(exist_ok=True)
    (other.folder / "placebo.json").write_text("{")
    with pytest.raises(StoreError, match="Start it again"):
        load_control(other)
