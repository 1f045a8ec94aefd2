// Counts and rates of areas side by side, each with a bar; a name moves the map there, a count leads to its list.
// A rate that rests on little is marked, and how far chance alone moves it is told.

import { byId, element, fill } from "./dom.js";
import { number, say } from "./format.js";

// A bar is two numbers of a style; they are set as properties, which a policy against inline styles lets through.
function cell(value, most, kind, ...shown) {
  const told = element("span", { class: "figure" }, ...(shown.length ? shown : [value === null ? "–" : number(value)]));
  const box = element("td", { class: `right measured ${kind}`, "data-value": value ?? "" }, told);
  box.style.setProperty("--share", value && most ? value / most : 0);
  return box;
}

function rateCell({ rate, interval, is_uncertain: isUncertain }, most) {
  if (rate === null) return cell(rate, most, "rate");
  const [low, high] = interval.map(number);
  const shown = isUncertain ? say("about", { rate: number(rate) }) : number(rate);
  const between = element("span", { class: "visually-hidden" }, ` ${say("between", { low, high })}`);
  const box = cell(rate, most, isUncertain ? "rate uncertain" : "rate", shown, between);
  box.title = say("between", { low, high });
  return box;
}

// `look(area)` moves the map; `listed(area)` is the address of the list of its complaints, or null.
export function createAreas(look, listed) {
  const body = byId("areas").querySelector("tbody");

  function row(area, most) {
    const name = area.name || area.code || say("nowhere");
    const label = area.bbox
      ? element("button", { type: "button", class: "link", title: say("go_to", { name }), onclick: () => look(area) }, name)
      : name;
    const address = listed(area);
    const count = number(area.count);
    return element(
      "tr",
      { "data-area": area.code ?? "" },
      element("th", { scope: "row" }, label),
      element("td", { class: "right residents" }, area.residents === null ? "–" : number(area.residents)),
      cell(area.count, most.count, "count", address ? element("a", { href: address }, count) : count),
      rateCell(area, most.rate),
    );
  }

  function left({ areas, count }) {
    if (!areas) return [];
    const cells = [element("td", { class: "right" }, number(count)), element("td")];
    return [element("tr", { class: "left" }, element("th", { scope: "row", colspan: 2 }, say("areas_left", { areas: number(areas) })), ...cells)];
  }

  return {
    show(answer, { sort }) {
      byId("areas-level").textContent = say(answer.by_level);
      const known = answer.areas.filter((area) => area.code !== null);
      const most = {
        count: Math.max(0, ...known.map((area) => area.count)),
        rate: Math.max(0, ...known.map((area) => area.rate ?? 0)),
      };
      // no rate that rests on little stands above one that does not
      const unsure = (area) => Number(sort === "rate" && (area.is_uncertain || area.rate === null));
      const order = (a, b) => unsure(a) - unsure(b) || (b[sort] ?? -1) - (a[sort] ?? -1) || (a.code < b.code ? -1 : 1);
      const sorted = [...known].sort(order);
      const rest = answer.areas.filter((area) => area.code === null);
      fill(body, ...[...sorted, ...rest].map((area) => row(area, most)), ...left(answer.areas_left));
    },
  };
}
