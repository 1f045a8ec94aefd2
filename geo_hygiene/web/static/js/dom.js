// Elements are made here and nowhere else; text goes in as text, never as markup.

export function byId(id) {
  return document.getElementById(id);
}

export function readJson(id) {
  return JSON.parse(byId(id).textContent);
}

const SVG = "http://www.w3.org/2000/svg";

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "onclick") node.addEventListener("click", value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  // append() turns strings into text nodes
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function drawing(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

export function fill(node, ...children) {
  node.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
}

export function delayed(wait, action) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), wait);
  };
}

// Lets the style know how high something is.
export function measure(node, name) {
  const tell = () => document.body.style.setProperty(name, `${node.offsetHeight}px`);
  new ResizeObserver(tell).observe(node);
}

export function isPhone() {
  return matchMedia("(max-width: 760px)").matches;
}

export function isCalm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
