// A file on its way to the server, part by part; the page that shows it is a page of its own.

import { byId } from "./dom.js";

const TIMES = 3;
const PAUSE = 2000;
const form = byId("bring");
const button = form.querySelector("button");
const shares = new Intl.NumberFormat(document.documentElement.lang, { style: "percent", maximumFractionDigits: 0 });

function ending(file) {
  return file.name.slice(file.name.lastIndexOf(".") + 1).toLowerCase();
}

function stem(file) {
  return file.name.slice(0, file.name.lastIndexOf("."));
}

// Several files are taken together when they are parts of one shapefile; the shapes come first and name it.
function parts(files) {
  const sorted = [...files].sort((one, other) => (ending(other) === "shp") - (ending(one) === "shp"));
  const belong = sorted.every((file) => stem(file) === stem(sorted[0]));
  if (sorted.length > 1 && !(belong && ending(sorted[0]) === "shp")) throw new Error(form.dataset.tooMany);
  if (sorted.reduce((sum, file) => sum + file.size, 0) > Number(form.dataset.largest)) throw new Error(form.dataset.tooBig);
  return sorted;
}

function bring(file, upload, tell, times = TIMES) {
  const words = new URLSearchParams({ name: file.name, ...(upload && { upload }) });
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Error(request.response?.detail || form.dataset.failed));
    // a slow disk or line pauses longer than the server waits: once more from the beginning
    const tryAgain = () => setTimeout(() => bring(file, upload, tell, times - 1).then(resolve, reject), PAUSE);
    request.open("POST", `${form.dataset.uploads}?${words}`);
    request.responseType = "json";
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("Accept-Language", document.documentElement.lang);
    request.setRequestHeader("X-CSRFToken", form.elements.csrf_token.value);
    request.upload.addEventListener("progress", ({ loaded }) => tell(loaded));
    request.addEventListener("load", () => (request.status === 201 ? resolve(request.response.upload) : fail()));
    request.addEventListener("error", () => (times > 1 ? tryAgain() : fail()));
    request.send(file);
  });
}

function tell(share) {
  byId("brought").value = share;
  byId("told").textContent = form.dataset.brought.replace("%(share)s", shares.format(share));
}

async function bringAll(files) {
  const whole = files.reduce((sum, file) => sum + file.size, 0) || 1;
  let done = 0;
  let upload = "";
  for (const file of files) {
    upload = await bring(file, upload, (loaded) => tell((done + loaded) / whole));
    done += file.size;
  }
  tell(1);
  return upload;
}

form.addEventListener("submit", async (event) => {
  if (form.elements.upload.value) return;
  event.preventDefault();
  const refused = byId("refused");
  refused.hidden = true;
  try {
    const files = parts(byId("files").files);
    button.disabled = true;
    form.querySelector(".progress").hidden = false;
    form.elements.upload.value = await bringAll(files);
    form.elements.file.value = files[0].name;
    form.submit();
  } catch (error) {
    refused.textContent = error.message;
    refused.hidden = false;
    form.querySelector(".progress").hidden = true;
    button.disabled = false;
  }
});

// a page that comes back from the browser's memory is for another file
window.addEventListener("pageshow", () => {
  form.elements.upload.value = "";
  button.disabled = false;
});
document.documentElement.dataset.ready = "true";
