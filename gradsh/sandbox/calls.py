"""The system calls of Linux that a program which computes and prints needs: names, and numbers by processor.

The numbers are those of the kernel's headers: asm/unistd_64.h of x86-64, and asm-generic/unistd.h, as aarch64 has them.
Those that are made most often come first, for the filter compares one after the other. Some are allowed with some
arguments only, see `gradsh.sandbox.linux.conditions`; `seccomp` sets the filter, and is refused by it.
"""

from __future__ import annotations

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # what the kernel calls the processor
X32 = 0x40000000  # numbers from here on are calls of another kind on x86-64, and none elsewhere

# the number on x86-64, and on aarch64, which has not all of them
_NUMBERS = """\
read 0 63, write 1 64, futex 202 98, mmap 9 222, munmap 11 215, mprotect 10 226,
madvise 28 233, brk 12 214, mremap 25 216, clock_gettime 228 113, exit 60 93,
exit_group 231 94, clone 56 220, clone3 435 435, set_robust_list 273 99, rseq 334 293,
sched_yield 24 124, sched_getaffinity 204 123, getcpu 309 168, membarrier 324 283,
rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139, rt_sigpending 127 136,
rt_sigsuspend 130 133, rt_sigtimedwait 128 137, sigaltstack 131 132, restart_syscall 219 128,
tgkill 234 131, kill 62 129, getpid 39 172, gettid 186 178, getppid 110 173,
getuid 102 174, geteuid 107 175, getgid 104 176, getegid 108 177, getrandom 318 278,
getrusage 98 165, getrlimit 97 163, prlimit64 302 261, times 100 153, gettimeofday 96 169,
time 201 -, clock_getres 229 114, nanosleep 35 101, clock_nanosleep 230 115,
getitimer 36 102, setitimer 38 103, uname 63 160, sysinfo 99 179, readv 19 65,
writev 20 66, pread64 17 67, lseek 8 62, fstat 5 80, newfstatat 262 79, close 3 57,
dup 32 23, dup2 33 -, dup3 292 24, pipe 22 -, pipe2 293 59, fcntl 72 25,
ioctl 16 29, poll 7 -, ppoll 271 73, select 23 -, pselect6 270 72,
epoll_create1 291 20, epoll_ctl 233 21, epoll_wait 232 -, epoll_pwait 281 22,
epoll_pwait2 441 441, eventfd2 290 19, socketpair 53 199, sendto 44 206, recvfrom 45 207,
seccomp 317 277
"""

CALLS: dict[str, dict[str, int]] = {processor: {} for processor in AUDIT}
for _row in _NUMBERS.replace("\n", " ").split(", "):
    _name, *_found = _row.split()
    for _processor, _number in zip(CALLS, _found, strict=True):
        if _number != "-":
            CALLS[_processor][_name] = int(_number)
