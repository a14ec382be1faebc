"""Does the verdict say what is the case?

Real trainings whose truth is known beforehand, each evaluated as a run is.

python -m bench.evidence [--data FOLDER] [--write]: the support-desk sample trained as recommended (a gain), its control (shuffled
targets: no gain to claim), the API sample trained far too hard (over-fitting and forgetting must be called by name), and, where the
folder holds it, stackfaq, whose answers the bundled model knows already (nothing to gain). --write puts the table into bench/README.md.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bench.results import put
from lib.data.prepare import prepare
from lib.data.samples.python_api import load_python_api
from lib.data.samples.registry import load_support_desk
from lib.evaluation.result import Evaluation
from lib.evaluation.store import load_evaluation
from lib.experiments.result import ControlResult, load_control
from lib.format import format_change, format_difference, format_magnitude
from lib.jobs.kinds import perform
from lib.progress import Silent
from lib.recipe.presets import RECOMMENDED
from lib.recipe.recipe import Recipe
from lib.settings import BUNDLED_MODEL, VALIDATION_FRACTION
from lib.store.runs import Run
from lib.store.workspace import Workspace, open_workspace

SEED = 42
TOO_HARD: dict[str, Any] = {
    "learning_rate": 1.5e-3,
    "epochs": 6,
    "batch_size": 32,
    "schedule": "constant",
    "patience": 0,
}
"""Fifteen times the recommended rate, never falling, never stopped."""

API_ROWS, API_VALIDATION = 700, 0.4
"""Of the API sample: enough validation pairs to tell a fall from noise."""


@dataclass(frozen=True)
class Case:
    """One training, and what must be said of it."""

    name: str
    frame: pd.DataFrame
    recipe: Recipe
    expected: str
    control: bool = False
    validation: float = VALIDATION_FRACTION


def cases(data: Path | None) -> list[Case]:
    """List the trainings; those of data that is not there are left out."""
    plain = Recipe.from_json(RECOMMENDED.to_json() | {"seed": SEED})
    hard = Recipe.from_json(plain.to_json() | TOO_HARD)
    rows = load_python_api().sample(API_ROWS, random_state=0)
    found = [
        Case("support desk, recommended", load_support_desk(), plain, "a gain", control=True),
        Case("API search, too hard", rows, hard, "overfitted, forgotten", validation=API_VALIDATION),
    ]
    file = data / "stackfaq" / "data.csv" if data else None
    if file and file.is_file():
        rows = pd.read_csv(file, dtype=str, keep_default_na=False)[["source_sentence", "target_sentence"]]
        found.append(Case("stackfaq, recommended", rows, plain, "nothing to gain"))
    return found


def train(workspace: Workspace, case: Case) -> Run:
    """Train and evaluate a case and return its run."""
    dataset = workspace.datasets.publish(prepare(case.frame, validation=case.validation), name=case.name)
    recipe = case.recipe.for_shape(dataset.shape)
    run = workspace.runs.create(dataset=dataset.id, model=BUNDLED_MODEL, recipe=recipe)
    perform(workspace, workspace.jobs.get(run.job), Silent())
    for kind in ("evaluate", *(["placebo"] if case.control else [])):
        perform(workspace, workspace.jobs.submit(kind, run=run.id, payload={}), Silent())
    return workspace.runs.get(run.id)


def line(case: Case, found: Evaluation, seconds: float) -> str:
    """Write a case's line of the table."""
    named = ", ".join(warning.name for warning in found.warnings) or "nothing"
    steps, probe = found.side_effects.validation, found.side_effects.probe
    fall = format_difference("mrr@10", steps.last.difference) if steps else ""
    assert probe is not None
    cells = [
        case.name,
        case.expected,
        f"{found.examples:,} in {found.groups:,}",
        found.verdict,
        format_change(found.metric, found.primary),
        format_magnitude(found.metric, found.primary.detectable),
        fall,
        format_difference("spearman", probe.spearman.difference),
        named,
        f"{seconds:.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def control_line(case: Case, result: ControlResult) -> str:
    """Write the control's line: it against the base, and the run against it."""
    metric, beyond = result.metric, result.beyond
    assert beyond is not None
    note = f"the run against it: {beyond.verdict}, {format_change(metric, beyond)}"
    cells = [
        f"shuffled-target control of {case.name}",
        "no gain",
        "the same",
        result.control.verdict,
        format_change(metric, result.control),
    ]
    return f"| {' | '.join([*cells, format_magnitude(metric, result.control.detectable), '', '', note, ''])} |"


def main() -> None:
    """Train, evaluate, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    import torch

    if args.threads:
        torch.set_num_threads(args.threads)
    lines = [
        "| training | what is the case | held-out pairs, groups | verdict | top-1 accuracy (95% CI) | could show | "
        "validation MRR, best to last epoch | general probe | called by name | seconds |",
        "|---|---|---|---|---|---|---|---|---|---:|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder))
        for case in cases(args.data):
            began = time.perf_counter()
            run = train(workspace, case)
            found, control = load_evaluation(run), load_control(run)
            assert found is not None
            lines.append(line(case, found, time.perf_counter() - began))
            lines += [control_line(case, control)] if control else []
            print(lines[-1], flush=True)
    note = (
        f"all-MiniLM-L6-v2, seed {SEED}, {torch.get_num_threads()} thread(s), beside other work. Too hard: "
        + ", ".join(f"{name} {value}" for name, value in TOO_HARD.items())
    )
    table = "\n".join([*lines, "", f"{note}."])
    print(table)
    if args.write:
        put("Evidence", table)


if __name__ == "__main__":
    main()
