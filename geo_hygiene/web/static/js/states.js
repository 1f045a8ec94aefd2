// The rows of the legend: each shows or hides a state on the map, or shows nothing but it.

export function createStates(store) {
  const rows = [...document.querySelectorAll("#legend [data-state]")];
  const alone = [...document.querySelectorAll("#legend [data-only]")];
  const every = rows.map((row) => row.dataset.state);
  const isAlone = (name, { states }) => states.size === 1 && states.has(name);

  for (const row of rows) {
    row.addEventListener("click", () => {
      const states = new Set(store.get().states);
      if (!states.delete(row.dataset.state)) states.add(row.dataset.state);
      store.set({ states }, { push: true });
    });
  }
  for (const one of alone) {
    const { only } = one.dataset;
    one.addEventListener("click", () => store.set({ states: new Set(isAlone(only, store.get()) ? every : [only]) }, { push: true }));
  }

  function show(state) {
    for (const row of rows) row.setAttribute("aria-pressed", state.states.has(row.dataset.state));
    for (const one of alone) one.setAttribute("aria-pressed", isAlone(one.dataset.only, state));
  }

  store.watch(["states"], show);
  show(store.get());
  return rows;
}
