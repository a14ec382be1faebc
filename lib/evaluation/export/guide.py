"""The README of an export: what each file is, and which command computes which number again."""

from __future__ import annotations

from lib.evaluation.export.collection import GRADE_STEPS, Collection
from lib.evaluation.result import Evaluation
from lib.format import format_count
from lib.shapes import Shape

_MEASURES = {
    "accuracy@1": "Success@1",
    "accuracy@5": "Success@5",
    "accuracy@10": "Success@10",
    "recall@1": "R@1",
    "recall@5": "R@5",
    "recall@10": "R@10",
    "precision@3": "P@3",
    "mrr@10": "RR@10",
    "ndcg@10": "nDCG@10",
    "neighbour_recall": "P@10",
}
"""Metric by its key -> the measure of ir_measures that computes it from a run."""

_COLUMNS = {
    "spearman": "scipy.stats.spearmanr(cosine, score)",
    "pearson": "scipy.stats.pearsonr(cosine, score)",
    "average_precision": "sklearn.metrics.average_precision_score(label, cosine)",
}
"""Metric by its key -> what computes it from the columns of pairs.csv."""

_FILES = """| file | what |
|---|---|
| `verdict.json` | the verdict with its interval and every metric, one line of JSON |
| `pairs.csv` | one row a held-out example: ids, texts, rank, margin and cosine of both models, gain, change. A text that begins like a formula has an apostrophe before it |
| `beir/` | `corpus.jsonl`, `queries.jsonl`, `qrels/test.tsv`, as BEIR's loaders and MTEB read them |
| `trec/` | the same judgements (`qrels.txt`), and a ranking of each model (`base.run`, `tuned.run`), as trec_eval reads them |
| `figures/` | what the figures are drawn from: metrics, histograms of cosines, snapshots of the training, the map |
"""


MODEL_PLACE = "FOLDER OR NAME OF THE MODEL"
"""What stands for the model in the code for MTEB."""

_MTEB = f"""## MTEB

The same pairs as a task of MTEB 2, in this folder. MTEB computes in fp32; where Closer's vectors were computed in bf16 (it does where the processor gains
from it) a rank or two may differ. The tuned model's folder holds its prompts; a base model that was measured with prompts gets
them as `SentenceTransformer(name, prompts={{"query": ..., "document": ...}})`.

```bash
pip install mteb
```

```python
import json

import mteb
from datasets import Dataset
from mteb.abstasks.retrieval import AbsTaskRetrieval
from mteb.abstasks.task_metadata import TaskMetadata
from sentence_transformers import SentenceTransformer


def read(name):
    with open(f"beir/{{name}}.jsonl", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class HeldOut(AbsTaskRetrieval):
    ignore_identical_ids = True
    metadata = TaskMetadata(
        name="HeldOut",
        description="Held-out pairs of a training",
        type="Retrieval",
        dataset={{"path": "beir", "revision": "1"}},
        eval_langs=["eng-Latn"],
        main_score="ndcg_at_10",
    )

    def load_data(self, **_):
        grades = {{}}
        with open("beir/qrels/test.tsv", encoding="utf-8") as file:
            for line in list(file)[1:]:
                query, document, grade = line.split("\\t")
                grades.setdefault(query, {{}})[document] = int(grade)
        corpus = [{{"id": row["_id"], "title": "", "text": row["text"]}} for row in read("corpus")]
        queries = [{{"id": row["_id"], "text": row["text"]}} for row in read("queries")]
        held_out = {{
            "corpus": Dataset.from_list(corpus),
            "queries": Dataset.from_list(queries),
            "relevant_docs": grades,
            "top_ranked": None,
        }}
        self.dataset = {{"default": {{"test": held_out}}}}
        self.data_loaded = True

    def task_specific_scores(self, scores, qrels, results, hf_split, hf_subset):
        names = ("ndcg_cut_10", "recall_1", "recall_5", "recall_10")  # MTEB rounds its own to five digits
        return {{f"exact_{{name}}": sum(one[name] for one in scores.values()) / len(scores) for name in names}}


model = SentenceTransformer("{MODEL_PLACE}")
result = mteb.evaluate(model, HeldOut(), cache=None)
scores = result.task_results[0].scores["test"][0]
print({{name: scores[name] for name in scores if name.startswith("exact_") or name == "mrr_at_10"}})
```
"""


def write_guide(evaluation: Evaluation, collection: Collection) -> str:
    """Write the guide in Markdown. It holds no text and no name that a person gave."""
    parts = [
        "# An evaluation by Closer, for other tools",
        evaluation.sentence,
        _FILES,
        *_rankings(evaluation, collection),
        "## The same numbers elsewhere",
        _commands(evaluation),
        _measures(evaluation),
        *([] if collection.is_pooled or "ndcg@10" not in evaluation.metrics else [_MTEB]),
        *_notes(evaluation, collection),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _rankings(evaluation: Evaluation, collection: Collection) -> list[str]:
    queries = format_count(len(collection.queries), "query", "queries")
    documents = format_count(len(collection.documents), "document")
    lines = [f"{queries}, {documents}; a run lists the {collection.depth} nearest of each query."]
    if collection.is_pooled:
        lines.append(
            "Judged are the documents that a run lists, so precision means something here and recall does not."
        )
    if evaluation.shape == Shape.SCORED:
        lines.append(f"Grades are scores times {GRADE_STEPS}, rounded.")
    return ["## Rankings", " ".join(lines)]


def _commands(evaluation: Evaluation) -> str:
    measures = [_MEASURES[key] for key in evaluation.metrics if key in _MEASURES]
    if not measures:
        return ""
    names = " ".join(measures)
    return (
        "```bash\npip install ir-measures\n"
        f"ir_measures trec/qrels.txt trec/base.run '{names}'\nir_measures trec/qrels.txt trec/tuned.run '{names}'\n```"
    )


def _measures(evaluation: Evaluation) -> str:
    """Write a table of the metrics: where each comes from, and its two values."""
    lines = ["| metric | computed by | base | tuned |", "|---|---|---:|---:|"]
    for key, change in evaluation.metrics.items():
        how = _MEASURES.get(key) or _COLUMNS.get(key)
        if how:
            lines.append(f"| {key} | {how} | {change.base:.6f} | {change.tuned:.6f} |")
    return "\n".join(lines)


def _notes(evaluation: Evaluation, collection: Collection) -> list[str]:
    notes = [
        "Cosines within 0.000001 of each other are ties. Closer ranks tied documents by their order in `corpus.jsonl`; trec_eval "
        "ranks them by their ids, backwards. So that both agree, the scores of a run fall strictly: of ties the later one is "
        "lowered by the least step of a 32-bit number. In `pairs.csv` tied cosines are written as equal.",
        "A text that is both a query and a document has one id. Its own ranking passes it over, as BEIR and MTEB do with identical ids.",
    ]
    if "median_rank" in evaluation.metrics:
        notes.append(
            f"`median_rank` is that of the first right document, also beyond the {collection.depth} that a run lists; "
            "`base_rank` and `tuned_rank` of `pairs.csv` are ranks of each row's own target among wrong ones."
        )
    return ["## Ties and ids", *(f"- {note}" for note in notes)]
