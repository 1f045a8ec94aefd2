// Tiles are fetched here instead of in MapLibre's worker: a few at once, in their order, and none is broken off once it
// is under way. What is no longer wanted when its turn comes is dropped without a request.
// A plain script, not a module: it must be there before the map asks for its first tile. The canvas fetches here too.

(() => {
  "use strict";
  const AT_ONCE = 6;
  const waiting = [];
  let running = 0;
  let key = null; // takes the place of the page's own when that is too old

  async function load(address) {
    const place = new URL(address);
    if (key) place.searchParams.set("key", key);
    const answer = await fetch(place);
    key = answer.headers.get("Tile-Key") ?? key;
    if (answer.status === 204) return { data: new ArrayBuffer(0) };
    if (!answer.ok) throw new Error(`${answer.status} ${place.pathname}`);
    return { data: await answer.arrayBuffer() };
  }

  async function next() {
    if (running >= AT_ONCE || !waiting.length) return;
    const { address, signal, done, failed } = waiting.shift();
    if (signal.aborted) {
      failed(new DOMException("no longer wanted", "AbortError"));
      next();
      return;
    }
    running += 1;
    try {
      done(await load(address));
    } catch (error) {
      failed(error);
    }
    running -= 1;
    next();
  }

  window.keptTile = (address, signal) =>
    new Promise((done, failed) => {
      waiting.push({ address, signal, done, failed });
      next();
    });

  window.maplibregl?.addProtocol("kept", ({ url }, { signal }) => window.keptTile(url.slice("kept://".length), signal));
})();
