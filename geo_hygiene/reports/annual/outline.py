"""The annual report as the program would write it: a Word template that an office edits and gives back."""

from __future__ import annotations

import io
from collections.abc import Mapping

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle

from geo_hygiene.i18n import N_, _, current_locale

TITLE = N_("Annual report {{year}} of {{office}}")
PERIOD = N_("{{first-day}} to {{last-day}}; as of {{made-on}}")
OVERVIEW = N_(
    "The year {{year}} of {{office}} in figures – lanes put in order: {{lanes-put-in-order}}; drains dredged: "
    "{{drain-metres-dredged}}; septic tanks emptied: {{tanks-emptied}}; blackspots cleared: {{blackspots-cleared}}; "
    "disorders removed: {{disorders-cleared}}; illegal adverts removed: {{advert-pieces}}; letters of frontages: "
    "{{letters-frontages}}."
)

SENTENCES: Mapping[str, str] = {
    "town": N_(
        "At the end of the year – communities and villages: {{communities}}; resident groups: {{groups}}; residents: "
        "{{people}}."
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

SECTIONS: Mapping[str, tuple[str, ...]] = {
    N_("1. The communities and those who serve them"): ("town", "staff"),
    N_("2. Inspections, bulletins and accountability"): ("inspections", "bulletins", "exposure"),
    N_("3. Putting the environment in order"): (
        "cleanups",
        "lanes",
        "disorders",
        "drains",
        "blackspots",
        "adverts",
        "tanks",
    ),
    N_("4. Responsibility letters and honours"): ("letters", "amenities", "awareness", "honours"),
    N_("5. Money, publicity and training"): ("money", "publicity", "training"),
    N_("6. The four pests and special actions"): ("campaigns", "standards", "special"),
}
"""The paragraphs below each heading, in the order of a report of an office."""

PLOTS: Mapping[str, str] = {
    "plot.months": N_("Works by month in {{year}}"),
    "plot.years": N_("Beside the year before: figures on record in both years"),
}
MAPS: Mapping[str, str] = {
    "map.lanes": N_("Lanes put in order in {{year}}"),
    "map.drains": N_("Drains dredged in {{year}}"),
    "map.reach": N_("Activities that reached each community in {{year}}"),
}
"""What stands below each picture."""

ABOUT_FIGURES = N_(
    "All figures are those of {{first-day}} to {{last-day}}. Values and numbers of records lead to the records."
)

FONT = "Microsoft YaHei"
"""Windows has it; elsewhere the writing programs take what is there."""

INK, QUIET = RGBColor(0x1F, 0x2A, 0x2C), RGBColor(0x55, 0x60, 0x5F)
SIZES: Mapping[str, int] = {"Normal": 11, "Body Text": 11, "Title": 22, "Subtitle": 11, "Heading 1": 14, "Caption": 9}


def default_template() -> bytes:
    """Return the template of the context's language as a .docx file."""
    document = docx.Document()
    _set_page(document)
    document.add_paragraph(_(TITLE), style="Title")
    document.add_paragraph(_(PERIOD), style="Subtitle")
    document.add_heading(_("Overview"), 1)
    document.add_paragraph(_(OVERVIEW), style="Body Text")
    _add_pictures(document, PLOTS)
    for heading, names in SECTIONS.items():
        document.add_heading(_(heading), 1)
        for name in names:
            document.add_paragraph(_(SENTENCES[name]), style="Body Text")
    document.add_heading(_("Annex: maps"), 1)
    _add_pictures(document, MAPS)
    document.add_heading(_("Annex: all figures"), 1)
    document.add_paragraph(_(ABOUT_FIGURES), style="Body Text")
    document.add_paragraph("{{table}}")
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _add_pictures(document: Document, captions: Mapping[str, str]) -> None:
    for name, caption in captions.items():
        picture = document.add_paragraph(f"{{{{{name}}}}}")
        picture.paragraph_format.keep_with_next = True
        picture.paragraph_format.space_after = Pt(2)
        document.add_paragraph(_(caption), style="Caption")


def _set_page(document: Document) -> None:
    """Make it A4 with numbers of pages, in one font; Word has another name for the font of Chinese."""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    document.styles.element.find(f".//{qn('w:lang')}").set(qn("w:eastAsia"), "zh-CN")
    section.left_margin = section.right_margin = Mm(25)
    section.top_margin = section.bottom_margin = Mm(22)
    number = section.footer.paragraphs[0]
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    number._p.append(field)
    for name, size in SIZES.items():
        style = document.styles[name]
        if not isinstance(style, ParagraphStyle):
            raise TypeError(name)
        style.font.name, style.font.size, style.font.italic = FONT, Pt(size), False
        style.font.bold = name in {"Title", "Heading 1"}
        style.font.color.rgb = QUIET if name in {"Subtitle", "Caption"} else INK
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "eastAsiaTheme", "hAnsiTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:eastAsia"), FONT)
        if name in {"Title", "Subtitle", "Caption"}:
            style.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
        if name == "Title":
            border = style.element.get_or_add_pPr().find(qn("w:pBdr"))
            style.element.pPr.remove(border)
        if name == "Body Text":
            style.paragraph_format.space_after = Pt(5)
            if current_locale().startswith("zh"):
                style.paragraph_format.first_line_indent = Pt(2 * size)
