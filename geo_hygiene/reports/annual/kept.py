"""The office's own templates, one for each language, kept with the records so that a backup holds them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from geo_hygiene.accounts import audit
from geo_hygiene.reports.annual.template import read_template

KEEP = """
insert into report_template (language, file, content, actor) values (:language, :file, :content, :actor)
on conflict (language) do update
set file = excluded.file, content = excluded.content, actor = excluded.actor, stored_at = now()
"""


@dataclass(frozen=True, slots=True)
class KeptTemplate:
    """A template that somebody brought."""

    file: str
    actor: str
    stored_at: datetime


def kept_template(connection: Connection, language: str) -> KeptTemplate | None:
    """Return what is known of the office's template of a language; ``None`` where it has none."""
    asked = text("select file, actor, stored_at from report_template where language = :language")
    row = connection.execute(asked, {"language": language}).first()
    return None if row is None else KeptTemplate(*row)


def template_of(connection: Connection, language: str) -> bytes | None:
    """Return the office's template of a language as a file; ``None`` where it has none."""
    asked = text("select content from report_template where language = :language")
    found = connection.scalar(asked, {"language": language})
    return None if found is None else bytes(found)


def keep_template(connection: Connection, language: str, file: str, content: bytes, actor: str) -> None:
    """Keep a template instead of the one before.

    Raises
    ------
    TemplateError
        If reports can not be written from it.
    """
    from geo_hygiene.reports.annual.printing import demand_printable  # noqa: PLC0415 - only who brings one needs it

    read_template(content)
    demand_printable(content)
    connection.execute(text(KEEP), {"language": language, "file": file, "content": content, "actor": actor})
    after = {"language": language, "file": file}
    audit.record(connection, actor=actor, action="report-template.keep", subject=file, after=after)


def forget_template(connection: Connection, language: str, actor: str) -> None:
    """Let reports of a language be written from the program's template again."""
    asked = text("delete from report_template where language = :language returning file")
    file = connection.scalar(asked, {"language": language})
    if file is not None:
        before = {"language": language, "file": file}
        audit.record(connection, actor=actor, action="report-template.forget", subject=file, before=before)
