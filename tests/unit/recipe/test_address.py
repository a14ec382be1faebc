"""An address of a cluster is a host and a port."""

from __future__ import annotations

import pytest

from lib.errors import InputError
from lib.recipe.address import parse_cluster_address


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("127.0.0.1:6379", ("127.0.0.1", 6379)),
        ("head-1.cluster.local:6380", ("head-1.cluster.local", 6380)),
        ("[::1]:6379", ("::1", 6379)),
    ],
)
def test_host_and_port(address: str, parts: tuple[str, int]) -> None:
    assert parse_cluster_address(address) == parts


@pytest.mark.parametrize(
    "address",
    ["", "auto", "head", "head:0", "head:70000", "ray://head:10001", "user:secret@head:6379", "head:6379\n", "-h:1"],
)
def test_anything_else_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_cluster_address(address)
    assert "secret" not in str(caught.value)
