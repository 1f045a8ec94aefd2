"""The frame of the map page: Folium draws it, from local files and under the page's content security policy.

No value of a user reaches this module: Folium runs what it is given as markup and script. It makes the Leaflet map,
its controls and the MapLibre layer in it; features come as vector tiles, and words as JSON that scripts show as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import folium
from branca.element import CssLink, Figure, JavascriptLink, MacroElement
from folium.elements import JSCSSMixin
from folium.plugins import HeatMap
from folium.template import Template
from markupsafe import Markup

from geo_hygiene.i18n import _
from geo_hygiene.maps.palette import HEAT, HEAT_LEAST

Asset = Callable[[str], str]

LOCAL_FILES: Mapping[str, str | None] = {
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.js": "vendor/leaflet/leaflet.js",
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.css": "vendor/leaflet/leaflet.css",
    "vendor/maplibre-gl/maplibre-gl.js": "vendor/maplibre-gl/maplibre-gl.js",
    "vendor/maplibre-gl/maplibre-gl.css": "vendor/maplibre-gl/maplibre-gl.css",
    "vendor/maplibre-gl-leaflet/leaflet-maplibre-gl.js": "vendor/maplibre-gl-leaflet/leaflet-maplibre-gl.js",
    "js/kept-tiles.js": "js/kept-tiles.js",
    "vendor/leaflet.heat/leaflet-heat.js": "vendor/leaflet.heat/leaflet-heat.js",
    "vendor/leaflet-geoman/leaflet-geoman.js": "vendor/leaflet-geoman/leaflet-geoman.js",
    "vendor/leaflet-geoman/leaflet-geoman.css": "vendor/leaflet-geoman/leaflet-geoman.css",
    # Folium brings these for its markers and popups; the frame has neither.
    "https://code.jquery.com/jquery-3.7.1.min.js": None,
    "https://cdn.jsdelivr.net/npm/bootstrap@5.2.2/dist/js/bootstrap.bundle.min.js": None,
    "https://cdnjs.cloudflare.com/ajax/libs/Leaflet.awesome-markers/2.0.2/leaflet.awesome-markers.js": None,
    "https://cdn.jsdelivr.net/npm/bootstrap@5.2.2/dist/css/bootstrap.min.css": None,
    "https://netdna.bootstrapcdn.com/bootstrap/3.0.0/css/bootstrap-glyphicons.css": None,
    "https://cdn.jsdelivr.net/npm/@fortawesome/fontawesome-free@6.2.0/css/all.min.css": None,
    "https://cdnjs.cloudflare.com/ajax/libs/Leaflet.awesome-markers/2.0.2/leaflet.awesome-markers.css": None,
    "https://cdn.jsdelivr.net/gh/python-visualization/folium/folium/templates/leaflet.awesome.rotate.min.css": None,
}
"""What stands for each address that Folium would load; ``None`` is not needed here."""


class UnknownAssetError(LookupError):
    """Folium asks for a file that has no local counterpart: a new version or plugin needs a line in the table."""

    def __init__(self, address: str) -> None:
        super().__init__(f"no local file stands for {address}")


class LocalFigure(Figure):
    """A figure whose scripts and style sheets are the application's own files."""

    def __init__(self, *, asset: Asset, nonce: str) -> None:
        super().__init__()
        self._asset = asset
        self._nonce = nonce

    def _local(self, kind: type[CssLink] | type[JavascriptLink]) -> list[str]:
        """Return the addresses of the local files of the header's links of one kind, in their order."""
        links = [child.url for child in self.header._children.values() if isinstance(child, kind)]
        for address in links:
            if address not in LOCAL_FILES:
                raise UnknownAssetError(address)
        return [self._asset(path) for path in map(LOCAL_FILES.get, links) if path is not None]

    def parts(self) -> tuple[Markup, Markup, Markup]:
        """Return style links, the map's element, and its scripts.

        Folium's own header is left out: it forbids zooming the page with two fingers and sets the size of ``body``,
        which the page's style sheet does.
        """
        for child in list(self._children.values()):
            child.render()
        styles = Markup("\n").join(
            Markup('<link rel="stylesheet" href="{}">').format(url) for url in self._local(CssLink)
        )
        scripts = Markup("\n").join(
            Markup('<script src="{}" nonce="{}"></script>').format(url, self._nonce)
            for url in self._local(JavascriptLink)
        )
        inline = Markup('<script nonce="{}">\n{}\n</script>').format(self._nonce, Markup(self.script.render()))  # noqa: S704
        return styles, Markup(self.html.render()), scripts + Markup("\n") + inline  # noqa: S704


class TownMap(folium.Map):
    """The Leaflet map; its element and its variable are called ``map``."""

    def get_name(self) -> str:
        """Return the name that styles, scripts and tests know the map by."""
        return "map"


class Controls(MacroElement):
    """Buttons that zoom, and a scale bar in metres alone, in the reader's language."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            (function (map, words) {
                L.control.zoom({
                    position: "bottomright", zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out
                }).addTo(map);
                var Scale = L.Control.Scale.extend({
                    _updateScale: function (bar, text, ratio) {
                        var parts = text.split(" ");
                        L.Control.Scale.prototype._updateScale.call(
                            this, bar, parts[0] + " " + words[parts[1]], ratio
                        );
                    }
                });
                new Scale({position: "bottomright", imperial: false, maxWidth: 120}).addTo(map);
            })({{ this._parent.get_name() }}, {{ this.words|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # as branca left it
        self.words = {"zoom_in": _("Zoom in"), "zoom_out": _("Zoom out"), "m": _("m"), "km": _("km")}


class VectorTiles(JSCSSMixin, MacroElement):
    """The style ``map_style``, and vector tiles through MapLibre.

    ``vector_tiles`` is null where the browser gives no WebGL context, or where ``drawing=canvas`` in the address wishes
    so; then a script draws the style on a canvas (``js/drawing.js``).
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var map_style = {{ this.style|tojson }};
            var vector_tiles = null;
            {% if not this.still %}
            (function () {
                if (new URLSearchParams(location.search).get("drawing") === "canvas") { return; }
                var canvas = document.createElement("canvas");
                if (!canvas.getContext("webgl2") && !canvas.getContext("webgl")) { return; }
                vector_tiles = L.maplibreGL({
                    style: map_style,
                    fadeDuration: 120,
                    pitchWithRotate: false,
                    locale: {"Map.Title": {{ this.title|tojson }}},
                    transformRequest: function (url) { return {url: "kept://" + new URL(url, document.baseURI).href}; }
                }).addTo({{ this._parent.get_name() }});
            })();
            {% endif %}
        {% endmacro %}
        """
    )

    def __init__(self, style: Mapping[str, Any], *, still: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # as branca left it
        webgl = [
            ("maplibre", "vendor/maplibre-gl/maplibre-gl.js"),
            ("maplibre_leaflet", "vendor/maplibre-gl-leaflet/leaflet-maplibre-gl.js"),
        ]
        self.default_js = [*([] if still else webgl), ("kept_tiles", "js/kept-tiles.js")]
        self.default_css = [] if still else [("maplibre_css", "vendor/maplibre-gl/maplibre-gl.css")]
        self.still = still
        self.style = dict(style)
        self.title = _("Map")


class Drawing(JSCSSMixin, MacroElement):
    """What shapes are drawn and changed with; it shows no buttons of its own, the page's scripts have the tools."""

    _template = Template("")

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # as branca left it
        self.default_js = [("leaflet_geoman", "vendor/leaflet-geoman/leaflet-geoman.js")]
        self.default_css = [("leaflet_geoman_css", "vendor/leaflet-geoman/leaflet-geoman.css")]


class Density(HeatMap):
    """Folium's heat map without a point in it: the page's script gives it the cells that the server counted.

    Its variable is called ``heat``. Intensities are the counts themselves, at every zoom.
    """

    def __init__(self) -> None:
        super().__init__(  # type: ignore[no-untyped-call] # as folium left it
            [], min_opacity=HEAT_LEAST, max_zoom=0, gradient=HEAT, control=False
        )
        self.default_js = [("leaflet_heat", "vendor/leaflet.heat/leaflet-heat.js")]

    def get_name(self) -> str:
        """Return the name that scripts and tests know the layer by."""
        return "heat"


def frame(
    *,
    asset: Asset,
    nonce: str,
    style: Mapping[str, Any],
    center: tuple[float, float],
    zoom: int,
    over: Iterable[MacroElement] = (),
    still: bool = False,
) -> tuple[Markup, Markup, Markup]:
    """Return style links, element and scripts of a map.

    Parameters
    ----------
    asset
        Gives the address of a static file.
    nonce
        Of the page's content security policy.
    style
        MapLibre style.
    center
        Longitude and latitude (EPSG:4326) at the start.
    zoom
        Leaflet zoom at the start.
    over
        What lies over the vector tiles.
    still
        Whether it is a picture for paper: at any zoom, without controls, and never drawn through WebGL.

    Raises
    ------
    UnknownAssetError
        If Folium asks for a file that has no local counterpart.
    """
    longitude, latitude = center
    town = TownMap(
        location=(latitude, longitude),
        zoom_start=zoom,
        tiles=None,
        zoom_control=False,
        min_zoom=9,
        max_zoom=20,
        zoom_snap=0 if still else 0.25,
        zoom_delta=1,
        wheel_px_per_zoom_level=90,
        attribution_control=False,
    )
    VectorTiles(style, still=still).add_to(town)
    for element in over:
        element.add_to(town)
    if not still:
        Controls().add_to(town)
    figure = LocalFigure(asset=asset, nonce=nonce)
    figure.add_child(town)
    return figure.parts()
