"""A node that would not do is refused in one line that names it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lib.cluster.node_probe import COMPARED_PACKAGES, probe_node
from lib.cluster.ray_connection import NodeFacts, compare_nodes
from lib.errors import ClusterError

OURS = NodeFacts("3.11.7", dict.fromkeys(COMPARED_PACKAGES, "1.0"), "digest")


def test_this_machine_would_do(tmp_path: object) -> None:
    facts = NodeFacts(**probe_node([str(tmp_path)]))
    compare_nodes("node", facts, facts)
    assert all(facts.packages.values())
    assert facts.source
    assert not facts.unseen


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        (replace(OURS, python="3.12.1"), "Python 3.12.1"),
        (replace(OURS, packages=OURS.packages | {"torch": "2.0"}), "torch 2.0"),
        (replace(OURS, packages=OURS.packages | {"sentence-transformers": ""}), "no sentence-transformers"),
        (replace(OURS, source=""), "no package"),
        (replace(OURS, source="other"), "another version"),
        (replace(OURS, unseen=["/nowhere"]), "/nowhere"),
    ],
    ids=["python", "torch", "missing", "without our package", "another checkout", "folder"],
)
def test_a_node_that_would_not_do_is_named(facts: NodeFacts, word: str) -> None:
    with pytest.raises(ClusterError) as caught:
        compare_nodes("node-7", facts, OURS)
    assert "node-7" in str(caught.value)
    assert word in str(caught.value)
