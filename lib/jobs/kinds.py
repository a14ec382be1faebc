"""The kinds of job: what each is called and what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lib.errors import InputError, NotFoundError
from lib.jobs import pipeline
from lib.progress import Progress
from lib.store.context import JobContext
from lib.store.jobs import Job
from lib.store.workspace import Workspace


@dataclass(frozen=True)
class JobKind:
    """A kind of job: its name in the queue, its title for people, and its work.

    The work gives the kinds that follow.

    is_background: nobody waits for it; it is taken last, and stopped when other work waits.
    """

    name: str
    title: str
    run: Callable[[JobContext], tuple[str, ...]]
    is_background: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        JobKind("train", "Training", pipeline.train),
        JobKind("evaluate", "Evaluation", pipeline.evaluate),
        JobKind("project", "Map", pipeline.project),
        JobKind("project_plain", "Map by plain UMAP", pipeline.project_plain, is_background=True),
        JobKind("project_all", "Map of all texts", pipeline.project_all),
        JobKind("placebo", "Shuffled-target control", pipeline.control),
        JobKind("learning_curve", "Learning curve", pipeline.learning_curve),
        JobKind("blend", "Blend with base model", pipeline.interpolate),
        JobKind("embed", "Embedding of a file", pipeline.embed),
        JobKind("export", "Export of the model", pipeline.export),
        JobKind("label_noise", "Label-noise check", pipeline.check_label_noise),
        JobKind("bases", "Comparison of base models", pipeline.compare_base_models),
        JobKind("estimate", "Cost estimate", pipeline.estimate_cost, is_background=True),
    )
}
"""By name, as the queue's table has it; a new kind is one line here."""


def title_of(kind: str) -> str:
    """Look up the title of a kind; one that another version wrote is shown by its name."""
    return KINDS[kind].title if kind in KINDS else kind


def is_background(kind: str) -> bool:
    """Whether other work goes before this kind."""
    return kind in KINDS and KINDS[kind].is_background


def perform(workspace: Workspace, job: Job, progress: Progress) -> tuple[str, ...]:
    """Do a claimed job's work and give the kinds that should follow. Raises what the work raises."""
    kind = KINDS.get(job.kind)
    if kind is None:
        raise InputError(f"Unknown job kind: {job.kind}.")
    run = workspace.runs.get(job.run) if job.run else None
    dataset = workspace.datasets.get(run.dataset if run else job.dataset)
    if dataset.deleted is not None:
        raise NotFoundError(
            f"The dataset {dataset.name} was deleted while this waited.",
            todo="Restore it on the Upload page, then press Try again.",
        )
    return kind.run(JobContext(workspace, job, dataset, progress, run))
