/* Working through a list of mentions by keys, one by one or many at once.

   Script tag:  <script type="module" src="{% static 'js/triage.js' %}"></script>
   <ol data-list> <li data-item data-id="7"> … <input type="checkbox" data-pick value="7" data-reach="900">
     … <span id="handling-7" data-handling="7" data-version="0">what was done</span> </li> </ol>
   <form id="pick" method="get" action="/mentions/many/" data-states="/mentions/states/">
     <p data-words data-none="…" data-one="…" data-many="{count} selected, reach {reach}"></p>
     <button type="button" data-do="state" data-value="done">     sets the state
     <button type="button" data-do="label">                       opens <dialog id="label">, in which
       <button data-label="sentiment" data-value="negative"> and <select data-label="emotion"> set one
     <button type="button" data-do="chart">                       opens <dialog id="chart">
     <button type="button" data-do="go" data-address="…" data-for-many>   goes there with ?mention=7
     <button type="button" data-do="clear">                       unticks all
   </form>
   Buttons work on the ticked rows or else on the row that had the focus last (class "current").
   <form class="mention-filter">   is sent without its empty fields
   What concerns many is posted to the form's action. cd:triage and cd:resync fetch what others did.
   Esc on a page with <a data-back> goes back to the list as it was left. */

const LONG = 1_000_000;
let current = null;
let asked = 0;

const form = () => document.getElementById("pick");
const picks = () => [...document.querySelectorAll("[data-pick]")];
const ticked = () => picks().filter((box) => box.checked);
const rowOf = (id) => document.querySelector(`[data-list] [data-id="${id}"]`);
const handlingOf = (id) => document.getElementById(`handling-${id}`);
const addressOf = (id, part) => `${location.pathname}${id}/${part}/`;

const compact = (number) =>
  new Intl.NumberFormat(document.documentElement.lang, { notation: number < LONG ? "standard" : "compact" }).format(number);

const say = () => {
  const place = form()?.querySelector("[data-words]");
  if (!place) return;
  const chosen = ticked();
  const reach = compact(chosen.reduce((sum, box) => sum + Number(box.dataset.reach), 0));
  const { none, one, many } = place.dataset;
  const words = chosen.length > 1 ? many : chosen.length ? one : none;
  place.textContent = words.replace("{count}", chosen.length).replace("{reach}", reach);
  form().classList.toggle("some", chosen.length > 0);
  form().querySelector("[data-do=clear]").hidden = !chosen.length;
  for (const button of form().querySelectorAll("[data-do=go]:not([data-for-many]), [data-do=chart]")) {
    button.disabled = chosen.length > 1;
  }
};

/* ---- what the buttons work on ---- */

const targets = () => {
  const chosen = ticked().map((box) => box.value);
  if (chosen.length) return chosen;
  return current?.isConnected && current.querySelector("[data-pick]") ? [current.dataset.id] : [];
};

const mark = (row) => {
  current?.classList.remove("current");
  current = row;
  row?.classList.add("current");
};

/* On to the next row that is still to be done, as an inbox does. */
const onwards = (row) => {
  const next = row?.nextElementSibling;
  if (!next?.matches("[data-item]")) return;
  next.tabIndex = -1;
  next.focus();
};

/* ---- doing it ---- */

const send = (event, address, values, target) =>
  window.htmx.ajax("POST", address, { event, source: form(), target, swap: "outerHTML", values });

const many = (event, values) =>
  window.htmx.ajax("POST", form().getAttribute("action"), {
    event, source: form(), target: "#many-outcome", swap: "innerHTML", values: { ...values, mention: targets() },
  }).then(() => clear());

const setState = (event, button) => {
  const [id, ...others] = targets();
  if (others.length) return many(event, { kind: "state", state: button.dataset.value });
  const place = handlingOf(id);
  const row = place.closest("[data-item]");
  const values = { state: button.dataset.value, version: place.dataset.version };
  return send(event, addressOf(id, "state"), values, place).then(() => {
    if (button.dataset.value === "done") onwards(row);
  });
};

const label = (event, element) => {
  const values = { field: element.dataset.label, value: element.dataset.value || element.value };
  const [id, ...others] = targets();
  element.closest("dialog").close();
  if (element instanceof HTMLSelectElement) element.value = "";
  if (others.length) return many(event, { kind: "label", ...values });
  const row = rowOf(id);
  const chosen = row.querySelector("[data-pick]").checked;
  return send(event, addressOf(id, "label"), values, row).then(() => {
    // The row is a new one: the focus goes on there.
    const fresh = rowOf(id);
    fresh.querySelector("[data-pick]").checked = chosen;
    fresh.tabIndex = -1;
    fresh.focus();
    mark(fresh);
  });
};

const chart = (event) => {
  const dialog = document.getElementById("chart");
  const [id] = targets();
  dialog.querySelector("#chart-place").replaceChildren();
  dialog.showModal();
  window.htmx.ajax("GET", addressOf(id, "triage"), { event, source: dialog, target: "#chart-place", swap: "innerHTML" });
};

const clear = () => {
  for (const box of ticked()) box.checked = false;
  say();
};

const go = (button) => {
  const address = new URL(button.dataset.address, location.href);
  for (const id of targets()) address.searchParams.append("mention", id);
  location.assign(address);
};

const DOING = {
  state: setState,
  label: () => document.getElementById("label").showModal(),
  chart,
  go: (_event, button) => go(button),
  clear,
};

/* ---- what others do ---- */

const refresh = async () => {
  if (!form() || document.hidden || Date.now() - asked < 500) return;
  asked = Date.now();
  const address = new URL(form().dataset.states, location.href);
  for (const place of document.querySelectorAll("[data-handling]")) address.searchParams.append("id", place.dataset.handling);
  const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = document.createElement("template");
  page.innerHTML = await answer.text();
  for (const fresh of page.content.querySelectorAll("[data-handling]")) {
    const place = handlingOf(fresh.dataset.handling);
    if (place && Number(place.dataset.version) < Number(fresh.dataset.version)) place.replaceWith(fresh);
  }
};

let later = 0;
for (const name of ["cd:triage", "cd:resync"]) {
  document.body.addEventListener(name, () => {
    clearTimeout(later);
    later = setTimeout(refresh, Math.max(0, 600 - (Date.now() - asked)));
  });
}

document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("[data-list] [data-item]");
  if (row) mark(row);
});
document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-pick]")) say();
  if (event.target.matches?.("select[data-label]") && targets().length) label(event, event.target);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do], button[data-label]");
  if (button && form() && targets().length) {
    if (button.dataset.label) label(event, button);
    else DOING[button.dataset.do](event, button);
  }
  const back = event.target.closest("a[data-back]");
  if (back && document.referrer && new URL(document.referrer).pathname === new URL(back.href).pathname) {
    event.preventDefault();
    history.back();
  }
});
// What is not asked for does not stand in the address.
document.addEventListener("formdata", (event) => {
  if (!event.target.matches(".mention-filter")) return;
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
});
addEventListener("pageshow", say);
form()?.classList.add("ready");
say();
