// The MapLibre style is made on the server; here its layers are shown, hidden, pointed at a duty and day, and lit up.
// What a style layer is for stands in its metadata: layer, orColor, state, color, answers, selects, quiet, and where (its
// filter, to which the kind of target that is shown is added).

// `words(state)` gives for each source that depends on the page's state what its address says of it.
export function createTiles(vectorTiles, words) {
  const gl = vectorTiles.getMaplibreMap();
  const drawn = new Promise((done) => (gl.getStyle() ? done() : gl.once("style.load", () => done())));
  const templates = new Map();
  const pointed = new Map();
  const loud = new Map();
  let turn = Promise.resolve();

  function layers() {
    return gl.getStyle().layers.filter((layer) => layer.metadata);
  }

  function show(layer, visible) {
    const wanted = visible ? "visible" : "none";
    if (gl.getLayoutProperty(layer.id, "visibility") !== wanted) gl.setLayoutProperty(layer.id, "visibility", wanted);
  }

  // Where nothing is covered at all, gaps are drawn as the streets that they are.
  function hush(layer, quiet) {
    const asDeclared = Object.keys(layer.metadata.quiet).map((name) => [name, layer.paint[name]]);
    if (!loud.has(layer.id)) loud.set(layer.id, Object.fromEntries(asDeclared));
    for (const [name, value] of Object.entries(quiet ? layer.metadata.quiet : loud.get(layer.id))) {
      gl.setPaintProperty(layer.id, name, value);
    }
  }

  // Tiles that depend on duty and day get them in their address; resolves when the source has taken it.
  function point(id, words) {
    const source = gl.getSource(id);
    if (!source) return null;
    if (!templates.has(id)) templates.set(id, gl.getStyle().sources[id].tiles[0]);
    const template = templates.get(id);
    const address = `${template}${template.includes("?") ? "&" : "?"}${new URLSearchParams(words)}`;
    if (pointed.get(id) === address) return null;
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
    for (const layer of layers()) {
      const { layer: key, state: name, color, orColor, selects, where } = layer.metadata;
      const visible =
        (key === undefined || state.layers.has(key) || (orColor !== undefined && orColor === state.color)) &&
        (name === undefined || state.states.has(name)) &&
        (color === undefined || color === state.color) &&
        (selects === undefined || lit?.by === selects);
      if (selects !== undefined && visible) gl.setFilter(layer.id, litFilter(layer, lit));
      if (where !== undefined) gl.setFilter(layer.id, ["all", where, ["==", ["get", "kind"], state.kind]]);
      if (layer.metadata.quiet) hush(layer, state.bare);
      show(layer, visible);
    }
  }

  return {
    gl,
    drawn,

    // One after the other: the last one decides.
    apply(state, lit) {
      turn = turn.then(() => paint(state, lit));
      return turn;
    },

    // Features under a point of the Leaflet map, the topmost first.
    at(map, latlng, reach) {
      if (!gl.getStyle()) return [];
      const { x, y } = gl.project([latlng.lng, latlng.lat]);
      const box = [[x - reach, y - reach], [x + reach, y + reach]];
      const asked = layers()
        .filter((layer) => layer.metadata.answers && gl.getLayoutProperty(layer.id, "visibility") !== "none")
        .map((layer) => layer.id);
      return asked.length ? gl.queryRenderedFeatures(box, { layers: asked }) : [];
    },
  };
}

// A property of several values holds them between the sign that metadata.joined names.
function litFilter(layer, lit) {
  const { key, joined, shape } = layer.metadata;
  const among = joined && ["concat", joined, ["get", key], joined];
  const chosen = joined
    ? ["any", ...lit.values.map((value) => ["in", `${joined}${value}${joined}`, among])]
    : ["in", ["get", key], ["literal", lit.values]];
  return shape ? ["all", ["==", ["geometry-type"], shape], chosen] : chosen;
}
