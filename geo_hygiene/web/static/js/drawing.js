// What draws the vector tiles: MapLibre where the browser has WebGL, else a canvas. The frame decides it once: there is a
// WebGL context or there is none (maps/frame.py). A context that is lost later is not waited for. How fast either draws
// is never guessed: a slow machine is told apart by the person who sits at it, with ?drawing=canvas.

import { oneOf } from "./address.js";
import { createGlTiles } from "./gl-tiles.js";

// The word of an address that asks for one; the frame reads it too.
export const drawing = oneOf(["canvas"], "");

// `canvas` says how a canvas draws: pixels of it for one of the page, and how much around the view.
export function createTiles(map, words, fail, canvas = {}) {
  const style = window.map_style;
  let tiles = window.vector_tiles ? Promise.resolve(createGlTiles(window.vector_tiles, style, words, fail)) : onCanvas();
  let ready = null;
  let last = null;

  async function onCanvas() {
    const { createCanvasTiles } = await import("./canvas-tiles.js");
    return createCanvasTiles(map, style, words, fail, canvas);
  }

  // The tiles that draw now, as far as they stand; `ready` serves what can not wait.
  function use(made) {
    tiles = made;
    made.then((one) => (ready = one));
  }

  function swap() {
    ready = null;
    map.removeLayer(window.vector_tiles);
    window.vector_tiles = null;
    use(onCanvas());
    if (last) tiles.then((one) => one.apply(...last));
  }

  use(tiles);
  window.vector_tiles?.getMaplibreMap().getCanvas().addEventListener("webglcontextlost", swap, { once: true });

  return {
    async apply(...asked) {
      last = asked;
      return (await tiles).apply(...asked);
    },
    async shown() {
      return (await tiles).shown();
    },
    at: (latlng, reach) => ready?.at(latlng, reach) ?? [],
  };
}
