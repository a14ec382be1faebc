"""Install the packages of the lock files into this environment, each file of them by its SHA-256.

python -m tools.install          what the app needs
python -m tools.install --team   and what signing in needs
python -m tools.install --export and what writing a model as an ONNX graph needs
python -m tools.install --cluster and what training on a Ray cluster needs
python -m tools.install --dev    and what the tests need

Nothing is resolved and nothing is built: a package that the lock does not name, a file of another hash, and one that would have
to run a program of its own to be installed are refused by pip.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from importlib import metadata

from tools.locks import CLUSTER_LOCK, CPU_LOCK, CUDA_LOCK, DEV_LOCK, EXPORT_LOCK, ROOT, RUN_LOCK, TEAM_LOCK, read_lock

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
OPTIONS = ("--no-deps", "--require-hashes", "--only-binary", ":all:")


def install(lock: str) -> None:
    """Install a lock file's packages. Ends the program where pip refuses one."""
    if subprocess.run(command(lock), check=False).returncode:
        raise SystemExit(f"The packages of {lock} could not be installed.")


def command(lock: str) -> list[str]:
    """Write the command that installs a lock file's packages."""
    return [*PIP, "install", *OPTIONS, "-r", str(ROOT / lock)]


def prefer_cpu_build() -> None:
    """Install torch's smaller build where pip finds it.

    Elsewhere nothing happens, and the index's build follows.
    """
    subprocess.run(command(CPU_LOCK), check=False, capture_output=True)


def needs_cuda() -> bool:
    """Whether the torch that is installed names packages of the CUDA lock as its own."""
    needed = " ".join(metadata.requires("torch") or ())
    return any(name in needed for name in read_lock(ROOT / CUDA_LOCK) if name.startswith("nvidia-"))


def main() -> int:
    """Install, and let pip check that nothing is missing."""
    parser = argparse.ArgumentParser(prog="python -m tools.install", description=__doc__)
    parser.add_argument("--team", dest="lock", action="store_const", const=TEAM_LOCK, help="also what signing in needs")
    parser.add_argument("--export", dest="lock", action="store_const", const=EXPORT_LOCK, help="also what ONNX needs")
    parser.add_argument("--cluster", dest="lock", action="store_const", const=CLUSTER_LOCK, help="also what Ray needs")
    parser.add_argument("--dev", dest="lock", action="store_const", const=DEV_LOCK, help="also what the tests need")
    lock = parser.parse_args().lock or RUN_LOCK
    prefer_cpu_build()
    install(lock)
    if needs_cuda():
        install(CUDA_LOCK)
    return subprocess.run([*PIP, "check"], check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
