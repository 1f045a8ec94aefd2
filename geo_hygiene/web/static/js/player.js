// Steps through time: buttons, a slider, the keyboard. A page gives the frames and hears which one is chosen.

import { byId, measure } from "./dom.js";
import { say } from "./format.js";

const STEP_MS = 900;
const SLOWEST_MS = 15_000;

const passed = (ms) => new Promise((done) => setTimeout(done, ms));

// `choose(key)` is called with the key of a frame; `how.playing` tells that nobody pressed anything. `shown()` resolves
// when the frame that was chosen last is drawn: a slow machine plays slowly, and shows every frame. `stopped()` is called
// when it stops to play.
export function createPlayer(choose, { shown = async () => {}, stopped = () => {} } = {}) {
  const box = byId("player");
  const play = byId("player-play");
  const slider = byId("player-at");
  let frames = [];
  let chosen = null;
  let at = -1;
  let run = null;

  function go(index, how = {}) {
    if (!frames.length) return;
    choose(frames[Math.max(0, Math.min(index, frames.length - 1))].key, how);
  }

  // What lies beside a key that is none of the frames; without a key the frames begin anew at either end.
  function beside(step) {
    if (at >= 0) return at + step;
    const later = frames.findIndex((frame) => chosen === null || frame.key > chosen);
    const next = later < 0 ? frames.length : later;
    if (step > 0) return next;
    return chosen === null ? frames.length - 1 : next - 1;
  }

  function stop() {
    if (!run) return;
    run = null;
    told();
    stopped();
  }

  function step(by) {
    stop();
    go(beside(by));
  }

  async function start() {
    const mine = {};
    run = mine;
    told();
    let next = beside(1) < frames.length ? beside(1) : 0;
    while (run === mine && next < frames.length) {
      go(next, { playing: true });
      next += 1;
      await Promise.all([passed(STEP_MS), Promise.race([shown(), passed(SLOWEST_MS)])]);
    }
    if (run === mine) stop();
  }

  function told() {
    play.setAttribute("aria-pressed", String(Boolean(run)));
    play.setAttribute("aria-label", say(run ? "pause" : "play"));
    box.dataset.playing = String(Boolean(run));
  }

  measure(box, "--player");

  const toggle = () => (run ? stop() : start());
  const KEYS = {
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    Home: () => (stop(), go(0)),
    End: () => (stop(), go(frames.length - 1)),
    " ": toggle,
  };

  play.addEventListener("click", toggle);
  byId("player-back").addEventListener("click", () => step(-1));
  byId("player-on").addEventListener("click", () => step(1));
  slider.addEventListener("input", () => (stop(), go(Number(slider.value))));
  box.addEventListener("keydown", (event) => {
    const isButton = event.target.closest("button");
    // a button answers the space bar by itself, and the choice of a step has arrows of its own
    if (event.target.closest("select") || (isButton && event.key === " ") || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  return {
    stop,

    // Frames are {key, text}; without a key that fits the slider stands at its end and the text is what is given.
    show(next, key, otherwise = "") {
      frames = next;
      chosen = key;
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
