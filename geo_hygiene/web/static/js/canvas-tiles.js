// The map without WebGL: the same tiles and the same style on one canvas over the view, at its very zoom and in the
// screen's own pixels. It moves with the map and is painted anew where the map comes to rest.

import { featuresAt, paintLayer } from "./canvas-paint.js";
import { createSource } from "./canvas-source.js";
import { compiled, isShownAt } from "./canvas-style.js";
import { writeNames } from "./canvas-labels.js";
import { addressOf, lookOf } from "./layer-look.js";

const MARGIN = 0.15; // of the view, painted around it
const PATIENCE_MS = 350; // for all tiles of a view before it is painted with what is there
const WHILE_MOVING_MS = 120;
const GL_LESS = 1; // MapLibre's zoom is Leaflet's less one
const LABELS = (layer) => layer.type === "symbol" && layer.layout["text-field"];

const Canvas = L.Layer.extend({
  options: { pane: "tilePane", margin: MARGIN, ratio: null },

  initialize(style, fail, options) {
    L.setOptions(this, options);
    this._style = style;
    this._asked = () => this._paintSoon();
    this._sources = Object.fromEntries(
      Object.entries(style.sources).map(([id, source]) => [id, createSource(source, this._asked, fail)]),
    );
    this._follow = L.Util.throttle(() => this._isUncovered() && this.paint(), WHILE_MOVING_MS, this);
    this._layers = [];
    this._written = [];
    this._whenShown = [];
    this._due = 0;
  },

  onAdd() {
    this._canvas = L.DomUtil.create("canvas", "canvas-tiles leaflet-zoom-animated", this.getPane());
    this._canvas.setAttribute("aria-hidden", "true");
    if (this._layers.length) this._await();
  },

  onRemove() {
    cancelAnimationFrame(this._frame);
    clearTimeout(this._late);
    this._canvas.remove();
  },

  getEvents() {
    return {
      zoomanim: ({ center, zoom }) => this._place(center, zoom),
      zoom: () => this._place(this._map.getCenter(), this._map.getZoom()),
      move: this._follow,
      moveend: () => this._await(),
      viewreset: () => this._await(),
      resize: () => this._await(),
    };
  },

  // Show what the state asks for: `addresses` by source, `looks` one for each layer of the style.
  show(addresses, looks) {
    for (const [id, source] of Object.entries(this._sources)) source.point(addresses[id]);
    this._layers = this._style.layers.flatMap((layer, index) => (looks[index].visible ? [compiled(layer, looks[index])] : []));
    if (this._map) this._await();
  },

  // A picture of before stays where it is until the tiles are there, but not for long.
  _await() {
    this._due = performance.now() + PATIENCE_MS;
    this._canvas.dataset.drawn = "false";
    this._paintSoon();
    clearTimeout(this._late);
    this._late = setTimeout(() => this._paintSoon(), PATIENCE_MS + 1);
  },

  _paintSoon() {
    cancelAnimationFrame(this._frame);
    this._frame = requestAnimationFrame(() => {
      if (!this._map || this._map._animatingZoom) return;
      const view = this._view();
      const tilesOf = this._tilesOf(view);
      for (const { source } of this._visible(view)) if (source) tilesOf(source);
      if (!this.isLoading() || performance.now() >= this._due) this.paint(view);
    });
  },

  isLoading() {
    return Object.values(this._sources).some((source) => source.isLoading());
  },

  _view() {
    const map = this._map;
    const size = map.getSize();
    const around = size.multiplyBy(this.options.margin).round();
    const corner = map.containerPointToLayerPoint([0, 0]).subtract(around);
    const origin = map.getPixelOrigin().add(corner);
    const { x: width, y: height } = size.add(around.multiplyBy(2));
    const ratio = this.options.ratio ?? window.devicePixelRatio ?? 1;
    return { zoom: map.getZoom() - GL_LESS, corner, origin, width, height, ratio, signs: this._style.metadata.signs };
  },

  _visible({ zoom }) {
    return this._layers.filter((layer) => isShownAt(layer, zoom));
  },

  _tilesOf(view) {
    const { x, y } = view.origin;
    const box = { min: { x, y }, max: { x: x + view.width, y: y + view.height } };
    const found = {};
    return (source) => (found[source] ??= this._sources[source].within(box, view.zoom));
  },

  paint(view = this._view()) {
    const canvas = this._canvas;
    const pen = canvas.getContext("2d");
    canvas.width = Math.round(view.width * view.ratio);
    canvas.height = Math.round(view.height * view.ratio);
    canvas.style.width = `${view.width}px`;
    canvas.style.height = `${view.height}px`;
    const layers = this._visible(view);
    const tilesOf = this._tilesOf(view);
    for (const layer of layers) paintLayer(pen, layer, tilesOf, view);
    this._written = writeNames(pen, layers.filter(LABELS), tilesOf, view);
    this._painted = view;
    this._northWest = this._map.layerPointToLatLng(view.corner);
    this._zoom = this._map.getZoom();
    L.DomUtil.setTransform(canvas, view.corner, 1);
    if (this.isLoading()) return;
    canvas.dataset.drawn = "true";
    this._whenShown.splice(0).forEach((done) => done());
  },

  // Where the picture belongs while the map zooms.
  _place(center, zoom) {
    if (!this._northWest) return;
    const offset = this._map._latLngToNewLayerPoint(this._northWest, zoom, center);
    L.DomUtil.setTransform(this._canvas, offset, this._map.getZoomScale(zoom, this._zoom));
  },

  _isUncovered() {
    if (!this._map || !this._painted || this._map._animatingZoom) return false;
    const { corner, width, height } = this._painted;
    const size = this._map.getSize();
    const { x, y } = this._map.containerPointToLayerPoint([0, 0]).subtract(corner);
    return x < 0 || y < 0 || x + size.x > width || y + size.y > height;
  },

  shown() {
    return this._canvas.dataset.drawn === "true" ? Promise.resolve() : new Promise((done) => this._whenShown.push(done));
  },

  // Names that are written, for who wants to know where.
  names() {
    return this._written;
  },

  // Features under a place of the map, the topmost first.
  at(latlng, reach) {
    const view = this._painted;
    if (!view) return [];
    const point = this._map.project(latlng, view.zoom + GL_LESS).subtract(view.origin);
    const tilesOf = this._tilesOf(view);
    const answering = this._visible(view).filter((layer) => layer.metadata?.answers).reverse();
    return answering.flatMap((layer) =>
      featuresAt(layer, tilesOf(layer.source), view, point, reach).map(({ properties }) => ({ properties, ...layer.metadata })),
    );
  },
});

// `words(state)` gives for each source that depends on the page's state what its address says of it.
export function createCanvasTiles(map, style, words, fail, options = {}) {
  const canvas = new Canvas(style, fail, options).addTo(map);
  window.canvas_tiles = canvas;

  return {
    apply(state, lit) {
      const asked = words(state);
      const addresses = Object.fromEntries(Object.entries(style.sources).map(([id, { tiles }]) => [id, addressOf(tiles[0], asked[id])]));
      canvas.show(addresses, style.layers.map((layer) => lookOf(layer, state, lit)));
    },
    shown: () => canvas.shown(),
    at: (latlng, reach) => canvas.at(latlng, reach),
  };
}
