"""Connect this process to a Ray cluster by its address; a cluster that would not do is one error.

The token is Ray's own affair: it reads RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token, and nothing here keeps it.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lib.cluster import node_probe
from lib.errors import ClusterError
from lib.format import format_count
from lib.recipe.address import ADDRESS_LABEL, parse_cluster_address
from lib.settings import CLUSTER_AUTHENTICATION, ROOT, open_clusters_allowed

if TYPE_CHECKING:
    from types import ModuleType

REACH_SECONDS = 5.0
"""Seconds within which something has to listen at the address; Ray itself would go on trying for two minutes."""

PROBE_SECONDS = 300.0
"""Seconds within which every node has to answer: each starts a process, and a cluster may be busy."""

LEAVE_SECONDS = 10.0
"""Seconds within which a cluster notices that a node that did not answer is gone."""

LONGEST_REASON = 300
"""Characters of Ray's own words in an error."""


@dataclass(frozen=True)
class ClusterNode:
    """A node that can work.

    cpus, cards: how many of them Ray counts. card: the graphics card's name, may be empty.
    """

    id: str
    name: str
    cpus: int = 0
    cards: int = 0
    card: str = ""

    def describe(self) -> str:
        """Describe the node's devices in a few words."""
        cards = f", {format_count(self.cards, 'graphics card')} {self.card}".rstrip() if self.cards else ""
        return f"{self.name}: {format_count(self.cpus, 'CPU')}{cards}"


@dataclass(frozen=True)
class NodeFacts:
    """What a node tells of itself (`node_probe`).

    source: a digest of our package. unseen: folders it does not see.
    """

    python: str
    packages: dict[str, str]
    source: str
    unseen: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Cluster:
    """A cluster that this process is connected to."""

    address: str
    nodes: tuple[ClusterNode, ...]

    @property
    def cpus(self) -> int:
        """Number of CPUs of all nodes, as Ray counts them."""
        return sum(node.cpus for node in self.nodes)

    @property
    def cards(self) -> int:
        """Number of graphics cards of all nodes."""
        return sum(node.cards for node in self.nodes)


@contextmanager
def connect_to_cluster(
    address: str, *, folders: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Iterator[Cluster]:
    """Connect this process to a cluster for the block.

    Its nodes have our package and our versions, and see the folders.
    address: host:port. environment: variables of the processes on the nodes. Raises ClusterError, and InputError for what
    is no address.
    """
    ray = import_ray()
    host, port = parse_cluster_address(address)
    _check_reachable(host, port)
    _check_authentication(f"{host}:{port}")
    _join(ray, f"{host}:{port}", environment or {})
    try:
        nodes = check_nodes(ray, _working_nodes(ray), folders)
        if not nodes:
            raise ClusterError("No node of the cluster has a CPU or a graphics card.", where=ADDRESS_LABEL)
        yield Cluster(address, nodes)
    finally:
        ray.shutdown()


def import_ray() -> ModuleType:
    """Import Ray. Raises ClusterError where it is not installed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing about a person's trainings leaves the cluster
    os.environ.setdefault("RAY_TRAIN_V2_ENABLED", "1")
    try:
        import ray
    except ImportError as error:
        raise ClusterError(
            "Ray is not installed.", where=ADDRESS_LABEL, todo="python -m tools.install --cluster installs it."
        ) from error
    module: ModuleType = ray
    return module


def _check_reachable(host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), timeout=REACH_SECONDS).close()
    except OSError as error:
        raise ClusterError(
            f"Nothing answers at {host}:{port} ({error.strerror or error}).",
            where=ADDRESS_LABEL,
            todo="Give the address that `ray start --head` has printed.",
        ) from error


def _check_authentication(address: str) -> None:
    """Ask without a token, which has to be refused, then with it.

    Leaves token authentication switched on where there is any.
    """
    if _is_let_in(address, "disabled"):
        if not open_clusters_allowed():
            raise ClusterError(
                "The cluster lets everybody in who reaches it: it has no token authentication.",
                where=ADDRESS_LABEL,
                todo=f"Start its nodes with RAY_AUTH_MODE=token, or allow it by {CLUSTER_AUTHENTICATION}=off.",
            )
        return
    if _is_let_in(address, "token"):
        return
    raise ClusterError(
        "The cluster does not accept the token, or there is none.",
        where=ADDRESS_LABEL,
        todo="Set RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH, or write it to ~/.ray/auth_token, before Closer starts.",
    )


def _is_let_in(address: str, mode: str) -> bool:
    """Check whether the cluster's control service answers in this mode of authentication.

    Ray has no public call that asks once: `ray.init` repeats a refusal for 20 seconds and names no reason.
    """
    from ray.exceptions import AuthenticationError, RayError

    inside = import_module("ray._raylet")
    os.environ["RAY_AUTH_MODE"] = mode
    inside.Config.initialize("")
    inside.AuthenticationTokenLoader.instance().reset_cache()
    if mode == "token" and not _has_token():
        return False
    try:
        inside.GcsClient(address=address)
    except AuthenticationError:
        return False
    except (RayError, RuntimeError) as error:
        raise ClusterError(
            f"What answers at {address} is no Ray cluster of this version.",
            where=ADDRESS_LABEL,
            todo="Give the address that `ray start --head` has printed.",
        ) from error
    return True


def _has_token() -> bool:
    """Check whether a token can be read.

    Ray aborts the process where the file of RAY_AUTH_TOKEN_PATH is not there.
    """
    path = os.environ.get("RAY_AUTH_TOKEN_PATH", "")
    if path and not os.environ.get("RAY_AUTH_TOKEN"):
        try:
            return bool(Path(path).read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError):
            return False
    return bool(import_module("ray._raylet").AuthenticationTokenLoader.instance().has_token(ignore_auth_mode=True))


def _join(ray: ModuleType, address: str, environment: Mapping[str, str]) -> None:
    """Become a driver of the cluster.

    Our package goes with it, so that every node runs this one.
    """
    runtime = {
        "py_modules": [str(ROOT / "lib")],
        "excludes": ["**/__pycache__"],
        "env_vars": {"RAY_ADDRESS": address}
        | dict(environment),  # for Ray's own parts, where a machine has two clusters
    }
    try:
        ray.init(address=address, runtime_env=runtime, log_to_driver=True, logging_level="WARNING", namespace="closer")
    except (RuntimeError, ConnectionError, ValueError) as error:
        raise ClusterError(_reason(error), where=ADDRESS_LABEL, todo=_remedy(error)) from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:LONGEST_REASON]


def _remedy(error: Exception) -> str:
    if "ersion" in str(error):
        return "Use the same versions of Ray and Python on every node and here."
    return "Run Closer on a node of the cluster: `ray start --address ADDRESS --num-cpus 0` makes this machine one."


def _working_nodes(ray: ModuleType) -> tuple[ClusterNode, ...]:
    nodes = (_node(facts) for facts in ray.nodes() if facts["Alive"])
    return tuple(sorted((node for node in nodes if node.cpus or node.cards), key=lambda node: (node.name, node.id)))


def _node(facts: Mapping[str, Any]) -> ClusterNode:
    resources: Mapping[str, float] = facts["Resources"]
    kinds = [name.partition(":")[2] for name in resources if name.startswith("accelerator_type:")]
    return ClusterNode(
        id=facts["NodeID"],
        name=facts["NodeManagerHostname"],
        cpus=int(resources.get("CPU", 0)),
        cards=int(resources.get("GPU", 0)),
        card=", ".join(kinds),
    )


def check_nodes(ray: ModuleType, nodes: Sequence[ClusterNode], folders: Sequence[str]) -> tuple[ClusterNode, ...]:
    """Ask every node for its versions and what it sees; leave out those that leave the cluster meanwhile.

    Raises ClusterError for the first that would not do.
    """
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ray.cloudpickle.register_pickle_by_value(node_probe)  # a node without our package answers too
    probe = ray.remote(num_cpus=0, max_retries=0)(node_probe.probe_node)
    asked = {
        node: probe.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node_id=node.id, soft=False)).remote(
            list(folders)
        )
        for node in nodes
    }
    ours, present = NodeFacts(**node_probe.probe_node(())), []
    for node, answer in asked.items():
        try:
            facts = NodeFacts(**ray.get(answer, timeout=PROBE_SECONDS))
        except ray.exceptions.RayError as error:
            if _leaves(ray, node):
                continue
            raise ClusterError(
                f"The node {node.name} cannot start a process of ours ({_reason(error)}).", where=ADDRESS_LABEL
            ) from error
        compare_nodes(node.name, facts, ours)
        present.append(node)
    return tuple(present)


def _leaves(ray: ModuleType, node: ClusterNode) -> bool:
    """Check whether the cluster notices that a node is gone: it lists one for a while after it was lost."""
    deadline = time.monotonic() + LEAVE_SECONDS
    while time.monotonic() < deadline:
        if node.id not in {one.id for one in _working_nodes(ray)}:
            return True
        time.sleep(LEAVE_SECONDS / 50)
    return False


def compare_nodes(name: str, facts: NodeFacts, ours: NodeFacts) -> None:
    """Raise ClusterError where a node has other versions than this machine, or does not see a folder."""
    there, here = facts.packages | {"Python": facts.python}, ours.packages | {"Python": ours.python}
    for package, version in here.items():
        if there.get(package, "") != version:
            found = f"{package} {there[package]}" if there.get(package) else f"no {package}"
            raise ClusterError(
                f"The node {name} has {found}; here is {version}.",
                where=ADDRESS_LABEL,
                todo="Install the same packages on every node: python -m tools.install --cluster.",
            )
    if facts.source != ours.source:
        raise ClusterError(
            f"The node {name} has {'another version' if facts.source else 'no package'} of Closer.",
            where=ADDRESS_LABEL,
            todo="Remove the checkout that stands at the same path there, or bring it to the same version.",
        )
    if facts.unseen:
        raise ClusterError(
            f"The node {name} does not see {facts.unseen[0]}.",
            where=ADDRESS_LABEL,
            todo="Put the workspace on a path that every node shares (CLOSER_HOME).",
        )
