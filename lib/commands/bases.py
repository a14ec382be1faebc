"""`python -m lib bases FILE`: compare base models on the file's validation part before any is trained."""

from __future__ import annotations

import argparse
import json
import sys

from lib import settings
from lib.commands.memory import add_memory_option, refuse_encoding_without_memory
from lib.commands.options import add_data_options, add_download_option, load_data
from lib.experiments.base_comparison import WORDS, BaseComparison, BaseResult, Quality
from lib.format import (
    format_bytes,
    format_count,
    format_difference,
    format_interval,
    format_metric,
    metric_title,
)
from lib.models.prompts.describe import quote_prompt
from lib.progress import Silent
from lib.settings import BUNDLED_MODEL
from lib.store.workspace import open_workspace


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data_options(parser)
    parser.add_argument(
        "--model", action="append", metavar="NAME", help=f"a base model; again for several (default {BUNDLED_MODEL})"
    )
    add_download_option(parser)
    add_memory_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(given: argparse.Namespace) -> int:
    """Read, split, measure and print; nothing but vectors is stored, which a training then reads."""
    from lib.experiments.base_measurement import compare_bases
    from lib.models.catalog import check_model, pinned

    if given.download:
        settings.allow_downloads()
    prepared = load_data(given).prepared
    home = open_workspace().home
    models = given.model or [BUNDLED_MODEL]
    for model in models:
        check_model(model, home=home)
        refuse_encoding_without_memory(model, home=home, ignore=given.ignore_memory)
    names = [pinned(model, home=home) for model in models]
    comparison = compare_bases(prepared.frame, prepared.shape, names, home=home, progress=Announcer())
    print(json.dumps(comparison.to_json(), ensure_ascii=False) if given.json else comparison_text(comparison))
    return 0


class Announcer(Silent):
    """A Progress that names each model on standard error."""

    def stage(self, name: str, detail: str = "", *, is_validation: bool = False) -> None:
        print(f"{name}: {detail}", file=sys.stderr)


def comparison_text(comparison: BaseComparison) -> str:
    """Write the base models, the best first, and the line that they must beat."""
    metric = comparison.metric
    ranked = f", ranked among {format_count(comparison.documents, 'distinct target')}" if comparison.documents else ""
    lines = [f"{metric_title(metric)} on {format_count(comparison.examples, 'validation example')}{ranked}", ""]
    for base in comparison.bases:
        lines += [f"{base.model}: {quality_text(metric, base.metrics[metric])}", *fact_lines(base, comparison)]
    if comparison.words:
        lines.append(f"{WORDS}: {quality_text(metric, comparison.words[metric])}")
    return "\n".join(lines)


def quality_text(metric: str, quality: Quality) -> str:
    """Write a metric with its interval where it has one."""
    bounds = [format_metric(metric, bound) for bound in (quality.low, quality.high) if bound == bound]
    return f"{format_metric(metric, quality.value)}{f' (95% CI {bounds[0]} to {bounds[1]})' if bounds else ''}"


def fact_lines(base: BaseResult, comparison: BaseComparison) -> list[str]:
    """Write the change against the reference, then what the model is."""
    facts, change, metric = base.facts, base.change, comparison.metric
    lines = [
        f"  {facts.texts_per_second:,.0f} texts a second, {format_bytes(facts.bytes)}, {facts.dimension} dimensions, {facts.length_text}",
        f"  licence {facts.licence_text}, languages {facts.languages_text}",
    ]
    if facts.query_prompt or facts.document_prompt:
        lines.append(f"  prompts {quote_prompt(facts.query_prompt)}, {quote_prompt(facts.document_prompt)}")
    if change is not None:
        step = f"{format_difference(metric, change.difference, unit=True)}, 95% CI {format_interval(metric, change)}"
        lines.insert(0, f"  against {comparison.reference}: {step}: {change.verdict}")
    return lines
