// What a campaign reached until a day: the legend's figures, by kind and by area, as tables and bars.

import { ask, Unanswered } from "./api.js";
import { byId, element, fill } from "./dom.js";
import { amount, number, say, share } from "./format.js";
import { createStates } from "./states.js";

const PAGE = 100;
const STATES = ["treated", "not-treated", "not-visited", "old"];

const ratio = (value) => (value === null ? "–" : share(value, 1));

// The states are called as in the legend: there a campaign says what is long ago.
export function stateName(state) {
  return document.querySelector(`#legend [data-state=${state}] .state-name`).textContent;
}

function stacked(kind) {
  const parts = STATES.map((state) => {
    const part = element("i", { class: state });
    part.style.setProperty("--share", kind.on_ground ? kind.states[state] / kind.on_ground : 0);
    return part;
  });
  const told = STATES.map((state) => `${stateName(state)} ${amount(kind.states[state], kind.unit)}`).join("; ");
  return element("div", { class: "stacked", role: "img", "aria-label": told, title: told }, ...parts);
}

// `choose(choice)` opens the panel of an area.
export function createReached(store, config, api, { tell, unitOf, choose }) {
  const rows = createStates(store);
  const titleOf = (key) => config.kinds.find((kind) => kind.key === key)?.title ?? key;
  const more = byId("areas-more");
  let answer = null;

  for (const name of ["kind", "by"]) {
    for (const choice of document.querySelectorAll(`#${name} input`)) {
      choice.addEventListener("change", () => store.set({ [name]: choice.value, ...(name === "kind" ? { select: null } : {}) }, { push: true }));
    }
  }

  function show(state) {
    for (const name of ["kind", "by"]) {
      for (const choice of document.querySelectorAll(`#${name} input`)) choice.checked = choice.value === state[name];
    }
    byId("legend").dataset.unit = unitOf(state.kind);
    byId("legend-day").textContent = state.on;
  }

  const total = (kind) => (kind?.on_ground ? say("total", { total: amount(kind.on_ground, kind.unit) }) : say("total_nothing"));

  // the map shows what was treated lately; the shares are of all that was treated
  function treatedInAll(kind) {
    const old = kind?.age_days.treated_over_limit;
    if (!old) return null;
    const told = { treated: amount(kind.treated, kind.unit), old: amount(old, kind.unit), days: number(config.campaign.limit_days) };
    return say("treated_in_all", told);
  }

  function legend(kind) {
    for (const row of rows) {
      const value = kind?.states[row.dataset.state];
      row.querySelector("[data-figure=length]").textContent = kind ? amount(value, kind.unit) : "–";
      row.querySelector("[data-figure=share]").textContent = kind ? share(value, kind.on_ground) : "–";
      row.dataset.value = value ?? "";
    }
    byId("legend-total").textContent = [total(kind), treatedInAll(kind)].filter(Boolean).join(" ");
  }

  function measured(value, goal) {
    return element("td", { class: value !== null && value < goal ? "right below" : "right", "data-value": value ?? "" }, ratio(value));
  }

  function kinds(state) {
    const row = (kind) => {
      const pressed = String(kind.kind === state.kind);
      const choose = () => store.set({ kind: kind.kind, select: null }, { push: true });
      const name = element("button", { type: "button", class: "link", "aria-pressed": pressed, onclick: choose }, titleOf(kind.kind));
      return element(
        "tr",
        { "data-kind": kind.kind },
        element("th", { scope: "row" }, name),
        measured(kind.found_coverage, config.goals.visited),
        measured(kind.treatment_coverage, 0),
        measured(kind.effectiveness, config.goals.treated),
      );
    };
    fill(byId("kinds").querySelector("tbody"), ...answer.kinds.map(row));
  }

  function reasons(kind) {
    const parts = Object.entries(kind?.not_treated ?? {}).filter(([, value]) => value > 0);
    const told = parts.map(([reason, value]) => say("reason_part", { reason: config.results[reason], amount: amount(value, kind.unit) }));
    const lines = [];
    if (kind?.found) lines.push(parts.length ? say("reasons", { parts: told.join(" · ") }) : say("reasons_none"));
    const median = kind?.age_days.median ?? null;
    if (median !== null) lines.push(median > 1 ? say("median_age", { days: number(median) }) : say("median_age_one"));
    byId("reasons").textContent = lines.join(" ");
  }

  function opener(area, level) {
    return element("button", { type: "button", class: "link", onclick: () => choose({ type: level, code: area.code }) }, area.name || area.code);
  }

  function areas(state) {
    byId("areas-level").textContent = say(state.by);
    const row = (area) => {
      const kind = area.kinds.find((one) => one.kind === state.kind);
      if (!kind) return null;
      return element(
        "tr",
        { "data-area": area.code ?? "" },
        element("th", { scope: "row" }, area.code ? opener(area, state.by) : say("nowhere")),
        element("td", {}, stacked(kind)),
        measured(kind.effectiveness, config.goals.treated),
      );
    };
    fill(byId("areas").querySelector("tbody"), ...answer.by.map(row));
    more.hidden = !answer.next;
  }

  function tellAll(state) {
    if (!answer) return;
    const kind = answer.kinds.find((one) => one.kind === state.kind);
    legend(kind);
    kinds(state);
    reasons(kind);
    areas(state);
  }

  // the areas come in pages, and those that are shown stay
  async function load(after = null) {
    const state = store.get();
    byId("legend").setAttribute("aria-busy", "true");
    try {
      const told = await ask("reached", `${api}/cover`, { on: state.on, by: state.by, limit: PAGE, after });
      if (!told) return;
      answer = after === null ? told : { ...told, by: [...answer.by, ...told.by] };
      tellAll(store.get());
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      byId("legend-total").textContent = say("failed", { reason: error.message });
      tell(say("failed", { reason: error.message }));
    }
    byId("legend").removeAttribute("aria-busy");
  }

  async function further() {
    const shown = byId("areas").querySelectorAll("tbody tr").length;
    await load(answer.next);
    byId("areas").querySelectorAll("tbody tr")[shown]?.querySelector("button")?.focus();
  }

  more.addEventListener("click", further);
  store.watch(["kind", "by", "on"], show);
  store.watch(["kind"], tellAll);
  store.watch(["on", "by"], () => load());
  show(store.get());
  byId("legend-total").textContent = say("loading");
  load();
}
