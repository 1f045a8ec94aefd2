// Which layers are on the map.

import { byId, isPhone } from "./dom.js";

export function createLayers(store) {
  const boxes = [...document.querySelectorAll("#layers input[name=layer]")];
  const menu = byId("layers");

  for (const box of boxes) {
    box.addEventListener("change", () => {
      const layers = new Set(store.get().layers);
      if (box.checked) layers.add(box.value);
      else layers.delete(box.value);
      store.set({ layers }, { push: true });
    });
  }

  function show(state) {
    for (const box of boxes) box.checked = state.layers.has(box.value);
  }

  document.addEventListener("pointerdown", (event) => {
    if (menu.open && !menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary").focus();
      event.stopPropagation();
    }
  });
  menu.addEventListener("toggle", () => menu.classList.toggle("over-panel", menu.open && !isPhone()));

  store.watch(["layers"], show);
  show(store.get());
}
