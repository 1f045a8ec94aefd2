// The day that is asked about: a date, a step either way, and the days on which a plan begins.

import { isDay } from "./address.js";
import { byId, element, fill } from "./dom.js";
import { say } from "./format.js";

export function stepped(iso, days) {
  const date = new Date(`${iso}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

export function createDay(store, config) {
  const input = byId("on");

  function choose(iso) {
    const good = isDay(iso);
    input.setCustomValidity(good ? "" : say("day_wrong"));
    if (good) store.set({ on: iso }, { push: true });
    else input.reportValidity();
  }

  input.addEventListener("change", () => choose(input.value));
  for (const button of document.querySelectorAll("#day .step")) {
    button.addEventListener("click", () => choose(stepped(store.get().on, Number(button.dataset.step))));
  }

  function show(state) {
    if (input.value !== state.on) input.value = state.on;
    const duty = config.duties.find((one) => one.code === state.duty);
    const jumps = [...(duty?.days ?? []).map((iso) => [iso, iso, say("plan_from", { day: iso })])];
    jumps.push([config.today, say("today"), config.today]);
    fill(
      byId("jumps"),
      ...jumps.map(([iso, text, title]) =>
        element(
          "button",
          { type: "button", "aria-pressed": String(iso === state.on), title, "data-day": iso, onclick: () => choose(iso) },
          text,
        ),
      ),
    );
  }

  store.watch(["on", "duty"], show);
  show(store.get());
}
