"""Start the reading of a foreign file with as few rights as the system lets a process give up.

This file is run as a script by `geo_hygiene.files.reading.reader`: it uses the standard library alone, takes rights
away first, and only then imports the code that touches the foreign file. What is not there on an old kernel is left
out; which of the nets hold is written into the answer.
"""

import ctypes
import json
import os
import resource
import signal
import struct
import sys
from pathlib import Path
from typing import Any

# Numbers of the Linux interface, the same on every architecture for calls newer than 5.1:
# https://github.com/torvalds/linux/blob/master/include/uapi/linux/prctl.h and landlock.h
PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
LANDLOCK_CREATE_RULESET = 444
LANDLOCK_ADD_RULE = 445
LANDLOCK_RESTRICT_SELF = 446
LANDLOCK_CREATE_RULESET_VERSION = 1
LANDLOCK_RULE_PATH_BENEATH = 1
EXECUTE, READ_FILE, READ_DIR = 1 << 0, 1 << 2, 1 << 3
#: Number of file rights that each version of Landlock knows.
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
TCP_RIGHTS = 0b11
FIRST_VERSION_WITH_TCP = 4

OPEN_FILES = 256
#: pyogrio loads these where it finds them, for functions that are not used here; they double the time of a start.
NOT_NEEDED = ("geopandas", "pandas")

_libc = ctypes.CDLL(None, use_errno=True)


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent is gone."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def set_limits(*, memory: int, seconds: int, written: int) -> None:
    """Bound memory (bytes of address space), processor seconds, size of written files and number of open files."""
    for kind, soft, hard in (
        (resource.RLIMIT_AS, memory, memory),
        # At the soft limit comes SIGXCPU, which tells the parent what happened; at the hard one SIGKILL.
        (resource.RLIMIT_CPU, seconds, seconds + 5),
        (resource.RLIMIT_FSIZE, written, written),
        (resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        _, allowed = resource.getrlimit(kind)
        bound = hard if allowed == resource.RLIM_INFINITY else min(hard, allowed)
        resource.setrlimit(kind, (min(soft, bound), bound))


def leave_network() -> bool:
    """Move into a network namespace without interfaces; tell whether the system allowed it."""
    # Root needs no user namespace, and would lose the right to read files of other users in one.
    flags = CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWUSER | CLONE_NEWNET
    return bool(_libc.unshare(flags) == 0)


def restrict_files(*, readable: list[str], listable: list[str], writable: list[str]) -> bool:
    """Let this process reach nothing but these files and folders, and no TCP port; tell whether the kernel can."""
    version = _libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_CREATE_RULESET_VERSION)
    if version < 1:
        return False
    every = (1 << FILE_RIGHTS.get(version, FILE_RIGHTS[max(FILE_RIGHTS)])) - 1
    handled = struct.pack("QQ", every, TCP_RIGHTS) if version >= FIRST_VERSION_WITH_TCP else struct.pack("Q", every)
    ruleset = _libc.syscall(LANDLOCK_CREATE_RULESET, handled, len(handled), 0)
    if ruleset < 0:
        return False
    for paths, rights in (
        (readable, EXECUTE | READ_FILE | READ_DIR),
        (listable, READ_DIR),
        (writable, every),
    ):
        for path in paths:
            _allow(ruleset, path, rights)
    outcome = _libc.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    return bool(outcome == 0)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not Path(path).is_dir():
        rights &= ~READ_DIR & (EXECUTE | READ_FILE)
    rule = struct.pack("=Qi", rights, descriptor)
    _libc.syscall(LANDLOCK_ADD_RULE, ruleset, LANDLOCK_RULE_PATH_BENEATH, rule, 0)
    os.close(descriptor)


class Absent:
    """Makes Python believe that packages are not installed."""

    def find_spec(self, name: str, _path: object, _target: object = None) -> None:
        """Raise for the packages that are not needed; the other finders are asked for the rest."""
        if name in NOT_NEEDED:
            raise ModuleNotFoundError(name=name)


def confine(job: dict[str, Any]) -> dict[str, bool]:
    """Give up what the job does not need, and say which nets hold."""
    die_with(job["parent"])
    limits = job["limits"]
    set_limits(memory=limits["memory"], seconds=limits["seconds"], written=limits["written_bytes"])
    nets = {"network": leave_network()}
    _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    program = [sys.prefix, sys.base_prefix, *job["program"]]
    system = ["/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/dev/null", "/dev/urandom"]
    machine = ["/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu"]
    nets["files"] = restrict_files(
        readable=[*program, *system, *machine, *job["sources"]],
        listable=[path for path in sys.path if path],
        writable=[job["scratch"]],
    )
    return nets


def main() -> None:
    """Read the job from standard input, give up rights, do it."""
    job = json.load(sys.stdin)
    sys.path.extend(path for path in job["path"] if path not in sys.path)
    nets = confine(job)
    sys.meta_path.insert(0, Absent())
    from geo_hygiene.files.reading.child import run  # noqa: PLC0415 - rights are given up before anything is imported

    run(job, nets)


if __name__ == "__main__":
    main()
