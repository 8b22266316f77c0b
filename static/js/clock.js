/* Clocks that count to a deadline or from a moment, by the server's time.

   Script tag:  <script type="module" src="{% static 'js/clock.js' %}"></script>
   <cd-clock deadline="2026-11-19T09:14:00+00:00"  counts down, then up with a plus sign
             start="…"          when the deadline began to run: the shares in `warn` are of this span
             warn="0.25 0.1"    shares left at which the look changes (this is the default)
             since="…"          instead of deadline: counts up
             stopped="…"        instead of ticking: shows what the clock said at that moment
             data-label="…" data-late-label="…"    put into [data-label] of the clock's box
             data-say-10="…" data-say-5="…" data-say-1="…" data-say-late="…"
                                told politely through #announcer at 10, 5 and 1 minutes and missed
             role="timer">12:04</cd-clock>
   The box is the nearest .clock or .due; it gets clock-amber, clock-red or clock-late (.due: amber,
   red, late), the clock itself data-level="calm|amber|red|late". Without `start` a deadline turns
   amber at 15 minutes and red at 5. On a change of level it dispatches `cd:threshold` (bubbling,
   detail {level}). The server's text is right until the script runs. */

const LOOKS = ["amber", "red", "late"];
const NO_START = { amber: 15 * 60, red: 5 * 60 }; // seconds
const SAY = [10, 5, 1]; // minutes

const clocks = new Set();
const now = () => Date.now() + Number(document.documentElement.dataset.skew || 0);
const two = (number) => String(number).padStart(2, "0");

const words = (seconds, long = false) => {
  const whole = Math.abs(seconds);
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  return (seconds < 0 ? "+" : "") + (hours || long ? `${two(hours)}:` : "") + rest;
};

const announce = (text) => {
  const region = document.getElementById("announcer");
  if (region && text) region.textContent = text;
};

class Clock extends HTMLElement {
  static observedAttributes = ["deadline", "since", "start", "stopped", "warn"];

  connectedCallback() {
    if (!this.hasAttribute("role")) this.setAttribute("role", "timer");
    this.left = null;
    clocks.add(this);
    this.tick();
  }

  disconnectedCallback() {
    clocks.delete(this);
  }

  attributeChangedCallback() {
    this.left = null;
    if (clocks.has(this)) this.tick();
  }

  moment(name) {
    const value = this.getAttribute(name);
    return value ? Date.parse(value) : NaN;
  }

  tick() {
    const stopped = this.moment("stopped");
    const at = Number.isNaN(stopped) ? now() : stopped;
    const deadline = this.moment("deadline");
    if (Number.isNaN(deadline)) {
      const since = this.moment("since");
      if (!Number.isNaN(since)) this.write(words(Math.max(0, Math.floor((at - since) / 1000)), true));
      return;
    }
    // Rounded so that 00:00 is shown for the last second and +00:01 one second after the deadline.
    const left = Math.ceil((deadline - at) / 1000);
    this.write(words(left));
    this.look(this.level(left, (deadline - this.moment("start")) / 1000));
    this.say(left);
    this.left = left;
  }

  write(text) {
    if (this.textContent !== text) this.textContent = text;
  }

  level(left, span) {
    if (left < 0) return "late";
    const [amber, red] = Number.isNaN(span)
      ? [NO_START.amber, NO_START.red]
      : (this.getAttribute("warn") || "0.25 0.1").split(" ").map((share) => share * span);
    if (left < red) return "red";
    return left < amber ? "amber" : "calm";
  }

  look(level) {
    const box = this.closest(".clock, .due");
    if (box) {
      const prefix = box.classList.contains("due") ? "" : "clock-";
      for (const look of LOOKS) box.classList.toggle(prefix + look, look === level);
      const label = box.querySelector("[data-label]:not(cd-clock)");
      const text = level === "late" ? this.dataset.lateLabel : this.dataset.label;
      if (label && text && label.textContent !== text) label.textContent = text;
    }
    if (this.dataset.level === level) return;
    const first = this.dataset.level === undefined;
    this.dataset.level = level;
    if (!first) this.dispatchEvent(new CustomEvent("cd:threshold", { bubbles: true, detail: { level } }));
  }

  say(left) {
    if (this.left === null || this.left === left) return;
    for (const minutes of SAY) {
      if (this.left > minutes * 60 && left <= minutes * 60) announce(this.getAttribute(`data-say-${minutes}`));
    }
    if (this.left >= 0 && left < 0) announce(this.dataset.sayLate);
  }
}

customElements.define("cd-clock", Clock);

const tickAll = () => clocks.forEach((clock) => clock.tick());
const beat = () => {
  if (!document.hidden) tickAll();
  // Just after the server's second turns, so that two clocks never disagree.
  setTimeout(beat, 1000 - (now() % 1000) + 5);
};
beat();
document.addEventListener("visibilitychange", tickAll);
// A swap brings the server's text of a moment ago: put it right before it is painted.
document.addEventListener("htmx:afterSettle", tickAll);
