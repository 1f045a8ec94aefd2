// Questions to the server. Of one kind only the newest counts; older answers are left unread when they come.

import { say } from "./format.js";

const newest = new Map();
const HEADERS = { Accept: "application/json", "Accept-Language": document.documentElement.lang };

export class Unanswered extends Error {
  constructor(message, status, problem = {}) {
    super(message);
    this.status = status;
    this.problem = problem;
  }
}

async function read(answer) {
  if (answer.ok) return answer.json();
  let problem = {};
  try {
    problem = await answer.json();
  } catch {
    // whatever stands in between does not answer as the server does
  }
  throw new Unanswered(problem.detail || problem.title || say("failed_server", { status: answer.status }), answer.status, problem);
}

function unanswered(error) {
  return error instanceof Unanswered ? error : new Unanswered(say("failed_network"), 0);
}

// Answers of one kind: what comes when a newer question was asked meanwhile is told as null.
async function newestOf(kind, request) {
  const question = Symbol(kind);
  newest.set(kind, question);
  const isOld = () => newest.get(kind) !== question;
  try {
    const told = await read(await request());
    return isOld() ? null : told;
  } catch (error) {
    if (isOld()) return null;
    throw unanswered(error);
  }
}

// Returns the answer, or null when a newer question of this kind was asked meanwhile.
export async function ask(kind, path, words = {}) {
  const given = Object.entries(words).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const address = given.length ? `${path}?${new URLSearchParams(given)}` : path;
  return newestOf(kind, () => fetch(address, { headers: HEADERS }));
}

function posted(path, body, version) {
  const token = document.querySelector("meta[name=csrf-token]").content;
  const headers = { ...HEADERS, "Content-Type": "application/json", "X-CSRFToken": token };
  if (version !== undefined) headers["If-Match"] = `"${version}"`;
  return fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
}

// As `ask`, of something that is too long for an address.
export async function askAbout(kind, path, body) {
  return newestOf(kind, () => posted(path, body));
}

// Changes something; `version` is the one that is changed.
export async function send(path, body, version) {
  try {
    return await read(await posted(path, body, version));
  } catch (error) {
    throw unanswered(error);
  }
}
