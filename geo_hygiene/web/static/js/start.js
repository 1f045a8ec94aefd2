// How much work is due, asked beside the page: over a county it is longer counted than the page takes to come.

const numbers = new Intl.NumberFormat(document.documentElement.lang);

async function tell(place) {
  const answer = await fetch(place.dataset.due, { headers: { Accept: "application/json" } });
  const due = answer.ok ? (await answer.json()).sums.due.targets : null;
  place.textContent = due === null ? "–" : numbers.format(due);
}

for (const place of document.querySelectorAll("[data-due]")) {
  tell(place).catch(() => (place.textContent = "–"));
}
