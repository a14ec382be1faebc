"""Keep freed memory for the next step instead of handing it back to the system after every one."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Of glibc's malloc.h; see mallopt(3)."""
KEPT_BYTES, KEPT_IN_ALL = 1 << 30, (1 << 31) - 1


def keep_pages() -> bool:
    """Let glibc serve large blocks from its heap; return whether it does. Elsewhere nothing happens.

    A training step allocates and frees the same blocks again and again. By default glibc maps each large one anew, and
    the system zeroes every page of it: measured, that is several times the work that the block is for, and half of a
    static model's step, whose gradient is as large as its word vectors.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        library = ctypes.CDLL("libc.so.6")
        return bool(library.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES) and library.mallopt(M_TRIM_THRESHOLD, KEPT_IN_ALL))
    except (OSError, AttributeError):
        return False
