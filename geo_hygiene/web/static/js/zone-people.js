// Who can be given a zone: people are offered while a code or name is typed, and told by their names afterwards.

import { ask } from "./api.js";
import { element } from "./dom.js";

const OFFERED = 20;

export function createPeople({ api }, day) {
  const names = new Map();

  async function search(text) {
    const found = await ask("people", `${api}/search`, { q: text, on: day(), limit: OFFERED }).catch(() => null);
    const people = found?.results.filter(({ type }) => type === "person") ?? null;
    for (const { code, name } of people ?? []) names.set(code, name);
    return people;
  }

  return {
    nameOf: (code) => names.get(code),

    async offer(text, list) {
      const people = text.trim() && (await search(text.trim()));
      if (!people) return;
      list.replaceChildren(...people.map(({ code, name, detail }) => element("option", { value: code }, [name, detail].filter(Boolean).join(" · "))));
    },

    // Returns whether there is a name that was not known before.
    async learn(codes) {
      const unknown = codes.filter((code) => !names.has(code));
      for (const code of unknown) {
        names.set(code, null);
        await search(code);
      }
      return unknown.some((code) => names.get(code));
    },
  };
}
