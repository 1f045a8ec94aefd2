"""Write the tables of the documents from the declarations: ``make docs``; with ``--check`` only tell what is stale.

A table stands between ``<!-- table: NAME -->`` and ``<!-- end -->`` and is never typed.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from geo_hygiene.accounts import models  # noqa: F401 - declares the tables
from geo_hygiene.database import Base
from geo_hygiene.files.findings import KINDS, Code, Finding
from geo_hygiene.files.importing import ImportReport, Stored
from geo_hygiene.i18n import gettext, use_locale
from geo_hygiene.jobs import models as job_models  # noqa: F401 - declares the table
from geo_hygiene.layers import LAYERS
from geo_hygiene.layerspec import COMPUTED, Attribute, FieldType, MapLayer
from geo_hygiene.upkeep.checks import CHECKS
from geo_hygiene.web.api.answer_models import CoverAnswer, LayersAnswer
from geo_hygiene.web.api.workload_answers import WorkloadAnswer

DOCUMENTS = Path(__file__).parent
ROOT = DOCUMENTS.parent
PLACE = re.compile(r"(<!-- table: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def both(message: str) -> str:
    """Return a message in English and Chinese, once where they are the same."""
    use_locale("zh_Hans")
    chinese = gettext(message)
    use_locale("en")
    return message if chinese == message else f"{message} {chinese}"


def row(*cells: str) -> str:
    """Return a row of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def table(*heads: str) -> list[str]:
    """Return the head of a Markdown table."""
    return [row(*heads), "|" + "---|" * len(heads)]


def layers() -> Iterator[str]:
    """Yield the layers and tables, in the order in which a town is loaded."""
    yield from table("key", "name", "geometry", "looked after", "import", "export", "key field")
    for layer in LAYERS.values():
        made = f"by importing `{layer.made_by}`" if layer.made_by else "no"
        yield row(
            f"`{layer.key}`",
            both(layer.title),
            str(layer.geometry or "none (CSV)"),
            "yes" if layer.is_target else "",
            "yes" if layer.imports else made,
            "yes" if layer.exports else "no",
            f"`{layer.key_field}`",
        )


def fields() -> Iterator[str]:
    """Yield the columns of every layer."""
    for layer in LAYERS.values():
        yield f"\n#### `{layer.key}` — {both(layer.title)}\n"
        yield from table("column", "meaning", "type", "also read as", "in a .dbf")
        for attribute in layer:
            yield row(
                f"`{attribute.name}`" + (" *" if attribute.required else ""),
                both(attribute.title),
                _type(layer, attribute),
                ", ".join(attribute.aliases),
                f"`{attribute.short}`" if attribute.short != attribute.name else "",
            )
        for attribute in layer:
            if attribute.choices:
                yield f"\nValues of `{attribute.name}`: " + "; ".join(_choices(attribute)) + "."


def _type(layer: MapLayer, attribute: Attribute) -> str:
    parts = [str(attribute.type)]
    if attribute.unit:
        parts.append(f"in {attribute.unit}")
    if attribute.minimum is not None or attribute.maximum is not None:
        least = "" if attribute.minimum is None else f"{attribute.minimum:g}"
        most = "" if attribute.maximum is None else f"{attribute.maximum:g}"
        parts.append(f"from {least} to {most}" if most else f"{least} or more")
    if attribute.type is FieldType.CODES:
        parts.append("joined by ;")
    if attribute.role in COMPUTED:
        parts.append("(export only)" if layer.exports else "")
    return " ".join(part for part in parts if part)


def _choices(attribute: Attribute) -> Iterator[str]:
    for choice in attribute.choices:
        aliases = ", ".join(choice.aliases)
        yield f"`{choice.value}`" + (f" ({aliases})" if aliases else "")


def findings() -> Iterator[str]:
    """Yield what can be said about a file."""
    yield from table("code", "level", "means")
    for code, kind in KINDS.items():
        yield row(f"`{code}`", str(kind.level), both(kind.text))


def checks() -> Iterator[str]:
    """Yield what `db check` checks."""
    yield from table("key", "what must hold", "when")
    for check in CHECKS:
        when = ["with `--thorough`"] if check.is_thorough else []
        yield row(f"`{check.key}`", both(check.title), ", ".join(when + ["a warning only"] * check.is_warning))


def floors() -> Iterator[str]:
    """Yield the lines of imports that `make check` holds the code to."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    yield "```text"
    yield from next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    yield "```"


def schema() -> Iterator[str]:
    """Yield the references between the tables, and what each table holds."""
    yield "```mermaid"
    yield "erDiagram"
    for name, content in sorted(Base.metadata.tables.items()):
        for reference in sorted(content.foreign_keys, key=lambda key: str(key.parent.name)):
            column = reference.parent
            if reference.column.table.name == "import_run":
                continue  # nearly every table refers to it
            above = "|o" if column.nullable else "||"
            below = "||" if list(content.primary_key) == [column] else "o{"
            yield f"    {reference.column.table.name} {above}--{below} {name} : {column.name}"
    yield "```"
    yield ""
    yield from table("table", "holds", "columns")
    for name, model in sorted(_models().items()):
        summary = (model.__doc__ or "").split("\n")[0]
        yield row(f"`{name}`", summary, ", ".join(f"`{column.name}`" for column in Base.metadata.tables[name].columns))


def _models() -> dict[str, Any]:
    return {str(mapper.local_table): mapper.class_ for mapper in Base.registry.mappers}


def answers() -> Iterator[str]:
    """Yield the form of the commands' JSON answers."""
    stored = Stored(crossings=0, pieces=0, components_before=0, components_after=0, length_m=0.0)
    report = ImportReport(
        status="imported | refused | dry-run | unchanged",
        layer="key of the layer",
        file="name of the file",
        read=0,
        accepted=0,
        rejected=0,
        stored=stored,
        findings=[Finding(Code.CRS_MISSING)],
        encoding={"used": "GBK", "from": "option | cpg | language-id | guess | ascii | format"},
        crs={"used": "EPSG:4326", "from": "option | prj | file | format", "name": "WGS 84", "accuracy_m": 0.0},
        extent=(0.0, 0.0, 0.0, 0.0),
    ).as_json()
    report["findings"] = [dict.fromkeys(report["findings"][0])]
    for command, form in (
        ("import LAYER FILE --json", report),
        ("cover --duty DUTY --json", _form(CoverAnswer)),
        ("workload --duty DUTY --json", _form(WorkloadAnswer)),
        ("layers --json", _form(LayersAnswer)),
    ):
        yield f"\n`geo-hygiene {command}`\n\n```json"
        yield json.dumps(form, ensure_ascii=False, indent=2)
        yield "```"


def _form(annotation: Any) -> Any:
    """Return an example of a declared answer, with names of types for values."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {field.alias or name: _form(field.annotation) for name, field in annotation.model_fields.items()}
    parts = [part for part in get_args(annotation) if part is not NoneType]
    if get_origin(annotation) is list:
        return [_form(parts[0])]
    if get_origin(annotation) is Literal:
        return " | ".join(map(str, parts))
    if parts:
        return _form(parts[0])
    return TYPES.get(annotation, annotation.__name__)


TYPES = {str: "text", float: "number", int: "whole number", bool: "true | false", date: "2025-12-31"}
"""How types are called in the form of an answer."""

TABLES: dict[str, Callable[[], Iterator[str]]] = {
    "layers": layers,
    "fields": fields,
    "findings": findings,
    "checks": checks,
    "floors": floors,
    "schema": schema,
    "answers": answers,
}


def renewed(document: str) -> str:
    """Return a document with its tables written anew."""
    return PLACE.sub(lambda place: "\n".join([place[1].rstrip(), *TABLES[place[2]](), place[3]]), document)


def stale() -> dict[Path, str]:
    """Return the documents whose tables are out of date, as they should be."""
    documents = {file: file.read_text() for file in [*DOCUMENTS.glob("*.md"), *ROOT.glob("*.md")]}
    return {file: new for file, old in documents.items() if (new := renewed(old)) != old}


def main() -> None:
    """Write what is out of date, or fail on it."""
    found = stale()
    if "--check" in sys.argv[1:]:
        sys.exit("Out of date, `make docs` writes them: " + ", ".join(file.name for file in found) if found else 0)
    for file, content in found.items():
        file.write_text(content)


if __name__ == "__main__":
    main()
