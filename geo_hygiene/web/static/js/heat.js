// The page of complaints: counts on the server's grid as a heat map, through time, and the figures beside it.
// Leaflet's map and its heat layer are made by the frame; see maps/frame.py.

import { aDay, anything, isDay, keepAddress, listOf, oneOf, query, rangesOf, readAddress } from "./address.js";
import { ask, Unanswered } from "./api.js";
import { createAreas } from "./areas.js";
import { createCamera } from "./camera.js";
import { stepped } from "./day.js";
import { byId, element, readJson } from "./dom.js";
import { metres, number, say } from "./format.js";
import { tell } from "./notice.js";
import { createPlayer } from "./player.js";
import { createSheet } from "./sheet.js";
import { createStore } from "./store.js";
import { createTiles } from "./style.js";
import { createWhen } from "./when.js";

const SELECTS = ["kind", "channel", "status", "area", "weekday", "hour"];
const FILTERS = [...SELECTS, "from", "to"];
const MARGIN = 0.5; // of the view, asked for around it, so that a small move asks for nothing
const NEAREST = 14; // nearer, cells are so small that few hold enough to be shown
const REFUSED = 422;
const SPREAD = 0.8; // radius of a spot, in cells

const config = readJson("config");
const TITLES = { kind: config.kinds, channel: config.channels, status: config.statuses, area: config.areas };
const filters = {
  kind: listOf(Object.keys(config.kinds)),
  channel: listOf(Object.keys(config.channels)),
  status: listOf(Object.keys(config.statuses)),
  area: anything(),
  weekday: rangesOf(1, 7),
  hour: rangesOf(0, 23),
  from: aDay(null),
  to: aDay(null),
};
const words = {
  ...filters,
  by: oneOf(["community", "group"], "community"),
  sort: oneOf(["count", "rate"], "count"),
  step: oneOf(["month", "week", "day"], "month"),
  at: anything(),
};
const map = window.map;
const heat = window.heat;
const store = createStore(readAddress(words));
const camera = createCamera(map, store, config.extent);

let answer = null;
let asked = null;

// --- the question ------------------------------------------------------------------------------------------------

function box() {
  const bounds = map.getBounds().pad(MARGIN);
  const [west, south] = [bounds.getWest(), bounds.getSouth()];
  const [east, north] = [bounds.getEast(), bounds.getNorth()];
  return [Math.max(west, -180), Math.max(south, -85), Math.min(east, 180), Math.min(north, 85)];
}

function isSeen() {
  if (!asked || Math.round(map.getZoom()) !== asked.zoom) return false;
  const [west, south, east, north] = asked.box;
  return L.latLngBounds([south, west], [north, east]).contains(map.getBounds());
}

async function refresh() {
  const state = store.get();
  const question = { zoom: Math.round(map.getZoom()), box: box() };
  byId("content").setAttribute("aria-busy", "true");
  try {
    const chosen = Object.fromEntries(FILTERS.map((name) => [name, state[name]]));
    const given = { ...chosen, by: state.by, step: state.step, zoom: question.zoom };
    const told = await ask("heat", `${config.api}/cases/heat`, {
      ...given,
      bbox: question.box.map((degrees) => degrees.toFixed(5)).join(","),
    });
    if (!told) return;
    answer = told;
    asked = question;
    show();
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    tell(say("failed", { reason: error.message }));
    // a period that is too long for frames of a day has some for months
    if (error.status === REFUSED && state.step !== words.step.read(null)) store.set({ step: words.step.read(null) });
  }
  byId("content").removeAttribute("aria-busy");
}

// --- what is shown -------------------------------------------------------------------------------------------------

const frameAt = () => answer.frames.find((frame) => frame.from === store.get().at) ?? null;

// Frames of one player share a scale, or a quiet month would look like a busy one.
function scale(frame) {
  const cells = frame ? answer.frames.flatMap((one) => one.cells) : answer.cells;
  return cells.reduce((most, cell) => Math.max(most, cell[2]), 0);
}

function draw(frame) {
  const shown = frame ?? answer;
  const side = answer.cell_px * 2 ** (map.getZoom() - asked.zoom) * (frame ? answer.frame_cell / answer.cell : 1);
  const radius = Math.max(6, Math.min(90, side * SPREAD));
  heat.setOptions({ radius: radius * 0.62, blur: radius * 0.62, max: Math.max(1, scale(frame)) });
  heat.setLatLngs(shown.cells.map(([lon, lat, count]) => [lat, lon, count]));
}

function until(day) {
  return stepped(day, -1);
}

function span(frame) {
  return frame.from === until(frame.to) ? frame.from : say("period", { from: frame.from, until: until(frame.to) });
}

function when(frame) {
  const whole = store.get().step === "month" && frame.from.endsWith("-01") && frame.to.endsWith("-01");
  return whole ? frame.from.slice(0, 7) : span(frame);
}

function period(state) {
  const from = state.from ?? config.first;
  const last = state.to ? until(state.to) : config.last;
  return from && last ? say("period", { from, until: last }) : "";
}

function write(frame) {
  const shown = frame ?? answer;
  const most = scale(frame);
  const cell = frame ? answer.frame_cell : answer.cell;
  const ground = cell * Math.cos((map.getCenter().lat * Math.PI) / 180);
  const parts = { ...shown, shown: shown.cells.reduce((sum, one) => sum + one[2], 0) };
  byId("heat-total").textContent = number(shown.total);
  byId("heat-total").dataset.value = shown.total;
  byId("heat-total-word").textContent = say(shown.total === 1 ? "total_one" : shown.total ? "total_many" : "nothing");
  byId("legend-day").textContent = frame ? when(frame) : period(store.get());
  byId("heat-least").textContent = most ? say("least") : "";
  byId("heat-most").textContent = most ? say("most", { count: number(most) }) : say("most_none");
  byId("heat-scale").dataset.empty = String(!most);
  byId("heat-cell").textContent = say("cell", { size: metres(Number(ground.toPrecision(2))) });
  for (const part of document.querySelectorAll("[data-part]")) {
    part.textContent = number(parts[part.dataset.part]);
    part.dataset.value = parts[part.dataset.part];
  }
}

function show() {
  if (!answer) return;
  const state = store.get();
  const frame = frameAt();
  draw(frame);
  write(frame);
  const frames = answer.frames.map((one) => ({
    key: one.from,
    text: say("frame", { when: when(one), count: number(one.total) }),
  }));
  player.show(frames, state.at, say("frame", { when: say("whole_period"), count: number(answer.total) }));
  byId("player-whole").hidden = !frame;
  keepLinks(state);
  areas.show(answer, state);
  whenShown.show(answer);
  document.documentElement.dataset.ready = "true";
}

// --- filters ------------------------------------------------------------------------------------------------------

function showFilters(state) {
  for (const name of SELECTS) {
    const select = byId(name);
    select.querySelector("[data-several]")?.remove();
    const value = state[name] ?? "";
    // an address may name several; what no choice of the list says gets one of its own
    if (![...select.options].some((option) => option.value === value)) {
      const names = value.split(",").map((word) => TITLES[name]?.[word] ?? word);
      const text = names.length > 1 ? say("several", { names: names.join(", ") }) : names[0];
      select.append(element("option", { value, "data-several": true }, text));
    }
    select.value = value;
    select.dataset.chosen = String(Boolean(value));
  }
  byId("from").value = state.from ?? config.first ?? "";
  byId("until").value = state.to ? until(state.to) : (config.last ?? "");
  byId("step").value = state.step;
  for (const name of ["by", "sort"]) {
    for (const choice of document.querySelectorAll(`#${name} input`)) choice.checked = choice.value === state[name];
  }
}

function listen() {
  for (const name of SELECTS) {
    byId(name).addEventListener("change", (event) => store.set({ [name]: event.target.value || null, at: null }, { push: true }));
  }
  for (const [name, word, passed] of [["from", "from", 0], ["until", "to", 1]]) {
    byId(name).addEventListener("change", ({ target }) => {
      if (target.value && !isDay(target.value)) target.reportValidity();
      else store.set({ [word]: target.value ? stepped(target.value, passed) : null, at: null }, { push: true });
    });
  }
  byId("step").addEventListener("change", (event) => store.set({ step: event.target.value, at: null }, { push: true }));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", (event) => {
    event.preventDefault();
    store.set({ ...Object.fromEntries(FILTERS.map((name) => [name, null])), at: null }, { push: true });
  });
  byId("player-whole").addEventListener("click", () => (player.stop(), store.set({ at: null }, { push: true })));
  for (const name of ["by", "sort"]) {
    for (const choice of document.querySelectorAll(`#${name} input`)) {
      choice.addEventListener("change", () => store.set({ [name]: choice.value }, { push: true }));
    }
  }
}

function keepLinks(state) {
  // the list is of what is shown: of the whole period, or of the frame
  const frame = answer && frameAt();
  const chosen = { ...state, ...(frame ? { from: frame.from, to: frame.to } : {}) };
  byId("to-list").href = `/cases${query(chosen, filters)}`;
  for (const link of document.querySelectorAll("[data-language]")) {
    const address = new URL(link.href);
    const view = state.view ? `#map=${state.view}` : "";
    address.searchParams.set("next", `/cases/heat${query(state, words)}${view}`);
    link.href = `${address.pathname}${address.search}`;
  }
}

const player = createPlayer((at, how) => store.set({ at }, how.playing ? how : { push: true }));
const listed = ({ code }) => (code ? `/cases${query({ ...store.get(), area: code }, filters)}` : null);
const tiles = window.vector_tiles ? createTiles(window.vector_tiles, () => ({})) : null;
const GROUND = { layers: new Set(config.usual), states: new Set(), color: null };

function lookAt(area) {
  tiles?.apply(GROUND, { by: "areas", values: [area.code] });
  camera.look([...area.place, ...area.place], { nearest: NEAREST });
}

const areas = createAreas(lookAt, listed);
const whenShown = createWhen();

createSheet(map);
listen();
byId("map").setAttribute("role", "region");
byId("map").setAttribute("aria-label", document.title);
keepAddress(store, words, map);
store.watch([...FILTERS, "by", "step"], refresh);
store.watch(["at", "sort"], show);
// a move of the map leaves alone what somebody is about to write
store.watch([...FILTERS, "by", "sort", "step"], showFilters);
store.watch(null, keepLinks);
map.on("moveend", () => (isSeen() ? answer && draw(frameAt()) : refresh()));
if (config.notice) tell(config.notice);
else if (!window.vector_tiles) tell(say("no_ground"));
showFilters(store.get());
keepLinks(store.get());
refresh();
