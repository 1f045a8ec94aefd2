// The page of complaints: counts on the server's grid as a heat map, through time, and the figures beside it.
// Leaflet's map and its heat layer are made by the frame; see maps/frame.py.

import { aDay, anything, isDay, keepAddress, listOf, oneOf, query, rangesOf, readAddress } from "./address.js";
import { ask, Unanswered } from "./api.js";
import { createAreas } from "./areas.js";
import { createBaseMap } from "./base-map.js";
import { createCamera } from "./camera.js";
import { stepped } from "./day.js";
import { byId, element, readJson } from "./dom.js";
import { createTiles, drawing } from "./drawing.js";
import { metres, number, say } from "./format.js";
import { createCells } from "./heat-cells.js";
import { tell } from "./notice.js";
import { createPlayer } from "./player.js";
import { createSheet } from "./sheet.js";
import { createStore } from "./store.js";
import { createWhen } from "./when.js";

const SELECTS = ["kind", "channel", "status", "area", "weekday", "hour"];
const FILTERS = [...SELECTS, "from", "to"];
const MARGIN = 0.5; // of the view, asked for around it, so that a small move asks for nothing
const REFUSED = 422;

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
  look: anything(),
  drawing,
};
const map = window.map;
const cells = createCells(map, window.heat);
const store = createStore(readAddress(words));
const camera = createCamera(map, store, config.extent);

let answer = null;
let asked = null;
let figures = null; // of the table: of the frame that is shown, else of the whole period

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

function ofFilters(state, frame) {
  const chosen = Object.fromEntries(FILTERS.map((name) => [name, state[name]]));
  return frame ? { ...chosen, from: frame.from, to: frame.to } : chosen;
}

async function refresh() {
  const state = store.get();
  const question = { zoom: Math.round(map.getZoom()), box: box() };
  byId("content").setAttribute("aria-busy", "true");
  try {
    const told = await ask("heat", `${config.api}/cases/heat`, {
      ...ofFilters(state),
      by: state.by,
      sort: state.sort,
      step: state.step,
      zoom: question.zoom,
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

// The table follows the frame: its areas and hours are asked for when it is shown.
async function askFigures(state, frame) {
  const of = answer;
  try {
    const told = await ask("figures", `${config.api}/cases/heat`, {
      ...ofFilters(state, frame),
      by: state.by,
      sort: state.sort,
      zoom: 0,
    });
    if (!told || of !== answer || frameAt() !== frame) return;
    figures = { of, frame, told };
    showFigures(store.get(), frame);
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    tell(say("failed", { reason: error.message }));
  }
}

// --- what is shown -------------------------------------------------------------------------------------------------

const frameAt = () => answer.frames.find((frame) => frame.from === store.get().at) ?? null;

// Frames of one player share a scale, or a quiet month would look like a busy one.
const among = (frame) => (frame ? answer.frames.flatMap((one) => one.cells) : answer.cells);

function draw(frame) {
  cells.show((frame ?? answer).cells, frame ? answer.frame_cell : answer.cell, among(frame));
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

const rounded = (value) => Number(value.toPrecision(2));

function aboutCells(shown) {
  const ground = Math.cos((map.getCenter().lat * Math.PI) / 180);
  const sides = shown.map((cell) => rounded(cell[3] * ground));
  const [least, widest] = [Math.min(...sides), Math.max(...sides)].map(metres);
  const count = number(Math.max(...shown.map((cell) => cell[2])));
  return least === widest ? say("cell", { size: least, count }) : say("cells", { least, widest, count });
}

function write(frame) {
  const shown = frame ?? answer;
  const most = cells.densest(among(frame));
  const parts = { ...shown, shown: shown.cells.reduce((sum, one) => sum + one[2], 0) };
  byId("heat-total").textContent = number(shown.total);
  byId("heat-total").dataset.value = shown.total;
  byId("heat-total-word").textContent = say(shown.total === 1 ? "total_one" : shown.total ? "total_many" : "nothing");
  byId("legend-day").textContent = frame ? when(frame) : period(store.get());
  byId("heat-middle").textContent = number(rounded(most / 4));
  byId("heat-most").textContent = number(rounded(most));
  byId("heat-scale").hidden = !most;
  byId("heat-cell").textContent = shown.cells.length ? aboutCells(shown.cells) : say("most_none");
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
  showFigures(state, frame);
  document.documentElement.dataset.ready = "true";
}

function showFigures(state, frame) {
  if (!frame) figures = { of: answer, frame, told: answer };
  else if (figures?.of !== answer || figures.frame !== frame) askFigures(state, frame);
  // until the answer comes the table tells what it told, and says so
  if (figures?.of !== answer) return;
  byId("areas-period").textContent = figures.frame ? when(figures.frame) : period(state) || say("whole_period");
  areas.show(figures.told, state);
  whenShown.show(figures.told);
}

// --- filters ------------------------------------------------------------------------------------------------------

// What somebody chose before the scripts stood: the page comes with nothing in its fields.
function chosenAlready() {
  const chosen = {};
  for (const name of SELECTS) if (byId(name).value) chosen[name] = byId(name).value;
  if (isDay(byId("from").value)) chosen.from = byId("from").value;
  if (isDay(byId("until").value)) chosen.to = stepped(byId("until").value, 1);
  if (byId("step").selectedIndex > 0) chosen.step = byId("step").value;
  for (const name of ["by", "sort"]) {
    const choice = document.querySelector(`#${name} input:checked`);
    if (choice) chosen[name] = choice.value;
  }
  return chosen;
}

// What somebody is writing is left alone.
function fillIn(input, day, how) {
  if (input !== document.activeElement || how?.restoring) input.value = day;
}

function showFilters(state, _before, how) {
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
  fillIn(byId("from"), state.from ?? config.first ?? "", how);
  fillIn(byId("until"), state.to ? until(state.to) : (config.last ?? ""), how);
  if (state.from && state.to && state.from >= state.to) tell(say("backwards"));
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
  byId("to-list").href = `/cases${query(ofFilters(state, frame), filters)}`;
  for (const link of document.querySelectorAll("[data-language]")) {
    const address = new URL(link.href);
    const view = state.view ? `#map=${state.view}` : "";
    address.searchParams.set("next", `/cases/heat${query(state, words)}${view}`);
    link.href = `${address.pathname}${address.search}`;
  }
}

const player = createPlayer((at, how) => store.set({ at }, how.playing ? how : { push: true }));
const listed = ({ code }) => (code ? `/cases${query({ ...ofFilters(store.get(), figures.frame), area: code }, filters)}` : null);
const tiles = createTiles(map, () => ({}), (reason) => tell(say("failed", { reason })));
const GROUND = { layers: new Set(config.usual), states: new Set(), color: null };

function lookAt(area) {
  store.set({ look: area.code }, { push: true });
  camera.look(area.bbox);
}

function outline({ look }) {
  tiles.apply(GROUND, look && { by: "areas", values: [look] });
}

const areas = createAreas(lookAt, listed);
const whenShown = createWhen();

createSheet(map);
listen();
byId("map").setAttribute("role", "region");
byId("map").setAttribute("aria-label", document.title);
createBaseMap(map, createStore(GROUND), config);
keepAddress(store, words, map);
store.set(chosenAlready());
store.watch([...FILTERS, "by", "step"], refresh);
store.watch(["at"], show);
// the foremost by rate are other areas than those by count, where not all are told
store.watch(["sort"], () => (answer?.areas_left.areas ? refresh() : show()));
// a move of the map leaves alone what somebody is about to write
store.watch([...FILTERS, "by", "sort", "step"], showFilters);
store.watch(["look"], outline);
store.watch(null, keepLinks);
map.on("moveend", () => (isSeen() ? answer && draw(frameAt()) : refresh()));
if (config.notice) tell(config.notice);
showFilters(store.get());
outline(store.get());
keepLinks(store.get());
refresh();
