/* Dialogs, toasts and the undo clock.

   Script tag:  <script type="module" src="{% static 'js/dialogs.js' %}"></script>

   Dialogs
   <button data-opens="#declare">     opens <dialog id="declare"> as modal
   <button data-closes>               closes the dialog around it
   <dialog data-light>                a click beside it closes it
   <dialog data-open-now>             opens itself when the page is shown, or when it is swapped in
   <form data-closes-when-done>       closes the dialog around it when htmx has sent it well

   Toasts
   <div id="toasts" class="toasts" role="status" aria-live="polite"
        data-failed="It did not work. What you wrote is still here." data-offline="No connection. …"
        data-refused="You may not do that." data-gone="It is no longer there."
        data-signed-out="You are signed out. …"></div>          words for forms.js
   <template id="toast-template"> <div class="toast-card">… <span data-text></span>
     <button data-dismiss>…</button></div> </template>   and one with id toast-error-template
   The server sends `HX-Trigger: {"toast": {"text": "Approved.", "level": "error" or absent}}`;
   scripts dispatch `cd:toast` on body with the same detail. What stands in #toasts when the page is
   shown is a toast too. 6 s, paused while the mouse or the focus is on it; .toast-error stays.

   Undo
   <cd-undo deadline="…" data-words="Approved. Takes effect in {seconds} s." data-done="Approved.">
     <span data-text>Approved. Takes effect at 09:14:10.</span>
     <form …><button>Undo</button></form>
   </cd-undo>    counts to the server's deadline, then hides the form and says data-done. */

const STAYS = 6_000;
const now = () => Date.now() + Number(document.documentElement.dataset.skew || 0);

/* ---- dialogs ---- */

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    const dialog = document.querySelector(opener.dataset.opens);
    if (dialog && !dialog.open) dialog.showModal();
  }
  if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
  if (event.target.matches("dialog[data-light]")) event.target.close();
});

const openNow = (root) => {
  for (const dialog of root.querySelectorAll("dialog[data-open-now]")) {
    delete dialog.dataset.openNow;
    if (!dialog.open) dialog.showModal();
  }
};
openNow(document);
document.addEventListener("htmx:afterSettle", (event) => {
  openNow(event.target.parentElement || document);
});

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest?.("form[data-closes-when-done]");
  if (form && event.detail.successful) form.closest("dialog")?.close();
});

/* ---- toasts ---- */

const limit = (card) => {
  if (card.classList.contains("toast-error")) return;
  let timer = 0;
  const run = () => {
    clearTimeout(timer);
    timer = setTimeout(() => card.remove(), STAYS);
  };
  const hold = () => clearTimeout(timer);
  card.addEventListener("mouseenter", hold);
  card.addEventListener("focusin", hold);
  card.addEventListener("mouseleave", () => {
    if (!card.contains(document.activeElement)) run();
  });
  card.addEventListener("focusout", () => {
    if (!card.matches(":hover")) run();
  });
  run();
};

const toast = ({ text, level }) => {
  const region = document.getElementById("toasts");
  const template = document.getElementById(level === "error" ? "toast-error-template" : "toast-template");
  if (!region || !template || !text) return;
  // The same failure again says nothing new.
  const same = [...region.querySelectorAll("[data-text]")].find((place) => place.textContent === text);
  if (same) same.closest(".toast-card")?.remove();
  const card = template.content.firstElementChild.cloneNode(true);
  card.querySelector("[data-text]").textContent = text;
  region.append(card);
  limit(card);
};

for (const card of document.querySelectorAll("#toasts > *")) limit(card);
document.addEventListener("click", (event) => {
  if (event.target.closest("#toasts [data-dismiss]")) event.target.closest(".toast-card").remove();
});
// htmx dispatches what HX-Trigger names, with the value as detail (bare text as detail.value).
document.body.addEventListener("toast", ({ detail }) => toast({ ...detail, text: detail.text ?? detail.value }));
document.body.addEventListener("cd:toast", ({ detail }) => toast(detail));

/* ---- undo ---- */

class Undo extends HTMLElement {
  connectedCallback() {
    this.tick();
    this.timer = setInterval(() => this.tick(), 250);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  tick() {
    const left = Math.ceil((Date.parse(this.getAttribute("deadline")) - now()) / 1000);
    const over = !(left > 0);
    const text = over ? this.dataset.done : this.dataset.words?.replace("{seconds}", left);
    const place = this.querySelector("[data-text]");
    if (place && text && place.textContent !== text) place.textContent = text;
    if (!over) return;
    clearInterval(this.timer);
    this.querySelectorAll("form").forEach((form) => { form.hidden = true; });
  }
}

customElements.define("cd-undo", Undo);
