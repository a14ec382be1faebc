"""Which requests are let in: own pages, addresses a person opens, programs; no other site or port."""

from __future__ import annotations

import pytest

from lib.ui.server.origin import host_name, refusal

OWN = "http://127.0.0.1:8501"


def headers(**given: str) -> list[tuple[bytes, bytes]]:
    """Write headers as ASGI has them; the host is the server's unless it is given."""
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in ({"host": OWN[7:]} | given).items()]


def is_refused(given: list[tuple[bytes, bytes]], *, method: str = "GET", is_socket: bool = False) -> bool:
    return bool(refusal(given, method=method, is_socket=is_socket, allowed=["127.0.0.1", "localhost"]))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8501", "localhost:8501", "LOCALHOST", "localhost.:8501"],
)
def test_own_hosts_are_known(host: str) -> None:
    assert not is_refused(headers(host=host))


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example:8501",
        "127.0.0.1.nip.io:8501",
        "127.0.0.1@evil.example",
        "evil.example/127.0.0.1",
        "127.0.0.1:x",
        "127.0.0.1:99999999",
        "[::1",
        "",
        "0x7f000001",
    ],
)
def test_foreign_hosts_are_refused(host: str) -> None:
    assert is_refused(headers(host=host))


def test_no_host_and_two_hosts_are_refused() -> None:
    assert is_refused([])
    assert is_refused([*headers(), (b"host", b"evil.example")])


@pytest.mark.parametrize("is_socket", [False, True])
@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:3000",
        "http://127.0.0.1:9999",
        "http://localhost:8501",  # another name of the same server: not the page that asks
        "http://127.0.0.1",
        "https://evil.example",
        "https://app.streamlit.app",
        "http://127.0.0.1:8501.evil.example",
        "http://evil@127.0.0.1:8501",
        "ftp://127.0.0.1:8501",
        "null",
        "",
    ],
)
def test_foreign_origins_are_refused(origin: str, is_socket: bool) -> None:
    assert is_refused(headers(origin=origin), is_socket=is_socket)


def test_the_own_origin_is_let_in_also_behind_a_proxy_with_https() -> None:
    for origin in (OWN, OWN.replace("http:", "https:")):
        assert not is_refused(headers(origin=origin), is_socket=True)
        assert not is_refused(headers(origin=origin), method="PUT")


def test_a_socket_needs_an_origin_and_only_one() -> None:
    assert is_refused(headers(), is_socket=True)
    assert is_refused([*headers(origin=OWN), (b"origin", b"http://evil.example")], is_socket=True)


def test_another_site_may_link_to_a_page_and_neither_embed_nor_send_to_it() -> None:
    for site in ("cross-site", "same-site"):
        assert not is_refused(headers(sec_fetch_site=site, sec_fetch_dest="document"))
        assert is_refused(headers(sec_fetch_site=site, sec_fetch_dest="document"), method="POST")
        for other in ("iframe", "script", "image", "empty"):
            assert is_refused(headers(sec_fetch_site=site, sec_fetch_dest=other))
    assert not is_refused(headers(sec_fetch_site="same-origin", sec_fetch_dest="script"))


def test_a_star_allows_the_names_below_one() -> None:
    def allows(host: str) -> bool:
        return not refusal(headers(host=host), method="GET", is_socket=False, allowed=["*.team.example"])

    assert allows("closer.team.example:443")
    assert not allows("team.example")
    assert not allows("evilteam.example")
    assert host_name("[::1]:8501") == "::1"
