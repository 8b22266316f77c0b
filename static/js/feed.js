/* A list that grows at the top without moving under the reader.

   Script tag:  <script type="module" src="{% static 'js/feed.js' %}"></script>
   <cd-feed src="{% url 'monitoring:mentions' %}?brand=7"   asked with &after=<id of the first row>
            data-on="cd:volume:brand.7 cd:volume:brand.9">  events on body that mean "there may be more"
     <div class="feed-head">
       <button type="button" class="feed-pill" data-pill data-key="." hidden
               data-one="1 new mention" data-many="{count} new mentions"><span data-words></span></button>
       <span class="feed-current">Up to date</span>
     </div>
     <div class="visually-hidden" role="status" data-say></div>
     <ol data-rows> <li data-id="812">…</li> … </ol>
   </cd-feed>
   The answer to `src&after=812` (sent with HX-Request and HX-Target: feed) is the rows newer than
   812, newest first, each a [data-id] element, at most 100; anything else in it is ignored. After
   100 the pill says 99+ and a click loads the page afresh, because the list would have a hole.

   Rows wait behind the pill. They are inserted by a click, by "." (keyboard.js clicks the pill), or
   when nobody has touched the page for 10 s, the list stands at its top and nothing in it has the
   focus or is selected. A click moves the focus to the first new row and the view to the top;
   otherwise view and focus stay. cd:resync asks too. Inserted rows are given to htmx. */

const CAP = 100;
const IDLE = 10_000;
const BETWEEN_QUESTIONS = 2_000;
const BETWEEN_WORDS = 30_000;
const KEEP = 200; // rows, as long as the reader stands at the top

let touched = Date.now();
for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
  addEventListener(kind, () => { touched = Date.now(); }, { passive: true, capture: true });
}

const scrollerOf = (element) => {
  for (let node = element.parentElement; node && node !== document.body; node = node.parentElement) {
    const { overflowY } = getComputedStyle(node);
    if (/auto|scroll/.test(overflowY) && node.scrollHeight > node.clientHeight) return node;
  }
  return document.scrollingElement;
};

class Feed extends HTMLElement {
  connectedCallback() {
    this.held = [];
    this.spokeAt = 0;
    this.askedAt = 0;
    this.ask = this.ask.bind(this);
    this.events = [...(this.dataset.on || "").split(/\s+/).filter(Boolean), "cd:resync"];
    this.events.forEach((name) => document.body.addEventListener(name, this.ask));
    this.addEventListener("click", this);
    this.timer = setInterval(() => this.idle(), 1_000);
  }

  disconnectedCallback() {
    this.events.forEach((name) => document.body.removeEventListener(name, this.ask));
    clearInterval(this.timer);
    clearTimeout(this.later);
  }

  get rows() {
    return this.querySelector("[data-rows]");
  }

  get pill() {
    return this.querySelector("[data-pill]");
  }

  handleEvent(event) {
    if (event.target.closest("[data-pill]")) this.show(true);
  }

  /* Ask for newer rows, now or as soon as the last question is two seconds old. */
  ask() {
    clearTimeout(this.later);
    const wait = this.askedAt + BETWEEN_QUESTIONS - Date.now();
    if (wait > 0 || this.asking) {
      this.later = setTimeout(this.ask, Math.max(wait, 100));
      return;
    }
    this.askedAt = Date.now();
    this.asking = this.fetch().finally(() => { this.asking = null; });
  }

  async fetch() {
    if (this.held.length >= CAP) return;
    const newest = this.held[0] || this.rows.querySelector("[data-id]");
    const address = new URL(this.getAttribute("src"), location.href);
    if (newest) address.searchParams.set("after", newest.dataset.id);
    const headers = { "HX-Request": "true", "HX-Target": "feed" };
    const answer = await fetch(address, { headers }).catch(() => null);
    // A failure needs no words here: the connection chip tells, and the next event asks again.
    if (!answer?.ok || answer.redirected) return;
    const page = document.createElement("template"); // inert, and takes rows of a table too
    page.innerHTML = await answer.text();
    const found = [...page.content.querySelectorAll("[data-id]")];
    this.hold(found.filter((row) => !row.parentElement?.closest("[data-id]")));
  }

  hold(rows) {
    const known = new Set(this.held.map((row) => row.dataset.id));
    for (const row of this.rows.querySelectorAll("[data-id]")) known.add(row.dataset.id);
    const fresh = rows.filter((row) => !known.has(row.dataset.id));
    if (!fresh.length) return;
    this.held = [...fresh, ...this.held];
    this.mark();
    this.speak();
    this.idle();
  }

  get words() {
    const { one, many } = this.pill.dataset;
    const count = this.held.length;
    return count === 1 ? one : many.replace("{count}", count >= CAP ? "99+" : count);
  }

  mark() {
    this.pill.hidden = !this.held.length;
    if (this.held.length) this.pill.querySelector("[data-words]").textContent = this.words;
  }

  speak() {
    const place = this.querySelector("[data-say]");
    if (!place || Date.now() - this.spokeAt < BETWEEN_WORDS) return;
    this.spokeAt = Date.now();
    place.textContent = this.words;
  }

  idle() {
    const busy = Date.now() - touched < IDLE || document.hidden || this.held.length >= CAP;
    if (busy || !this.held.length || !this.atTop()) return;
    const chosen = getSelection();
    const reading = chosen.type === "Range" && this.contains(chosen.anchorNode);
    if (!reading && !this.contains(document.activeElement)) this.show(false);
  }

  atTop() {
    const scroller = scrollerOf(this.rows);
    if (scroller === document.scrollingElement) return this.getBoundingClientRect().top >= -1;
    return scroller.scrollTop <= 1;
  }

  /* Insert what waits; `asked` when the reader wanted it. */
  show(asked) {
    if (!this.held.length) return;
    if (this.held.length >= CAP) {
      location.reload();
      return;
    }
    const rows = this.rows;
    const fresh = this.held;
    rows.setAttribute("aria-busy", "true");
    const scroller = scrollerOf(rows);
    const anchor = rows.firstElementChild;
    const before = anchor?.getBoundingClientRect().top;
    const top = this.atTop();
    rows.prepend(...fresh);
    this.held = [];
    this.mark();
    fresh.forEach((row) => window.htmx?.process(row));
    if (asked) this.goToTop(scroller, fresh[0]);
    else if (anchor && !top) scroller.scrollTop += anchor.getBoundingClientRect().top - before;
    if (top || asked) this.trim();
    rows.removeAttribute("aria-busy");
  }

  goToTop(scroller, row) {
    const target = row.matches("a, button, [tabindex]") ? row : row.querySelector("a[href], button, [tabindex]");
    (target || this.focusable(row)).focus({ preventScroll: true });
    if (scroller === document.scrollingElement) this.scrollIntoView({ block: "start" });
    else scroller.scrollTop = 0;
  }

  focusable(row) {
    row.tabIndex = -1;
    return row;
  }

  trim() {
    const rows = [...this.rows.querySelectorAll(":scope > [data-id]")];
    rows.slice(KEEP).forEach((row) => row.remove());
  }
}

customElements.define("cd-feed", Feed);
