// A map on a sheet of paper: the words of the map's address, and of the sheet its title, paper, scale and number. The map
// is drawn on a canvas at three pixels of it for one of the screen, which is sharp on paper.

import { aBox, aDay, anything, keepAddress, oneOf, query, readAddress, someOf } from "./address.js";
import { createBaseMap } from "./base-map.js";
import { byId, delayed, readJson } from "./dom.js";
import { createTiles } from "./drawing.js";
import { number, say } from "./format.js";
import { tell } from "./notice.js";
import { createStore } from "./store.js";

const SHARP = 3;
const SHARPER_PICTURES = 1; // zooms
const STATES = ["covered", "gap", "overlap", "vacant", "treated", "not-treated", "not-visited", "old"];
const SCALES = [500, 1000, 2000, 2500, 5000, 7500, 10000, 15000, 20000, 25000, 50000, 100000, 200000];
const BAR_M = 0.045; // of paper, at most
const METRES_OF_PIXEL = 0.0254 / 96;
const ROUND = [5, 2, 1];
const AXIS_M = 6378137;
const ECCENTRICITY_SQUARED = 0.00669438;
const OFF = 0.002; // of the scale, which the move to another latitude may take

const config = readJson("config");
const papers = [...byId("paper").options].map((option) => option.value);
const words = {
  ...(config.duties.length ? { duty: anything() } : {}),
  kind: anything(),
  on: aDay(config.on),
  layers: someOf(config.layers.map((layer) => layer.key), config.usual),
  states: someOf(STATES, STATES),
  color: oneOf(["state", "holder"], "state"),
  paper: oneOf(papers, papers[0]),
  scale: { read: (text) => (SCALES.includes(Number(text)) ? Number(text) : null), write: (value) => value && String(value) },
  bbox: aBox(),
  title: anything(),
  approval: anything(),
};
const map = window.map;
const given = readAddress(words);
const store = createStore({
  ...given,
  duty: given.duty ?? config.duty,
  kind: config.kind ?? given.kind,
  bare: config.bare,
});
const ofDuty = ({ duty, on }) => ({ duty, on });
const tilesOf = (state) =>
  config.campaign
    ? { campaign: { campaign: config.campaign.code, on: state.on } }
    : { cover: ofDuty(state), "duty-zones": ofDuty(state) };
const tiles = createTiles(map, tilesOf, (reason) => tell(say("failed", { reason })), { ratio: SHARP, margin: 0 });

// --- scale -----------------------------------------------------------------------------------------------------------

// Metres of ground on a metre of Mercator's sheet: on the ellipsoid, the mean of both directions.
function groundOf(lat) {
  const phi = (lat * Math.PI) / 180;
  const shrink = 1 - ECCENTRICITY_SQUARED * Math.sin(phi) ** 2;
  return (Math.cos(phi) * Math.sqrt(1 - ECCENTRICITY_SQUARED)) / shrink;
}

// Ground for one of paper at Leaflet's zoom 0.
const wholeWorld = (lat) => (groundOf(lat) * 2 * Math.PI * AXIS_M) / 256 / METRES_OF_PIXEL;
const zoomOf = (scale, lat) => Math.log2(wholeWorld(lat) / scale);
const scaleOf = (zoom, lat) => wholeWorld(lat) / 2 ** zoom;

const atLeast = (least) => SCALES.find((scale) => scale >= least) ?? SCALES.at(-1);

// Latitude and longitude of what lies in the middle of Mercator's sheet.
function middleOf([west, south, east, north]) {
  const { lat, lng } = map.unproject(map.project([north, west], 0).add(map.project([south, east], 0)).divideBy(2), 0);
  return [lat, lng];
}

function fitting([west, south, east, north]) {
  const size = map.getSize();
  const [from, to] = [map.project([north, west], 0), map.project([south, east], 0)];
  const zoom = Math.log2(Math.min(size.x / (to.x - from.x), size.y / (to.y - from.y)));
  return atLeast(scaleOf(zoom, (south + north) / 2));
}

function keepScale() {
  const { scale } = store.get();
  const { lat } = map.getCenter();
  if (Math.abs(scaleOf(map.getZoom(), lat) / scale - 1) > OFF) map.setZoom(zoomOf(scale, lat), { animate: false });
}

function showScale({ scale }) {
  byId("scale-number").textContent = say("scale", { number: number(scale) });
  const most = BAR_M * scale;
  const step = 10 ** Math.floor(Math.log10(most));
  const metres = step * ROUND.find((times) => times * step <= most);
  byId("scale-length").textContent = metres < 1000 ? say("metres", { amount: number(metres) }) : say("kilometres", { amount: number(metres / 1000) });
  byId("scale-bar").style.width = `${(metres / scale) * 1000}mm`;
  byId("scale").value = String(scale);
}

// --- sheet -----------------------------------------------------------------------------------------------------------

const sheet = byId("sheet");

// What the map leaves out is said beside its figures.
function showStates({ states }) {
  for (const row of document.querySelectorAll("#legend [data-state]")) row.querySelector(".left-out").hidden = states.has(row.dataset.state);
}

// On the screen the whole sheet is seen; its own size stays, and with it what the map shows.
function fit() {
  const room = byId("content").clientWidth - 24;
  const share = Math.min(1, room / sheet.offsetWidth);
  sheet.style.transform = `scale(${share})`;
  byId("stage").style.width = `${sheet.offsetWidth * share}px`;
  byId("stage").style.height = `${sheet.offsetHeight * share}px`;
}

function showSheet({ paper, title, approval }) {
  byId("paper").value = paper;
  if (title !== null) byId("title").value = title;
  if (approval !== null) byId("approval").value = approval;
  byId("sheet-title").textContent = byId("title").value;
  byId("sheet-approval").textContent = byId("approval").value;
  sheet.dataset.paper = paper;
  fit();
  map.invalidateSize({ animate: false });
}

function show(state, before) {
  showSheet(state);
  if (!before || before.paper !== state.paper || before.scale !== state.scale) {
    const center = map.getCenter();
    map.setView(center, zoomOf(state.scale, center.lat), { animate: false });
  }
  showScale(state);
}

// The way back to where the map was, with its words and without those of the sheet.
function keepBack(state) {
  const asked = query({ ...state, title: null, approval: null, scale: null, paper: papers[0] }, words);
  const view = state.view ?? given.view;
  byId("back").href = `${config.back}${asked}${view ? `#map=${view}` : ""}`;
}

function start() {
  for (const scale of SCALES) byId("scale").append(new Option(say("scale", { number: number(scale) }), String(scale)));
  for (const name of ["scrollWheelZoom", "doubleClickZoom", "boxZoom", "touchZoom"]) map[name].disable();
  showSheet(store.get());
  showStates(store.get());
  const [zoom, lat, lon] = (store.get().view ?? "").split("/").map(Number);
  const box = given.bbox ?? (lat ? null : (config.extent ?? [73, 18, 135, 54]));
  const center = box ? middleOf(box) : [lat, lon];
  const scale = store.get().scale ?? (box ? fitting(box) : atLeast(scaleOf(zoom, lat) * 0.9));
  map.setView(center, zoomOf(scale, center[0]), { animate: false });
  store.set({ scale, view: null });
  show(store.get());
  map.on("moveend", keepScale);

  byId("title").addEventListener("input", ({ target }) => store.set({ title: target.value }));
  byId("approval").addEventListener("input", ({ target }) => store.set({ approval: target.value }));
  byId("paper").addEventListener("change", ({ target }) => store.set({ paper: target.value }));
  byId("scale").addEventListener("change", ({ target }) => store.set({ scale: Number(target.value) }));
  byId("choices").addEventListener("submit", async (event) => {
    event.preventDefault();
    await tiles.shown();
    window.print();
  });
  window.addEventListener("resize", delayed(100, fit));

  createBaseMap(map, store, config, { sharper: SHARPER_PICTURES });
  keepAddress(store, words, map);
  store.watch(["paper", "scale", "title", "approval"], show);
  store.watch(null, keepBack);
  keepBack(store.get());
  tiles.apply(store.get(), null);
  if (config.notice) tell(config.notice);
  document.documentElement.dataset.ready = "true";
}

start();
