"""Private folders of running imports and exports, and what is left of those that were killed."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Hidden, since an export works beside the file that it is to become.
_PREFIX = ".geo-hygiene-"


def default_root() -> Path:
    """Return the folder for scratch files of this user where no home is given."""
    root = Path(tempfile.gettempdir()) / f"geo-hygiene-{os.getuid()}"
    root.mkdir(mode=0o700, exist_ok=True)
    status = root.lstat()
    if status.st_uid != os.getuid() or not root.is_dir() or root.is_symlink():
        return Path(tempfile.mkdtemp(prefix="geo-hygiene-"))
    return root


@contextmanager
def private_folder(root: Path | None = None) -> Iterator[Path]:
    """Give a new folder that only this user can enter and that is gone afterwards.

    Folders of processes that are gone are removed first, so that a killed import leaves nothing behind for long.
    """
    root = default_root() if root is None else root
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    sweep(root)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-{_started(os.getpid())}-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(root: Path) -> int:
    """Remove the private folders below `root` whose process is gone; return how many there were."""
    removed = 0
    for folder in root.glob(f"{_PREFIX}*"):
        pid, _, rest = folder.name.removeprefix(_PREFIX).partition("-")
        started = rest.partition("-")[0]
        if pid.isdigit() and started.isdigit() and _started(int(pid)) != int(started):
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _started(pid: int) -> int:
    # A process number is used again after a while; with the start time (clock ticks since boot) it is unique.
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[19])
