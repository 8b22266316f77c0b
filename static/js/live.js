/* The live connection, and what the page hears of it.

   Script tag:  <script type="module" src="{% static 'js/live.js' %}"></script>
   <body data-live="incident.42 brand.7"   the groups this page follows; without the attribute (no
                                           one is signed in) there is no connection
         data-now="{{ now|iso }}">         the server's time when the page was rendered, so that a
                                           change between rendering and connecting is noticed and
                                           clocks are right; without it the page refreshes once
   <section data-presence="incident.42">   anywhere: this page counts as looking at that object

   Events on document.body, to be listed in hx-trigger:
     cd:<part>            a part has changed, e.g. `cd:timeline from:body`
     cd:<part>:<group>    the same, for one object, e.g. `cd:volume:brand.7 from:body throttle:1s`
     cd:resync            something may have been missed: every live region fetches itself afresh
   detail of the first two: {group, part, …the frame's data}.
     cd:connection        detail {state: "live" | "reconnecting" | "offline", tries, since}

   <cd-conn> shows its child with the data-state of the moment. In it and in
   [data-offline-strip] (hidden while there is a connection), an element with
   data-words="… {time} … {number} …" gets its text from there; [data-since] and [data-try] get the
   bare time and number. [data-reconnect] (a button) tries at once. [data-needs-connection] (a
   button) is disabled while offline; its data-offline-title then becomes its title.

   Frames come as {g, n, part, data, also}: n numbers the group's frames without gaps, `also` lists
   further numbers that the frame stands for. Beats carry the number a group has reached. A number
   that stays out for a moment leads to cd:resync, never to a stale page. */

const SILENCE = 20_000; // a beat comes every 15 s
const PATIENCE = 1_500; // numbers from two processes may overtake each other
const POLL = 15_000;
const OFFLINE_AFTER = 3; // tries
const LONGEST_DELAY = 20_000;
const HIDDEN = 30_000;
const WHILE_HIDDEN = new Set(["notices"]); // parts that reach a tab nobody looks at

const SIGNED_OUT = 4401;
const WITHDRAWN = 4403;

const tell = (name, detail) => document.body.dispatchEvent(new CustomEvent(name, { detail }));

const wanted = () => {
  const rooms = [...document.querySelectorAll("[data-presence]")].map((e) => e.dataset.presence);
  return {
    join: document.body.dataset.live.split(/\s+/).filter(Boolean),
    present: [...new Set(rooms.filter(Boolean))],
  };
};

/* Which numbers of a group have been seen. */
class Position {
  constructor(number) {
    this.last = number; // everything up to here is known
    this.ahead = new Set(); // seen beyond a gap
    this.reached = number; // where the group stands, as far as we were told
    this.parts = new Map(); // the newest number of each part
  }

  see(numbers) {
    for (const number of numbers) if (number > this.last) this.ahead.add(number);
    while (this.ahead.delete(this.last + 1)) this.last += 1;
    this.reached = Math.max(this.reached, ...numbers);
  }

  get missing() {
    return this.reached > this.last;
  }

  forgive() {
    this.last = this.reached;
    this.ahead.clear();
  }
}

class Connection {
  constructor() {
    this.positions = new Map();
    this.tries = 0;
    this.heard = Date.now();
    this.state = "";
    this.asleep = false; // something happened while the tab was hidden
    this.open();
    setInterval(() => this.watch(), 2_500);
  }

  open() {
    clearTimeout(this.retry);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws/live/`);
    this.socket = socket;
    this.started = Date.now();
    socket.onopen = () => this.join();
    socket.onmessage = (event) => {
      if (socket === this.socket) this.hear(JSON.parse(event.data));
    };
    socket.onclose = (event) => {
      if (socket === this.socket) this.lost(event.code);
    };
  }

  join() {
    const wishes = wanted();
    this.said = JSON.stringify(wishes);
    this.socket.send(JSON.stringify({ ...wishes, since: document.body.dataset.now || null }));
  }

  rejoin() {
    // A swap may have brought or taken an object to be present at.
    if (this.state === "live" && JSON.stringify(wanted()) !== this.said) this.join();
  }

  hear(frame) {
    this.heard = Date.now();
    if (frame.part === "hello") this.welcome(frame);
    else if (frame.part === "resync") this.startOver();
    else if (frame.part === "beat") this.note(frame.g, [frame.n], true);
    else this.apply(frame);
  }

  welcome(hello) {
    document.documentElement.dataset.skew = Date.parse(hello.now) - Date.now();
    const first = this.positions.size === 0;
    let missed = first ? hello.stale || !document.body.dataset.now : false;
    for (const [group, number] of Object.entries(hello.numbers)) {
      const position = this.positions.get(group);
      if (position && number > position.last) missed = true;
      if (!position || number > position.last) this.positions.set(group, new Position(number));
    }
    this.tries = 0;
    this.become("live");
    if (hello.refused.length) tell("cd:refused", { groups: hello.refused });
    if (missed) this.resync();
  }

  startOver() {
    this.positions.clear();
    this.resync();
  }

  apply(frame) {
    if (frame.n !== null) {
      const position = this.note(frame.g, [...(frame.also || []), frame.n], false);
      const newest = position.parts.get(frame.part) || 0;
      // A later frame of this part has been shown, and it stood for this change too.
      if (frame.n <= newest) return;
      position.parts.set(frame.part, frame.n);
    }
    if (document.hidden && !WHILE_HIDDEN.has(frame.part)) {
      this.asleep = true;
      return;
    }
    const detail = { ...frame.data, group: frame.g, part: frame.part };
    tell(`cd:${frame.part}`, detail);
    tell(`cd:${frame.part}:${frame.g}`, detail);
  }

  /* Note numbers of a group: seen ones, or the one that a beat says it has reached. */
  note(group, numbers, beat) {
    let position = this.positions.get(group);
    if (!position) {
      position = new Position(beat ? numbers[0] : Math.min(...numbers) - 1);
      this.positions.set(group, position);
    }
    if (beat) position.reached = Math.max(position.reached, numbers[0]);
    else position.see(numbers);
    if (position.missing && !this.doubt) {
      this.doubt = setTimeout(() => this.settle(), PATIENCE + Math.random() * 1_000);
    }
    return position;
  }

  settle() {
    this.doubt = null;
    const behind = [...this.positions.values()].filter((position) => position.missing);
    behind.forEach((position) => position.forgive());
    if (behind.length) this.resync();
  }

  resync() {
    if (document.hidden) {
      this.asleep = true;
      return;
    }
    this.asleep = false;
    this.synced = Date.now();
    tell("cd:resync", {});
  }

  lost(code) {
    if (code === SIGNED_OUT) {
      this.ended = true;
      this.become("offline");
      tell("cd:signed-out", {});
      return;
    }
    if (code === WITHDRAWN) this.resync();
    clearTimeout(this.retry);
    this.tries += 1;
    this.become(this.tries > OFFLINE_AFTER || !navigator.onLine ? "offline" : "reconnecting");
    // Spread: after a restart of the server everybody comes back.
    const delay = Math.min(LONGEST_DELAY, 500 * 2 ** this.tries) * (0.4 + Math.random() * 0.6);
    this.retry = setTimeout(() => this.open(), delay);
  }

  /* Give the socket up without waiting for its own goodbye, which a dead line never says. */
  drop() {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.lost(0);
  }

  now() {
    // By a click or by the browser that is online again.
    if (this.ended || this.state === "live") return;
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.open();
  }

  watch() {
    if (this.ended || document.hidden) return;
    const opening = this.socket?.readyState === WebSocket.CONNECTING;
    const since = opening ? Math.max(this.heard, this.started) : this.heard;
    if (this.state === "live" && Date.now() - this.heard > SILENCE) this.drop();
    else if (opening && Date.now() - since > SILENCE) this.drop();
    if (this.state !== "live" && this.state && Date.now() - (this.synced || this.heard) > POLL) {
      this.resync();
    }
  }

  become(state) {
    if (state !== "live" && this.state === "live") this.since = this.heard;
    this.state = state;
    this.show();
    tell("cd:connection", { state, tries: this.tries, since: this.since });
  }

  show() {
    show(this.state, this.tries, this.since || this.heard);
  }

  woken(hiddenFor) {
    if (this.ended) return;
    if (this.state === "live" && Date.now() - this.heard > SILENCE) this.drop();
    if (this.asleep || hiddenFor > HIDDEN) this.resync();
  }
}

const fill = (root, tries, since) => {
  // 08:31 in every language, as the server writes it: Danish locale data would say 08.31.
  const time = new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  }).format(since);
  for (const element of root.querySelectorAll("[data-since]")) element.textContent = time;
  for (const element of root.querySelectorAll("[data-try]")) element.textContent = tries;
  for (const element of root.querySelectorAll("[data-words]")) {
    element.textContent = element.dataset.words.replace("{time}", time).replace("{number}", tries);
  }
};

function show(state, tries, since) {
  document.body.dataset.connection = state;
  for (const chip of document.querySelectorAll("cd-conn")) {
    for (const child of chip.querySelectorAll("[data-state]")) {
      child.hidden = child.dataset.state !== state;
    }
    fill(chip, tries, since);
  }
  for (const strip of document.querySelectorAll("[data-offline-strip]")) {
    strip.hidden = state !== "offline";
    fill(strip, tries, since);
  }
  for (const button of document.querySelectorAll("[data-needs-connection]")) {
    need(button, state === "offline");
  }
}

function need(button, offline) {
  if (offline && !button.disabled) {
    button.dataset.usualTitle = button.title;
    button.title = button.dataset.offlineTitle || button.title;
    button.disabled = true;
  } else if (!offline && button.dataset.usualTitle !== undefined) {
    button.title = button.dataset.usualTitle;
    delete button.dataset.usualTitle;
    button.disabled = false;
  }
}

class LiveChip extends HTMLElement {
  // Swapped in again while the state stays: show it.
  connectedCallback() {
    if (connection?.state) connection.show();
  }
}

if (document.body.dataset.now) {
  document.documentElement.dataset.skew = Date.parse(document.body.dataset.now) - performance.timeOrigin;
}

let connection = null;
if (document.body.dataset.live !== undefined) {
  let hiddenAt = 0;
  connection = new Connection();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hiddenAt = Date.now();
    else connection.woken(hiddenAt ? Date.now() - hiddenAt : 0);
  });
  addEventListener("online", () => connection.now());
  addEventListener("offline", () => connection.drop());
  // A page that the browser kept while away has slept through everything.
  addEventListener("pageshow", (event) => {
    if (event.persisted) connection.resync();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-reconnect]")) connection.now();
  });
  document.addEventListener("htmx:afterSettle", () => connection.rejoin());
}
customElements.define("cd-conn", LiveChip);

/* A region that follows `cd:…` may have been given another range or filter while it fetched itself
   afresh: the late answer is to a question nobody asks any more. Ask the present one. */
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { elt, path } = detail.requestConfig;
  if (!elt.getAttribute("hx-trigger")?.includes("cd:")) return;
  const wanted = elt.getAttribute("hx-get");
  // What is posted (the composer's panels) asks with the form as it is now: there is no other question.
  if (!wanted || !elt.isConnected || wanted === path) return;
  detail.shouldSwap = false;
  htmx.ajax("GET", wanted, { source: elt });
});
