// The map page: one store, its address, and the parts that show it. Leaflet's map and its vector tiles are made by the
// frame; see maps/frame.py.

import { aDay, anything, keepAddress, oneOf, printAddress, query, readAddress, someOf } from "./address.js";
import { createBaseMap } from "./base-map.js";
import { createCamera } from "./camera.js";
import { createDay } from "./day.js";
import { byId, isCalm, readJson } from "./dom.js";
import { createTiles, drawing } from "./drawing.js";
import { say } from "./format.js";
import { createGaps } from "./gaps.js";
import { createLayers } from "./layers.js";
import { createLegend } from "./legend.js";
import { tell } from "./notice.js";
import { createPanel } from "./panel.js";
import { createSearch } from "./search.js";
import { write } from "./selection.js";
import { createSheet } from "./sheet.js";
import { createStore } from "./store.js";
import { createWayBack } from "./way-back.js";

const STATES = ["covered", "gap", "overlap", "vacant"];
const REACH_PX = 6;
const FINGER_REACH_PX = 14;
const NEAR_ZOOM = 15;

const config = readJson("config");
const words = {
  duty: oneOf(config.duties.map((duty) => duty.code), config.duty, { always: true }),
  on: aDay(config.on),
  layers: someOf(config.layers.map((layer) => layer.key), config.usual),
  states: someOf(STATES, STATES),
  color: oneOf(["state", "holder"], "state"),
  select: anything(),
  drawing,
};
const map = window.map;
const store = createStore(readAddress(words));
const dutyAndDay = ({ duty, on }) => ({ duty, on });
const tilesOf = (state) => ({ cover: dutyAndDay(state), "duty-zones": dutyAndDay(state) });
const tiles = createTiles(map, tilesOf, (reason) => tell(say("failed", { reason })));
const camera = createCamera(map, store, config.extent);

// --- what is chosen --------------------------------------------------------------------------------------------------

let lit = null;
let goal = {};
const wayBack = createWayBack();
let sheet = null;

const gapsOf = ({ duty, on }) => ({
  path: `${config.api}/cover/gaps`,
  words: { duty, on },
  unit: config.duties.find((one) => one.code === duty).unit,
});
const kindOf = (duty) => config.duties.find((one) => one.code === duty)?.kind;

function paint() {
  tiles.apply(store.get(), lit);
}

// Called when the panel knows what is chosen; flies there unless the person is looking at it already.
function light(next, place) {
  lit = next;
  paint();
  if (!next || !place) return;
  const bbox = place.bbox ?? (place.center ? [...place.center, ...place.center] : null);
  if (goal.fly && bbox) camera.look(bbox);
  if (goal.focus) byId("panel").focus({ preventScroll: true });
  goal = {};
}

function choose(choice, { stay = false } = {}) {
  wayBack.keep();
  goal = { fly: !stay, focus: true };
  sheet?.fold(false);
  const select = write(choice, kindOf(store.get().duty));
  if (select === store.get().select) panel.show(store.get());
  else store.set({ select }, { push: true });
}

function unchoose() {
  store.set({ select: null }, { push: true });
  wayBack.go();
}

const panel = createPanel(store, config, { light, place: (choice) => choose(choice), close: unchoose });

function clicked(event) {
  const reach = matchMedia("(pointer: coarse)").matches ? FINGER_REACH_PX : REACH_PX;
  const found = tiles.at(event.latlng, reach);
  if (!found.length) return;
  const whole = found.find(({ properties, key }) => properties[key]);
  // far out, pieces are merged and have no names of their own: go nearer first
  if (!whole) {
    map.setView(event.latlng, Math.max(map.getZoom() + 2, NEAR_ZOOM), { animate: !isCalm() });
    return;
  }
  const { answers, key, properties } = whole;
  const kind = answers === "cover" ? kindOf(store.get().duty) : answers;
  choose({ type: "target", kind, code: properties[key] }, { stay: true });
}

// --- the parts -----------------------------------------------------------------------------------------------------

function keepLinks(state) {
  const asked = new URLSearchParams({ duty: state.duty, on: state.on });
  for (const link of document.querySelectorAll(".nav [data-page=table], [data-keeps-address]")) link.href = `/map/table?${asked}`;
  byId("print").href = printAddress("/map/print", { ...state, select: null }, words, map, camera);
  for (const link of document.querySelectorAll("[data-language]")) {
    const address = new URL(link.href);
    address.searchParams.set("next", `/map${query(state, words)}${state.view ? `#map=${state.view}` : ""}`);
    link.href = `${address.pathname}${address.search}`;
  }
}

function start() {
  createLegend(store, config, tell);
  createDay(store, config);
  createLayers(store);
  createGaps(store, { question: gapsOf, watched: ["duty", "on"], listed: ["gap"] }, choose);
  createSearch(store, config, choose);
  sheet = createSheet(map);

  byId("map").setAttribute("role", "region");
  byId("map").setAttribute("aria-label", document.title);

  map.on("click", clicked);
  const point = (event) => (byId("map").style.cursor = tiles.at(event.latlng, REACH_PX).length ? "pointer" : "");
  map.on("mousemove", L.Util.throttle(point, 80, map));

  createBaseMap(map, store, config);
  keepAddress(store, words, map);
  store.watch(["duty", "on", "layers", "states", "color", "bare"], paint);
  store.watch(null, keepLinks);
  keepLinks(store.get());
  paint();
  const { view, select } = store.get();
  if (select) {
    goal = { fly: !view };
    panel.show(store.get());
  }
  if (config.notice) tell(config.notice);
  document.documentElement.dataset.ready = "true";
}

start();
