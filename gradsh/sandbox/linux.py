"""Linux: no new privileges, Landlock without a single path, and a seccomp filter of the system calls that are left.

The filter is a list of what a program that computes and prints needs: memory, threads, clocks, signals to itself, what
is open. Everything else is refused with EPERM, which ends in an error of Python's, not in a signal: opening files by
any call, sockets, new processes and programs, ptrace, signals to others, memory that is written and run. It holds for
all threads. Landlock holds files and the network shut once more, where the kernel has it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from typing import Any

from gradsh.sandbox.calls import AUDIT, CALLS, X32

PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC = 1, 1
LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF = 444, 446  # the same everywhere
LANDLOCK_VERSION = 1
# what each version of Landlock can refuse beyond the one before: of files, of the network, of other processes
LANDLOCK_FILES = {1: 0x1FFF, 2: 0x2000, 3: 0x4000, 5: 0x8000}
LANDLOCK_NETWORK, LANDLOCK_SCOPES = (4, 0b11), (6, 0b11)

# instructions of the filter: load a word of the call, jump if equal, not less or any bit in common, give a verdict
LOAD, EQUAL, NOT_LESS, ANY_BIT, VERDICT = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # where these stand in what is loaded from
ALLOWED, REFUSED, ENDED = 0x7FFF0000, 0x00050000, 0x80000000
PROT_EXEC, CLONE_THREAD, AT_EMPTY_PATH, AF_UNIX = 4, 0x10000, 0x1000, 1
# of ioctl: the settings and the size of the terminal, and flags of descriptors; not TIOCSTI, which types into it
TERMINAL = (
    *(0x5401, 0x5402, 0x5403, 0x5404, 0x802C542A, 0x402C542B, 0x402C542C, 0x402C542D),
    *(0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451),
)
DESCRIPTOR = (0, 1, 2, 3, 4, 1030)  # of fcntl: copies and flags, no signals


def shut() -> None:
    """Refuse everything outside to this process. Errors: OSError where the kernel does not do it."""
    machine = platform.machine()
    if machine not in CALLS or struct.calcsize("P") != 8:
        raise OSError(errno.ENOSYS, f"there is none for {machine} processors")
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.prctl(PR_SET_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0))), "no_new_privs")
    _landlock(libc)
    numbers = CALLS[machine]
    code = program(numbers, AUDIT[machine], os.getpid())
    text = b"".join(struct.pack("=HBBI", *instruction) for instruction in code)
    instructions = ctypes.create_string_buffer(text)
    head = ctypes.create_string_buffer(struct.pack("=H6xQ", len(code), ctypes.addressof(instructions)))
    call = ctypes.c_long(numbers["seccomp"])
    done = libc.syscall(call, SECCOMP_SET_MODE_FILTER, ctypes.c_ulong(SECCOMP_FILTER_FLAG_TSYNC), head)
    _check(done, "seccomp")


def _check(done: int, what: str) -> None:
    if done:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code) if done < 0 else 'a thread could not be included'}")


def _landlock(libc: Any) -> None:
    """Every right that this kernel's Landlock knows, and no rule that gives one back; nothing where there is none."""
    version = libc.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), LANDLOCK_VERSION)
    if version < 1:
        return
    files = sum(rights for since, rights in LANDLOCK_FILES.items() if since <= version)
    rights = [files] + [bits for since, bits in (LANDLOCK_NETWORK, LANDLOCK_SCOPES) if since <= version]
    attributes = struct.pack(f"={len(rights)}Q", *rights)
    ruleset = libc.syscall(LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        _check(ruleset, "landlock")
    _check(libc.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0), "landlock")
    os.close(ruleset)


Instruction = tuple[int, int, int, int]  # code, how many to skip if so and if not, operand


def program(numbers: dict[str, int], audit: int, pid: int) -> list[Instruction]:
    """The filter for a processor and this process."""
    code: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, audit),
        (VERDICT, 0, 0, ENDED),  # the numbers below mean other calls there
        (LOAD, 0, 0, NUMBER),
        (NOT_LESS, 0, 1, X32),
        (VERDICT, 0, 0, REFUSED | errno.EPERM),
    ]
    looked_at = conditions(pid)
    for name, number in numbers.items():
        if name == "seccomp":
            continue
        then = looked_at.get(name, [(VERDICT, 0, 0, ALLOWED)])
        code += [(EQUAL, 0, len(then), number), *then]
    return [*code, (VERDICT, 0, 0, REFUSED | errno.EPERM)]


def conditions(pid: int) -> dict[str, list[Instruction]]:
    """The calls that are allowed with some arguments only, and the instructions that tell; else all are."""
    own = one_of(0, (pid,))
    data = none_of(2, PROT_EXEC)  # memory that is written is not run
    return {
        "clone": some_of(0, CLONE_THREAD),  # a thread, no process
        # its arguments are in memory, where a filter does not see them: the C library then calls clone
        "clone3": [(VERDICT, 0, 0, REFUSED | errno.ENOSYS)],
        "mmap": data,
        "mprotect": data,
        "ioctl": one_of(1, TERMINAL),
        "fcntl": one_of(1, DESCRIPTOR),
        "newfstatat": some_of(3, AT_EMPTY_PATH),  # what is open, no name
        "kill": own,
        "tgkill": own,
        "prlimit64": zero(2),  # asking, not setting
        "socketpair": one_of(0, (AF_UNIX,)),
        "sendto": zero(4),  # to the other end of one
    }


def low(argument: int) -> Instruction:
    return (LOAD, 0, 0, ARGUMENTS + 8 * argument)


def high(argument: int) -> Instruction:
    return (LOAD, 0, 0, ARGUMENTS + 8 * argument + 4)


REFUSE: Instruction = (VERDICT, 0, 0, REFUSED | errno.EPERM)
ALLOW: Instruction = (VERDICT, 0, 0, ALLOWED)


def one_of(argument: int, values: tuple[int, ...]) -> list[Instruction]:
    """Allowed where the lower half of an argument is one of these."""
    tests = [(EQUAL, len(values) - i, 0, value) for i, value in enumerate(values)]
    return [low(argument), *tests, REFUSE, ALLOW]


def some_of(argument: int, bits: int) -> list[Instruction]:
    return [low(argument), (ANY_BIT, 1, 0, bits), REFUSE, ALLOW]


def none_of(argument: int, bits: int) -> list[Instruction]:
    return [low(argument), (ANY_BIT, 0, 1, bits), REFUSE, ALLOW]


def zero(argument: int) -> list[Instruction]:
    """Allowed where the argument, a pointer, is none."""
    return [low(argument), (EQUAL, 0, 2, 0), high(argument), (EQUAL, 1, 0, 0), REFUSE, ALLOW]
