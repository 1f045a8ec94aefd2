// The map drawn by MapLibre: layers of the style are shown, hidden, pointed at a duty and day, and lit up.

import { addressOf, lookOf } from "./layer-look.js";
import { drawSigns } from "./signs.js";

// `words(state)` gives for each source that depends on the page's state what its address says of it.
export function createGlTiles(vectorTiles, style, words, fail) {
  const gl = vectorTiles.getMaplibreMap();
  const drawn = new Promise((done) => (gl.getStyle() ? done() : gl.once("style.load", () => done())));
  const pointed = new Map();
  const answering = style.layers.filter((layer) => layer.metadata?.answers).map((layer) => layer.id);
  let turn = Promise.resolve();

  drawSigns(gl);
  gl.on("error", (event) => fail(event.error?.message ?? ""));

  function show(layer, visible) {
    const wanted = visible ? "visible" : "none";
    if (gl.getLayoutProperty(layer.id, "visibility") !== wanted) gl.setLayoutProperty(layer.id, "visibility", wanted);
  }

  // Resolves when the source has taken its address.
  function point(id, asked) {
    const source = gl.getSource(id);
    const address = addressOf(style.sources[id]?.tiles[0], asked);
    if (!source || pointed.get(id) === address) return null;
    pointed.set(id, address);
    return new Promise((done) => {
      const heard = (event) => {
        if (event.sourceId !== id || event.sourceDataType !== "metadata") return;
        gl.off("data", heard);
        done();
      };
      gl.on("data", heard);
      source.setTiles([address]);
    });
  }

  async function paint(state, lit) {
    await drawn;
    await Promise.all(Object.entries(words(state)).map(([id, asked]) => point(id, asked)));
    for (const layer of style.layers) {
      const look = lookOf(layer, state, lit);
      if (look.visible && look.filter) gl.setFilter(layer.id, look.filter);
      for (const [name, value] of Object.entries(look.paint)) gl.setPaintProperty(layer.id, name, value);
      show(layer, look.visible);
    }
  }

  return {
    // One after the other: the last one decides.
    apply(state, lit) {
      turn = turn.then(() => paint(state, lit));
      return turn;
    },

    // Resolves when the map shows what was asked for last.
    async shown() {
      await turn;
      if (!gl.areTilesLoaded()) await new Promise((done) => gl.once("idle", done));
    },

    // Features under a place of the map, the topmost first.
    at(latlng, reach) {
      if (!gl.getStyle()) return [];
      const { x, y } = gl.project([latlng.lng, latlng.lat]);
      const box = [[x - reach, y - reach], [x + reach, y + reach]];
      const layers = answering.filter((id) => gl.getLayoutProperty(id, "visibility") !== "none");
      const found = layers.length ? gl.queryRenderedFeatures(box, { layers }) : [];
      return found.map((feature) => ({ properties: feature.properties, ...feature.layer.metadata }));
    },
  };
}
