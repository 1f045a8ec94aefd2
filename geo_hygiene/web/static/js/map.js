// The map page: one store, its address, and the parts that show it. Leaflet's map and its vector tiles are made by the
// frame; see maps/frame.py.

import { keepAddress, query, readAddress, readView } from "./address.js";
import { createDay } from "./day.js";
import { byId, delayed, element, fill, isCalm, isPhone, readJson } from "./dom.js";
import { say } from "./format.js";
import { createGaps } from "./gaps.js";
import { createLayers } from "./layers.js";
import { createLegend } from "./legend.js";
import { createPanel } from "./panel.js";
import { createSearch } from "./search.js";
import { write } from "./selection.js";
import { createSheet } from "./sheet.js";
import { createStore } from "./store.js";
import { createTiles } from "./style.js";

const NEAREST = 17;
const REACH_PX = 6;
const FINGER_REACH_PX = 14;
const NOTICE_MS = 8000;

const config = readJson("config");
config.usual = [...document.querySelectorAll("#layers [data-usual]")].map((box) => box.value);
const map = window.map;
const store = createStore(readAddress(config));
const tiles = window.vector_tiles ? createTiles(window.vector_tiles) : null;

const hush = delayed(NOTICE_MS, () => (byId("notice").hidden = true));
function tell(text) {
  fill(byId("notice"), text);
  byId("notice").hidden = false;
  hush();
}

// --- where the map looks -------------------------------------------------------------------------------------------

function free() {
  const gap = isPhone() ? 10 : 24;
  const box = byId("map").getBoundingClientRect();
  if (isPhone()) {
    const sheet = byId("panel").hidden ? byId("legend") : byId("panel");
    const bottom = box.bottom - sheet.getBoundingClientRect().top;
    return { paddingTopLeft: [gap, 70], paddingBottomRight: [gap, Math.min(bottom, box.height * 0.6) + gap] };
  }
  const left = byId("deck").getBoundingClientRect().right - box.left;
  const right = byId("panel").hidden ? 64 : box.right - byId("panel").getBoundingClientRect().left;
  return { paddingTopLeft: [left + gap, gap], paddingBottomRight: [right + gap, gap] };
}

function look([west, south, east, north], { still = false, nearest = NEAREST } = {}) {
  const bounds = [[south, west], [north, east]];
  // one zoom from here to there: flying through all the zooms between would ask for tiles that nobody sees
  map.fitBounds(bounds, { ...free(), maxZoom: nearest, animate: !still && !isCalm() });
}

function lookAtAll(how) {
  if (config.extent) look(config.extent, how);
}

function restoreView(view) {
  const [zoom, lat, lon] = view.split("/").map(Number);
  map.setView([lat, lon], zoom, { animate: false });
}

// --- what is chosen --------------------------------------------------------------------------------------------------

let lit = null;
let goal = {};
let cameFrom = null;
let sheet = null;

const kindOf = (duty) => config.duties.find((one) => one.code === duty)?.kind;

function paint() {
  tiles?.apply(store.get(), lit);
}

// Called when the panel knows what is chosen; flies there unless the person is looking at it already.
function light(next, place) {
  lit = next;
  paint();
  if (!next || !place) return;
  const bbox = place.bbox ?? (place.center ? [...place.center, ...place.center] : null);
  if (goal.fly && bbox) look(bbox);
  if (goal.focus) byId("panel").focus({ preventScroll: true });
  goal = {};
}

function choose(choice, { stay = false } = {}) {
  cameFrom = document.activeElement;
  goal = { fly: !stay, focus: true };
  sheet?.fold(false);
  const select = write(choice, kindOf(store.get().duty));
  if (select === store.get().select) panel.show(store.get());
  else store.set({ select }, { push: true });
}

function unchoose() {
  store.set({ select: null }, { push: true });
  if (cameFrom?.isConnected) cameFrom.focus({ preventScroll: true });
  cameFrom = null;
}

const panel = createPanel(store, config, { light, place: (choice) => choose(choice), close: unchoose });

function clicked(event) {
  if (!tiles) return;
  const reach = matchMedia("(pointer: coarse)").matches ? FINGER_REACH_PX : REACH_PX;
  const found = tiles.at(map, event.latlng, reach);
  if (!found.length) return;
  const whole = found.find((feature) => feature.properties[feature.layer.metadata.key]);
  // far out, pieces are merged and have no names of their own: go nearer first
  if (!whole) {
    map.setView(event.latlng, Math.max(map.getZoom() + 2, 15), { animate: !isCalm() });
    return;
  }
  const { answers, key } = whole.layer.metadata;
  const kind = answers === "cover" ? kindOf(store.get().duty) : answers;
  choose({ type: "target", kind, code: whole.properties[key] }, { stay: true });
}

// --- the parts -----------------------------------------------------------------------------------------------------

function withoutMap() {
  const text = element("p", {}, say("no_webgl"));
  const link = element("a", { class: "button", href: "/map/table", "data-keeps-address": true }, say("to_table"));
  byId("map").append(element("div", { class: "no-map", role: "alert" }, text, link));
  keepLinks(store.get());
}

function keepLinks(state) {
  const words = new URLSearchParams({ duty: state.duty, on: state.on });
  for (const link of document.querySelectorAll("#to-table, [data-keeps-address]")) link.href = `/map/table?${words}`;
  for (const link of document.querySelectorAll("[data-language]")) {
    const address = new URL(link.href);
    address.searchParams.set("next", `/map${query(state, config)}${state.view ? `#map=${state.view}` : ""}`);
    link.href = `${address.pathname}${address.search}`;
  }
}

function start() {
  createLegend(store, config, tell);
  createDay(store, config);
  createLayers(store);
  createGaps(store, config, choose);
  createSearch(store, config, choose);
  sheet = createSheet(map);

  byId("map").setAttribute("aria-label", document.title);
  byId("whole").addEventListener("click", () => lookAtAll());

  if (tiles) {
    tiles.gl.on("error", (event) => tell(say("failed", { reason: event.error?.message ?? "" })));
    tiles.gl.getCanvas().addEventListener("webglcontextlost", withoutMap, { once: true });
    map.on("click", clicked);
    const point = (event) => (byId("map").style.cursor = tiles.at(map, event.latlng, REACH_PX).length ? "pointer" : "");
    map.on("mousemove", L.Util.throttle(point, 80, map));
  } else {
    withoutMap();
  }

  const { view, select } = store.get();
  if (view) restoreView(view);
  else if (select) goal = { fly: true };
  if (!view) lookAtAll({ still: true });
  keepAddress(store, config, map);
  store.watch(["view"], (state, _before, how) => how.restoring && state.view && restoreView(state.view));
  window.addEventListener("hashchange", () => {
    const typed = readView(location.hash);
    if (typed && typed !== store.get().view) restoreView(typed);
  });
  store.watch(["duty", "on", "layers", "states", "color"], paint);
  store.watch(null, keepLinks);
  keepLinks(store.get());
  paint();
  if (select) panel.show(store.get());
  if (config.notice) tell(config.notice);
  document.documentElement.dataset.ready = "true";
}

start();
