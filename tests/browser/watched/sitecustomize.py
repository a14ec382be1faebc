"""Write down each address that a process looks up or connects to, with this folder on PYTHONPATH.

One line each in the file that CLOSER_WATCHED_ADDRESSES names, after one that says that the process is watched. The events are
Python's audit events (PEP 578).
"""

import os
import sys

FILE = os.environ.get("CLOSER_WATCHED_ADDRESSES", "")
LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
CONNECTIONS = ("socket.connect", "socket.sendto", "socket.sendmsg")


def watch(event, arguments):
    if event in LOOK_UPS:
        address = arguments[0]
    elif event in CONNECTIONS and isinstance(arguments[1], tuple):
        address = arguments[1][0]
    else:
        return
    note(repr(address))


def note(line):
    with open(FILE, "a", encoding="utf-8") as file:
        file.write(f"{line}\n")


if FILE:
    note("'watched'")
    sys.addaudithook(watch)
