// Acts on people: a form goes to the API as JSON with the version that was read, and its answer is told on the page.

import { send } from "./api.js";
import { byId, element, fill } from "./dom.js";
import { number, say } from "./format.js";

const KEPT = "people-done";

// People write the last day; the API takes the day after it.
function dayAfter(day) {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + 1);
  return date.toISOString().slice(0, 10);
}

function valueOf(field) {
  const value = field.value.trim();
  return value && "lastDay" in field.dataset ? dayAfter(value) : value;
}

function chosen(form) {
  return [...form.elements].filter((field) => field.name === "zones" && field.value && (field.type !== "checkbox" || field.checked));
}

function bodyOf(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || field.name === "zones") continue;
    const [name, key] = field.name.split(/:(.*)/s);
    const value = valueOf(field);
    if (value && key) body[name] = { ...body[name], [key]: value };
    else if (value) body[name] = value;
    else if ("mayBeNone" in field.dataset) body[name] = null;
  }
  const zones = chosen(form);
  if ("gives" in form.dataset) {
    const person = form.dataset.person ?? (body.person || null);
    delete body.person;
    body.zones = zones.map((field) => ({
      zone: field.value.trim(),
      person,
      ...(field.dataset.version && { version: Number(field.dataset.version) }),
    }));
  } else if (zones.length) body.zones = zones.map((field) => field.value);
  return body;
}

function told(answer) {
  const { before, after } = answer.vacant;
  const duties = JSON.parse(byId("done").dataset.duties);
  const vacant = Object.keys({ ...before, ...after }).map((duty) =>
    say("vacant_then", { duty: duties[duty] ?? duty, before: number(before[duty] ?? 0), after: number(after[duty] ?? 0) }),
  );
  return [say("done"), ...vacant, ...answer.remarks].join(" ");
}

function pairs(title, record) {
  const rows = Object.entries(record).flatMap(([name, value]) => [
    element("dt", {}, name),
    element("dd", {}, value !== null && typeof value === "object" ? JSON.stringify(value) : String(value ?? "–")),
  ]);
  return element("section", {}, element("h3", {}, title), element("dl", { class: "kept" }, ...rows));
}

function refuse(error) {
  const refused = byId("refused");
  const reasons = (error.problem?.errors ?? []).map((one) => one.msg).filter((reason) => reason !== error.message);
  refused.textContent = say("failed_change", { reason: [error.message, ...reasons].join(" ") });
  refused.hidden = false;
  const { current, yours } = error.problem ?? {};
  byId("differing").hidden = !current;
  if (current) fill(byId("differing"), pairs(say("now_there"), current), pairs(say("you_sent"), yours));
  refused.focus();
}

async function submit(form) {
  const button = form.querySelector("button[type=submit]");
  const body = bodyOf(form);
  byId("done").hidden = true;
  if (body.zones && !body.zones.length) {
    refuse(new Error(say("nothing_chosen")));
    return;
  }
  button.disabled = true;
  try {
    const answer = await send(form.dataset.act, body, form.dataset.version);
    sessionStorage.setItem(KEPT, told(answer));
    if (form.dataset.then) location.assign(form.dataset.then + encodeURIComponent(answer.person.code));
    else location.reload();
  } catch (error) {
    refuse(error);
    button.disabled = false;
  }
}

for (const form of document.querySelectorAll("form[data-act]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form);
  });
}

const give = byId("give");
if (give) {
  const all = byId("all");
  const count = () => {
    byId("chosen").textContent = say("chosen", { count: number(chosen(give).length) });
  };
  all.addEventListener("change", () => {
    for (const box of document.querySelectorAll("#zones input[name=zones]")) box.checked = all.checked;
    count();
  });
  byId("zones").addEventListener("change", count);
  count();
}

const done = sessionStorage.getItem(KEPT);
if (done) {
  sessionStorage.removeItem(KEPT);
  byId("done").textContent = done;
  byId("done").hidden = false;
}
document.documentElement.dataset.ready = "true";
