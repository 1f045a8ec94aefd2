// The zone that is open: what it holds, what it would do, and everything that can be done with it without a map.

import { byId, element, fill } from "./dom.js";
import { amount, named, number, say } from "./format.js";
import { facts } from "./panel-parts.js";
import { holds } from "./zone-lists.js";
import { chosenBar, stretchRows } from "./zone-table.js";

const STATES = ["gap", "overlap", "vacant"];

function button(word, act, { quiet = true, id = null, disabled = false, values = {} } = {}) {
  const attributes = { type: "button", class: quiet ? "button quiet" : "button", "data-act": word, "data-focus": `act ${id ?? word}`, disabled, onclick: act };
  return element("button", attributes, say(word, values));
}

function signed(value, unit) {
  return `${value > 0 ? "+" : "−"}${amount(Math.abs(value), unit)}`;
}

// What a change does to the figures of the duty.
function made({ makes, unit }) {
  const least = unit === "m" ? 0.5 : 1;
  const changes = STATES.filter((state) => Math.abs(makes[state]) >= least);
  if (!changes.length) return element("p", { class: "makes none", id: "makes" }, say("makes_nothing"));
  const chip = (state) => element("li", { "data-makes": state, "data-value": makes[state], class: makes[state] > 0 ? "worse" : "better" }, `${say(state)} ${signed(makes[state], unit)}`);
  return element("ul", { class: "makes", id: "makes" }, ...changes.map(chip));
}

export function createZonePanel(config, does) {
  const body = byId("panel-body");
  const figures = element("div", { id: "figures", "aria-live": "polite" });
  const people = element("datalist", { id: "people" });

  function holders({ zone, held, nameOf, isOpen }) {
    const [first] = zone.holders ?? held.map(({ code }) => code);
    const input = element("input", { id: "holder", list: "people", value: first ?? "", maxlength: 60, autocomplete: "off", placeholder: say("holder_nobody"), disabled: !isOpen, "data-focus": "holder" });
    input.addEventListener("input", () => does.people(input.value, people));
    input.addEventListener("change", () => does.give(input.value.trim()));
    const names = zone.holders ? zone.holders.map((code) => named({ name: nameOf(code), code })) : held.map((person) => named(person));
    const told = names.length > 1 ? element("p", { class: "fine" }, names.join(" · ")) : null;
    const name = held.find(({ code }) => code === first)?.name ?? nameOf(first);
    return [element("p", { class: "field" }, element("label", { for: "holder" }, say("holder")), input, people), name && names.length === 1 ? element("p", { class: "fine" }, name) : told];
  }

  function words({ zone, isOpen }) {
    const name = element("input", { id: "zone-name", value: zone.name ?? "", maxlength: 60, disabled: !isOpen, "data-focus": "zone-name" });
    name.addEventListener("change", () => does.words({ name: name.value.trim() || zone.name }));
    const shift = element("select", { id: "zone-shift", disabled: !isOpen, "data-focus": "zone-shift" });
    fill(shift, ...Object.entries(config.shifts).map(([value, title]) => element("option", { value, selected: value === zone.shift }, title)));
    shift.addEventListener("change", () => does.words({ shift: shift.value }));
    const row = (label, input) => element("p", { class: "field" }, element("label", { for: input.id }, label), input);
    return [row(say("name"), name), row(say("shift"), shift)];
  }

  function border({ answer, isOpen }) {
    if (!answer?.border.length || !isOpen) return null;
    const row = ({ segment, lane, zones }) =>
      element(
        "li",
        {},
        element("p", {}, say(zones.length ? "border_held" : "border_free", { lane: lane || say("no_name"), zones: zones.join(", ") })),
        element("p", { class: "acts" }, button("border_keep", () => does.keep(segment), { id: `keep ${segment}` }), button("border_leave", () => does.leave(segment), { id: `leave ${segment}` })),
      );
    return element("section", { class: "asks", id: "border" }, element("h3", {}, say("border")), element("ul", {}, ...answer.border.map(row)));
  }

  function shared({ answer, isOpen }) {
    if (!answer?.shared.length) return null;
    const row = ({ zone, amount: metres, segments }) =>
      element(
        "li",
        { "data-zone": zone },
        element("p", {}, say("shared", { zone, amount: amount(metres, answer.unit) })),
        isOpen
          ? element("p", { class: "acts" }, button("shared_take", () => does.takeFrom(zone, segments), { id: `take ${zone}`, values: { zone } }), button("shared_leave", () => does.takeOut(segments), { id: `give ${zone}`, values: { zone } }))
          : null,
      );
    const all = isOpen && answer.shared.length > 1 ? element("p", { class: "acts" }, button("shared_take_all", () => does.takeFromAll(answer.shared))) : null;
    return element("section", { class: "asks", id: "shared" }, element("h3", {}, say("overlap")), all, element("ul", {}, ...answer.shared.map(row)));
  }

  function left({ answer, isOpen }) {
    if (!answer?.left.segments.length) return null;
    return element(
      "section",
      { class: "asks", id: "left" },
      element("p", {}, say("left", { amount: amount(answer.left.amount, answer.unit) })),
      isOpen ? element("p", { class: "acts" }, button("left_back", () => does.takeIn(answer.left.segments))) : null,
    );
  }

  function list({ answer, chosen, isOpen }) {
    if (!answer) return element("p", { class: "empty" }, say("loading"));
    const rows = stretchRows(answer.segments, answer.unit, chosen, does.choose);
    const all = element("input", { type: "checkbox", checked: answer.segments.length > 0 && chosen.size >= answer.segments.length, "data-focus": "all" });
    all.addEventListener("change", () => does.choose(answer.segments, all.checked));
    const taken = [...chosen.values()];
    const inside = taken.filter(({ segment }) => holds(answer.segments, segment));
    const acts = [
      inside.length < taken.length ? ["add", () => does.takeIn(taken)] : null,
      inside.length ? ["take_out", () => does.takeOut(taken)] : null,
      inside.length ? ["give_to", () => does.giveTo(taken)] : null,
      ["new_zone", () => does.begin(taken)],
    ].filter(Boolean);
    return element(
      "section",
      { class: "stretches" },
      element("h3", {}, element("label", {}, all, say("stretches"))),
      isOpen ? chosenBar(taken, answer.unit, acts) : null,
      element("ul", { class: "rows", id: "stretches" }, ...rows),
    );
  }

  function ways({ zone, isOpen, isChanged, isNew }) {
    if (!isOpen) return null;
    return element(
      "section",
      { class: "divider" },
      element("p", { class: "acts" }, button("merge", does.merge), isChanged ? button("as_in_plan", does.drop, { id: "drop" }) : null, isNew ? null : button("end", does.end, { disabled: Boolean(zone.ends) })),
    );
  }

  function showFigures(answer) {
    if (!answer) return fill(figures, element("p", { class: "empty" }, say("loading")));
    const pairs = [[say(answer.unit === "m" ? "length" : "places"), amount(answer.amount, answer.unit)], [say("segments"), number(answer.targets)]];
    pairs.push([say("work"), answer.minutes === null ? null : number(Math.round(answer.minutes))]);
    pairs.push([say("residents"), answer.residents === null ? null : say("about", { number: number(Math.round(answer.residents)) })]);
    pairs.push([say("tanks"), answer.tanks === null ? null : number(answer.tanks)]);
    fill(figures, facts(...pairs), made(answer));
  }

  return {
    figures: showFigures,

    show(told) {
      const focused = document.activeElement?.dataset?.focus;
      const openLanes = body.querySelector("[data-part=lanes]")?.open;
      const { zone, answer, isOpen, lanes, note } = told;
      showFigures(zone.ends ? null : answer);
      fill(
        body,
        element("header", {}, element("h2", { id: "panel-title" }, named({ name: zone.name, code: zone.code })), note ? element("p", { class: "under" }, note) : null),
        ...(zone.ends
          ? [element("p", { class: "nobody" }, say("zone_ends")), element("p", { class: "acts" }, isOpen ? button("as_in_plan", does.drop, { id: "drop" }) : null)]
          : [figures, left(told), shared(told), border(told), element("div", { class: "zone-words" }, ...holders(told), ...words(told)), isOpen ? lanes : null, list(told), ways(told)]),
      );
      const part = body.querySelector("[data-part=lanes]");
      if (part && openLanes !== undefined) part.open = openLanes;
      byId("panel").hidden = false;
      if (focused) body.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    },

    hide() {
      byId("panel").hidden = true;
    },
  };
}
