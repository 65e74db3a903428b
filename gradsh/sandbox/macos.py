"""macOS: `sandbox_init(3)` with a profile that denies everything but what is needed to compute and print.

The call is marked deprecated, and is what browsers use. Written from its documentation; it has not been seen to run.
"""

from __future__ import annotations

import ctypes
import errno

PROFILE = b"""\
(version 1)
(deny default)
(allow sysctl-read)
(allow signal (target self))
(allow file-ioctl (literal "/dev/tty") (regex #"^/dev/ttys[0-9]+$"))
"""


def shut() -> None:
    """Refuse everything outside to this process. Errors: OSError where the system does not do it."""
    libc = ctypes.CDLL(None, use_errno=True)
    said = ctypes.c_char_p()
    if libc.sandbox_init(PROFILE, ctypes.c_uint64(0), ctypes.byref(said)):
        raise OSError(errno.EPERM, (said.value or b"sandbox_init failed").decode("utf-8", "replace"))
