/* The composer's own parts. Everything works without them; the server's figures are the truth.

   Script tag:  <script type="module" src="{% static 'js/composer.js' %}"></script>
   <cd-compose> holds a <textarea> and [data-count]: counts characters as a reader sees them
   while one types. What each network counts comes from the desk, with its preview.
   A button with [data-place="12 31"] selects those characters of the textarea #text.
   A button with [data-insert="{brand}"] writes that where the cursor is.
   <cd-clock data-undo deadline="…">: when the time is over, dispatches `cd-undo-over` (bubbling),
   for which the approval's bar fetches itself: Undo goes away by itself. */

const segmenter = "Segmenter" in Intl ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;

const length = (text) => {
  const tidy = text.trim();
  if (!segmenter) return [...tidy].length;
  let count = 0;
  for (const _ of segmenter.segment(tidy)) count += 1;
  return count;
};

class Compose extends HTMLElement {
  connectedCallback() {
    this.addEventListener("input", () => this.show());
    this.show();
  }

  show() {
    const text = this.querySelector("textarea");
    const count = this.querySelector("[data-count]");
    if (!text || !count) return;
    const locale = document.documentElement.lang || undefined;
    const now = length(text.value);
    count.textContent = new Intl.NumberFormat(locale).format(now);
  }
}
customElements.define("cd-compose", Compose);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-place]");
  const text = document.getElementById("text");
  if (!button || !text) return;
  const [start, end] = button.dataset.place.split(" ").map(Number);
  text.focus();
  text.setSelectionRange(start, end);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  const text = document.getElementById("text");
  if (!button || !text) return;
  text.setRangeText(button.dataset.insert, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
  text.focus();
});

let timer = 0;
const waitForUndo = () => {
  clearTimeout(timer);
  const clock = document.querySelector("cd-clock[data-undo]");
  if (!clock) return;
  const skew = Number(document.documentElement.dataset.skew || 0);
  const left = Date.parse(clock.getAttribute("deadline")) - (Date.now() + skew);
  timer = setTimeout(() => {
    clock.dispatchEvent(new CustomEvent("cd-undo-over", { bubbles: true }));
  }, Math.max(0, left) + 250);
};
waitForUndo();
document.addEventListener("htmx:afterSettle", waitForUndo);
