// Cells of complaints as spots: as wide as their cells, and the darker the denser complaints lie in them.
// leaflet.heat draws spots of one width, so that each width of cells has a layer; the frame's layer says how they look.

const RADIUS = 0.56; // of a spot and of its blur, in its width: beside each other spots are an even cover
const WIDTHS = 2; // of spots
const WIDEST_PX = 115; // the plugin can draw no wider spot, and a wider cell is covered by several
const SQUARE_KM = 1e6;

const globe = L.Projection.SphericalMercator;
const density = ([, , count, side]) => count / side ** 2;

// The plugin reads back what it draws: without being told, a browser keeps it where that is slow, and says so.
function drawOnProcessor() {
  const simple = window.simpleheat;
  window.simpleheat = (canvas) => {
    canvas.getContext("2d", { willReadFrequently: true });
    return simple(canvas);
  };
}

// Cells of one width as spots {lat, lng, density}, and wider ones cut into such; where several lie, they add up.
function spotsOf(cells, width) {
  const spots = new Map();
  for (const cell of cells) {
    const parts = Math.round(cell[3] / width);
    const { x, y } = globe.project(L.latLng(cell[1], cell[0]));
    const [left, below] = [Math.round((x - cell[3] / 2) / width), Math.round((y - cell[3] / 2) / width)];
    for (let across = left; across < left + parts; across += 1) {
      for (let up = below; up < below + parts; up += 1) {
        const key = `${across}/${up}`;
        const { lat, lng } = globe.unproject(L.point((across + 0.5) * width, (up + 0.5) * width));
        spots.set(key, { lat, lng, density: density(cell) + (spots.get(key)?.density ?? 0) });
      }
    }
  }
  return [...spots.values()];
}

export function createCells(map, first) {
  const least = first.options.minOpacity;

  drawOnProcessor();
  first.remove();
  const layers = Array.from({ length: WIDTHS }, () => L.heatLayer([], { ...first.options, max: 1 }));
  // the widest at the bottom
  for (const layer of [...layers].reverse()) layer.addTo(map);

  const pixels = (side) => (side * L.CRS.EPSG3857.scale(map.getZoom())) / (2 * Math.PI * globe.R);

  return {
    // `among` are the cells that share a scale with those that are shown: frames of one player do.
    show(cells, smallest, among) {
      const most = Math.max(...among.map(density));
      const widest = Math.max(0, Math.min(WIDTHS - 1, Math.floor(Math.log2(WIDEST_PX / pixels(smallest)))));
      const size = (side) => Math.min(Math.round(Math.log2(side / smallest)), widest);
      layers.forEach((layer, index) => {
        const width = smallest * 2 ** index;
        const spots = spotsOf(cells.filter((cell) => size(cell[3]) === index), width);
        const radius = Math.max(3, Math.min(pixels(width), WIDEST_PX) * RADIUS);
        layer.setOptions({ radius, blur: radius });
        // the square root tells few from some as well as some from many
        layer.setLatLngs(spots.map((spot) => [spot.lat, spot.lng, least + (1 - least) * Math.sqrt(spot.density / most)]));
      });
    },

    // Complaints for each square kilometre of ground in the densest cell.
    densest(among) {
      const ground = Math.cos((map.getCenter().lat * Math.PI) / 180) ** 2;
      return among.length ? (Math.max(...among.map(density)) * SQUARE_KM) / ground : 0;
    },
  };
}
