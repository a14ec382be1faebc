"""`python -m lib retrieve QUERIES --corpus VECTORS --out FILE`: the nearest documents of each query."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lib.commands.options import add_place_options
from lib.commands.progress_bar import CommandProgress
from lib.errors import InputError
from lib.evaluation.corpus_retrieval import SearchParts, retrieve_from_corpus, search_parts_here
from lib.format import format_count
from lib.recipe.options import RAY_CLUSTER
from lib.store.locations import Location, shared_folders

MOST_TOP_K = 1_000
"""Results of one query: beyond that the results of many queries are larger than the vectors."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    kind = "as `embed` writes them: a Parquet file or a folder of them, by path or URL"
    parser.add_argument("queries", type=Location, help=f"vectors of the queries (--role query), {kind}")
    parser.add_argument("--corpus", type=Location, required=True, help=f"vectors of the documents, {kind}")
    parser.add_argument(
        "--out",
        type=Location,
        required=True,
        help="nearest.parquet, by path or URL: query and document (rows from 0), rank (from 1), cosine",
    )
    parser.add_argument(
        "--top-k", type=int, default=10, metavar="K", help="documents of each query (default %(default)s)"
    )
    add_place_options(parser)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def run(args: argparse.Namespace) -> int:
    """Search, write; print what was written."""
    if args.out.suffix != ".parquet":
        raise InputError(f"{args.out.name} is no .parquet.", where="--out", todo="Choose this ending.")
    if not 1 <= args.top_k <= MOST_TOP_K:
        raise InputError(f"{args.top_k:,} is not between 1 and {MOST_TOP_K:,}.", where="--top-k")
    began = time.monotonic()
    with CommandProgress(args.corpus.name) as progress:
        progress.stage("searching", f"for the nearest {args.top_k}")
        with part_searcher(args) as search_parts:
            queries = retrieve_from_corpus(
                args.queries,
                args.corpus,
                args.out,
                top_k=args.top_k,
                search_parts=search_parts,
                progress=progress,
            )
    seconds = time.monotonic() - began
    if args.json:
        print(json.dumps({"out": str(args.out), "queries": queries, "top_k": args.top_k, "seconds": seconds}))
    else:
        print(f"{args.out}: the nearest {args.top_k} of {format_count(queries, 'query', 'queries')}")
    return 0


@contextmanager
def part_searcher(args: argparse.Namespace) -> Iterator[SearchParts]:
    """Choose by what parts are searched: this process, or a cluster that is connected for the block.

    Raises ClusterError and InputError.
    """
    if args.where != RAY_CLUSTER:
        yield search_parts_here
        return
    from lib.cluster.ray_connection import connect_to_cluster
    from lib.cluster.ray_retrieval import search_parts_on

    with connect_to_cluster(args.address, folders=shared_folders(args.corpus)) as cluster:
        yield search_parts_on(cluster, processes=args.processes)
