// Where the map looks: at what is chosen, in the room that the cards leave free, and where the address says.

import { readView } from "./address.js";
import { byId, isCalm, isPhone } from "./dom.js";

const NEAREST = 17;

// What of the map no card hides, as Leaflet wants to know it.
function free() {
  const gap = isPhone() ? 10 : 24;
  const box = byId("map").getBoundingClientRect();
  const panel = byId("panel");
  const beside = panel && !panel.hidden ? panel : document.querySelector(".beside");
  const player = byId("player")?.getBoundingClientRect();
  if (isPhone()) {
    const sheet = panel && !panel.hidden ? panel : byId("legend");
    const bottom = box.bottom - sheet.getBoundingClientRect().top;
    return { paddingTopLeft: [gap, player ? player.bottom - box.top + gap : 70], paddingBottomRight: [gap, Math.min(bottom, box.height * 0.6) + gap] };
  }
  const left = byId("deck").getBoundingClientRect().right - box.left;
  const right = beside ? box.right - beside.getBoundingClientRect().left : 64;
  const bottom = player ? box.bottom - player.top : 0;
  return { paddingTopLeft: [left + gap, gap], paddingBottomRight: [right + gap, bottom + gap] };
}

export function createCamera(map, store, extent) {
  function look([west, south, east, north], { still = false, nearest = NEAREST } = {}) {
    const bounds = [[south, west], [north, east]];
    // one zoom from here to there: flying through all the zooms between would ask for tiles that nobody sees
    map.fitBounds(bounds, { ...free(), maxZoom: nearest, animate: !still && !isCalm() });
  }

  function lookAtAll(how) {
    if (extent) look(extent, how);
  }

  function restore(view) {
    const [zoom, lat, lon] = view.split("/").map(Number);
    map.setView([lat, lon], zoom, { animate: false });
  }

  byId("whole").addEventListener("click", () => lookAtAll());
  store.watch(["view"], (state, _before, how) => how.restoring && state.view && restore(state.view));
  window.addEventListener("hashchange", () => {
    const typed = readView(location.hash);
    if (typed && typed !== store.get().view) restore(typed);
  });
  if (store.get().view) restore(store.get().view);
  else lookAtAll({ still: true });

  // What of the data is seen beside the cards, as west, south, east, north; all of the view where no data are.
  function seen() {
    const { paddingTopLeft, paddingBottomRight } = free();
    const size = map.getSize();
    const northWest = map.containerPointToLatLng(paddingTopLeft);
    const southEast = map.containerPointToLatLng(size.subtract(paddingBottomRight));
    const view = [northWest.lng, southEast.lat, southEast.lng, northWest.lat];
    const both = extent ? [0, 1].map((side) => Math.max(view[side], extent[side])).concat([2, 3].map((side) => Math.min(view[side], extent[side]))) : view;
    return (both[0] < both[2] && both[1] < both[3] ? both : view).map((degrees) => Number(degrees.toFixed(5)));
  }

  return { look, seen };
}
