"""The annual report as PDF: the filled Word document once more, so that a sentence that was moved is moved here too."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

import mammoth

from geo_hygiene.i18n import current_locale
from geo_hygiene.maps.palette import FONTS
from geo_hygiene.reports.annual.document import Filled, fill
from geo_hygiene.reports.annual.pictures import Picture
from geo_hygiene.reports.annual.report import Report
from geo_hygiene.reports.annual.template import damaged
from geo_hygiene.reports.annual.writing import Writer

STYLES = """
p[style-name='Title'] => h1.title:fresh
p[style-name='Subtitle'] => p.subtitle:fresh
p[style-name='Caption'] => p.caption:fresh
p[style-name='Body Text'] => p.text:fresh
p[style-name='Figure'] => p:fresh
p[style-name='Figure number'] => p.number:fresh
br[type='page'] => hr.page:fresh
"""

LOOK = """
@page { size: A4; margin: 20mm 25mm 22mm; @bottom-center { content: counter(page) " / " counter(pages);
  font: 8pt FONTS; color: #55605F } }
html { font: 10.5pt/1.6 FONTS; color: #1F2A2C }
h1 { font-size: 14pt; margin: 6mm 0 1mm; break-after: avoid }
h1.title { font-size: 21pt; text-align: center; margin: 0 0 2mm }
h2 { font-size: 12pt; break-after: avoid } h3 { font-size: 11pt; break-after: avoid }
p { margin: 0 0 2mm } .text:lang(zh) { text-align: justify; text-indent: 2em }
.subtitle, .caption { text-align: center; color: #55605F }
.caption { font-size: 9pt; margin-bottom: 4mm; break-before: avoid }
img { max-width: 100%; display: block; margin: 0 auto }
a { color: #0B5CAD; text-decoration: underline 0.2mm #A9C4DE; white-space: nowrap }
hr.page { break-after: page; border: 0; margin: 0 }
table { width: 100%; border-collapse: collapse; font-size: 8pt; line-height: 1.35 }
td, th { border: 0.2mm solid #B9AE9A; padding: 0.4mm 1.2mm; vertical-align: top; text-align: left }
tr { break-inside: avoid } tr:has(td[colspan]) { break-after: avoid }
td p, th p { margin: 0 } .number { text-align: right; white-space: nowrap }
thead { display: table-header-group }
""".replace("FONTS", ", ".join((*(f'"{one}"' for one in FONTS), "sans-serif")))


def document_writers(pictures: Sequence[Picture], template: bytes | None = None) -> Mapping[str, Writer]:
    """Return what writes a report with its pictures as .docx and as .pdf, from a template of the office or ours."""

    def write_document(report: Report, file: Path, address: str) -> None:
        file.write_bytes(fill(report, pictures, address, template).content)

    def write_print(report: Report, file: Path, address: str) -> None:
        file.write_bytes(printed(fill(report, pictures, address, template)))

    return {".docx": write_document, ".pdf": write_print}


def printed(filled: Filled) -> bytes:
    """Return a filled document as a PDF file; its drawings are drawn, not made of points.

    Raises
    ------
    TemplateError
        If its template names a picture that it does not hold, or is damaged in another way that only shows here.
    """
    from weasyprint import HTML  # noqa: PLC0415 - a second, which nothing else needs
    from weasyprint.urls import URLFetcher  # noqa: PLC0415 - as above

    html = _as_html(filled.content, {_digest(content): svg for content, svg in filled.drawings.items()})
    language = current_locale().replace("_", "-")
    page = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><style>{LOOK}</style><body>{html}</body></html>'
    )
    content: bytes = HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=["data"])).write_pdf()
    return content


def demand_printable(content: bytes) -> None:
    """Refuse a template that can be filled, and yet not printed.

    Raises
    ------
    TemplateError
        As told of :func:`printed`.
    """
    _as_html(content, {})


def _as_html(content: bytes, drawings: Mapping[str, str]) -> str:
    try:
        html: str = mammoth.convert_to_html(
            io.BytesIO(content),
            style_map=STYLES,
            convert_image=mammoth.images.img_element(lambda image: _source(image, drawings)),
        ).value
    except (LookupError, ValueError, ExpatError) as problem:
        raise damaged() from problem
    return html


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _source(image: Any, drawings: Mapping[str, str]) -> dict[str, str]:
    with image.open() as opened:
        content = opened.read()
    svg = drawings.get(_digest(content))
    kind, shown = (image.content_type, content) if svg is None else ("image/svg+xml", svg.encode())
    return {"src": f"data:{kind};base64,{base64.b64encode(shown).decode()}"}
