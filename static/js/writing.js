/* Nothing typed into a draft is lost: over reload, crash, offline, and while others write too.

   Script tag:  <script type="module" src="{% static 'js/writing.js' %}"></script>
   <cd-writing data-name="7" data-version="3" data-put="/…/keep/" data-fresh> inside the form that
     holds the fields text, title, base, was_title, was_accounts, accounts and kept. What is typed is
     kept in the browser (localStorage, one entry a tab) at once and, with data-put, on the desk at
     every pause. It comes back when the page is loaded again, on the version that it was typed on,
     so that saving joins it with what others have saved; data-fresh: the field holds something
     newer. It goes once the server has confirmed this very text: ?saved=<the field "kept">.
   [data-restored]  is shown when something came back; [data-throw] in it throws it away.
   <template data-said="browser|desk|nowhere">  words for #text-kept.
   <a data-keeps>   leads on without the question about unsaved changes: they are kept first.
   <cd-clash data-mine data-theirs>  buttons [data-use] put one side, or both, into the field. */

const PREFIX = "cd-typed:";
const LONGEST = 7 * 24 * 3_600_000;
const SOON = 250;
const PAUSE = 1_500;

const storage = (work) => {
  // Full or forbidden: then only the desk keeps it.
  try {
    return work(localStorage);
  } catch {
    return undefined;
  }
};
const word = () => `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 10)}`;

/* Every entry of this person, whatever draft and tab. */
const entries = (store) => {
  const mine = `${PREFIX}${document.body.dataset.user || ""}:`;
  return Object.keys(store)
    .filter((key) => key.startsWith(mine))
    .map((key) => [key, JSON.parse(store.getItem(key))]);
};

const tab = () => {
  try {
    const known = sessionStorage.getItem("cd-tab") || word();
    sessionStorage.setItem("cd-tab", known);
    return known;
  } catch {
    return word();
  }
};

const settle = () => {
  const address = new URL(location.href);
  const saved = address.searchParams.get("saved");
  storage((store) => {
    for (const [key, kept] of entries(store)) {
      if (kept.key === saved || Date.now() - kept.at > LONGEST) store.removeItem(key);
    }
  });
  if (saved === null) return;
  address.searchParams.delete("saved");
  history.replaceState(history.state, "", address);
};
settle();

class Writing extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    if (!this.form || this.ready) return;
    this.ready = true;
    const owner = `${PREFIX}${document.body.dataset.user || ""}:${this.dataset.name}:`;
    this.owner = owner;
    this.entry = owner + tab();
    // A hidden field forgets what it came with when it is written.
    this.came = ["base", "was_title", "was_accounts"].map((name) => [name, this.field(name)?.value]);
    this.field("kept").value = word();
    if (this.dataset.fresh === undefined) this.putBack();
    this.form.addEventListener("input", () => this.typed());
    this.form.addEventListener("submit", () => this.keep());
    addEventListener("pagehide", () => this.keep());
    this.querySelector("[data-throw]").addEventListener("click", () => this.throwAway());
    if (this.dataset.fresh !== undefined) this.typed();
  }

  field(name) {
    return this.form.elements.namedItem(name);
  }

  get boxes() {
    return [...this.form.querySelectorAll("input[name=accounts]")];
  }

  get dirty() {
    const texts = [this.field("text"), this.field("title")];
    return (
      texts.some((field) => field.value !== field.defaultValue) ||
      this.boxes.some((box) => box.checked !== box.defaultChecked)
    );
  }

  typed() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.keep(), SOON);
    clearTimeout(this.pause);
    if (this.dataset.put) this.pause = setTimeout(() => this.put(), PAUSE);
  }

  /* ---- in the browser ---- */

  keep() {
    clearTimeout(this.soon);
    if (!this.dirty && this.dataset.fresh === undefined) {
      storage((store) => store.removeItem(this.entry));
      return;
    }
    const kept = { key: this.field("kept").value, at: Date.now() };
    for (const name of ["text", "title", "base", "was_title", "was_accounts"]) {
      kept[name] = this.field(name)?.value;
    }
    kept.accounts = this.boxes.filter((box) => box.checked).map((box) => box.value);
    const done = storage((store) => {
      store.setItem(this.entry, JSON.stringify(kept));
      return true;
    });
    if (this.dirty) this.say(done ? "browser" : "nowhere");
  }

  putBack() {
    const found = storage((store) => entries(store).filter(([key]) => key.startsWith(this.owner)));
    if (!found?.length) return;
    const own = found.find(([key]) => key === this.entry);
    const [, kept] = own || found.reduce((a, b) => (a[1].at > b[1].at ? a : b));
    if (kept.text === this.field("text").value && kept.title === this.field("title").value) {
      if (own) storage((store) => store.removeItem(this.entry));
      return;
    }
    for (const name of ["text", "title", "base", "was_title", "was_accounts"]) {
      const field = this.field(name);
      if (field && kept[name] !== undefined) field.value = kept[name];
    }
    for (const box of this.boxes) box.checked = kept.accounts.includes(box.value);
    this.field("kept").value = kept.key;
    this.show(Number(kept.base || 0));
    this.field("text").dispatchEvent(new Event("input", { bubbles: true }));
  }

  show(base) {
    const older = base > 0 && base < Number(this.dataset.version);
    const strip = this.querySelector("[data-restored]");
    const words = strip.querySelector("[data-older]");
    words.textContent = words.dataset.words.replace("{number}", base);
    words.hidden = !older;
    strip.querySelector("[data-same]").hidden = older;
    strip.hidden = false;
    for (const other of document.querySelectorAll("[data-kept-here]")) other.hidden = true;
  }

  throwAway() {
    const key = this.field("kept").value;
    storage((store) => {
      for (const [name, kept] of entries(store)) if (kept.key === key) store.removeItem(name);
    });
    for (const name of ["text", "title"]) this.field(name).value = this.field(name).defaultValue;
    for (const box of this.boxes) box.checked = box.defaultChecked;
    for (const [name, value] of this.came) if (value !== undefined) this.field(name).value = value;
    this.field("kept").value = word();
    this.querySelector("[data-restored]").hidden = true;
    this.field("text").dispatchEvent(new Event("input", { bubbles: true }));
    this.field("text").focus();
  }

  /* ---- on the desk ---- */

  async put() {
    clearTimeout(this.pause);
    if (this.putting) {
      this.again = true;
      return;
    }
    this.putting = true;
    try {
      const body = new FormData(this.form);
      const answer = await fetch(this.dataset.put, { method: "POST", body, redirect: "error" });
      if (answer.ok && this.dirty) this.say("desk");
    } catch {
      // Offline: the browser has it, and the next pause tries again.
    } finally {
      this.putting = false;
    }
    if (this.again) {
      this.again = false;
      await this.put();
    }
  }

  say(what) {
    const place = document.getElementById("text-kept");
    const words = this.querySelector(`[data-said="${what}"]`);
    if (place && words) place.textContent = words.content.textContent;
  }
}

customElements.define("cd-writing", Writing);

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-keeps]");
  const writing = document.querySelector("cd-writing");
  if (!link || !writing || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  writing.keep();
  if (writing.dataset.put) await writing.put();
  writing.form.dataset.sending = "yes";
  location.href = link.href;
});

class Clash extends HTMLElement {
  connectedCallback() {
    const { mine, theirs } = this.dataset;
    this.sides = { mine, theirs, both: [theirs, mine].filter(Boolean).join(" ") };
    this.holds = "mine";
    this.hidden = false;
    this.addEventListener("click", (event) => {
      const button = event.target.closest("[data-use]");
      if (button) this.use(button.dataset.use);
    });
  }

  use(side) {
    const field = document.getElementById("text");
    const before = this.sides[this.holds];
    const start = before ? field.value.indexOf(before) : field.selectionEnd;
    if (start < 0) {
      // Its writer has gone on by hand: that is left alone.
      field.focus();
      return;
    }
    const { value } = field;
    field.value = value.slice(0, start) + this.sides[side] + value.slice(start + before.length);
    field.setSelectionRange(start, start + this.sides[side].length);
    this.holds = side;
    for (const button of this.querySelectorAll("[data-use]")) {
      button.setAttribute("aria-pressed", String(button.dataset.use === side));
    }
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
customElements.define("cd-clash", Clash);
