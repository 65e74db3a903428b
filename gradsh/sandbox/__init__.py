"""The door below gradsh: what the kernel refuses a process from now on, whatever runs in it.

A program of the language reaches nothing outside by the rules of the language. Behind this door nothing else in the
process reaches anything either: no file, no address of the network, no other process, until the process ends. What is
open stays open: the standard streams, and what gradsh opened for itself. Each system has its own file here.
"""

from __future__ import annotations

import os
import sys


class Unavailable(Exception):
    """The system cannot shut the door; the message says why."""


def shut() -> None:
    """Shut the door for this process and all its threads, for good. Errors: Unavailable, and then it is to end."""
    if sys.platform == "linux":
        from gradsh.sandbox import linux as system
    elif sys.platform == "darwin":
        from gradsh.sandbox import macos as system
    else:
        raise Unavailable(f"there is none on {sys.platform}")
    try:
        _limit()
        system.shut()
    except (OSError, AttributeError) as error:  # the C library lacks what is called
        raise Unavailable(getattr(error, "strerror", None) or str(error)) from None
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        return
    raise Unavailable("it was shut, and a file could be opened all the same")


def _limit() -> None:
    """Close what the caller left open beside the standard streams; no core files, and few new descriptors.

    Not how large a file may become: what is left to write is the standard output, which may be a file.
    """
    import resource

    for name in os.listdir("/dev/fd"):
        try:
            if int(name) > 2 and os.get_inheritable(int(name)):  # Python's own are not, so it came from outside
                os.close(int(name))
        except OSError:  # the list's own, which is closed by now
            continue
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))


DESCRIPTORS = 64  # the prompt's own loop takes a few
