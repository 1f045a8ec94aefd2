// Steps through time: buttons, a slider, the keyboard. A page gives the frames and hears which one is chosen.

import { byId } from "./dom.js";
import { say } from "./format.js";

const STEP_MS = 900;

// `choose(key)` is called with the key of a frame; `how.playing` tells that nobody pressed anything.
export function createPlayer(choose) {
  const play = byId("player-play");
  const slider = byId("player-at");
  let frames = [];
  let at = -1;
  let timer = 0;

  function go(index, how = {}) {
    if (!frames.length) return;
    choose(frames[Math.max(0, Math.min(index, frames.length - 1))].key, how);
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    told();
  }

  function tick() {
    if (at >= frames.length - 1) stop();
    else go(at + 1, { playing: true });
  }

  function start() {
    if (at >= frames.length - 1) go(0, { playing: true });
    else tick();
    timer = setInterval(tick, STEP_MS);
    told();
  }

  function told() {
    play.setAttribute("aria-pressed", String(Boolean(timer)));
    play.setAttribute("aria-label", say(timer ? "pause" : "play"));
    byId("player").dataset.playing = String(Boolean(timer));
  }

  play.addEventListener("click", () => (timer ? stop() : start()));
  byId("player-back").addEventListener("click", () => (stop(), go(at - 1)));
  byId("player-on").addEventListener("click", () => (stop(), go(at + 1)));
  slider.addEventListener("input", () => (stop(), go(Number(slider.value))));

  return {
    stop,

    // Frames are {key, text}; without a key that fits the slider stands at its end and the text is what is given.
    show(next, key, otherwise = "") {
      frames = next;
      at = frames.findIndex((frame) => frame.key === key);
      slider.max = Math.max(0, frames.length - 1);
      slider.value = at < 0 ? slider.max : at;
      slider.disabled = !frames.length;
      const text = frames[at]?.text ?? otherwise;
      slider.setAttribute("aria-valuetext", text);
      byId("player-told").textContent = text;
      for (const button of [play, byId("player-back"), byId("player-on")]) button.disabled = !frames.length;
    },
  };
}
