"""The form that starts trainings: dataset, base models, preset, and the recipe's settings."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lib import settings
from lib.data.class_sizes import check_labels
from lib.data.model_inputs import ModelInputs, Reading, reading_of
from lib.errors import CloserError, InputError
from lib.evaluation.task import same_label
from lib.models.catalog import check_model, entries, is_static_name, pinned, resolve
from lib.models.text_lengths import TextLengths, measure_lengths
from lib.models.unknown_tokens import UnknownTokens, unknown_tokens
from lib.recipe.losses import losses_for
from lib.recipe.presets import CLASSIC, recommended_recipe
from lib.recipe.recipe import Recipe
from lib.shapes import VALUE_COLUMN, Shape
from lib.store.datasets import Dataset
from lib.store.names import RUN_PREFIX
from lib.store.parquet import read_dataset_table
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.training.memory_estimate import MemoryCheck
from lib.ui.shared import cache, state
from lib.ui.shared.components import SHAPE_TITLES, escape_markdown, settings_summary, show_empty_state, show_error
from lib.ui.shared.session_role import session_may_change
from lib.ui.shared.supervisor_status import expect_work
from lib.ui.train import base_choice, cost, recipe_form
from lib.ui.train.prompt_form import choose_model_prompts, list_prompt_warnings
from lib.ui.train.repeated_run import repeated_recipe, repeated_run
from lib.ui.train.start import check_compared, start_compared, start_trainings

_PRESETS = ("Recommended", "Classic")
_REPEATED = "As in the run"
"""What the form begins with where the address names a run to repeat."""


def show_training_form(workspace: Workspace) -> None:
    """Draw the form; Start creates one run per model."""
    datasets = {dataset.id: dataset for dataset in workspace.datasets.all()}
    if not datasets:
        show_empty_state(
            "No dataset yet",
            "Upload a file with pairs of texts, or use one of the samples.",
            page=state.UPLOAD_PAGE,
            label="Upload pairs",
            icon=":material/upload_file:",
        )
        return
    if session_may_change():
        expect_work()
    left, right = st.columns([3, 2], gap="large")
    with left:
        dataset = _select_dataset(datasets)
        repeated = repeated_run(workspace)
        models = _select_models(workspace, repeated)
        compared = st.container()
        shape, classes = Shape(dataset.shape), cache.num_labels(dataset)
        if classes > 2:
            st.caption(_describe_classes(dataset, classes))
        problem = _label_problem(str(dataset.paths.examples), shape) if VALUE_COLUMN[shape] == "label" else ""
        if problem:
            st.error(escape_markdown(problem), icon=":material/error:")
        preset = _select_preset(shape, classes, repeated)
        start = _starting_recipe(preset, dataset, repeated)
        scope = f"{preset}-{dataset.id}{f'-{repeated.id}' if repeated and preset == _REPEATED else ''}"
        statics = [is_static_name(model, home=workspace.home) for model in models]
        recipe = recipe_form.edit_recipe(start, shape, scope=scope, classes=classes, statics=statics)
        planned = choose_model_prompts(workspace, dataset, models, recipe)
        found = (_warn_of_tokens(workspace, dataset, model, chosen) for model, chosen in planned)
        warnings = [*(text for text in found if text), *list_prompt_warnings(workspace, dataset, planned)]
    with right, st.container(border=True):
        usual = recipe == start.for_shape(shape, classes=classes)
        ready = cost.show_cost(workspace, dataset, planned, recipe, usual=usual, warnings=warnings)
        is_startable = ready and not problem
        seeds = _choose_seeds()
        count = len(models) * seeds
        is_pressed = st.button(
            f"Start {count} trainings" if count > 1 else "Start training",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not is_startable or not planned,
            key="start",
            width="stretch",
        )
        if is_pressed and planned:
            start_trainings(workspace, dataset, planned, seeds=seeds)
    with compared:

        def check_memory(bases: Sequence[str]) -> list[MemoryCheck]:
            """Check what the form has not checked already."""
            others = [base for base in bases if base not in models]
            return check_compared(workspace, dataset, others, planned, recipe) if recipe is not None else []

        bases = base_choice.show_base_comparison(
            workspace, dataset, models, can_train=is_startable, check_memory=check_memory
        )
        if bases and recipe is not None:
            start_compared(workspace, dataset, bases, planned, recipe, seeds=seeds)


def _choose_seeds() -> int:
    """Draw the field for how many seeds each training is repeated with."""
    return int(
        st.number_input(
            "Repeat with k seeds",
            min_value=1,
            max_value=settings.MAX_SEEDS,
            value=1,
            step=1,
            help="One run per base model and seed, from the seed among the settings upwards. Overview and Explore then show "
            "mean and spread over the seeds: how much of a result is luck.",
            key="train-seeds",
            persist_state="session",
        )
    )


def _select_dataset(datasets: dict[str, Dataset]) -> Dataset:
    named = state.dataset_id()
    ids = list(datasets)
    chosen = st.selectbox(
        "Dataset",
        ids,
        index=ids.index(named) if named in datasets else 0,
        format_func=lambda identity: f"{datasets[identity].name} · {datasets[identity].rows:,} examples",
        key=f"train-dataset-{named}",
        persist_state="session",
    )
    dataset = datasets[chosen]
    counts = dataset.counts
    st.caption(
        f"{SHAPE_TITLES[Shape(dataset.shape)]}. {counts['train']:,} training examples, {counts['validation']:,} for validation (selects the best epoch), "
        f"{counts['held_out']:,} held out for evaluation."
    )
    return dataset


def _describe_classes(dataset: Dataset, classes: int) -> str:
    same = _same_label(str(dataset.paths.examples))
    if not same:
        return (
            f"{classes} classes, none of which is known to mean the same: the validation metric can't distinguish epochs. "
            "Select the positive classes on Upload."
        )
    return (
        f"{classes} classes. The validation metric measures how well the cosine detects “{escape_markdown(same)}”, "
        "taken as the class that means the same."
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _same_label(parquet: str) -> str:
    return same_label(read_dataset_table(parquet, ["label"])["label"].astype(str).unique())


@st.cache_data(max_entries=32, show_spinner=False)
def _label_problem(parquet: str, shape: Shape) -> str:
    """Write why the classes of the training part can't be trained on; "" where they can."""
    frame = read_dataset_table(parquet, ["label", "part"])
    try:
        check_labels(frame.loc[frame["part"] == "train", "label"].astype(str), shape)
    except InputError as error:
        return str(error)
    return ""


def _starting_recipe(preset: str, dataset: Dataset, repeated: Run | None) -> Recipe:
    """Choose the recipe that the settings begin with."""
    if repeated is not None and preset == _REPEATED:
        return repeated_recipe(repeated, Shape(dataset.shape), classes=cache.num_labels(dataset))
    return recommended_recipe(dataset.counts["train"]) if preset == "Recommended" else CLASSIC


def _select_models(workspace: Workspace, repeated: Run | None) -> list[str]:
    titles = {entry.name: f"{entry.title} · {entry.detail}" for entry in entries(workspace.home)}
    tuned = [run for run in workspace.runs.all() if run.state == "succeeded" and run.model_dir.is_dir()]
    titles |= {f"{RUN_PREFIX}{run.id}": f"Tuned: {run.name}" for run in tuned}
    wanted = state.base_model_name()
    if repeated is not None:  # its name is the workspace's own, so it may be one that the list does not have
        wanted = repeated.model
        titles.setdefault(wanted, wanted)
    chosen = st.multiselect(
        "Base models",
        list(titles),
        default=[wanted if wanted in titles else settings.BUNDLED_MODEL],
        format_func=lambda name: titles.get(name, name),
        accept_new_options=True,
        placeholder="Select a model, or enter a folder or Hub name",
        help="One run per model. Enter the path of a folder with a sentence-transformers model, or the Hub name of one that is "
        "in the download cache.",
        key=f"train-models-{wanted}",
        persist_state="session",
    )
    return [pinned(name, home=workspace.home) for name in chosen if _is_usable(name, workspace)]


def _warn_of_tokens(workspace: Workspace, dataset: Dataset, model: str, recipe: Recipe) -> str:
    """Warn where a model does not know many of the tokens, or truncates texts.

    Returns the first warning, "" for none.

    Of folders only those that a run has used are read; of others the measured steps tell it.
    """
    is_known = model == settings.BUNDLED_MODEL or model.startswith(RUN_PREFIX)
    if not is_known and not any(run.model == model for run in workspace.runs.all()):
        return ""
    unknown, lengths = _check_tokens(
        str(dataset.paths.examples), dataset.shape, model, reading_of(recipe), recipe.max_length
    )
    if lengths is not None and lengths.truncated:
        st.caption(escape_markdown(lengths.describe()))
    if unknown is None or not unknown.is_much:
        return ""
    st.warning(escape_markdown(unknown.describe()), icon=":material/translate:")
    return unknown.describe()


@st.cache_data(max_entries=32, show_spinner=False)
def _check_tokens(
    parquet: str, shape: str, model: str, reading: Reading, max_length: int
) -> tuple[UnknownTokens | None, TextLengths | None]:
    inputs = ModelInputs(read_dataset_table(parquet), Shape(shape), reading.for_shape(Shape(shape)))
    folder = resolve(model, home=settings.home())
    lengths = measure_lengths(folder, inputs, model=model, max_length=max_length)
    return unknown_tokens(folder, inputs, model=model), lengths


def _is_usable(name: str, workspace: Workspace) -> bool:
    try:
        facts = check_model(name, home=workspace.home)
    except CloserError as error:
        show_error(error)
        return False
    if facts is not None and facts.is_plain:
        st.caption(
            f"{escape_markdown(name)} is a plain transformer without a pooling of its own. A text's vector is the mean of its "
            "tokens, or the last one for a decoder, unless you choose another Pooling under More settings."
        )
    return True


def _select_preset(shape: Shape, classes: int, repeated: Run | None) -> str:
    options = _PRESETS if repeated is None else (_REPEATED, *_PRESETS)
    chosen = st.segmented_control(
        "Settings",
        options,
        default=options[0],
        required=True,
        key=f"train-preset{f'-{repeated.id}' if repeated else ''}",
        persist_state="session",
    )
    chosen = chosen if chosen in options else options[0]
    if repeated is not None and chosen == _REPEATED:
        st.caption(
            f"Those of {escape_markdown(repeated.name)}, to change: {escape_markdown(settings_summary(repeated))}."
        )
    else:
        st.caption(describe_preset(chosen, shape, classes=classes))
    return chosen


def describe_preset(preset: str, shape: Shape, *, classes: int = 2) -> str:
    """Describe a preset for data of a shape, and what it is based on."""
    if preset == "Classic":
        loss = losses_for(shape, classes=classes)[0].title
        return (
            f"The well-known {'recipe' if shape is Shape.PAIRS else 'settings'}: {loss}, batches of 64, 10% warm-up, "
            "AdamW 2e-5, no early stopping."
        )
    if shape is Shape.PAIRS:
        return "Chosen by measurement (bench/README.md): about the quality of Classic in a fraction of its time."
    return (
        "Chosen by measurement on pairs. For this shape only loss, margin and learning rate were compared, on one dataset "
        "over two epochs (bench/README.md, Other shapes); this learning rate did better than Classic's."
    )
