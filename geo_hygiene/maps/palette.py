"""The colours of the map that belong to no layer: ground, states of cover, holders.

Map style, legend swatches and the style sheet's variables all come from here, so that they can not differ.
The four states differ by CIEDE2000 at least 28.9 in normal sight, 26.1 protan, 27.6 deutan and 13.4 tritan; each
also has a shape of its own (width, double line, dashes), because colour alone tells nobody in grey.
"""

from __future__ import annotations

from dataclasses import dataclass

from geo_hygiene.i18n import N_

PAPER = "#EFECE5"
INK = "#1F2A2C"
RING = "#FFFDF6"
GLOW = "#F3C04B"

FONTS = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC")
"""MapLibre hands these to CSS as they stand and draws every character itself: no glyph is ever fetched."""

ZOOMS = (12.0, 14.0, 15.5, 17.0, 19.0)
"""MapLibre zooms (Leaflet's less one) at which line widths are given."""


@dataclass(frozen=True, kw_only=True)
class StateInk:
    """How one state of cover is drawn.

    Attributes
    ----------
    core
        Colour of the thinner line inside; ``None`` draws one line.
    core_share
        Width of the core, as a share of the line.
    dashes
        Dashes of the core, in core widths.
    wider
        Pixels by which the line is wider than its lane.
    least, least_core
        Pixels that line and core are wide at each of :data:`ZOOMS` at least: a shape that tells the state without its
        colour needs some, at town scale too.
    """

    state: str
    title: str
    color: str
    core: str | None = None
    core_share: float = 0.0
    core_from: float = 0.0
    dashes: tuple[float, ...] = ()
    wider: float = 0.0
    least: tuple[float, ...] = (0.0,) * len(ZOOMS)
    least_core: tuple[float, ...] = (0.0,) * len(ZOOMS)


STATES = (
    StateInk(state="covered", title=N_("Covered"), color="#88A6AC"),
    StateInk(state="gap", title=N_("Gap"), color="#D1490C", wider=1.8, least=(3.0, 3.8, 4.4, 0.0, 0.0)),
    StateInk(
        state="overlap",
        title=N_("Overlap"),
        color="#5B3E96",
        core="#E9E1F6",
        core_share=0.36,
        core_from=11.0,
        wider=1.4,
        least=(3.2, 4.0, 4.4, 0.0, 0.0),
        least_core=(1.2, 1.4, 1.6, 0.0, 0.0),
    ),
    StateInk(
        state="vacant",
        title=N_("Vacant"),
        color="#3B3733",
        core="#FFF9EC",
        core_share=0.62,
        core_from=11.0,
        dashes=(2.4, 1.6),
        wider=0.4,
        least=(2.8, 3.4, 3.8, 0.0, 0.0),
        least_core=(1.7, 2.1, 2.3, 0.0, 0.0),
    ),
)
"""In the order of the legend; the drawing order is covered, overlap, vacant, gap."""

CAMPAIGN_STATES = (
    StateInk(state="treated", title=N_("Treated"), color="#88A6AC"),
    StateInk(
        state="not-treated",
        title=N_("Not treated, with a reason"),
        color="#5B3E96",
        core="#E9E1F6",
        core_share=0.36,
        core_from=11.0,
        wider=1.4,
        least=(3.2, 4.0, 4.4, 0.0, 0.0),
        least_core=(1.2, 1.4, 1.6, 0.0, 0.0),
    ),
    StateInk(state="not-visited", title=N_("Not visited"), color="#D1490C", wider=1.8, least=(3.0, 3.8, 4.4, 0.0, 0.0)),
    StateInk(
        state="old",
        title=N_("Seen too long ago"),
        color="#77736B",
        core="#E4E1DA",
        core_share=0.62,
        core_from=13.5,
        dashes=(1.4, 1.4),
        wider=0.4,
    ),
)
"""What of a campaign's targets a piece is, in the order of the legend."""

COVERED_BY_CATEGORY = {"arterial": "#7798A0", "street": "#88A6AC", "lane": "#9FB8BB", "alley": "#9FB8BB"}

HOLDERS = ("#4F8A83", "#B88A3B", "#6E86B4", "#7F9A57", "#A9737E", "#5E9DB3", "#9B8A6A", "#7D938C")
"""Eight quiet colours that tell neighbouring zones apart; none comes near the colours of the other three states."""

HEAT = {0.2: "#F6D98A", 0.4: "#F0A84B", 0.6: "#DE6A2C", 0.8: "#B02A3C", 1.0: "#5C1A4F"}
"""From few to many, each step darker than the one before; in grey too."""

HEAT_LEAST = 0.1
"""Opacity of the least."""


def mixed(color: str, ground: str, share: float) -> str:
    """Return the colour of a thin cover over a ground; drawn opaque it does not darken where it crosses itself."""
    parts = [(int(color[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(over * share + under * (1 - share)):02X}" for over, under in parts)


def state_ink(state: str) -> StateInk:
    """Return how a state is drawn; ``KeyError`` for an unknown one."""
    for ink in STATES:
        if ink.state == state:
            return ink
    raise KeyError(state)
