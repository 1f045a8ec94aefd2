"""The annual report as the program would write it: a Word template that an office edits and gives back."""

from __future__ import annotations

import io
from collections.abc import Mapping

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle

from geo_hygiene.i18n import N_, _
from geo_hygiene.maps.palette import FONTS
from geo_hygiene.reports.annual.figures import MECHANISMS
from geo_hygiene.reports.annual.pictures import TITLES

TITLE = N_("Annual report {{year}} of {{office}}")
PERIOD = N_("{{first-day}} to {{last-day}}; as of {{made-on}}")
OVERVIEW = N_(
    "In {{year}}, {{office}} has on record: lanes put in order {{lanes-put-in-order}}, drains dredged "
    "{{drain-metres-dredged}}, septic tanks emptied {{tanks-emptied}}, blackspots cleared {{blackspots-cleared}}, "
    "disorders removed {{disorders-cleared}}, illegal adverts removed {{advert-pieces}}, letters of frontages "
    "{{letters-frontages}}."
)

SENTENCES: Mapping[str, str] = {
    "town": N_(
        "At the end of the year there are {{communities: communities and villages}}, {{groups: resident groups}}, and "
        "{{people: residents}}."
    ),
    "staff": N_("Cleaners: {{cleaners}}. Supervisors: {{supervisors}}. Volunteers: {{volunteers}}."),
    "inspections": N_("Inspections due: {{inspections-due}}; done: {{inspections-done}}."),
    "bulletins": N_("Bulletins issued: {{bulletins}}."),
    "exposure": N_("Exposed from above: {{exposures-from-above: times}} ({{exposures-from-above.compared}})."),
    "cleanups": N_(
        "Clean-up days held: {{cleanups}} ({{cleanups.compared}}), with {{cleanup-person-times: person-times}}."
    ),
    "lanes": N_(
        "Lanes put in order: {{lanes-put-in-order}} ({{lanes-put-in-order.compared}}). Length, each stretch once: "
        "{{lane-metres-put-in-order}}; with repeats: {{lane-metres-put-in-order-plain}}."
    ),
    "disorders": N_(
        "Disorders removed: {{disorders-cleared}} ({{disorders-cleared.compared}}). Of these, stalls on the street "
        "{{disorders-stalls}}, wild parking {{disorders-parking}}, posters {{disorders-posters}}, washing hung over "
        "the street {{disorders-hanging}}, goods piled up {{disorders-piling}}."
    ),
    "drains": N_(
        "Drains dredged, each stretch once: {{drain-metres-dredged}} ({{drain-metres-dredged.compared}}); with "
        "repeats: {{drain-metres-dredged-plain}}."
    ),
    "blackspots": N_(
        "Blackspots cleared: {{blackspots-cleared}} ({{blackspots-cleared.compared}}); of these came back: "
        "{{blackspots-again}}."
    ),
    "adverts": N_(
        "Illegal adverts removed: {{advert-pieces: pieces}} ({{advert-pieces.compared}}), from {{advert-area}} of "
        "walls; telephone numbers on them: {{advert-numbers}}."
    ),
    "tanks": N_(
        "Septic tanks emptied, each once: {{tanks-emptied}} ({{tanks-emptied.compared}}); all emptyings: "
        "{{tank-emptyings}}."
    ),
    "letters": N_(
        "Letters of frontages: {{letters-frontages}}, by {{letters-frontages-signers: frontages}}; share of those "
        "registered with a letter: {{letters-frontages-share}}. Letters of units: {{letters-units}}, by "
        "{{letters-units-signers: units}}; share with a letter: {{letters-units-share}}."
    ),
    "amenities": N_(
        "Communities with a culture room: {{communities-with-culture-room}}; with a library: "
        "{{communities-with-library}}; with a fitness ground: {{communities-with-fitness-ground}}."
    ),
    "awareness": N_("Awareness of health knowledge: {{awareness-share}}; rise within the year: {{awareness-rise}}."),
    "honours": N_(
        "Civilized communities: {{honours-civilized-community}}; civilized estates: {{honours-civilized-estate}}; "
        "model households: {{honours-model-household}}; vetoes: {{honours-vetoed}}."
    ),
    "money": N_("Money spent: {{money}} ({{money.compared}})."),
    "publicity": N_(
        "Shows: {{shows}}; troupes: {{troupes}}, with {{troupe-people: people}}; banners: {{banners}}; vehicle tours: "
        "{{vehicle-tours}}. Communities that nothing reached: {{communities-never-reached}}."
    ),
    "training": N_(
        "Courses: {{trainings}}, with {{training-person-times: person-times}}. Communities with a noticeboard: "
        "{{noticeboards}}; updates: {{noticeboard-updates}}."
    ),
    "campaigns": N_(
        "Campaigns against rodents: {{campaigns-rodent}}; mosquitoes: {{campaigns-mosquito}}; flies: "
        "{{campaigns-fly}}; cockroaches: {{campaigns-cockroach}}."
    ),
    "standards": N_("Surveys of the density of pests: {{density-surveys}}."),
    "special": N_("Special actions: {{special-actions}}."),
}
"""A paragraph of each mechanism; a field stands in braces, and behind a colon what follows a value that is there."""

PICTURES: Mapping[str, str] = {
    "lanes": "map.lanes",
    "drains": "map.drains",
    "publicity": "map.reach",
}
"""The picture that follows a paragraph."""


def default_template() -> bytes:
    """Return the template of the context's language as a .docx file."""
    document = docx.Document()
    _set_page(document)
    document.add_paragraph(_(TITLE), style="Title")
    document.add_paragraph(_(PERIOD), style="Subtitle")
    document.add_heading(_("Overview"), 1)
    document.add_paragraph(_(OVERVIEW))
    for name in ("plot.months", "plot.years"):
        _add_picture(document, name)
    for mechanism, sentence in SENTENCES.items():
        document.add_heading(_(MECHANISMS[mechanism]), 1)
        document.add_paragraph(_(sentence))
        if mechanism in PICTURES:
            _add_picture(document, PICTURES[mechanism])
    document.add_heading(_("All figures"), 1)
    document.add_paragraph("{{table}}")
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _add_picture(document: Document, name: str) -> None:
    picture = document.add_paragraph(f"{{{{{name}}}}}")
    picture.paragraph_format.keep_with_next = True
    document.add_paragraph(_(TITLES[name]), style="Caption")


def _set_page(document: Document) -> None:
    """Make it A4, in the fonts of the house; Word has another name for the font of Chinese."""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(25)
    section.top_margin = section.bottom_margin = Mm(22)
    for name, size in (("Normal", 11), ("Title", 22), ("Subtitle", 11), ("Heading 1", 14), ("Caption", 9)):
        style = document.styles[name]
        if not isinstance(style, ParagraphStyle):
            raise TypeError(name)
        style.font.name, style.font.size = FONTS[0], Pt(size)
        style.font.color.rgb = RGBColor(0x1F, 0x2A, 0x2C)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "eastAsiaTheme", "hAnsiTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:eastAsia"), FONTS[0])
        if name in {"Title", "Subtitle", "Caption"}:
            style.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
