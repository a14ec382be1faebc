"""The card in a tuned model's folder: ours, because the automatic one copies training texts into it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lib.data.model_inputs import PLAIN_READING, Reading
from lib.escapes import escape_controls
from lib.evaluation.difference import Difference
from lib.format import format_difference, format_interval, format_metric, metric_title
from lib.models.catalog import hub_name, shown_name
from lib.models.usage.snippets import Snippet
from lib.store.layout import MODEL_CARD_DATA
from lib.store.publish import amend
from lib.typed_json import JsonError, read_stored, typed

CARD, FACTS = "README.md", MODEL_CARD_DATA
HELD_OUT = "## Held-out, before and after"
RECIPE = "## Recipe"
USAGE = "## Use it"
DATA = "## Data"
_FINE_TUNED = "Fine-tuned from"
CARD_LIBRARIES = ("sentence-transformers", "transformers", "torch", "numpy")


def write_card(
    *,
    folder: str,
    model_name: str,
    recipe: dict[str, Any],
    facts: dict[str, Any],
    epochs: list[dict[str, Any]],
    reading: Reading = PLAIN_READING,
    snippets: Sequence[Snippet] = (),
) -> str:
    """Write the README of a tuned model: usage, data id and sizes, metrics, recipe, versions.

    It holds no texts, and of a base model's path only its last part.
    """
    return "\n".join(
        [
            *_head(folder, model_name, reading, snippets),
            DATA,
            "",
            *(f"- {name}: {json.dumps(value)}" for name, value in sorted(facts.items())),
            "",
            "## Validation, before and after",
            "",
            *metrics_table(epochs),
            "",
            RECIPE,
            "",
            *(f"- {name}: {json.dumps(value)}" for name, value in recipe.items()),
            "",
            "## Versions",
            "",
            *(f"- {name} {version(name)}" for name in CARD_LIBRARIES),
            "",
        ]
    )


def _head(folder: str, model_name: str, reading: Reading, snippets: Sequence[Snippet]) -> list[str]:
    """Write front matter, title, origin, usage and prompts."""
    return [
        "---",
        "library_name: sentence-transformers",
        "pipeline_tag: sentence-similarity",
        *(f"base_model: {json.dumps(name)}" for name in [hub_name(model_name)] if name),
        "---",
        "",
        f"# {folder}",
        "",
        f"{_FINE_TUNED} `{_code(shown_name(model_name))}` with Closer.",
        "",
        *usage_section(snippets),
        *prompt_lines(reading),
    ]


def rename_card(card: str, *, name: str, model_name: str, reading: Reading, snippets: Sequence[Snippet]) -> str:
    """Write a tuned model's card for another place: another head, the rest as it is.

    Of a README that is not Closer's, nothing is taken over.
    """
    rest = card.partition(f"\n{DATA}\n")[2] if USAGE in card or _FINE_TUNED in card else ""
    return "\n".join([*_head(name, model_name, reading, snippets), *([DATA, rest] if rest else [])])


def usage_section(snippets: Sequence[Snippet]) -> list[str]:
    """Write the section with the code that uses the model, by library and server."""
    lines = [USAGE, ""] if snippets else []
    for snippet in snippets:
        shell = [line for part in (snippet.server, snippet.install) if part for line in part.splitlines()]
        lines += [f"### {snippet.title}", "", *([snippet.note, ""] if snippet.note else [])]
        lines += ["```sh", *shell, "```", "", "```python", *snippet.code.splitlines(), "```", ""]
    return lines


def prompt_lines(reading: Reading) -> list[str]:
    """Write the section about the prompts that the model was trained with; none where there are none."""
    if not (reading.query or reading.document):
        return []
    sides = [("query", reading.query), ("document", reading.document)]
    if not reading.has_two_roles:
        sides = [("every text", reading.query)]
    return [
        "## Prompts",
        "",
        "The model was trained with these before its texts; they are saved in config_sentence_transformers.json.",
        "",
        *(f"- {side}: {json.dumps(prompt, ensure_ascii=False)}" for side, prompt in sides),
        "",
    ]


def _code(name: str) -> str:
    """Write a name so that a pair of backticks around it holds."""
    return escape_controls(" ".join(name.split()).replace("`", "'"))


def metrics_table(epochs: list[dict[str, Any]]) -> list[str]:
    """Write a Markdown table with a row for each measured epoch; epoch 0 is the base model."""
    if not epochs:
        return ["Nothing was measured."]
    names = list(epochs[0]["metrics"])
    lines = [f"| Epoch | {' | '.join(map(metric_title, names))} |", "|---" + "|---:" * len(names) + "|"]
    for epoch in epochs:
        numbers = " | ".join(format_metric(name, epoch["metrics"][name]) for name in names)
        lines.append(f"| {epoch['epoch']} | {numbers} |")
    return lines


def read_model_facts(folder: Path) -> dict[str, Any]:
    """Read a tuned model's history, encoding speed and learning rate from its folder.

    It is empty without a folder.
    """
    try:
        return dict(typed(dict[str, Any], read_stored(folder / FACTS)))
    except (OSError, JsonError):
        return {}


def add_held_out(folder: Path, *, verdict: str, metrics: Mapping[str, Difference]) -> None:
    """Write the held-out evaluation into the card of a tuned model's folder.

    In place of an earlier one.
    """
    path = folder / CARD
    card = path.read_text(encoding="utf-8") if path.is_file() else ""
    if RECIPE not in card:
        return
    before, rest = card.split(RECIPE, 1)
    amend(
        folder,
        CARD,
        "\n".join([before.split(HELD_OUT)[0] + HELD_OUT, "", verdict, "", *held_out_table(metrics), "", RECIPE]) + rest,
    )


def held_out_table(metrics: Mapping[str, Difference]) -> list[str]:
    """Write a Markdown table by metric: base, tuned, difference and its 95% confidence interval."""
    lines = ["| Metric | Base | Tuned | Difference | 95% CI |", "|---|---:|---:|---:|---:|"]
    for key, change in metrics.items():
        base, tuned = (format_metric(key, one, difference=change.difference) for one in (change.base, change.tuned))
        cells = [
            metric_title(key),
            base,
            tuned,
            format_difference(key, change.difference, unit=True),
            format_interval(key, change),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines
