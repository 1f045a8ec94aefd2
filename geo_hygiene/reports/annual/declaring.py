"""How a figure of the annual report is declared, and families of figures that are alike."""

from __future__ import annotations

from dataclasses import dataclass

from geo_hygiene.i18n import N_


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


def staff(key: str, role: str, title: str) -> Declared:
    """Declare how many people had a role at the end."""
    return Declared(
        id=key,
        mechanism="staff",
        title=title,
        definition=N_("People on record in this role who had not left by the last day of the year."),
        records="people",
        kind=role,
        total="people",
    )


def disorders_of(kind: str, title: str) -> Declared:
    """Declare how many disorders of a kind were removed."""
    return Declared(
        id=f"disorders-{kind}",
        mechanism="disorders",
        title=title,
        definition=N_("Disorders of this kind that were removed; a record that gives no number counts once."),
        records="works",
        kind="disorder",
        total=f"removed_{kind}",
    )


def amenity(key: str, kind: str, title: str) -> Declared:
    """Declare how many communities have a kind of facility."""
    return Declared(
        id=key,
        mechanism="amenities",
        title=title,
        definition=N_("Communities in which at least one stands on the last day of the year."),
        records="facilities",
        kind=kind,
        total="communities_with",
    )


def honour(kind: str, title: str) -> Declared:
    """Declare how many hold an honour."""
    return Declared(
        id=f"honours-{kind}",
        mechanism="honours",
        title=title,
        definition=N_("Those who were given this honour for the year and did not lose it by a veto."),
        records="honours",
        kind=kind,
        total="granted",
    )


def money(key: str, kind: str | None, title: str, definition: str) -> Declared:
    """Declare what was spent."""
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


def money_for(kind: str, title: str) -> Declared:
    """Declare what activities of a kind cost."""
    return money(
        f"money-{kind}", kind, title, N_("Sum of the costs that are written down for activities of this kind.")
    )


def activities_of(key: str, mechanism: str, kind: str, total: str, title: str, definition: str) -> Declared:
    """Declare what activities of a kind come to."""
    return Declared(
        id=key,
        mechanism=mechanism,
        title=title,
        definition=definition,
        records="activities",
        kind=kind,
        total=total,
    )


def campaigns_against(pest: str, title: str, least: str) -> tuple[Declared, Declared]:
    """Declare how many campaigns a pest had, and the least effect of one."""
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


def letters_of(kind: str, titles: tuple[str, str, str]) -> tuple[Declared, Declared, Declared]:
    """Declare letters, who signed them, and their share of those that could."""
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
