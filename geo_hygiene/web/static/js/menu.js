// The pages that are folded at the top: the fold closes when somebody goes elsewhere, as every menu does.

const menu = document.querySelector(".menu");

function close() {
  if (menu) menu.open = false;
}

document.addEventListener("pointerdown", (event) => {
  if (!menu?.contains(event.target)) close();
});
menu?.addEventListener("focusout", (event) => {
  if (event.relatedTarget && !menu.contains(event.relatedTarget)) close();
});
menu?.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu.open) return;
  event.stopPropagation(); // what lies below may have an Escape of its own
  close();
  menu.querySelector("summary").focus();
});
