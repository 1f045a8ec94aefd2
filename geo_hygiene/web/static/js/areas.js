// Counts and rates of areas side by side, each with a bar; a name moves the map there, a count leads to its list.

import { byId, element, fill } from "./dom.js";
import { number, say } from "./format.js";

// A bar is two numbers of a style; they are set as properties, which a policy against inline styles lets through.
function cell(value, most, kind, address = null) {
  const text = value === null ? "–" : number(value);
  const told = element("span", { class: "figure" }, address ? element("a", { href: address }, text) : text);
  const box = element("td", { class: `right measured ${kind}`, "data-value": value ?? "" }, told);
  box.style.setProperty("--share", value && most ? value / most : 0);
  return box;
}

// `look(area)` moves the map; `listed(area)` is the address of the list of its complaints, or null.
export function createAreas(look, listed) {
  const body = byId("areas").querySelector("tbody");

  function row(area, most) {
    const name = area.name || area.code || say("nowhere");
    const title = area.residents === null ? null : say("residents", { count: number(area.residents) });
    const label = area.place
      ? element("button", { type: "button", class: "link", title: title ?? say("go_to", { name }), onclick: () => look(area) }, name)
      : name;
    return element(
      "tr",
      { "data-area": area.code ?? "" },
      element("th", { scope: "row" }, label),
      cell(area.count, most.count, "count", listed(area)),
      cell(area.rate, most.rate, "rate"),
    );
  }

  return {
    show(answer, { sort }) {
      byId("areas-level").textContent = say(answer.by_level);
      const known = answer.areas.filter((area) => area.code !== null);
      const most = {
        count: Math.max(0, ...known.map((area) => area.count)),
        rate: Math.max(0, ...known.map((area) => area.rate ?? 0)),
      };
      const sorted = [...known].sort((a, b) => (b[sort] ?? -1) - (a[sort] ?? -1) || (a.code < b.code ? -1 : 1));
      const rest = answer.areas.filter((area) => area.code === null);
      fill(body, ...[...sorted, ...rest].map((area) => row(area, most)));
    },
  };
}
