/* The command palette: one box that finds commands of this page, places and things.

   Script tag:  <script type="module" src="{% static 'js/palette.js' %}"></script>
   <dialog class="palette" id="palette"> <cd-palette data-search="{% url 'search' %}">
     <input role="combobox" aria-controls="palette-list" …>
     <div id="palette-list" role="listbox">
       <div role="group" aria-label="…"> <div class="palette-group">…</div>
         <a class="palette-item" role="option" href="…">…</a>            goes there
         <button class="palette-item" role="option" type="button"
                 data-click="#approve">…</button>                        clicks that on the page; left
       </div>                                                            out where it is absent or disabled
       <div id="palette-found"></div>      the server's groups, of the same form
     </div>
     <p data-none hidden>Nothing is called that.</p>
   </cd-palette> </dialog>
   Opened by Ctrl K or Cmd K (here), "/" (keyboard.js) and any [data-palette-open].
   `data-search` is asked with ?q= 150 ms after the last letter, from two letters on, with
   HX-Request; it answers with groups. Words of the query may stand in any order. Arrows, Home, End
   move; Enter follows; Esc closes. */

const PAUSE = 150;
const LEAST = 2;
const MOVES = { ArrowDown: 1, ArrowUp: -1 };

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

class Palette extends HTMLElement {
  connectedCallback() {
    this.dialog = this.closest("dialog");
    this.input = this.querySelector("[role=combobox]");
    this.found = this.querySelector("#palette-found");
    this.index = 0;
    this.input.addEventListener("input", () => this.change());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("click", (event) => this.pick(event));
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    this.dialog.addEventListener("close", () => this.question?.abort());
  }

  open() {
    if (this.dialog.open) return;
    this.input.value = "";
    this.found?.replaceChildren();
    this.dialog.showModal();
    this.input.focus();
    this.filter();
  }

  get items() {
    return [...this.querySelectorAll(".palette-item")];
  }

  get shown() {
    return this.items.filter((item) => !item.hidden);
  }

  change() {
    this.filter();
    clearTimeout(this.later);
    this.question?.abort();
    const query = this.input.value.trim();
    if (query.length < LEAST) this.found?.replaceChildren();
    else if (this.dataset.search) this.later = setTimeout(() => this.search(query), PAUSE);
  }

  filter() {
    const words = plain(this.input.value).split(/\s+/).filter(Boolean);
    for (const item of this.items) {
      // What the server found, it found by more than the words that are shown.
      const found = this.found?.contains(item);
      const text = plain(item.textContent);
      item.hidden = !this.possible(item) || (!found && !words.every((word) => text.includes(word)));
    }
    this.settle();
  }

  possible(item) {
    if (!item.dataset.click) return true;
    const target = document.querySelector(item.dataset.click);
    return Boolean(target) && !target.disabled;
  }

  settle() {
    for (const group of this.querySelectorAll("[role=group]")) {
      group.hidden = ![...group.querySelectorAll(".palette-item")].some((item) => !item.hidden);
    }
    const none = this.querySelector("[data-none]");
    if (none) none.hidden = this.shown.length > 0;
    this.select(0);
  }

  async search(query) {
    this.question = new AbortController();
    const address = new URL(this.dataset.search, location.href);
    address.searchParams.set("q", query);
    try {
      const answer = await fetch(address, { signal: this.question.signal, headers: { "HX-Request": "true" } });
      if (!answer.ok || answer.redirected) return;
      const text = await answer.text();
      if (query !== this.input.value.trim()) return;
      this.found.innerHTML = text;
      const index = this.index;
      this.filter();
      this.select(index);
    } catch {
      // Given up for a newer question, or no connection: what the page has itself stays.
    }
  }

  select(index) {
    const shown = this.shown;
    this.index = shown.length ? (index + shown.length) % shown.length : 0;
    for (const item of this.items) item.setAttribute("aria-selected", "false");
    const item = shown[this.index];
    if (!item) {
      this.input.removeAttribute("aria-activedescendant");
      return;
    }
    item.id ||= `palette-item-${this.items.indexOf(item)}`;
    item.setAttribute("aria-selected", "true");
    item.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", item.id);
  }

  key(event) {
    if (event.isComposing) return;
    if (MOVES[event.key]) this.select(this.index + MOVES[event.key]);
    else if (event.key === "Home" && event.ctrlKey) this.select(0);
    else if (event.key === "End" && event.ctrlKey) this.select(-1);
    else if (event.key === "Enter") this.shown[this.index]?.click();
    else return;
    event.preventDefault();
  }

  pick(event) {
    const item = event.target.closest(".palette-item");
    if (!item) return;
    this.dialog.close();
    if (item.dataset.click) document.querySelector(item.dataset.click)?.click();
  }
}

customElements.define("cd-palette", Palette);

const palette = () => document.querySelector("cd-palette");
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-palette-open]")) palette()?.open();
});
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  if (!palette()) return;
  event.preventDefault();
  if (palette().dialog.open) palette().dialog.close();
  else palette().open();
});
