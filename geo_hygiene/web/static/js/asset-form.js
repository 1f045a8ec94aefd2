// The panel of one tank, street or drain: what is said of it, where it is, and everything that can be done with it
// without a map.

import { byId, element, fill } from "./dom.js";
import { metres, named, period, say } from "./format.js";

const NUMBERS = ["number", "integer"];

function field(input, label, unit = null) {
  const inside = unit ? element("span", { class: "with-unit" }, input, element("span", { class: "unit" }, unit)) : input;
  return element("p", { class: "field" }, element("label", { for: input.id }, label), inside);
}

function button(word, act, values = {}) {
  return element("button", { type: "button", class: "button quiet", "data-act": word, onclick: act }, say(word, values));
}

function inputOf(one, value) {
  const id = `field-${one.name}`;
  if (one.choices.length) {
    const options = [{ value: "", title: "" }, ...one.choices].map((choice) => element("option", { value: choice.value, selected: choice.value === (value ?? "") }, choice.title));
    return element("select", { id, name: one.name }, ...options);
  }
  const number = NUMBERS.includes(one.type) ? { type: "number", min: one.minimum, max: one.maximum, step: one.type === "integer" ? 1 : "any" } : { maxlength: 200 };
  return element("input", { id, name: one.name, value: value ?? "", autocomplete: "off", ...number });
}

// Places as a person types them: longitude and latitude, one place a line.
export function written({ type, coordinates }) {
  return (type === "Point" ? [coordinates] : coordinates).map(([lon, lat]) => `${lon.toFixed(7)} ${lat.toFixed(7)}`).join("\n");
}

// Returns a shape, or throws what is wrong in words.
export function read(text, isLine) {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  const places = lines.map((line, at) => {
    const numbers = line.split(/[\s,，;；]+/).map(Number);
    if (numbers.length !== 2 || !numbers.every(Number.isFinite)) throw new Error(say("where_wrong", { line: at + 1 }));
    return numbers;
  });
  if (!places.length) throw new Error(say("where_wrong", { line: 1 }));
  if (!isLine) return { type: "Point", coordinates: places[0] };
  if (places.length < 2) throw new Error(say("where_few"));
  return { type: "LineString", coordinates: places };
}

export function createAssetForm(does) {
  const body = byId("panel-body");
  let shown = null;

  function heading({ feature, kind, geometry }) {
    const { code, fields, length_m: length, valid_from: from, valid_to: to, area } = feature?.properties ?? {};
    const title = feature ? named({ name: fields.lane ?? fields.drain ?? fields.name, code }) : say("new_of", { kind: kind.title });
    const under = feature ? [length ? metres(length) : null, area && `${say("area")} ${area}`, period(from, to)] : [];
    return element("header", {}, element("h2", { id: "panel-title" }, title), element("p", { class: "under" }, under.filter(Boolean).join(" · ") || (geometry ? "" : say(kind.line ? "tool_new_line" : "tool_new_point"))));
  }

  function where({ kind, geometry, feature }) {
    const label = say(kind.line ? "where_line" : "where_point");
    const area = element("textarea", { id: "where", rows: kind.line ? 4 : 1, spellcheck: false, "aria-label": label });
    area.value = geometry ? written(geometry) : "";
    area.addEventListener("change", () => placed(area.value));
    const told = element("p", { class: "fine" }, label);
    return element("details", { class: "asset-where", open: !feature }, element("summary", {}, say("where")), told, area, element("p", { class: "acts" }, button("show_it", () => placed(area.value, true))));
  }

  function placed(text, fly = false) {
    try {
      const geometry = read(text, shown.kind.line);
      wrong(null);
      does.placed(geometry, fly);
    } catch (error) {
      wrong(error.message);
    }
  }

  function wrong(message) {
    const line = body.querySelector("#asset-wrong");
    line.hidden = !message;
    fill(line, message ?? "");
  }

  function more({ feature, kind, joins }) {
    if (!feature) return null;
    const group = kind.groups && feature.properties.fields[kind.group_code];
    const acts = [];
    if (kind.line) {
      const at = element("input", { id: "split-at", type: "number", min: 0, max: feature.properties.length_m, step: "any", value: Math.round(feature.properties.length_m / 2) });
      acts.push(field(at, say("split_at"), "m"), element("p", { class: "acts" }, button("split_now", () => does.splitAt(Number(at.value))), ...joins.map((other) => button("join_with", () => does.join(other), { name: other.properties.code ?? other.id }))));
    }
    const ends = [group ? button("rename", () => does.rename(group), { name: feature.properties.fields.lane ?? feature.properties.fields.drain ?? group }) : null, button("end", () => does.end())];
    const row = element("p", { class: "acts" }, ...ends.filter(Boolean));
    if (!kind.line) return element("div", { class: "asset-more" }, row);
    return element("details", { class: "asset-more", open: true }, element("summary", {}, say("more")), ...acts, row);
  }

  // What is said otherwise than it is stored.
  function said() {
    const now = shown.feature?.properties.fields ?? {};
    const fields = {};
    for (const one of shown.kind.fields) {
      const text = body.querySelector(`#field-${CSS.escape(one.name)}`).value.trim();
      const value = text === "" ? null : NUMBERS.includes(one.type) ? Number(text) : text;
      if (value !== (now[one.name] ?? null)) fields[one.name] = value;
    }
    return fields;
  }

  return {
    wrong,

    show(told) {
      shown = told;
      const values = { ...(told.feature?.properties.fields ?? {}), ...told.said };
      const rows = told.kind.fields.map((one) => field(inputOf(one, values[one.name]), one.title, one.unit));
      const form = element("form", { class: "asset-form zone-words" }, ...rows, where(told), element("p", { class: "wrong", id: "asset-wrong", role: "alert", hidden: true }), element("p", { class: "acts" }, element("button", { class: "button", id: "store" }, say("store")), button("discard", () => does.discard())));
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        does.store(said());
      });
      fill(body, heading(told), form, more(told));
      byId("panel").hidden = false;
    },

    // The shape is another one now; what was typed stays.
    moved(geometry) {
      shown = { ...shown, geometry };
      body.querySelector("#where").value = written(geometry);
    },

    hide() {
      shown = null;
      byId("panel").hidden = true;
    },
  };
}
