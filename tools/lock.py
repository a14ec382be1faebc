"""Write the lock files (`make lock`): every package, direct or not, with the SHA-256 of its files.

python -m tools.lock

Versions that are locked already stay where requirements*.txt still allow them; delete a line of a lock file to get the newest.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tools.locks import (
    CLUSTER_LOCK,
    CUDA_LOCK,
    DEV_LOCK,
    EXPORT_LOCK,
    ROOT,
    RUN_LOCK,
    SOURCES,
    TEAM_LOCK,
    TOOLS_LOCK,
    LockedPackage,
    read_lock,
)

CUDA_PREFIXES = ("nvidia-", "cuda-", "triton")

HEADER = "# Written by `make lock` from {source}: do not edit. SHA-256 of every published file of each version.\n"


def resolve(source: str, *, known: list[str]) -> dict[str, LockedPackage]:
    """Resolve a requirements file for every platform and Python 3.11 and newer."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out.lock"
        pins = [f"{one.name}=={one.version}" for lock in known for one in read_lock(ROOT / lock).values()]
        output.write_text("\n".join(pins), encoding="utf-8")  # uv prefers the versions of the file it writes
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
        options = ["--generate-hashes", "--no-header", "--no-annotate", "--output-file", str(output)]
        subprocess.run([*command, *options, source], cwd=ROOT, check=True)
        return read_lock(output)


def write(lock: str, packages: dict[str, LockedPackage], *, source: str, includes: tuple[str, ...] = ()) -> None:
    """Write one lock file."""
    lines = [HEADER.format(source=source), *(f"-r {one}\n" for one in includes)]
    for _, one in sorted(packages.items()):
        marker = f" ; {one.marker}" if one.marker else ""
        lines.append(
            f"{one.name}=={one.version}{marker}" + "".join(f" \\\n    --hash=sha256:{one}" for one in one.hashes) + "\n"
        )
    (ROOT / lock).write_text("".join(lines), encoding="utf-8")


def main() -> int:
    """Write all seven."""
    known = [
        lock for lock in (RUN_LOCK, TEAM_LOCK, EXPORT_LOCK, CLUSTER_LOCK, DEV_LOCK, CUDA_LOCK) if (ROOT / lock).exists()
    ]
    everything = resolve(SOURCES[DEV_LOCK], known=known)
    run = resolve(SOURCES[RUN_LOCK], known=known)
    cuda = {name: one for name, one in run.items() if name.startswith(CUDA_PREFIXES)}
    run = {name: everything[name] for name in run if name not in cuda}
    team = resolve(SOURCES[TEAM_LOCK], known=known)
    team = {name: everything[name] for name in team if name not in run and name not in cuda}
    export = resolve(SOURCES[EXPORT_LOCK], known=known)
    export = {name: everything[name] for name in export if name not in run}
    cluster = resolve(SOURCES[CLUSTER_LOCK], known=known)
    cluster = {name: everything[name] for name in cluster if name not in run and name not in cuda}
    others = run.keys() | team.keys() | export.keys() | cluster.keys() | cuda.keys()
    dev = {name: one for name, one in everything.items() if name not in others}
    write(RUN_LOCK, run, source=SOURCES[RUN_LOCK])
    write(TEAM_LOCK, team, source=SOURCES[TEAM_LOCK], includes=(RUN_LOCK,))
    write(EXPORT_LOCK, export, source=SOURCES[EXPORT_LOCK], includes=(RUN_LOCK,))
    write(CLUSTER_LOCK, cluster, source=SOURCES[CLUSTER_LOCK], includes=(RUN_LOCK,))
    write(DEV_LOCK, dev, source=SOURCES[DEV_LOCK], includes=(TEAM_LOCK, EXPORT_LOCK, CLUSTER_LOCK))
    write(CUDA_LOCK, cuda, source=f"{SOURCES[RUN_LOCK]}, for torch's build for CUDA")
    tools = resolve(SOURCES[TOOLS_LOCK], known=[TOOLS_LOCK] if (ROOT / TOOLS_LOCK).exists() else [])
    write(TOOLS_LOCK, tools, source=SOURCES[TOOLS_LOCK])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
