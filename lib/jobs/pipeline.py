"""The work of each kind of job, as the worker and the command line do it.

Imports that bring torch happen inside: the queue and the pages read this module too.
"""

from __future__ import annotations

from dataclasses import replace

from lib.errors import CancelledError, TrainingError
from lib.recipe.options import PromptSource
from lib.store.context import JobContext
from lib.store.free_space import remove_checkpoints
from lib.store.map_paths import MapKind
from lib.store.runs import Run

AFTER_TRAINING = ("evaluate", "project")
"""Kinds of job that follow a training, also one that was cut short and kept its best epoch.

Without a map where no weight changed.
"""

MIN_PLAIN_TEXTS = 200
"""Texts below which plain UMAP is drawn when asked for: to start umap-learn would take longer than everything else."""


def train(context: JobContext) -> tuple[str, ...]:
    """Train the run's model; evaluation and map follow."""
    from lib.cluster.dispatch import dispatch_training

    run, dataset = decide_prompts(context), context.dataset
    if run.is_trained:  # a kill fell between the end of the training and the queue's note of it
        return _follow_ups(run)
    try:
        dispatch_training(
            replace(context, run_or_none=run),
            card={
                "dataset": dataset.id,
                "dataset_counts": dataset.counts,
                "run": run.id,
                "recipe": run.recipe.to_json(),
            },
        )
    except (CancelledError, TrainingError) as error:
        if run.is_partial:
            error.follow_ups = _follow_ups(run)
        raise
    # the tuned model holds the best epoch's weights, but for those that LoRA has merged
    keeps, has_lora = run.recipe.keep_checkpoint, bool(run.recipe.lora_rank)
    remove_checkpoints(run.paths, keep_newest=keeps, keep_best=keeps and has_lora)
    return _follow_ups(run)


def _follow_ups(run: Run) -> tuple[str, ...]:
    return AFTER_TRAINING[:1] if run.is_unchanged else AFTER_TRAINING


def decide_prompts(context: JobContext) -> Run:
    """Let a run that has not begun choose its prompts, now that its model is here.

    One that has begun, by an older version, goes on as it was.
    """
    from lib.models.loader import fetch_model
    from lib.models.prompts.choose import choose_prompts

    run, home = context.run, context.workspace.home
    has_begun = run.paths.checkpoints.exists() or run.model_dir.exists()
    if has_begun or run.recipe.prompt_source is not PromptSource.UNDECIDED:
        return run
    fetch_model(run.model, home=home)
    recipe = choose_prompts(run.recipe, run.model, context.dataset.shape, home=home)
    return context.workspace.runs.set_recipe(run.id, recipe)


def evaluate(context: JobContext) -> tuple[str, ...]:
    """Measure base and tuned model on the held-out split.

    Note the headline for lists and the metrics in the card.
    """
    from lib.evaluation.run import evaluate_run
    from lib.training.card import add_held_out

    run = context.run
    evaluation = evaluate_run(run, context.dataset, home=context.workspace.home, progress=context.progress)
    context.workspace.runs.set_headline(run.id, evaluation.headline)
    add_held_out(run.model_dir, verdict=evaluation.sentence, metrics=evaluation.metrics)
    return ()


def project(context: JobContext) -> tuple[str, ...]:
    """Draw the run's map; the payload may choose another method or balance.

    The first time plain UMAP follows, so that both can be compared at once.
    """
    from lib.projection.run import draw_map

    options = {name: context.payload[name] for name in ("method", "balance") if name in context.payload}
    drawn = draw_map(context.run, context.dataset, home=context.workspace.home, progress=context.progress, **options)
    has_plain = context.run.paths.map_of(MapKind.PLAIN).summary.exists()
    return () if has_plain or drawn.texts < MIN_PLAIN_TEXTS else ("project_plain",)


def project_plain(context: JobContext) -> tuple[str, ...]:
    """Draw the run's map by plain UMAP, to compare with."""
    from lib.projection.run import draw_map

    draw_map(context.run, context.dataset, home=context.workspace.home, progress=context.progress, kind=MapKind.PLAIN)
    return ()


def project_all(context: JobContext) -> tuple[str, ...]:
    """Draw the map of all texts of the run's dataset."""
    from lib.projection.run import draw_map

    draw_map(context.run, context.dataset, home=context.workspace.home, progress=context.progress, kind=MapKind.ALL)
    return ()


def control(context: JobContext) -> tuple[str, ...]:
    """Train on shuffled targets and compare."""
    from lib.experiments.control import run_control

    return run_control(context)


def learning_curve(context: JobContext) -> tuple[str, ...]:
    """Train on parts of the data and compare."""
    from lib.experiments.learning_curve import run_learning_curve

    return run_learning_curve(context)


def interpolate(context: JobContext) -> tuple[str, ...]:
    """Measure or save mixtures of base and tuned weights."""
    from lib.experiments.interpolation import run_interpolation

    return run_interpolation(context)


def embed(context: JobContext) -> tuple[str, ...]:
    """Embed the texts of a file with the run's base or tuned model."""
    from lib.experiments.file_vectors import write_file_vectors

    write_file_vectors(context)
    return ()


def export(context: JobContext) -> tuple[str, ...]:
    """Export the run's tuned model in other forms, and measure each."""
    from lib.experiments.export_form import write_exported_forms

    write_exported_forms(context)
    return ()


def check_label_noise(context: JobContext) -> tuple[str, ...]:
    """List the rows of a dataset that the bundled model ranks another target above."""
    from lib.experiments.label_noise_check import write_label_noise

    write_label_noise(context)
    return ()


def compare_base_models(context: JobContext) -> tuple[str, ...]:
    """Measure the chosen base models on a dataset's validation part, BM25 beside them."""
    from lib.experiments.base_measurement import write_base_comparison

    write_base_comparison(context)
    return ()


def estimate_cost(context: JobContext) -> tuple[str, ...]:
    """Measure some steps of a training that nobody has started yet."""
    from lib.experiments.cost_estimate import write_estimate

    write_estimate(context)
    return ()
