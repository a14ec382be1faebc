"""Take away from our own modules what Windows has not, in every process of a test.

With this folder on PYTHONPATH.

Other packages keep it: on Windows they use something else, which is theirs to test.
"""

import builtins
import ctypes
import os
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
OURS = (f"{ROOT}/lib/", f"{ROOT}/pages/", f"{ROOT}/app.py")
MODULES = {"resource", "fcntl", "termios", "pwd", "grp"}
OF_OS = ("fork", "killpg", "getpgid", "getpgrp", "setpgid", "setsid", "getuid", "geteuid", "sched_getaffinity", "uname")
OF_SIGNAL = ("SIGKILL", "SIGSTOP", "SIGCONT", "SIGHUP", "SIGUSR1", "SIGXFSZ", "alarm", "setitimer")
BETWEEN = ("/pathlib.py", "/pathlib/", "<frozen", "/codecs.py", __file__)
"""Frames of Python itself between a call of ours and what it comes to."""


def asked_by_us():
    """Check whether the code that asks is ours, and not a package that ours called."""
    frame = sys._getframe(1)
    while frame is not None and any(mark in frame.f_code.co_filename for mark in BETWEEN):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith(OURS)


def take_away(module, names):
    """Let a module's names be missing for us alone."""
    kept = {name: module.__dict__.pop(name) for name in names if hasattr(module, name)}

    def missing(name):
        if name in kept and not asked_by_us():
            return kept[name]
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    module.__getattr__ = missing


original_import, original_cdll = builtins.__import__, ctypes.CDLL


def guarded_import(name, *rest, **named):
    if name in MODULES and asked_by_us():
        raise ImportError(f"No module named {name!r}", name=name)
    return original_import(name, *rest, **named)


class GuardedLibrary(original_cdll):
    def __init__(self, name, *rest, **named):
        if str(name).startswith("libc") and asked_by_us():
            raise OSError(f"{name}: cannot open shared object file")
        super().__init__(name, *rest, **named)


def guarded_open(event, facts):
    if event == "open" and str(facts[0]).startswith("/proc") and asked_by_us():
        raise FileNotFoundError(2, "No such file or directory", str(facts[0]))


take_away(os, OF_OS)
take_away(signal, OF_SIGNAL)
builtins.__import__, ctypes.CDLL = guarded_import, GuardedLibrary
sys.addaudithook(guarded_open)
