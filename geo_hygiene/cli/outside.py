"""Failures that are neither the user's mistake nor the program's fault: of the disk, of rights, of the database."""

from __future__ import annotations

import errno
import os

from geo_hygiene.i18n import _

_OF_THE_MACHINE = frozenset(
    {
        errno.EACCES,
        errno.EDQUOT,
        errno.EEXIST,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOSPC,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)
_LOST = ("08", "57P")
"""Beginnings of the codes of a connection that broke and of a server that ends; of some losses there is no code."""


def failure_outside(error: Exception) -> str | None:
    """Return what to say of a failure outside the program, ``None`` for any other."""
    if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
        reason = os.strerror(error.errno)
        if error.filename is None:
            return _("The system refuses: %(reason)s.", reason=reason)
        return _("%(path)s can not be used: %(reason)s.", path=error.filename, reason=reason)
    return _failure_of_the_database(error)


def _failure_of_the_database(error: Exception) -> str | None:
    import psycopg2.errors  # noqa: PLC0415 - commands that need no database start faster
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, psycopg2.errors.DiskFull):
        return _("The disk of the database is full, and nothing was stored: free some space and run the command again.")
    if isinstance(cause, psycopg2.OperationalError) and (cause.pgcode or _LOST[0]).startswith(_LOST):
        return _(
            "The database was lost meanwhile: run the command again. What an import stored already is not stored twice."
        )
    return None
