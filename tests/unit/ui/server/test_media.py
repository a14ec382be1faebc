"""Files in the server's memory, over Streamlit's own storage and route."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.runtime import memory_media_file_storage
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.web.server.starlette.starlette_routes import create_media_routes

from lib.ui.server.media import hide_media_addresses

CONTENT, KIND = b"name,mail\nann,ann@team.example\n", "text/csv"
FileId = Callable[[bytes, str, "str | None"], str]


@pytest.fixture
def stock_id() -> Iterator[FileId]:
    """Hide the addresses for the test, and give the function that made them before."""
    before = memory_media_file_storage._calculate_file_id
    hide_media_addresses()
    yield before
    memory_media_file_storage._calculate_file_id = before


def store(storage: MemoryMediaFileStorage, content: bytes) -> str:
    return storage.load_and_get_id(content, KIND, MediaFileKind.DOWNLOADABLE, "people.csv")


def test_a_file_is_served_under_an_address_that_its_content_does_not_tell(stock_id: FileId) -> None:
    storage = MemoryMediaFileStorage("/media")
    identity = store(storage, CONTENT)
    client = TestClient(Starlette(routes=create_media_routes(storage, None)))
    assert client.get(storage.get_url(identity)).content == CONTENT
    for name in ("people.csv", None):
        guessed = stock_id(CONTENT, KIND, name)
        assert guessed != identity
        assert client.get(f"/media/{guessed}.csv").status_code == 404


def test_each_server_has_other_addresses_and_one_server_the_same(stock_id: FileId) -> None:
    first = store(MemoryMediaFileStorage("/media"), CONTENT)
    assert first == store(MemoryMediaFileStorage("/media"), CONTENT)
    hide_media_addresses()
    assert first != store(MemoryMediaFileStorage("/media"), CONTENT)


def test_every_byte_of_a_large_file_counts(stock_id: FileId) -> None:
    """Streamlit's own id takes its beginning, middle and end."""
    storage, one = MemoryMediaFileStorage("/media"), bytearray(2_000_000)
    first = store(storage, bytes(one))
    one[300_000] = 1
    assert store(storage, bytes(one)) != first
    assert storage.get_file(store(storage, bytes(one))).content == one


def test_the_server_hides_them(stock_id: FileId) -> None:
    memory_media_file_storage._calculate_file_id = stock_id
    importlib.reload(importlib.import_module("app"))
    assert memory_media_file_storage._calculate_file_id is not stock_id
