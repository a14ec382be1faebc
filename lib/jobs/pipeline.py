"""Train, evaluate, draw the map: the three jobs of a run, as the worker and the command line do them."""

from __future__ import annotations

from lib.errors import CancelledError, TrainingError
from lib.jobs.kinds import Task

AFTER_TRAINING = ("evaluate", "project")


def train(task: Task) -> tuple[str, ...]:
    """Train the run's model; evaluation and map follow, also for the best so far of a training that was cut short."""
    from lib.training.recipe import Recipe
    from lib.training.run import train as train_model

    try:
        train_model(
            dataset_frame=task.dataset.frame(),
            shape=task.dataset.shape,
            model_name=task.run.model,
            recipe=Recipe.from_dict(task.run.recipe),
            folder=task.run.folder,
            home=task.workspace.home,
            progress=task.progress,
            card={"dataset": task.dataset.id, "dataset_counts": task.dataset.counts, "run": task.run.id},
        )
    except (CancelledError, TrainingError) as error:
        if task.run.is_partial:
            error.follow_ups = AFTER_TRAINING
        raise
    return AFTER_TRAINING


def evaluate(task: Task) -> tuple[str, ...]:
    """Judge base and tuned model on the held-out part and keep the headline for the lists and the numbers for the card."""
    from lib.evaluation.run import evaluate_run
    from lib.training.card import add_held_out

    evaluation = evaluate_run(task.run, task.dataset, home=task.workspace.home, progress=task.progress)
    task.workspace.runs.set_headline(task.run.id, evaluation.headline)
    add_held_out(task.run.model_dir, verdict=evaluation.sentence, metrics=evaluation.metrics)
    return ()


def project(task: Task) -> tuple[str, ...]:
    """Draw the run's map; the payload may choose another method or balance."""
    from lib.projection.run import draw_map

    options = {name: task.payload[name] for name in ("method", "balance") if name in task.payload}
    draw_map(task.run, task.dataset, home=task.workspace.home, progress=task.progress, **options)
    return ()
