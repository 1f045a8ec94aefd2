// The search box: a combobox with a list of options (ARIA pattern), all by keyboard too.

import { ask, Unanswered } from "./api.js";
import { byId, delayed, element, fill } from "./dom.js";
import { number, say } from "./format.js";

const WAIT_MS = 180;
const MOST = 12;
const MOST_KNOWN = 50;

// `types` are the kinds of results that the page can show.
export function createSearch(store, config, choose, { types = null } = {}) {
  const input = byId("query");
  const list = byId("found");
  let results = [];
  let active = -1;

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  // Beyond either end lies the box itself, in which nothing is chosen.
  function activate(index) {
    const options = [...list.querySelectorAll("[role=option]")];
    active = index < -1 ? options.length - 1 : index < options.length ? index : -1;
    options.forEach((option, place) => option.setAttribute("aria-selected", String(place === active)));
    input.removeAttribute("aria-activedescendant");
    if (active < 0) return;
    input.setAttribute("aria-activedescendant", options[active].id);
    options[active].scrollIntoView({ block: "nearest" });
  }

  function take(index) {
    const result = results[index];
    if (!result) return;
    input.value = result.name || result.code || "";
    close();
    // a complaint has a page of its own
    if (result.type === "case") location.assign(`/cases/${result.id}`);
    else choose(chosen(result), result);
  }

  function option(result, index) {
    const node = element(
      "li",
      { role: "option", id: `found-${index}`, "aria-selected": "false" },
      element("span", { class: "found-type" }, result.type === "target" ? (config.kind_titles[result.kind] ?? "") : say(`type_${result.type}`)),
      element("span", { class: "found-name" }, result.name || result.code || say("no_name")),
      element("span", { class: "found-detail" }, [result.name ? result.code : "", result.detail].filter(Boolean).join(" · ")),
    );
    // mousedown would take the focus out of the box before the click arrives
    node.addEventListener("pointerdown", (event) => event.preventDefault());
    node.addEventListener("click", () => take(index));
    return node;
  }

  function show({ results: found, more }, query) {
    results = types ? found.filter((result) => types.includes(result.type)) : found;
    const options = results.map(option);
    const none = element("li", { class: "found-none", role: "presentation" }, say("found_none", { query }));
    const rest = more ? element("li", { class: "found-none", role: "presentation" }, say("found_more", { count: number(more) })) : null;
    fill(list, ...(options.length ? options : [none]), rest);
    const told = options.length ? [say("found_count", { count: number(options.length) }), rest?.textContent] : [none.textContent];
    byId("found-told").textContent = told.filter(Boolean).join(" ");
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    activate(-1);
  }

  const look = delayed(WAIT_MS, async () => {
    const query = input.value.trim();
    if (!query) return close();
    try {
      const answer = await ask("search", `${config.api}/search`, { q: query, limit: MOST, on: store.get().on });
      if (answer && input.value.trim() === query) show(answer, query);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      results = [];
      fill(list, element("li", { class: "found-none", role: "presentation" }, say("failed", { reason: error.message })));
      list.hidden = false;
    }
  });

  input.addEventListener("input", look);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) look();
      else activate(active + (event.key === "ArrowDown" ? 1 : -1));
      event.preventDefault();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (!list.hidden && results.length) take(Math.max(active, 0));
      else look();
    } else if (event.key === "Escape" && !list.hidden) {
      close();
      event.preventDefault();
      event.stopPropagation();
    }
  });
  input.addEventListener("blur", () => setTimeout(close, 120));
  byId("find").addEventListener("submit", (event) => event.preventDefault());
}

// What is known by a code or id on a day; null when a newer question was asked meanwhile.
export async function known(config, { type, code }, on) {
  const answer = await ask("panel", `${config.api}/search`, { q: code, limit: MOST_KNOWN, on });
  if (!answer) return null;
  const found = answer.results.find((one) => one.type === type && (one.code === code || one.id === code));
  if (!found) throw new Unanswered(say("not_found", { code }), 404);
  return found;
}

export function chosen(result) {
  return result.type === "target"
    ? { type: "target", kind: result.kind, code: result.id }
    : { type: result.type, code: result.code || result.id };
}
