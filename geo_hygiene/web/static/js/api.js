// Questions to the server. A newer question of the same kind ends the older one.

import { say } from "./format.js";

const running = new Map();

export class Unanswered extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

// Returns the answer, or null when a newer question of this kind was asked meanwhile.
export async function ask(kind, path, words = {}) {
  running.get(kind)?.abort();
  const control = new AbortController();
  running.set(kind, control);
  const given = Object.entries(words).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const address = given.length ? `${path}?${new URLSearchParams(given)}` : path;
  try {
    const answer = await fetch(address, { signal: control.signal, headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Unanswered(await reason(answer), answer.status);
    return await answer.json();
  } catch (error) {
    if (error.name === "AbortError") return null;
    if (error instanceof Unanswered) throw error;
    throw new Unanswered(say("failed_network"), 0);
  }
}

async function reason(answer) {
  try {
    const problem = await answer.json();
    return problem.detail || problem.title || say("failed_server", { status: answer.status });
  } catch {
    return say("failed_server", { status: answer.status });
  }
}
