// A job under way: how far it is, until its page shows what came of it.

import { byId, readJson } from "./dom.js";

const PAUSE = 500;
const PATIENCE = 5000;
const told = byId("progress");
const steps = readJson("steps");
const numbers = new Intl.NumberFormat(document.documentElement.lang);

function show({ step, done, total }) {
  const bar = byId("bar");
  if (total && done) {
    bar.max = total;
    bar.value = Math.min(done, total);
  } else {
    bar.removeAttribute("value");
  }
  const title = steps[step];
  if (title) byId("step").textContent = total && done ? `${title} ${numbers.format(done)} / ${numbers.format(total)}` : title;
}

async function follow() {
  let pause = PAUSE;
  try {
    const answer = await fetch(told.dataset.address, { headers: { Accept: "application/json" } });
    if (answer.status === 401 || answer.status === 403 || answer.status === 404) return location.reload();
    if (answer.ok) {
      const job = await answer.json();
      if (job.state !== "waiting" && job.state !== "running") return location.reload();
      show(job);
    } else {
      pause = PATIENCE;
    }
  } catch {
    pause = PATIENCE; // the server may be starting again: the job goes on meanwhile, or says that it did not
  }
  setTimeout(follow, pause);
}

follow();
document.documentElement.dataset.ready = "true";
