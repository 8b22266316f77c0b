/* Single-key shortcuts, printed on the buttons that they press.

   Script tag:  <script type="module" src="{% static 'js/keyboard.js' %}"></script>
   <body data-shortcuts="off">   all of this is off, except Ctrl K (WCAG 2.1.4; set in the profile)
   <button data-key="a">…<span class="kbd" aria-hidden="true">A</span></button>    A clicks it
   <textarea data-key="c">       C focuses it
   <button data-key="Shift+P">   also ".", "Shift+D", "Escape", "Enter"; several: data-key="e Shift+E"
   Within an open dialog only the keys inside that dialog work. Hidden and disabled ones do not.
   <dialog id="shortcuts"> <li data-go="/mentions/" data-key="m"> </dialog>    G then M goes there;
   "?" and any [data-shortcuts-open] open that dialog; "/" opens the palette ([data-palette-open]).
   <ol data-list> <li data-item>: J and K move between the rows of the list that has the focus or
   else of the first one on the page; Enter follows the row's [data-open] or first link; X ticks its
   checkbox, Shift X all rows since the last tick. */

const SEQUENCE = 1_500;
let goUntil = 0;
let tickedRow = null;

const typing = (element) =>
  Boolean(element?.closest("textarea, select, [contenteditable]")) ||
  (element instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit", "range"].includes(element.type));

const visible = (element) => element.checkVisibility() && !element.disabled && !element.closest("[inert]");

const nameOf = (event) => {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // Shift is part of "?" already, but not of a letter.
  return event.shiftKey && /^[a-zæøåäöü]$/i.test(event.key) ? `shift+${key}` : key;
};

const withKey = (root, name) =>
  [...root.querySelectorAll("[data-key]:not([data-go])")].find(
    (element) => element.dataset.key.toLowerCase().split(/\s+/).includes(name.toLowerCase()) && visible(element),
  );

const press = (element) => {
  if (typing(element)) {
    element.focus();
    return;
  }
  // What was fetched this moment may not be bound yet; a quick key must not be lost.
  window.htmx?.process(element.closest("form") ?? element);
  element.click();
};

const openList = () => {
  const dialog = document.getElementById("shortcuts");
  if (dialog && !dialog.open) dialog.showModal();
};

const go = (name) => {
  goUntil = 0;
  const places = [...document.querySelectorAll("[data-go][data-key]")];
  const place = places.find((element) => element.dataset.key.toLowerCase() === name);
  if (place) location.assign(place.dataset.go);
  return Boolean(place);
};

/* ---- rows of a list ---- */

const rowsAt = () => {
  const list = document.activeElement?.closest("[data-list]") || document.querySelector("[data-list]");
  return list ? [...list.querySelectorAll("[data-item]")].filter((row) => row.checkVisibility()) : [];
};

const current = (rows) => rows.findIndex((row) => row.contains(document.activeElement));

const move = (step) => {
  const rows = rowsAt();
  const row = rows[Math.min(Math.max(current(rows) + step, 0), rows.length - 1)];
  if (!row) return false;
  if (!row.hasAttribute("tabindex")) row.tabIndex = -1;
  row.focus();
  return true;
};

const follow = () => {
  // Only from the row itself: on a link or button inside it Enter has a meaning already.
  const row = document.activeElement?.closest("[data-item]");
  if (!row || row !== document.activeElement) return false;
  (row.querySelector("[data-open]") || row.querySelector("a[href]"))?.click();
  return true;
};

const tick = (range) => {
  const rows = rowsAt();
  const here = current(rows);
  if (here < 0) return false;
  const from = range && rows.includes(tickedRow) ? rows.indexOf(tickedRow) : here;
  const [first, last] = [Math.min(from, here), Math.max(from, here)];
  const boxes = rows.slice(first, last + 1).map((row) => row.querySelector("input[type=checkbox]"));
  const box = boxes.at(here === first ? 0 : -1);
  if (!box) return false;
  const wanted = range ? true : !box.checked;
  boxes.filter((each) => each && each.checked !== wanted).forEach((each) => each.click());
  tickedRow = rows[here];
  return true;
};

const COMMANDS = {
  j: () => move(1),
  k: () => move(-1),
  x: () => tick(false),
  "shift+x": () => tick(true),
  Enter: follow,
  g: () => {
    goUntil = Date.now() + SEQUENCE;
    return true;
  },
  "?": () => {
    openList();
    return true;
  },
  "/": () => {
    const opener = document.querySelector("[data-palette-open]");
    opener?.click();
    return Boolean(opener);
  },
};

const obey = (name) => {
  if (Date.now() < goUntil) return go(name);
  const dialog = document.querySelector("dialog:modal");
  const element = withKey(dialog || document, name);
  if (element) {
    press(element);
    return true;
  }
  return !dialog && Object.hasOwn(COMMANDS, name) && COMMANDS[name]();
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (document.body.dataset.shortcuts === "off" || typing(event.target)) return;
  if (event.repeat && !["j", "k"].includes(event.key)) return;
  if (obey(nameOf(event))) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-shortcuts-open]")) openList();
});
