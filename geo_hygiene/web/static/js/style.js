// The MapLibre style is made on the server; here its layers are shown, hidden, pointed at a duty and day, and lit up.
// What a style layer is for stands in its metadata: layer, state, color, selects.

export function createTiles(vectorTiles) {
  const gl = vectorTiles.getMaplibreMap();
  const drawn = new Promise((done) => (gl.getStyle() ? done() : gl.once("style.load", () => done())));
  const templates = new Map();

  function layers() {
    return gl.getStyle().layers.filter((layer) => layer.metadata);
  }

  function show(layer, visible) {
    const wanted = visible ? "visible" : "none";
    if (gl.getLayoutProperty(layer.id, "visibility") !== wanted) gl.setLayoutProperty(layer.id, "visibility", wanted);
  }

  // Tiles that depend on duty and day get them in their address.
  function point(source, words) {
    if (!gl.getSource(source)) return;
    if (!templates.has(source)) templates.set(source, gl.getStyle().sources[source].tiles[0]);
    const template = templates.get(source);
    const address = `${template}${template.includes("?") ? "&" : "?"}${new URLSearchParams(words)}`;
    const current = gl.getSource(source).tiles[0];
    if (current !== address) gl.getSource(source).setTiles([address]);
  }

  return {
    gl,
    drawn,

    async apply(state, lit) {
      await drawn;
      for (const source of ["cover", "duty-zones"]) point(source, { duty: state.duty, on: state.on });
      for (const layer of layers()) {
        const { layer: key, state: name, color, selects } = layer.metadata;
        const visible =
          (key === undefined || selects !== undefined || state.layers.has(key)) &&
          (name === undefined || state.states.has(name)) &&
          (color === undefined || color === state.color) &&
          (selects === undefined || lit?.by === selects);
        if (selects !== undefined && visible) gl.setFilter(layer.id, litFilter(layer, lit));
        show(layer, visible);
      }
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

function litFilter(layer, lit) {
  const chosen = ["in", ["get", layer.metadata.key], ["literal", lit.values]];
  const shape = layer.metadata.shape;
  return shape ? ["all", ["==", ["geometry-type"], shape], chosen] : chosen;
}
