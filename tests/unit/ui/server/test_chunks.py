"""The chunks that Explore preloads are there in the installed Streamlit, and go with that page alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit

from lib.ui.server.chunks import EXPLORE_CHUNKS, link_header


def test_each_chunk_is_a_file_of_streamlit() -> None:
    links = link_header(EXPLORE_CHUNKS).split(", ")
    paths = [link[link.index("<") + 2 : link.index(">")] for link in links]
    assert len(paths) >= len(EXPLORE_CHUNKS)
    for path in paths:
        assert (Path(streamlit.__file__).parent / "static" / path).is_file()


@pytest.mark.parametrize("names", [(), ("NoSuchChunk",)])
def test_a_chunk_that_is_not_there_is_left_out(names: tuple[str, ...]) -> None:
    assert link_header(names) == ""
