"""The figures of the annual report, as they are declared: where each comes from, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geo_hygiene.i18n import N_
from geo_hygiene.works.inhabited import SMALLEST

MECHANISMS: Mapping[str, str] = {
    "town": N_("Communities, groups, people"),
    "staff": N_("Cleaners, supervisors, volunteers"),
    "inspections": N_("Inspections twice a week"),
    "bulletins": N_("Fortnightly bulletin"),
    "exposure": N_("Exposure and accountability"),
    "cleanups": N_("Clean-up days"),
    "lanes": N_("Lanes put in order"),
    "disorders": N_("Disorders removed"),
    "drains": N_("Drains dredged"),
    "blackspots": N_("Blackspots cleared"),
    "adverts": N_("Illegal adverts"),
    "tanks": N_("Septic tanks emptied"),
    "letters": N_("Responsibility letters"),
    "amenities": N_("Culture rooms, libraries, fitness grounds"),
    "awareness": N_("Awareness of health knowledge"),
    "honours": N_("Honours and vetoes"),
    "money": N_("Money spent"),
    "publicity": N_("Shows, troupes, banners, vehicle tours"),
    "training": N_("Noticeboards and training"),
    "campaigns": N_("Campaigns against the four pests"),
    "standards": N_("Density of the four pests"),
    "special": N_("Special actions"),
}
"""What an office reports of, in the order of its report."""


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One figure.

    Attributes
    ----------
    unit
        ``count``, ``m``, ``m²``, ``CNY``, ``share`` (0 to 1) or ``share-change`` (of one share to another).
    records, kind, total
        The list of records that it rests on, their kind, and the name of the sum; without a list nothing of it is kept
        yet, and the figure is no record.
    repeats
        The id of the figure that tells the same, each place or person once.
    """

    id: str
    mechanism: str
    title: str
    definition: str
    unit: str = "count"
    records: str | None = None
    kind: str | None = None
    total: str = "records"
    repeats: str | None = None


def _staff(key: str, role: str, title: str) -> Declared:
    return Declared(
        id=key,
        mechanism="staff",
        title=title,
        definition=N_("People on record in this role who had not left by the last day of the year."),
        records="people",
        kind=role,
        total="people",
    )


def _disorder(kind: str, title: str) -> Declared:
    return Declared(
        id=f"disorders-{kind}",
        mechanism="disorders",
        title=title,
        definition=N_("Disorders of this kind that were removed; a record that gives no number counts once."),
        records="works",
        kind="disorder",
        total=f"removed_{kind}",
    )


def _amenity(key: str, kind: str, title: str) -> Declared:
    return Declared(
        id=key,
        mechanism="amenities",
        title=title,
        definition=N_("Communities in which at least one stands on the last day of the year."),
        records="facilities",
        kind=kind,
        total="communities_with",
    )


def _honour(kind: str, title: str) -> Declared:
    return Declared(
        id=f"honours-{kind}",
        mechanism="honours",
        title=title,
        definition=N_("Those who were given this honour for the year and did not lose it by a veto."),
        records="honours",
        kind=kind,
        total="granted",
    )


def _money(key: str, kind: str | None, title: str, definition: str) -> Declared:
    return Declared(
        id=key,
        mechanism="money",
        title=title,
        definition=definition,
        unit="CNY",
        records="activities",
        kind=kind,
        total="cost",
    )


def _money_for(kind: str, title: str) -> Declared:
    return _money(
        f"money-{kind}", kind, title, N_("Sum of the costs that are written down for activities of this kind.")
    )


def _activity(key: str, mechanism: str, kind: str, total: str, title: str, definition: str) -> Declared:
    return Declared(
        id=key,
        mechanism=mechanism,
        title=title,
        definition=definition,
        records="activities",
        kind=kind,
        total=total,
    )


def _campaigns(pest: str, title: str, least: str) -> tuple[Declared, Declared]:
    return (
        Declared(
            id=f"campaigns-{pest}",
            mechanism="campaigns",
            title=title,
            definition=N_(
                "Campaigns against this pest that began in the year; of an area, those that have ground there."
            ),
            records="campaigns",
            kind=pest,
            total="campaigns",
        ),
        Declared(
            id=f"least-effectiveness-{pest}",
            mechanism="campaigns",
            title=least,
            definition=N_(
                "Treated of all that is on the ground, at the end of the campaign: the smallest share among the year's "
                "campaigns against this pest that are over, and their kinds of targets."
            ),
            unit="share",
            records="campaigns",
            kind=pest,
            total="least_effectiveness",
        ),
    )


def _letters(kind: str, titles: tuple[str, str, str]) -> tuple[Declared, Declared, Declared]:
    signings, signers, share = titles
    return (
        Declared(
            id=f"letters-{kind}",
            mechanism="letters",
            title=signings,
            definition=N_("Letters signed in the year; who signs twice has two letters."),
            records="letters",
            kind=kind,
            total="signings",
            repeats=f"letters-{kind}-signers",
        ),
        Declared(
            id=f"letters-{kind}-signers",
            mechanism="letters",
            title=signers,
            definition=N_("Who signed at least one letter in the year, each counted once."),
            records="letters",
            kind=kind,
            total="signers",
        ),
        Declared(
            id=f"letters-{kind}-share",
            mechanism="letters",
            title=share,
            definition=N_(
                "Of those registered on the last day of the year, the share with a letter that holds on that day."
            ),
            unit="share",
            records="letters",
            kind=kind,
            total="share",
        ),
    )


FIGURES: tuple[Declared, ...] = (
    Declared(
        id="communities",
        mechanism="town",
        title=N_("Communities and villages"),
        definition=N_("Communities that are there on the last day of the year."),
        records="areas",
        kind="community",
        total="areas",
    ),
    Declared(
        id="groups",
        mechanism="town",
        title=N_("Resident groups"),
        definition=N_("Resident groups that are there on the last day of the year."),
        records="areas",
        kind="group",
        total="areas",
    ),
    Declared(
        id="people",
        mechanism="town",
        title=N_("Residents"),
        definition=N_("Residents of the smallest areas of the last day of the year, as far as they were counted."),
        records="areas",
        kind=SMALLEST,
        total="people",
    ),
    _staff("cleaners", "cleaner", N_("Cleaners")),
    _staff("supervisors", "supervisor", N_("Supervisors")),
    _staff("volunteers", "volunteer", N_("Volunteers")),
    Declared(
        id="inspections-due",
        mechanism="inspections",
        title=N_("Inspections due"),
        definition=N_("Visits that two inspections a week of every community make. The product keeps none yet."),
    ),
    Declared(
        id="inspections-done",
        mechanism="inspections",
        title=N_("Inspections done"),
        definition=N_("Visits of communities that were made. The product keeps none yet."),
    ),
    Declared(
        id="bulletins",
        mechanism="bulletins",
        title=N_("Bulletins issued"),
        definition=N_("Fortnightly bulletins that were issued in the year. The product keeps none yet."),
    ),
    _activity(
        "exposures-from-above",
        "exposure",
        "exposure",
        "quantity",
        N_("Exposed from above"),
        N_("How often those above or the press exposed the office; 0 only where somebody wrote 0 down."),
    ),
    _activity(
        "cleanups",
        "cleanups",
        "cleanup",
        "records",
        N_("Clean-up days held"),
        N_("Clean-up days that were held in the year."),
    ),
    _activity(
        "cleanup-person-times",
        "cleanups",
        "cleanup",
        "person_times",
        N_("Person-times of clean-up days"),
        N_("Sum of those who took part in clean-up days; who comes twice counts twice."),
    ),
    Declared(
        id="lanes-put-in-order",
        mechanism="lanes",
        title=N_("Lanes put in order"),
        definition=N_("Distinct lanes on which such work was done, however often."),
        records="works",
        kind="lane-order",
        total="lanes",
    ),
    Declared(
        id="lane-metres-put-in-order",
        mechanism="lanes",
        title=N_("Metres of lanes put in order, each once"),
        definition=N_(
            "Length of the stretches on which such work was done, each counted once, also where a street was cut since."
        ),
        unit="m",
        records="works",
        kind="lane-order",
        total="distinct",
    ),
    Declared(
        id="lane-metres-put-in-order-plain",
        mechanism="lanes",
        title=N_("Metres of lanes put in order, with repeats"),
        definition=N_("Sum of the lengths of all such work; a stretch that was done twice counts twice."),
        unit="m",
        records="works",
        kind="lane-order",
        total="plain",
        repeats="lane-metres-put-in-order",
    ),
    Declared(
        id="disorders-cleared",
        mechanism="disorders",
        title=N_("Disorders removed"),
        definition=N_("Disorders that were removed; a record that gives no number counts once."),
        records="works",
        kind="disorder",
        total="removed",
    ),
    _disorder("stalls", N_("Stalls on the street")),
    _disorder("parking", N_("Wild parking")),
    _disorder("posters", N_("Wild posters")),
    _disorder("hanging", N_("Washing hung over the street")),
    _disorder("piling", N_("Goods piled up")),
    Declared(
        id="drain-metres-dredged",
        mechanism="drains",
        title=N_("Metres of drains dredged, each once"),
        definition=N_(
            "Length of the stretches that were dredged, each counted once, also where a drain was cut since."
        ),
        unit="m",
        records="works",
        kind="dredging",
        total="distinct",
    ),
    Declared(
        id="drain-metres-dredged-plain",
        mechanism="drains",
        title=N_("Metres of drains dredged, with repeats"),
        definition=N_("Sum of the lengths of all dredging; a stretch that was dredged twice counts twice."),
        unit="m",
        records="works",
        kind="dredging",
        total="plain",
        repeats="drain-metres-dredged",
    ),
    Declared(
        id="blackspots-cleared",
        mechanism="blackspots",
        title=N_("Blackspots cleared"),
        definition=N_("Records of cleared sanitation dead corners and exposed garbage."),
        records="works",
        kind="blackspot",
    ),
    Declared(
        id="blackspots-again",
        mechanism="blackspots",
        title=N_("Blackspots that came back"),
        definition=N_("Of those that were cleared, the ones within 50 m and 90 days of an earlier one."),
        records="works",
        kind="blackspot",
        total="again",
    ),
    Declared(
        id="advert-pieces",
        mechanism="adverts",
        title=N_("Adverts removed"),
        definition=N_("Sum of the pieces of illegal adverts that were removed."),
        records="works",
        kind="adverts",
        total="pieces",
    ),
    Declared(
        id="advert-area",
        mechanism="adverts",
        title=N_("Surface of adverts removed"),
        definition=N_("Sum of the surface from which illegal adverts were removed."),
        unit="m²",
        records="works",
        kind="adverts",
        total="area_m2",
    ),
    Declared(
        id="advert-numbers",
        mechanism="adverts",
        title=N_("Telephone numbers on adverts"),
        definition=N_("Distinct telephone numbers on removed adverts; a number that comes again counts once."),
        records="works",
        kind="adverts",
        total="numbers",
    ),
    Declared(
        id="tanks-emptied",
        mechanism="tanks",
        title=N_("Septic tanks emptied, each once"),
        definition=N_("Distinct septic tanks that were emptied at least once."),
        records="works",
        kind="emptying",
        total="distinct",
    ),
    Declared(
        id="tank-emptyings",
        mechanism="tanks",
        title=N_("Emptyings of septic tanks"),
        definition=N_("All emptyings; a tank that was emptied twice counts twice."),
        records="works",
        kind="emptying",
        total="plain",
        repeats="tanks-emptied",
    ),
    *_letters("units", (N_("Letters of units"), N_("Units that signed"), N_("Share of units with a letter"))),
    *_letters(
        "frontages", (N_("Letters of frontages"), N_("Frontages that signed"), N_("Share of frontages with a letter"))
    ),
    _amenity("communities-with-culture-room", "culture_room", N_("Communities with a culture room")),
    _amenity("communities-with-library", "library", N_("Communities with a library")),
    _amenity("communities-with-fitness-ground", "fitness_ground", N_("Communities with a fitness ground")),
    Declared(
        id="awareness-share",
        mechanism="awareness",
        title=N_("Awareness of health knowledge"),
        definition=N_(
            "Those who knew of all who were asked in the surveys of the year; everybody asked weighs the same."
        ),
        unit="share",
        records="awareness-surveys",
        total="share",
    ),
    Declared(
        id="awareness-rise",
        mechanism="awareness",
        title=N_("Rise of awareness within the year"),
        definition=N_("The share of the last day of surveys less that of the first; below 0 it fell."),
        unit="share-change",
        records="awareness-surveys",
        total="rise",
    ),
    _honour("civilized-community", N_("Civilized communities")),
    _honour("civilized-estate", N_("Civilized estates")),
    _honour("model-household", N_("Model households")),
    Declared(
        id="honours-vetoed",
        mechanism="honours",
        title=N_("Vetoes"),
        definition=N_(
            "Communities, estates and households that a veto kept from an honour of the year from the start."
        ),
        records="honours",
        total="vetoed",
    ),
    _money(
        "money", None, N_("Money spent"), N_("Sum of the costs that are written down for the activities of the year.")
    ),
    _money_for("cleanup", N_("Money for clean-up days")),
    _money_for("show", N_("Money for shows")),
    _money_for("troupe", N_("Money for troupes")),
    _money_for("banner", N_("Money for banners")),
    _money_for("vehicle-tour", N_("Money for vehicle tours")),
    _money_for("leaflet", N_("Money for leaflets")),
    _money_for("training", N_("Money for training")),
    _money_for("noticeboard", N_("Money for noticeboards")),
    _money_for("other", N_("Money for other activities")),
    _activity("shows", "publicity", "show", "records", N_("Shows"), N_("Shows that were given in the year.")),
    _activity(
        "troupes", "publicity", "troupe", "records", N_("Troupes"), N_("Records of troupes that went out in the year.")
    ),
    _activity(
        "troupe-people",
        "publicity",
        "troupe",
        "people",
        N_("People in troupes"),
        N_("Sum of the people in the troupes that went out in the year."),
    ),
    _activity(
        "banners",
        "publicity",
        "banner",
        "quantity",
        N_("Banners"),
        N_("Sum of the banners that were hung up in the year."),
    ),
    _activity(
        "vehicle-tours",
        "publicity",
        "vehicle-tour",
        "records",
        N_("Vehicle tours"),
        N_("Tours of publicity vehicles in the year."),
    ),
    _activity(
        "leaflets",
        "publicity",
        "leaflet",
        "quantity",
        N_("Leaflets"),
        N_("Sum of the leaflets that were given out in the year."),
    ),
    Declared(
        id="communities-never-reached",
        mechanism="publicity",
        title=N_("Communities never reached"),
        definition=N_("Communities of the last day that no activity of the year names or touches in any part."),
        records="activities",
        total="communities_never_reached",
    ),
    Declared(
        id="residents-never-reached",
        mechanism="publicity",
        title=N_("Residents never reached"),
        definition=N_("Residents of the smallest areas that no activity of the year names or touches."),
        records="activities",
        total="residents_never_reached",
    ),
    Declared(
        id="noticeboards",
        mechanism="training",
        title=N_("Communities with a noticeboard"),
        definition=N_("Communities in which at least one noticeboard stands on the last day of the year."),
        records="facilities",
        kind="noticeboard",
        total="communities_with",
    ),
    _activity(
        "noticeboard-updates",
        "training",
        "noticeboard",
        "records",
        N_("Updates of noticeboards"),
        N_("How often a noticeboard was brought up to date in the year."),
    ),
    _activity(
        "trainings",
        "training",
        "training",
        "records",
        N_("Courses"),
        N_("Courses and talks that were held in the year."),
    ),
    _activity(
        "training-person-times",
        "training",
        "training",
        "person_times",
        N_("Person-times of courses"),
        N_("Sum of those who took part in courses; who comes twice counts twice."),
    ),
    Declared(
        id="communities-without-training",
        mechanism="training",
        title=N_("Communities without a course"),
        definition=N_("Communities of the last day that no course of the year names or touches in any part."),
        records="activities",
        kind="training",
        total="communities_never_reached",
    ),
    *_campaigns("rodent", N_("Campaigns against rodents"), N_("Least effectiveness against rodents")),
    *_campaigns("mosquito", N_("Campaigns against mosquitoes"), N_("Least effectiveness against mosquitoes")),
    *_campaigns("fly", N_("Campaigns against flies"), N_("Least effectiveness against flies")),
    *_campaigns("cockroach", N_("Campaigns against cockroaches"), N_("Least effectiveness against cockroaches")),
    Declared(
        id="density-surveys",
        mechanism="standards",
        title=N_("Surveys of the density of pests"),
        definition=N_("Surveys from which the control level of each pest follows. The product keeps none yet."),
    ),
    Declared(
        id="special-actions",
        mechanism="special",
        title=N_("Special actions"),
        definition=N_("Dated actions on a list of places. The product keeps none yet."),
    ),
)
