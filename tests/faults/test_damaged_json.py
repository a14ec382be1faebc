"""Every JSON of a workspace and every column of its database, damaged at random, gives a named error or counts as absent.

No page fails over it either. `python -m tools.fuzz` goes on for as long as wanted with the same readers: what it finds gets
a line in FINDINGS.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

from lib.errors import CloserError
from tests.faults.columns import COLUMNS
from tests.faults.planted import Planted, planted_workspace
from tests.faults.readers import PAGES_OF_COLUMNS, READERS, assert_page_stands, damaged_thing, read_damaged

ROUNDS = 40
"""Of each JSON file; a few milliseconds each."""
COLUMN_ROUNDS = 3
"""Of each column, of which there are thirty; half a tenth of a second each."""

FINDINGS = [("evaluation", 116944765), ("evaluation", 219750762), ("evaluation", 750289783)]
"""Seeds of `tools.fuzz` that once raised something else."""


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    """Make a workspace with one of each file, the one in use for the module."""
    with planted_workspace(tmp_path_factory.mktemp("damage") / "workspace") as made:
        yield made


@pytest.mark.parametrize(("name", "seed"), FINDINGS)
def test_what_the_longer_mode_found_stays_mended(planted: Planted, name: str, seed: int) -> None:
    with damaged_thing(planted, name, seed), pytest.raises(CloserError):
        READERS[name].read(planted)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", list(READERS))
def test_a_pipe_in_the_place_of_a_file_is_not_opened(planted: Planted, name: str) -> None:
    """Who opens one waits for ever."""
    path = READERS[name].path(planted)
    whole = path.read_bytes()
    path.unlink()
    os.mkfifo(path)
    try:
        with suppress(CloserError):
            READERS[name].read(planted)
        assert path.is_fifo()
    finally:
        path.unlink()
        path.write_bytes(whole)


@pytest.mark.parametrize("name", list(READERS))
def test_a_damaged_file_is_a_named_error_or_absent(planted: Planted, name: str) -> None:
    READERS[name].read(planted)
    errors = [error for seed in range(ROUNDS) if (error := read_damaged(planted, name, seed))]
    assert all(str(error) for error in errors), "each says what is wrong"
    READERS[name].read(planted)  # whole again: what was read before was the damage


@pytest.mark.parametrize("name", list(COLUMNS))
def test_a_damaged_column_is_a_named_error_or_absent(planted: Planted, name: str) -> None:
    errors = [error for seed in range(COLUMN_ROUNDS) if (error := read_damaged(planted, name, seed))]
    assert all(str(error) for error in errors), "each says what is wrong"


@pytest.mark.parametrize("name", [name for name, reader in READERS.items() if reader.page])
def test_no_page_fails_over_a_damaged_file(planted: Planted, name: str) -> None:
    with damaged_thing(planted, name, 0):
        assert_page_stands(planted, READERS[name].page, name)


@pytest.mark.parametrize("name", list(COLUMNS))
def test_no_page_fails_over_a_damaged_column(planted: Planted, name: str) -> None:
    page = PAGES_OF_COLUMNS[list(COLUMNS).index(name) % len(PAGES_OF_COLUMNS)]
    with damaged_thing(planted, name, 0):
        assert_page_stands(planted, page, f"{name} on {page}")
