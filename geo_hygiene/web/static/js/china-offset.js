// GCJ-02, by which web maps of China are shifted against WGS 84; the same formulas as in china_offset.py, to which the
// tests compare these. Places are [lon, lat] in degrees.

const [WEST, EAST, SOUTH, NORTH] = [72.004, 137.8347, 0.8293, 55.8271];
const [CENTRE_LON, CENTRE_LAT] = [105, 35];
const KRASOVSKY_M = 6378245;
const ECCENTRICITY_SQUARED = 0.006693421622965943;
const ITERATIONS = 6; // each leaves less than a fiftieth of the error of the one before
const DEGREES = 180 / Math.PI;

// The sum of sines of an amplitude in metres and half waves to the degree.
function waves(at, ...all) {
  return all.reduce((sum, [amplitude, halfWaves]) => sum + (2 / 3) * amplitude * Math.sin(Math.PI * halfWaves * at), 0);
}

function moved([lon, lat]) {
  const [x, y] = [lon - CENTRE_LON, lat - CENTRE_LAT];
  const root = Math.sqrt(Math.abs(x));
  const ripple = waves(x, [20, 6], [20, 2]);
  let north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root;
  north += ripple + waves(y, [20, 1], [40, 1 / 3], [160, 1 / 12], [320, 1 / 30]);
  let east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root;
  east += ripple + waves(x, [20, 1], [40, 1 / 3], [150, 1 / 12], [300, 1 / 30]);
  const phi = lat / DEGREES;
  const shrink = 1 - ECCENTRICITY_SQUARED * Math.sin(phi) ** 2;
  const meridian = (KRASOVSKY_M * (1 - ECCENTRICITY_SQUARED)) / shrink ** 1.5;
  const parallel = (KRASOVSKY_M / Math.sqrt(shrink)) * Math.cos(phi);
  return [lon + (east / parallel) * DEGREES, lat + (north / meridian) * DEGREES];
}

function isMoved([lon, lat]) {
  return lon >= WEST && lon <= EAST && lat >= SOUTH && lat <= NORTH;
}

export function gcj02FromWgs84(place) {
  return isMoved(place) ? moved(place) : place;
}

export function wgs84FromGcj02([lon, lat]) {
  let guess = [lon, lat];
  for (let round = 0; round < ITERATIONS; round += 1) {
    const put = moved(guess);
    guess = [guess[0] + lon - put[0], guess[1] + lat - put[1]];
  }
  return isMoved(guess) ? guess : [lon, lat];
}
