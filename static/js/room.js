/* The war room's own parts. Everything works without them: lines are posted, links lead.

   Script tag:  <script type="module" src="{% static 'js/room.js' %}"></script>

   <cd-say data-options="…?part=options" data-typing="…/typing/"> holds the composer's
     <input role="combobox"> or a <textarea>, and its role=listbox. The first "/" or "@" fetches the options, each
     role=option with data-starts (what may be typed for it) and data-insert. Arrows move, Enter and
     Tab take, Esc closes. [data-write="/task "] (a button) puts a command before what is written.
     While one writes, data-typing, if there is one, is told every few seconds.
   <input type=file id="say-file"> in a form of its own: sent when something is chosen, pasted in the
     composer or dropped on it
   <p id="typing" data-one="{names} …" data-more="…" data-me="7">   who else writes, by name, from
     the [data-person][data-name] of the presence
   <section data-idle="…/typing/">   is told when the reader has done nothing for two minutes
   [data-entry="12"] and #entry-12 in the address: show that line of the log, however far back.
   <cd-tabs data-keep="say"> [role=tablist] > [role=tab][aria-controls], [role=tabpanel]: arrows,
     Home and End move; the chosen one is remembered for this browser. A tab's [data-count] shows
     what its panel says in its [data-count] or .panel-count.
   .stepper li[data-state="RESPONDING"]: becomes the current one by the frame itself
   [data-focus="#field"] (on a popover's button): the field gets the focus once it is open. */

const TYPING = 3_000;
const FORGOTTEN = 6_000;
const IDLE = 120_000;

const post = (address, body) => {
  const { "X-CSRFToken": token } = JSON.parse(document.body.getAttribute("hx-headers") || "{}");
  fetch(address, { method: "POST", headers: { "X-CSRFToken": token }, body: new URLSearchParams(body) }).catch(() => {});
};

/* ---- the composer ---- */

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

class Say extends HTMLElement {
  connectedCallback() {
    this.index = -1;
    this.told = 0;
    this.addEventListener("input", () => this.change());
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("focusout", () => setTimeout(() => {
      if (!this.contains(document.activeElement)) this.close();
    }));
    this.addEventListener("mousedown", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) {
        event.preventDefault();
        this.take(option);
      }
    });
    this.addEventListener("click", (event) => {
      const button = event.target.closest("[data-write]");
      if (button) this.begin(button.dataset.write);
    });
  }

  get input() {
    return this.querySelector("[role=combobox], textarea");
  }

  get list() {
    return this.querySelector("[role=listbox]");
  }

  get shown() {
    return [...this.list.querySelectorAll("[role=option]")].filter((option) => !option.hidden);
  }

  begin(command) {
    const input = this.input;
    // What was written stays; another command before it gives way.
    input.value = command + input.value.replace(/^\/\w*\s*/u, "");
    input.focus();
    input.setSelectionRange(command.length, command.length);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* The word at the caret that begins with / (at the start of the line) or @. */
  get word() {
    const before = this.input.value.slice(0, this.input.selectionStart);
    return before.match(/^\/\S*$|(?:^|\s)(@\S*)$/u)?.slice().filter(Boolean).pop()?.trimStart();
  }

  async change() {
    if (this.dataset.typing && this.input.value && Date.now() - this.told > TYPING) {
      this.told = Date.now();
      post(this.dataset.typing, {});
    }
    if (!this.word) {
      this.close();
      return;
    }
    // What the page fetched anew has no options any more.
    if (!this.list.children.length) this.fetched = undefined;
    this.fetched ??= this.load();
    await this.fetched;
    this.show();
  }

  async load() {
    try {
      const answer = await fetch(this.dataset.options, { headers: { "HX-Request": "true" } });
      if (!answer.ok || answer.redirected) return;
      this.list.innerHTML = await answer.text();
      // Several fields of a page may list the same people.
      if (this.list.id === "say-options") return;
      for (const option of this.list.querySelectorAll("[role=option]")) option.id = `${this.list.id}-${option.id}`;
    } catch {
      // Without a connection one writes without being helped; the next time it is tried again.
      this.fetched = undefined;
    }
  }

  show() {
    const word = this.word;
    if (!word) {
      this.close();
      return;
    }
    const wanted = plain(word);
    for (const option of this.list.querySelectorAll("[role=option]")) {
      option.hidden = !plain(option.dataset.starts).split(" ").some((one) => one.startsWith(wanted));
    }
    const open = this.shown.length > 0;
    this.list.hidden = !open;
    this.expanded(open);
    this.select(0);
  }

  close() {
    this.list.hidden = true;
    this.expanded(false);
    this.input.removeAttribute("aria-activedescendant");
  }

  // A text of several lines is no combobox, and cannot be said to be open.
  expanded(open) {
    if (this.input.matches("[role=combobox]")) this.input.setAttribute("aria-expanded", String(open));
  }

  select(index) {
    const shown = this.shown;
    if (!shown.length) return;
    this.index = (index + shown.length) % shown.length;
    for (const option of shown) option.setAttribute("aria-selected", "false");
    const option = shown[this.index];
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", option.id);
  }

  take(option) {
    const input = this.input;
    const at = input.selectionStart;
    const start = at - this.word.length;
    input.value = input.value.slice(0, start) + option.dataset.insert + input.value.slice(at).trimStart();
    const caret = start + option.dataset.insert.length;
    input.setSelectionRange(caret, caret);
    input.focus();
    this.close();
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  key(event) {
    if (event.target !== this.input || event.isComposing || this.list.hidden) return;
    const option = this.shown[this.index];
    if (event.key === "ArrowDown") this.select(this.index + 1);
    else if (event.key === "ArrowUp") this.select(this.index - 1);
    else if (event.key === "Escape") this.close();
    else if (option && (event.key === "Enter" || event.key === "Tab") && this.unfinished(option)) this.take(option);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // A command that is typed out already is not taken again: Enter then sends.
  unfinished(option) {
    return this.word !== option.dataset.insert.trim();
  }
}
customElements.define("cd-say", Say);

/* ---- pictures and files, where one writes ---- */

/* A paste in the line that holds files, a drop anywhere in the composer, or a choice by the button:
   each sends the form of #say-file. What became of it the server says. */
const sendFiles = (files) => {
  const input = document.getElementById("say-file");
  if (!input || !files?.length) return false;
  if (files !== input.files) {
    const carried = new DataTransfer();
    for (const file of files) carried.items.add(file);
    input.files = carried.files;
  }
  input.form.requestSubmit();
  return true;
};
const within = (event) => event.target.closest?.("cd-say");
document.addEventListener("paste", (event) => {
  // Text that comes with a picture of itself, as from a spreadsheet, is pasted as text.
  if (!within(event) || event.clipboardData.types.includes("text/plain")) return;
  if (sendFiles(event.clipboardData.files)) event.preventDefault();
});
document.addEventListener("dragover", (event) => {
  if (within(event) && event.dataTransfer.types.includes("Files")) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  if (within(event) && sendFiles(event.dataTransfer.files)) event.preventDefault();
});
document.addEventListener("change", (event) => {
  if (event.target.id === "say-file") sendFiles(event.target.files);
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.matches?.(".say-file")) event.target.reset();
});

/* ---- who writes, who is away ---- */

const writing = new Map();
const showWriting = () => {
  const line = document.getElementById("typing");
  if (!line) return;
  const names = [];
  for (const [person, until] of writing) {
    const known = document.querySelector(`[data-person="${person}"]`);
    if (until < Date.now() || String(person) === line.dataset.me) writing.delete(person);
    else if (known) names.push(known.dataset.name);
  }
  const words = names.length > 1 ? line.dataset.more : line.dataset.one;
  line.textContent = names.length ? words.replace("{names}", names.join(", ")) : "";
};
document.body.addEventListener("cd:typing", ({ detail }) => {
  writing.set(detail.who, Date.now() + FORGOTTEN);
  showWriting();
  setTimeout(showWriting, FORGOTTEN + 50);
});
document.body.addEventListener("cd:timeline", () => {
  writing.clear();
  showWriting();
});

const room = document.querySelector("[data-idle]");
if (room) {
  // In another tab of the same room one is here all the same.
  const seen = `idle:${room.dataset.idle}`;
  let idle = false;
  let noted = 0;
  const tell = (now) => {
    idle = now;
    post(room.dataset.idle, { idle: now ? "1" : "0" });
  };
  const active = () => {
    if (Date.now() - noted < 1_000) return;
    noted = Date.now();
    try {
      localStorage.setItem(seen, noted);
    } catch { /* then this tab alone counts */ }
    if (idle) tell(false);
  };
  for (const kind of ["pointermove", "pointerdown", "keydown", "scroll"]) {
    addEventListener(kind, active, { passive: true, capture: true });
  }
  active();
  setInterval(() => {
    let last = noted;
    try {
      last = Math.max(noted, Number(localStorage.getItem(seen)));
    } catch { /* as above */ }
    if (!idle && Date.now() - last > Number(room.dataset.idleAfter || IDLE)) tell(true);
  }, 5_000);
}

/* ---- the status, at once ---- */

/* The frame carries the code of the new status: it is shown before the head that says the rest has
   been fetched, since all who have the room open fetch at the same moment. */
document.body.addEventListener("cd:head", ({ detail }) => {
  const steps = [...document.querySelectorAll(".stepper li[data-state]")];
  const here = steps.findIndex((step) => step.dataset.state === detail?.state);
  if (here < 0) return;
  steps.forEach((step, at) => {
    step.classList.toggle("done", at < here);
    if (at === here) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  });
});

/* ---- lines of the log by their link ---- */

const showEntry = async (number) => {
  const find = () => document.getElementById(`entry-${number}`);
  const entries = document.getElementById("entries");
  if (!find() && entries) {
    const address = `${location.pathname}?part=entries&entry=${number}`;
    // From now on the log follows this page of itself, also with a request that waits already.
    entries.setAttribute("hx-get", address);
    window.htmx.process(entries);
    window.htmx.ajax("GET", address, { target: "#entries", swap: "morph", source: entries });
    for (let tries = 0; tries < 60 && !find(); tries += 1) await new Promise((go) => setTimeout(go, 100));
    // Shown, but perhaps not bound yet: a quick click must open the sheet, not the page.
    window.htmx.process(document.getElementById("entries"));
  }
  const line = find();
  if (!line) return;
  document.querySelectorAll(".entry-here").forEach((other) => other.classList.remove("entry-here"));
  line.classList.add("entry-here");
  line.scrollIntoView({ block: "center" });
  line.tabIndex = -1;
  line.focus({ preventScroll: true });
};
const byAddress = () => {
  const number = location.hash.match(/^#entry-(\d+)$/)?.[1];
  if (number) showEntry(number);
};
addEventListener("hashchange", byAddress);
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-entry]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.replaceState(null, "", `#entry-${link.dataset.entry}`);
  showEntry(link.dataset.entry);
});

/* ---- tabs ---- */

class Tabs extends HTMLElement {
  connectedCallback() {
    const kept = this.storage((store) => store.getItem(this.place));
    const chosen = this.tabs.find((tab) => tab.id === kept) || this.tabs[0];
    if (chosen) this.choose(chosen);
    this.addEventListener("click", (event) => {
      const tab = event.target.closest("[role=tab]");
      if (tab) this.choose(tab, true);
    });
    this.addEventListener("keydown", (event) => this.key(event));
    this.watch = new MutationObserver(() => this.count());
    this.watch.observe(this, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-count"] });
    this.count();
  }

  get tabs() {
    return [...this.querySelectorAll(":scope > [role=tablist] > [role=tab]")];
  }

  get place() {
    return `tab:${this.dataset.keep}`;
  }

  storage(work) {
    try {
      return work(localStorage);
    } catch {
      return null;
    }
  }

  choose(chosen, remember = false) {
    for (const tab of this.tabs) {
      const here = tab === chosen;
      tab.setAttribute("aria-selected", String(here));
      tab.tabIndex = here ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls"));
      panel.classList.toggle("tab-away", !here);
    }
    // Charts and clocks measure themselves when they come into sight.
    if (remember) this.storage((store) => store.setItem(this.place, chosen.id));
  }

  key(event) {
    const tabs = this.tabs;
    const at = tabs.indexOf(event.target.closest("[role=tab]"));
    if (at < 0) return;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length];
    this.choose(tab, true);
    tab.focus();
  }

  count() {
    for (const tab of this.tabs) {
      const badge = tab.querySelector(".tab-count");
      const panel = document.getElementById(tab.getAttribute("aria-controls"));
      const said = panel?.querySelector("[data-count]")?.dataset.count ?? panel?.querySelector(".panel-count")?.textContent ?? "";
      if (badge && badge.textContent !== said) badge.textContent = said === "0" ? "" : said;
    }
  }

  disconnectedCallback() {
    this.watch?.disconnect();
  }
}
customElements.define("cd-tabs", Tabs);

/* A link to a panel behind a tab brings it to the front first. */
const uncover = (id) => {
  const panel = id ? document.getElementById(id)?.closest("[role=tabpanel]") : null;
  if (!panel) return;
  const tab = document.querySelector(`[role=tab][aria-controls="${panel.id}"]`);
  tab.closest("cd-tabs").choose(tab);
};
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link) uncover(link.hash.slice(1));
});
uncover(location.hash.slice(1));
byAddress();

/* ---- focus in what opens ---- */

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-focus]");
  if (button) setTimeout(() => document.querySelector(button.dataset.focus)?.focus());
});
