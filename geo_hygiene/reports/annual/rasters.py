"""Drawings as pictures of points, for programs that show no SVG."""

from __future__ import annotations

import io

import pypdfium2

from geo_hygiene.reports.duty_sheets import fetch_nothing

DOTS_PER_INCH = 200


def raster(svg: str) -> bytes:
    """Return a drawing as PNG, in the fonts of the printed sheets."""
    from weasyprint import HTML  # noqa: PLC0415 - a second, which nothing else needs

    width, height = svg.partition('width="')[2].partition('"')[0], svg.partition('height="')[2].partition('"')[0]
    style = f"@page {{ size: {width} {height}; margin: 0 }} body {{ margin: 0 }} svg {{ display: block }}"
    page = HTML(string=f"<style>{style}</style><body>{svg}</body>", url_fetcher=fetch_nothing).write_pdf()
    opened = pypdfium2.PdfDocument(page)
    try:
        picture = opened[0].render(scale=DOTS_PER_INCH / 72).to_pil()
    finally:
        opened.close()
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True, dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
    return stream.getvalue()
