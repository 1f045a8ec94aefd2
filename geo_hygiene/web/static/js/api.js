// Questions to the server. Of one kind only the newest counts; older answers are left unread when they come.

import { say } from "./format.js";

const newest = new Map();
const HEADERS = { Accept: "application/json", "Accept-Language": document.documentElement.lang };

export class Unanswered extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

// Returns the answer, or null when a newer question of this kind was asked meanwhile.
export async function ask(kind, path, words = {}) {
  const question = Symbol(kind);
  newest.set(kind, question);
  const isOld = () => newest.get(kind) !== question;
  const given = Object.entries(words).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const address = given.length ? `${path}?${new URLSearchParams(given)}` : path;
  try {
    const answer = await fetch(address, { headers: HEADERS });
    if (!answer.ok) throw new Unanswered(await reason(answer), answer.status);
    const told = await answer.json();
    return isOld() ? null : told;
  } catch (error) {
    if (isOld()) return null;
    throw error instanceof Unanswered ? error : new Unanswered(say("failed_network"), 0);
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
