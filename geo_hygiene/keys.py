"""Secrets of a home: made once, read by its owner alone, kept apart from the data and its backups."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

FOLDER = "keys"
"""The folder of a home that holds them."""
BYTES = 32

NUMBERS = "numbers"
"""The secret by which the telephone numbers on adverts are hashed."""


def key(home: Path, name: str) -> bytes:
    """Return a secret of a home by its name; the first that asks makes it.

    Raises
    ------
    ValueError
        If what is kept under this name is no secret of this program.
    OSError
        If the home can not be read, or not be written where the secret must be made.
    """
    folder = home / FOLDER
    path = folder / name
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
    found = path.read_bytes()
    if len(found) != BYTES:
        raise ValueError(f"{path} does not hold a key: remove it, and a new one is made")
    return found


def _make(path: Path) -> None:
    """Write a new secret, unless another process was first: a link is made whole or not at all."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
