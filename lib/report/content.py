"""What a report says of a run, gathered from what the run's stages have stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import pandas as pd

from lib.data.model_inputs import reading_of
from lib.errors import InputError
from lib.evaluation.competition import Competition, find_competition
from lib.evaluation.difference import Verdict
from lib.evaluation.pair_lists import list_improvements, list_regressions
from lib.evaluation.questions import HeldOutQuestions, load_questions
from lib.evaluation.result import Evaluation
from lib.evaluation.sample import describe_sample
from lib.evaluation.store import load_evaluation, load_pairs
from lib.evaluation.stored_answers import stored_answer
from lib.experiments.conclusions import control_conclusion
from lib.experiments.result import load_control
from lib.format import (
    format_change,
    format_cosine,
    format_count,
    format_difference,
    format_duration,
    format_interval,
    format_share,
    format_time,
    format_values,
)
from lib.metrics import card_metrics
from lib.models.inference.answers import Ranking
from lib.models.prompts.describe import quote_prompt
from lib.recipe.options import PROMPT_FIELDS
from lib.recipe.presets import changed_settings
from lib.recipe.recipe import FIELDS
from lib.recipe.setting_texts import format_setting
from lib.report.groups import GroupReport, build_groups
from lib.report.map import ReportMap, build_report_map
from lib.report.texts import TextWriter
from lib.report.two_groups import GroupChoice, TwoGroupsReport, build_two_groups
from lib.shapes import Shape
from lib.store.datasets import Dataset
from lib.store.runs import Run

EXAMPLES_BETTER, EXAMPLES_WORSE = 4, 2
"""Search examples that only the tuned, and that only the base model answers right."""

LISTED_PAIRS = 10
"""Pairs that are listed of those that got better, and of those that got worse."""


_VERSION_TITLES = {
    "dataset": "Dataset's id",
    "base model": "Base model's weights",
    "tuned model": "Tuned model's weights",
    "closer": "Closer",
    "base vectors": "Base vectors",
    "tuned vectors": "Tuned vectors",
}
"""What an evaluation stores of versions -> how a report calls it; weights are named by the start of their hash."""


OWN_VECTORS = "base vectors"
"""What is stored among the versions of an evaluation of vectors from files: no recipe of Closer made them."""


@dataclass(frozen=True)
class Card:
    """One metric: base -> tuned, the difference with its interval.

    tone: better, worse, or empty where nothing is clear.
    """

    title: str
    values: str
    change: str
    tone: str
    help: str


@dataclass(frozen=True)
class Answer:
    """A model's first answer to a question; note: where the right one stands if this is not right."""

    text: str
    cosine: str
    is_right: bool
    note: str


@dataclass(frozen=True)
class SearchExample:
    """A held-out question with both models' first answers."""

    question: str
    base: Answer
    tuned: Answer


@dataclass(frozen=True)
class PairRow:
    """A held-out example in a table: its texts, and one number of base and tuned."""

    texts: tuple[str, ...]
    values: str


@dataclass(frozen=True)
class Setting:
    """A setting of the recipe; changed: whether it differs from the recommended recipe."""

    title: str
    value: str
    changed: bool


@dataclass(frozen=True)
class RunReport:
    """Everything that a report says of one run."""

    name: str
    evaluation: Evaluation
    competition: Competition | None
    cards: tuple[Card, ...]
    sample: str
    map: ReportMap | None
    two_groups: TwoGroupsReport | None
    examples: tuple[SearchExample, ...]
    better: tuple[PairRow, ...]
    worse: tuple[PairRow, ...]
    groups: tuple[GroupReport, ...]
    settings: tuple[Setting, ...]
    data: tuple[tuple[str, str], ...]
    measured: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]

    @property
    def verdict(self) -> Verdict:
        """The verdict, corrected where runs compete."""
        return self.competition.corrected.verdict if self.competition else self.evaluation.verdict


def build_run_report(
    run: Run, dataset: Dataset, writer: TextWriter, *, others: Sequence[Run] = (), choice: GroupChoice | None = None
) -> RunReport:
    """Gather what is known of an evaluated run. Raises InputError where it has no evaluation.

    others: the runs of the workspace, with which it competes; choice: two groups of texts of its map to compare.
    """
    evaluation = load_evaluation(run)
    if evaluation is None:
        raise InputError(
            f"{run.name} has not been evaluated yet.", todo=f"Evaluate it first: python -m lib evaluate {run.id}."
        )
    pairs, is_own = load_pairs(run), OWN_VECTORS in evaluation.versions
    return RunReport(
        name=run.name,
        evaluation=evaluation,
        competition=find_competition(run, others, load_evaluation),
        cards=tuple(metric_cards(evaluation)),
        sample=describe_sample(evaluation),
        map=build_report_map(run, dataset, writer),
        two_groups=build_two_groups(run, dataset, choice, writer) if choice else None,
        examples=tuple(search_examples(run, evaluation, load_questions(run), writer)) if writer.has_texts else (),
        better=tuple(_rows(list_improvements(pairs), writer)),
        worse=tuple(_rows(list_regressions(pairs), writer)),
        groups=tuple(build_groups(run, dataset, evaluation, writer)),
        settings=() if is_own else tuple(recipe_settings(run)),
        data=tuple(data_summary(dataset)),
        measured=tuple(measurement_notes(run, evaluation)),
        versions=tuple(version_rows(run, evaluation)),
    )


def metric_cards(evaluation: Evaluation) -> list[Card]:
    """Build the cards of the metrics that have a value."""
    cards = []
    for metric in card_metrics(evaluation.shape):
        change = evaluation.metrics.get(metric.key)
        if change is None or not isfinite(change.tuned):
            continue
        step = f"{format_difference(metric.key, change.difference)} ({format_interval(metric.key, change)})"
        tone = "" if change.verdict == "no clear change" else change.verdict
        cards.append(Card(metric.title, format_values(metric.key, change), step, tone, metric.help))
    return cards


def search_examples(
    run: Run, evaluation: Evaluation, questions: HeldOutQuestions, writer: TextWriter
) -> list[SearchExample]:
    """Answer the questions that only one of both models answers right; the first one where there are none."""
    chosen = [*questions.improved[:EXAMPLES_BETTER], *questions.regressed[:EXAMPLES_WORSE]]
    if not chosen and questions.opening is not None:
        chosen = [questions.opening]
    examples = []
    for pair in chosen:
        answers = stored_answer(run, pair, texts=evaluation.documents)
        base, tuned = (_first_answer(answers[name], writer) for name in ("base", "tuned"))
        examples.append(SearchExample(writer.write(questions.texts[pair], f"question {pair}"), base, tuned))
    return examples


def _first_answer(ranking: Ranking, writer: TextWriter) -> Answer:
    if not ranking.best:
        return Answer("", "", is_right=False, note="nothing was found")
    first = ranking.best[0]
    behind = ranking.right_rank and not first.is_right
    note = f"the right answer has rank {ranking.right_rank:,}" if behind else ""
    return Answer(writer.write(first.text, "a text"), format_cosine(first.score), first.is_right, note)


def _rows(pairs: pd.DataFrame, writer: TextWriter) -> list[PairRow]:
    """Write the first of the listed pairs."""
    columns = [name for name in ("text", "label", "anchor", "positive", "score") if name in pairs]
    rows = []
    for _, row in pairs.head(LISTED_PAIRS).iterrows():
        texts = tuple(
            f"{row[name]:g}" if name == "score" else writer.write(row[name], f"{name} {row['pair']}")
            for name in columns
        )
        rows.append(PairRow(texts, _change_of(row)))
    return rows


def _change_of(row: pd.Series) -> str:
    """Write how the example's rank changed, or its cosine, or its share of same-class neighbours."""
    if "tuned_rank" in row:
        return f"rank {row['base_rank']:,.0f} → {row['tuned_rank']:,.0f}"
    if "tuned_cosine" in row:
        return f"cosine {format_cosine(row['base_cosine'])} → {format_cosine(row['tuned_cosine'])}"
    return f"same class {format_share(row['base_neighbours'])} → {format_share(row['tuned_neighbours'])}"


def recipe_settings(run: Run) -> list[Setting]:
    """List every setting with its value; prompts in quotes."""
    values, changed = run.recipe.to_json(), changed_settings(run.recipe)
    rows = []
    for name, spec in FIELDS.items():
        is_prompt = name in PROMPT_FIELDS
        value = quote_prompt(str(values[name] or "")) if is_prompt else format_setting(name, values[name])
        rows.append(Setting(spec.label, value, name in changed))
    return rows


def data_summary(dataset: Dataset) -> list[tuple[str, str]]:
    """Write rows, shape, parts, columns and findings of the dataset; no text of it."""
    facts = dataset.facts
    split = facts.get("split", {})
    parts = {"train": "training", "validation": "validation", "held_out": "held-out"}
    rows = [
        ("Dataset", f"{dataset.name}, {format_count(dataset.rows, 'row')}"),
        ("Shape", Shape(dataset.shape).value.replace("_", " ")),
        ("Split", ", ".join(f"{dataset.counts.get(part, 0):,} {title}" for part, title in parts.items())),
    ]
    if split.get("components"):
        rows.append(("Independent groups", f"{split['components']:,}; no text stands in two parts"))
    roles = facts.get("mapping", {}).get("roles", {})
    rows += [(role.replace("_", " ").capitalize(), " + ".join(map(str, columns))) for role, columns in roles.items()]
    found = [f"{one['title']}: {one['count']:,} ({one['choice']})" for one in facts.get("findings", []) if one["count"]]
    return [*rows, ("Findings", "; ".join(found) or "none")]


def measurement_notes(run: Run, evaluation: Evaluation) -> list[str]:
    """Say how the numbers came about: sample, prompts, general probe, control."""
    notes = [
        "Base and tuned model are measured by the same code on the same held-out examples, which chose no epoch, no setting and no "
        "threshold. Equal cosines are ties.",
        describe_sample(evaluation),
    ]
    reading = reading_of(run.recipe)
    if OWN_VECTORS not in evaluation.versions and (reading.query or reading.document):
        notes.append(
            f"Prompts: {quote_prompt(reading.query)} before queries, {quote_prompt(reading.document)} before documents."
        )
    probe = evaluation.side_effects.probe
    if probe:
        change = format_change("spearman", probe.spearman)
        notes.append(
            f"General similarity, on {probe.pairs} everyday sentence pairs that come with Closer: Spearman {change}."
        )
    control = load_control(run)
    if control:
        notes.append(f"Shuffled-target control: {control_conclusion(control)}")
    return notes


def version_rows(run: Run, evaluation: Evaluation) -> list[tuple[str, str]]:
    """List the run, its models, and the versions of what trained and measured it."""
    named = [("Run", run.id)]
    if OWN_VECTORS not in evaluation.versions:
        named += [("Base model", run.model), ("Created", format_time(run.created))]
        named.append(("Training", format_duration(run.spent)))
    measured = [(_VERSION_TITLES.get(name, name), value) for name, value in evaluation.versions.items()]
    return [(title, value) for title, value in (*named, *measured) if value]


def titles_of(reports: Sequence[RunReport]) -> str:
    """Title a report by its runs."""
    return " and ".join(report.name for report in reports)
