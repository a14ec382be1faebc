"""Damage files of each reader at random and read them, in a process of its own that a crash may end.

python -m tests.unit.data.read.fuzz FOLDER ROUNDS SECONDS READER...     prints what was found, one JSON line each
"""

from __future__ import annotations

import faulthandler
import gzip
import io
import json
import random
import signal
import sys
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from lib.data.read.options import ReadOptions
from lib.data.read.tables import read_table
from lib.errors import InputError
from lib.memory import limit_memory
from lib.settings import PARSE_MEMORY_BYTES
from tests.unit.data.read.dataset_cases import BEIR, CASES, zipped
from tests.unit.data.read.odd_files import READS, xlsx

SLOW_SECONDS = 60
"""A small damaged file that takes longer is a finding."""
PIECES = (
    b'"',
    b"'",
    b",",
    b"\t",
    b";",
    b"|",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\xfe\xff",
    b"[",
    b"{",
    b"}]",
    b"\\",
    b"[[" * 40,
)
OPTIONS = (
    {"separator": ";"},
    {"quote": ""},
    {"quote": "'"},
    {"header": False},
    {"header": True},
    {"skip": 1},
    {"skip": 3},
    {"encoding": "utf-16"},
    {"encoding": "cp1252"},
    {"sheet": "One"},
    {"na": ("a",)},
)


class SlowError(Exception):
    """Reading took longer than SLOW_SECONDS."""


def seeds(reader: str) -> list[bytes]:
    """List whole files of a reader."""
    reads = {name: data for name, (data, _, _) in READS.items()}
    fields = [case.files["data"] for case in CASES.values() if "data" in case.files]
    chosen: dict[str, Callable[[], list[bytes]]] = {
        "xlsx": lambda: [
            *_starting(reads, b"PK"),
            xlsx([["question", "answer", 1], ["a", 2.5, True]] * 5, sheets=("One", "Two")),
        ],
        "json": lambda: [*_starting(reads, b"[", b"{"), *(one for one in fields if one[:1] in b"[{")],
        "parquet": lambda: [*_starting(reads, b"PAR1"), *(one for one in fields if one[:4] == b"PAR1")],
        "arrow": lambda: _starting(reads, b"ARROW1", b"\xff\xff\xff\xff"),
        "text": lambda: [one for one in reads.values() if one[:1] not in b"P[{A\xff\x1f"],
        "zip": lambda: [zipped(BEIR), zipped({"train.csv": reads["plain"], "test.csv": reads["plain"]})],
        "gz": lambda: [gzip.compress(one) for one in (reads["plain"], reads["json list"], reads["parquet"])],
    }
    return chosen[reader]()


READERS = ("xlsx", "json", "parquet", "arrow", "text", "zip", "gz")


def _starting(reads: dict[str, bytes], *marks: bytes) -> list[bytes]:
    return [data for data in reads.values() if data.startswith(marks)]


def damage(data: bytes, chance: random.Random) -> bytes:
    """Change some bytes of a file: flip, cut, repeat, overwrite, insert."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(changed) + 1)
        size = chance.randint(1, max(1, min(64, len(changed) // 4)))
        what = chance.randrange(7)
        if what == 0 and changed:
            changed[min(at, len(changed) - 1)] ^= 1 << chance.randrange(8)
        elif what == 1:
            del changed[at : at + size]
        elif what == 2:
            changed[at:at] = changed[at : at + size] * chance.randint(1, 9)
        elif what == 3:
            changed[at : at + size] = bytes([chance.choice((0, 255, chance.randrange(256)))]) * size
        elif what == 4:
            changed[at:at] = chance.choice(PIECES)
        elif what == 5:
            changed[at : at + 4] = chance.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, chance.getrandbits(32))).to_bytes(
                4, "little"
            )
        elif chance.random() < 0.3:
            del changed[at:]
    return bytes(changed)


def damage_inside(data: bytes, chance: random.Random) -> bytes:
    """Damage a file in an archive and pack it anew, so that its checksum is right."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        chosen = chance.choice(source.namelist())
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, damage(content, chance) if name == chosen else content)
    return out.getvalue()


def damaged(reader: str, whole: bytes, chance: random.Random) -> bytes:
    """Damage a file of a reader, half of the archives inside."""
    if reader in ("xlsx", "zip") and chance.random() < 0.6:
        return damage_inside(whole, chance)
    if reader == "gz" and chance.random() < 0.6:
        return gzip.compress(damage(gzip.decompress(whole), chance))
    return damage(whole, chance)


def rounds(count: int, seconds: float) -> Iterator[int]:
    """Count up the rounds, then random seeds until the time is over."""
    yield from range(count)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield random.randrange(10**12)


def fuzz(reader: str, folder: Path, count: int, seconds: float) -> Iterator[dict[str, object]]:
    """Read damaged files; what is neither read nor refused with a named error is a finding. The last line counts them."""
    files, done = seeds(reader), 0
    for done, seed in enumerate(rounds(count, seconds), start=1):  # noqa: B007
        chance = random.Random(f"{reader} {seed}")
        path = folder / f"{reader}-{seed}"
        path.write_bytes(damaged(reader, chance.choice(files), chance))
        options = ReadOptions(**chance.choice(OPTIONS)) if chance.random() < 0.3 else ReadOptions()  # type: ignore[arg-type]
        signal.alarm(SLOW_SECONDS)
        try:
            check(path, options)
        except Exception as error:  # noqa: BLE001  a finding is whatever else comes out
            text = "".join(traceback.format_exception(error))
            yield {"reader": reader, "seed": seed, "file": str(path), "error": text}
        else:
            path.unlink()
        signal.alarm(0)
    yield {"reader": reader, "rounds": done}


def check(path: Path, options: ReadOptions) -> None:
    """Read a file: it is refused with a named error, or gives rows of texts."""
    try:
        table = read_table(path, options=options)
    except InputError:
        return
    assert len(table.frame) == len(table.lines) > 0
    assert all(isinstance(cell, str) for cell in table.frame.to_numpy().ravel())


def main(folder: Path, count: int, seconds: float, readers: list[str]) -> None:
    """Fuzz the readers one after the other."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise SlowError

    faulthandler.enable()
    limit_memory(PARSE_MEMORY_BYTES)
    signal.signal(signal.SIGALRM, stop)
    for reader in readers:
        for line in fuzz(reader, folder, count, seconds):
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
