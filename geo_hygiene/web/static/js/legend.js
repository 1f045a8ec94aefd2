// The legend: figures of the cover command for the duty and day, and the states that are shown.

import { ask, Unanswered } from "./api.js";
import { byId } from "./dom.js";
import { amount, say, share } from "./format.js";
import { createStates } from "./states.js";

// `question(state)` says where the figures are asked for and with which words; `watched` is what they depend on.
export function createLegend(store, config, tell, { question = null, watched = ["duty", "on"] } = {}) {
  const asked = question ?? (({ duty, on }) => ({ path: `${config.api}/cover`, words: { duty, on } }));
  const rows = createStates(store);

  for (const choice of document.querySelectorAll("#coloring input")) {
    choice.addEventListener("change", () => store.set({ color: choice.value }, { push: true }));
  }
  for (const choice of document.querySelectorAll("#duty input")) {
    choice.addEventListener("change", () => store.set({ duty: choice.value, select: null }, { push: true }));
  }

  function show(state) {
    for (const choice of document.querySelectorAll("#coloring input")) choice.checked = choice.value === state.color;
    for (const choice of document.querySelectorAll("#duty input")) choice.checked = choice.value === state.duty;
    byId("legend").dataset.color = state.color;
    byId("holder-hint").hidden = state.color !== "holder";
  }

  function write(figures, duty) {
    const unit = figures?.unit ?? duty.unit;
    for (const row of rows) {
      const value = figures?.[row.dataset.state];
      row.querySelector("[data-figure=length]").textContent = figures ? amount(value, unit) : "–";
      row.querySelector("[data-figure=share]").textContent = figures ? share(value, figures.total) : "–";
      if (figures) row.dataset.value = value;
    }
    byId("legend-total").textContent = figures ? summary(figures, unit) : say("loading");
    byId("deck").classList.toggle("nothing", figures?.total === 0);
    store.set({ bare: figures?.total > 0 && !figures.covered });
  }

  function summary({ total, covered }, unit) {
    if (!total) return say("total_nothing");
    return say(covered ? "total" : "total_no_zones", { total: amount(total, unit) });
  }

  async function refresh(state) {
    const duty = config.duties.find((one) => one.code === state.duty);
    byId("legend-title").textContent = duty.title;
    byId("legend").dataset.unit = duty.unit;
    byId("legend-day").textContent = state.on;
    byId("legend").setAttribute("aria-busy", "true");
    try {
      const { path, words } = asked(state);
      const figures = await ask("cover", path, words);
      if (!figures) return;
      write(figures, duty);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      write(null, duty);
      byId("legend-total").textContent = say("failed", { reason: error.message });
      tell(say("failed", { reason: error.message }));
    }
    byId("legend").removeAttribute("aria-busy");
  }

  store.watch(["color", "duty"], show);
  store.watch(watched, refresh);
  show(store.get());
  write(null, config.duties.find((one) => one.code === store.get().duty));
  refresh(store.get());
}
