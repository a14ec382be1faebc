"""Every path and file name of a workspace, of a dataset and of a run, once.

Paths are built from the workspace's folder and from ids that Closer made, never from a person's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lib.errors import StoreError
from lib.store.map_paths import MapKind, MapPaths

_ENTRY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
DATABASE = "closer.db"
MODEL_CARD_DATA = "closer.json"
"""In a tuned model's folder: the recipe, the history and whether the training ended early."""

VECTOR_LOCK = ".lock"
"""In a model's folder of vectors: held by the one process that encodes for it."""


@dataclass(frozen=True)
class WorkspacePaths:
    """Where everything of a workspace lies. home: the workspace's folder."""

    home: Path

    @property
    def database(self) -> Path:
        """The SQLite file of names, states and the queue."""
        return self.home / DATABASE

    @property
    def datasets(self) -> Path:
        """One folder a dataset, named by its id."""
        return self.home / "datasets"

    @property
    def runs(self) -> Path:
        """One folder a run, named by its id."""
        return self.home / "runs"

    @property
    def uploads(self) -> Path:
        """One folder an upload that is not a dataset yet."""
        return self.home / "uploads"

    @property
    def cache(self) -> Path:
        """What can be computed again."""
        return self.home / "cache"

    @property
    def estimates(self) -> Path:
        """Measured costs of trainings, one JSON file each."""
        return self.cache / "estimates"

    @property
    def base_comparisons(self) -> Path:
        """The newest comparison of base models of each dataset, one JSON file each."""
        return self.cache / "base-comparisons"

    @property
    def vectors(self) -> Path:
        """The vectors of encoded texts, one folder a model."""
        return self.home / "embeddings"

    @property
    def models(self) -> Path:
        """Base models that Closer itself makes."""
        return self.home / "models"

    @property
    def label_noise(self) -> Path:
        """Results of label-noise checks, by dataset."""
        return self.home / "checks"

    @property
    def locks(self) -> Path:
        """The files that running processes hold locks on."""
        return self.home / "locks"

    @property
    def worker_note(self) -> Path:
        """Which process is the worker."""
        return self.worker_note_of(None)

    def worker_note_of(self, job: int | None) -> Path:
        """Build the path of a worker's note.

        job: the one that it has to itself; None for the worker of all others.
        """
        return self.locks / ("worker.json" if job is None else f"worker-{job}.json")

    @property
    def load_failure(self) -> Path:
        """Why a process ended while it loaded a model, JSON."""
        return self.locks / "load-failure.json"

    @property
    def logs(self) -> Path:
        """Logs of the server, the worker and the inference helper."""
        return self.home / "logs"

    def own_entries(self) -> Iterator[Path]:
        """Yield what Closer itself writes in this folder, in locks and in logs; not what lies deeper."""
        yield from (self.datasets, self.runs, self.uploads, self.cache, self.vectors, self.models, self.label_noise)
        yield from self.home.glob(f"{Path(DATABASE).stem}*")
        for folder in (self.locks, self.logs):
            yield from (folder, *folder.glob("*"))

    def job_events(self, identity: int) -> Path:
        """Build the path of the progress events of a job that belongs to no run."""
        return self.logs / f"job-{identity}.jsonl"

    def log(self, name: str) -> Path:
        """Build the path of one process's log. name: server, worker or live."""
        return self.logs / f"{name}.log"


@dataclass(frozen=True)
class DatasetPaths:
    """The files of a published dataset."""

    folder: Path

    @property
    def examples(self) -> Path:
        """The examples with their part and component, Parquet."""
        return self.folder / "examples.parquet"

    @property
    def left_out(self) -> Path:
        """The rows that were left out and why, Parquet."""
        return self.folder / "left_out.parquet"

    @property
    def facts(self) -> Path:
        """How the file was read, mapped, audited and split, JSON."""
        return self.folder / "facts.json"

    @property
    def original(self) -> Path:
        """The files as they were uploaded."""
        return self.folder / "original"


@dataclass(frozen=True)
class UploadPaths:
    """The files of an upload."""

    folder: Path

    @property
    def names(self) -> Path:
        """The names of the uploaded files, JSON; written last, so that an upload is whole once it is there."""
        return self.folder / "upload.json"

    @property
    def draft(self) -> Path:
        """What a person chose so far, JSON."""
        return self.folder / "draft.json"

    @property
    def rows(self) -> Path:
        """The rows of a file that is to be embedded, Parquet."""
        return self.folder / "rows.parquet"


@dataclass(frozen=True)
class EvaluationPaths:
    """The files of an evaluation."""

    folder: Path

    @property
    def summary(self) -> Path:
        """Metrics, similarity, side effects, JSON."""
        return self.folder / "evaluation.json"

    @property
    def pairs(self) -> Path:
        """Per-pair results, Parquet."""
        return self.folder / "pairs.parquet"

    @property
    def neighbours(self) -> Path:
        """Nearest targets of each source, base and tuned, Parquet."""
        return self.folder / "neighbours.parquet"


@dataclass(frozen=True)
class ExportPaths:
    """The files of an evaluation that other tools read."""

    folder: Path

    @property
    def guide(self) -> Path:
        """What each file is and how to compute the numbers again, Markdown."""
        return self.folder / "README.md"

    @property
    def verdict(self) -> Path:
        """The verdict with its interval, one line of JSON."""
        return self.folder / "verdict.json"

    @property
    def pairs(self) -> Path:
        """Per-pair results, CSV."""
        return self.folder / "pairs.csv"

    @property
    def corpus(self) -> Path:
        """BEIR's documents, JSON lines."""
        return self.folder / "beir" / "corpus.jsonl"

    @property
    def queries(self) -> Path:
        """BEIR's queries, JSON lines."""
        return self.folder / "beir" / "queries.jsonl"

    @property
    def qrels_tsv(self) -> Path:
        """BEIR's judgements, tab-separated with a header."""
        return self.folder / "beir" / "qrels" / "test.tsv"

    @property
    def qrels(self) -> Path:
        """The same judgements as trec_eval reads them."""
        return self.folder / "trec" / "qrels.txt"

    def trec_run(self, model: str) -> Path:
        """Build the path of a model's ranking as trec_eval reads it. model: base or tuned."""
        return self.folder / "trec" / f"{model}.run"

    @property
    def figures(self) -> Path:
        """The data of the figures, CSV and Parquet."""
        return self.folder / "figures"


@dataclass(frozen=True)
class SnapshotPaths:
    """The files of a run's snapshots."""

    folder: Path

    @property
    def index(self) -> Path:
        """The snapshots in order, JSON."""
        return self.folder / "index.json"

    @property
    def texts(self) -> Path:
        """The texts whose vectors the snapshots hold, Parquet."""
        return self.folder / "texts.parquet"

    def vectors(self, name: str) -> Path:
        """Build the path of one snapshot's vectors, npy."""
        return self.folder / f"{name}.npy"


@dataclass(frozen=True)
class RunPaths:
    """Where everything of a run lies, but the tuned model, whose folder has the base model's name."""

    folder: Path

    @property
    def events(self) -> Path:
        """Progress events, one JSON line each."""
        return self.folder / "events.jsonl"

    @property
    def log(self) -> Path:
        """The worker's own output."""
        return self.folder / "log.txt"

    @property
    def checkpoints(self) -> Path:
        """Checkpoints, each published under its step."""
        return self.folder / "checkpoints"

    @property
    def trainer(self) -> Path:
        """The folder that the stock trainer asks for; it stays empty."""
        return self.folder / "trainer"

    @property
    def trainer_state(self) -> Path:
        """The stock trainer's state while a checkpoint is written."""
        return self.folder / "trainer-state.json"

    @property
    def snapshots(self) -> SnapshotPaths:
        """The embeddings of the shown texts at each snapshot."""
        return SnapshotPaths(self.folder / "snapshots")

    @property
    def evaluation(self) -> EvaluationPaths:
        """The evaluation on held-out pairs."""
        return EvaluationPaths(self.folder / "evaluation")

    def evaluation_on(self, mark: str) -> EvaluationPaths:
        """Build the paths of an evaluation on another file. mark: a hash of that file's content."""
        return EvaluationPaths(self.folder / "evaluation-on" / mark)

    def own_vectors(self, mark: str) -> Path:
        """Build the folder of what is computed from vectors of files. mark: a hash of their content."""
        return self.folder / "own-vectors" / mark

    @property
    def map(self) -> MapPaths:
        """The map that every run has."""
        return self.map_of(MapKind.MAIN)

    def map_of(self, kind: MapKind) -> MapPaths:
        """Build the paths of one of the run's maps."""
        return MapPaths(self.folder / kind.value)

    @property
    def file_vectors(self) -> Path:
        """Vectors of files by the run's models, each named by the number of its job, with its facts."""
        return self.folder / "file-vectors"

    @property
    def exports(self) -> Path:
        """The tuned model in other forms, one folder each, and beside each a record of what it costs, JSON."""
        return self.folder / "exports"

    def experiment(self, name: str) -> Path:
        """Build the path of an experiment's result, JSON. name: placebo, learning_curve or blend."""
        return self.folder / f"{name}.json"

    def experiment_training(self, name: str) -> Path:
        """Build the folder of an experiment's own training, removed when it ends."""
        return self.folder / f"experiment-{name}"

    @property
    def interpolations(self) -> Path:
        """Models between base and tuned, one folder each."""
        return self.folder / "blends"


def entry_folder(root: Path, identity: str) -> Path:
    """Build the folder of a dataset or run from its id in the database.

    Raises StoreError for an id that is no plain name, or names a link: what is purged lies there, in a foreign database too.
    """
    if not _ENTRY_ID.fullmatch(identity):
        raise StoreError("The database holds an id that names no folder of this workspace.", where=repr(identity[:80]))
    folder = root / identity
    if folder.is_symlink():
        raise StoreError(
            "The folder of this entry is a link; what is written there could land anywhere.", where=str(folder)
        )
    return folder
