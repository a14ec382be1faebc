"""Let MTEB evaluate a run's exported held-out pairs, and compare its numbers with Closer's.

python -m tools.mteb_check RUN    a finished run of the workspace, of pairs or triplets

The code is that of the export's own README. MTEB computes in fp32, so both models are evaluated in fp32 here; a verdict stored on a processor
that gains from bf16 may differ by a pair or two. MTEB is installed into an environment of its own, .make/snippets/mteb.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from pathlib import Path

import numpy as np

from lib.commands.evaluate import run_inputs
from lib.data.model_inputs import Reading, reading_of
from lib.evaluation.export.guide import MODEL_PLACE
from lib.evaluation.export.write import ExportedRun, write_export
from lib.evaluation.run import embed_part, evaluate_inputs
from lib.evaluation.store import read_pairs
from lib.models.encoder import encode
from lib.models.loader import fetch_model, load_model
from lib.store.layout import ExportPaths
from lib.store.runs import Run
from lib.store.workspace import Workspace, open_workspace
from tools.snippets import call, make_environment

PACKAGES = ("mteb==2.26.24",)
CLOSE = 1e-6
NAMES = {
    "ndcg@10": "exact_ndcg_cut_10",
    "mrr@10": "mrr_at_10",
    "recall@1": "exact_recall_1",
    "recall@5": "exact_recall_5",
    "recall@10": "exact_recall_10",
}
"""Closer's metric -> what the code of the README calls MTEB's."""


def export_in_fp32(workspace: Workspace, run: Run, models: dict[str, Path], parent: Path) -> Path:
    """Evaluate the run's models anew in fp32, as MTEB computes, and write it for other tools."""
    inputs = run_inputs(workspace, run)
    loaded = {
        side: load_model(str(place), reading=inputs.reading, device="cpu", home=workspace.home)
        for side, place in models.items()
    }

    def embed(side: str, texts: list[str]) -> np.ndarray:
        return encode(loaded[side], texts, fast=False)

    evaluation = evaluate_inputs(inputs, embed, folder=parent / "evaluation", with_probe=False)
    exported = ExportedRun(run.id, run.dataset, run.model)
    vectors = embed_part(inputs, embed, part="held_out")
    write_export(parent / "export", evaluation, vectors, read_pairs(parent / "evaluation"), run=exported)
    return parent / "export"


def evaluate_with_mteb(folder: Path, model: Path, reading: Reading, python: Path) -> dict[str, float]:
    """Run the README's code in the folder on a model, and read the numbers that it prints."""
    readme = ExportPaths(folder).guide.read_text(encoding="utf-8")
    (code,) = [one for one in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if MODEL_PLACE in one]
    prompts = {"query": reading.query, "document": reading.document}
    code = code.replace(
        f'SentenceTransformer("{MODEL_PLACE}")', f"SentenceTransformer({str(model)!r}, prompts={prompts!r})"
    )
    code = re.sub(r"^print\((.*)\)$", r"print(json.dumps(\1))", code, flags=re.MULTILINE)
    program = f"import os\nos.chdir({str(folder)!r})\n{code}"
    output = call(str(python), "-c", program, HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1")
    return dict(json.loads(output.strip().splitlines()[-1]))


def main() -> int:
    """Compare; 1 where a number differs by more than 0.000001."""
    parser = argparse.ArgumentParser(prog="python -m tools.mteb_check", description=__doc__)
    parser.add_argument("run")
    workspace = open_workspace()
    run = workspace.runs.get(parser.parse_args().run)
    models = {"base": fetch_model(run.base_model, home=workspace.home), "tuned": run.model_dir}
    python = make_environment("mteb", PACKAGES)
    worst = 0.0
    with tempfile.TemporaryDirectory() as parent:
        folder = export_in_fp32(workspace, run, models, Path(parent))
        metrics = json.loads(ExportPaths(folder).verdict.read_text(encoding="utf-8"))["metrics"]
        for side, model in models.items():
            found = evaluate_with_mteb(folder, model, reading_of(run.recipe), python)
            for name, theirs in NAMES.items():
                if name in metrics:
                    difference = abs(found[theirs] - metrics[name][side])
                    worst = max(worst, difference)
                    sys.stdout.write(
                        f"{side:<6} {name:<10} {metrics[name][side]:.6f}  MTEB {found[theirs]:.6f}  {difference:.1e}\n"
                    )
    return 0 if worst <= CLOSE else 1


if __name__ == "__main__":
    raise SystemExit(main())
