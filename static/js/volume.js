/* The volume chart: mentions per step against what was expected.

   Tags, on pages with a chart:
     <link rel="stylesheet" href="{% static 'vendor/uplot/uPlot.min.css' %}">
     <script src="{% static 'vendor/uplot/uPlot.iife.min.js' %}" defer></script>
     <script type="module" src="{% static 'js/volume.js' %}"></script>
   <cd-volume id="volume" data-zone="Europe/Copenhagen" data-follow="brand.7" data-points="…">
     data-points is JSON; a data block {{ points|json_script }} within does as well, but not in what
     htmx swaps in, for htmx takes every <script> out of that:
       {"step": 300,                                       seconds
        "at": [1763535600, …],                             Unix seconds, one per step, ascending
        "count": [12, null, …],                            null: data is missing
        "low": [4, …], "high": [21, …],                    the expected band; null where unknown
        "marks": [{"at": 1763541000, "letter": "A"}, …],   annotations; a list below repeats them
        "ahead": {"middle": […, 40], "low": [], "high": []}, what is predicted, null before its time
        "peaks": [{"from": 1763541000, "to": …}, …]}       times at which more is expected
     <div data-chart role="img" aria-label="one sentence that says what is to be seen"></div>
     <details data-twin> <summary>Show as table</summary>
       <table> <thead>…time, mentions, expected from, to…</thead> <tbody data-fill></tbody> </table>
     </details>
   </cd-volume>
   tbody[data-fill] is filled from the points when it is opened; a tbody without the attribute is the
   server's. [data-chart] gets its size from CSS (height needed).

   It follows events `cd:volume` of the group in data-follow whose detail has
   {at: Unix seconds of a step's beginning, count: mentions in it so far}: the point is set, or a new
   one is added with the last known band, at most once a second. To fetch everything afresh let the
   element or a region around it list cd:resync in hx-trigger and swap with morph: the chart survives
   (data-made, see forms.js) and redraws when the points have changed. Colours come from the tokens
   and change with the theme. Gaps are hatched, never bridged. */

const FONT = '11px "Inter Variable", system-ui, sans-serif';
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const excess = (alpha) => {
  const [red, green, blue] = token("--excess").split(/[\s,]+/);
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
};

/* Push pins apart until none overlaps its neighbour nor leaves the plot; in pixels. */
const spread = (pins, gap, right) => {
  for (let round = 0; round < 40; round += 1) {
    for (let index = 1; index < pins.length; index += 1) {
      const overlap = gap - (pins[index].shown - pins[index - 1].shown);
      if (overlap > 0) {
        pins[index].shown += overlap / 2;
        pins[index - 1].shown -= overlap / 2;
      }
    }
    const last = pins.at(-1);
    if (last && last.shown > right) last.shown = right;
  }
  return pins;
};

class Volume extends HTMLElement {
  connectedCallback() {
    this.place = this.querySelector("[data-chart]");
    // A box of our own, which a morph does not take away.
    this.box = this.place.querySelector("[data-made]") || document.createElement("div");
    this.box.dataset.made = "";
    this.place.append(this.box);
    this.draw = this.draw.bind(this);
    this.follow = this.follow.bind(this);
    document.addEventListener("cd:theme", this.draw);
    document.body.addEventListener("cd:volume", this.follow);
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.place);
    this.changes = new MutationObserver(() => this.reread());
    this.changes.observe(this, {
      attributes: true, attributeFilter: ["data-points"], childList: true, subtree: true, characterData: true,
    });
    this.querySelector("[data-twin]")?.addEventListener("toggle", () => this.fillTable());
    this.text = "";
    this.reread();
    // Measured text would be wrong before the font is there.
    document.fonts.ready.then(this.draw);
  }

  disconnectedCallback() {
    document.removeEventListener("cd:theme", this.draw);
    document.body.removeEventListener("cd:volume", this.follow);
    this.sizes.disconnect();
    this.changes.disconnect();
    clearTimeout(this.soon);
    this.plot?.destroy();
    this.plot = null;
  }

  reread() {
    const block = this.querySelector('script[type="application/json"]');
    const text = this.dataset.points || block?.textContent || "";
    if (!text || text === this.text) return;
    this.text = text;
    this.points = { marks: [], ...JSON.parse(text) };
    this.draw();
  }

  get columns() {
    const { at, count, low, high } = this.points;
    // Equal to the upper edge where nothing stands above it.
    const above = count.map((value, index) => {
      const edge = high[index];
      if (value === null || value === undefined || edge === null) return edge;
      return Math.max(value, edge);
    });
    const ahead = this.points.ahead || { middle: [], low: [], high: [] };
    const whole = (line) => at.map((_, index) => line[index] ?? null);
    return [at, high, low, above, count, whole(ahead.high), whole(ahead.low), whole(ahead.middle)];
  }

  /* The newest step that something is known of: what is predicted lies behind it. */
  get newest() {
    const { count, ahead } = this.points;
    let index = count.length - 1;
    while (ahead && index > 0 && (count[index] === null || count[index] === undefined)) index -= 1;
    return index;
  }

  draw() {
    if (!this.points || !window.uPlot) return;
    const { clientWidth, clientHeight } = this.place;
    if (!clientWidth || !clientHeight) return;
    this.plot?.destroy();
    this.plot = new window.uPlot(this.options(clientWidth, clientHeight), this.columns, this.box);
  }

  resize() {
    const { clientWidth, clientHeight } = this.place;
    if (!this.plot) this.draw();
    else if (clientWidth && clientHeight) this.plot.setSize({ width: clientWidth, height: clientHeight });
  }

  options(width, height) {
    const zone = this.dataset.zone || "UTC";
    const local = (seconds) => window.uPlot.tzDate(new Date(seconds * 1000), zone);
    const axis = { stroke: token("--tx-3"), font: FONT, ticks: { show: false } };
    const edge = { stroke: token("--band-edge"), width: 1, dash: [2, 3], points: { show: false } };
    return {
      width, height, padding: [this.points.marks.length ? 24 : 8, 22, 0, 0], legend: { show: false },
      tzDate: local,
      cursor: { y: false, points: { size: 7, fill: token("--surface"), stroke: token("--plot"), width: 2 } },
      scales: { y: { range: (_, low, high) => [0, Math.max(10, (high || 0) * 1.06)] } },
      axes: [
        { ...axis, size: 26, space: 70, grid: { show: false }, values: (_, ticks) => ticks.map((at) => this.clock(at)) },
        { ...axis, size: 42, space: 44, grid: { stroke: token("--grid"), width: 1 }, values: (_, ticks) => ticks.map((tick) => this.number(tick)) },
      ],
      series: [
        {}, edge, edge,
        { stroke: "transparent", width: 0, points: { show: false } },
        { stroke: token("--plot"), width: 1.75, points: { show: false } },
        { stroke: "transparent", width: 0, points: { show: false } },
        { stroke: "transparent", width: 0, points: { show: false } },
        { stroke: token("--iris"), width: 1.75, dash: [4, 4], points: { show: false } },
      ],
      bands: [
        { series: [1, 2], fill: token("--band") },
        { series: [3, 1], fill: (plot) => this.gradient(plot) },
        { series: [5, 6], fill: token("--ahead") },
      ],
      hooks: { drawClear: [(plot) => this.hatch(plot)], draw: [(plot) => this.annotate(plot)] },
    };
  }

  // 08:31 in every language, as the server writes it: Danish locale data would say 08.31.
  clock(seconds) {
    this.clocks ||= new Intl.DateTimeFormat("en-GB", {
      hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: this.dataset.zone || "UTC",
    });
    return this.clocks.format(seconds * 1000);
  }

  number(value) {
    this.numbers ||= new Intl.NumberFormat(document.documentElement.lang);
    return this.numbers.format(value);
  }

  gradient({ ctx, bbox }) {
    const fill = ctx.createLinearGradient(0, bbox.top, 0, bbox.top + bbox.height);
    fill.addColorStop(0, excess(0.5));
    fill.addColorStop(1, excess(0.14));
    return fill;
  }

  /* Stripes where data is missing. */
  hatch(plot) {
    const { ctx, bbox } = plot;
    const { at, count, step } = this.points;
    this.shade(plot);
    const known = this.newest;
    ctx.save();
    ctx.beginPath();
    count.forEach((value, index) => {
      if ((value !== null && value !== undefined) || index > known) return;
      const left = plot.valToPos(at[index] - step / 2, "x", true);
      const right = plot.valToPos(at[index] + step / 2, "x", true);
      ctx.rect(left, bbox.top, right - left, bbox.height);
    });
    ctx.clip();
    ctx.strokeStyle = token("--line-2");
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    const distance = 6 * devicePixelRatio;
    for (let x = bbox.left - bbox.height; x < bbox.left + bbox.width; x += distance) {
      ctx.moveTo(x, bbox.top + bbox.height);
      ctx.lineTo(x + bbox.height, bbox.top);
    }
    ctx.stroke();
    ctx.restore();
  }

  /* The times at which more is expected. */
  shade(plot) {
    const { ctx, bbox } = plot;
    ctx.fillStyle = token("--ahead");
    (this.points.peaks || []).forEach((peak) => {
      const left = Math.max(plot.valToPos(peak.from, "x", true), bbox.left);
      const right = Math.min(plot.valToPos(peak.to, "x", true), bbox.left + bbox.width);
      if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
    });
  }

  annotate(plot) {
    const pins = this.points.marks.map(({ at, letter }) => {
      const x = Math.round(plot.valToPos(at, "x", true));
      return { letter, x, shown: x };
    });
    plot.ctx.save();
    spread(pins, 19 * devicePixelRatio, plot.bbox.left + plot.bbox.width).forEach((pin) => this.pin(plot, pin));
    this.lastPoint(plot);
    plot.ctx.restore();
  }

  pin({ ctx, bbox }, { letter, x, shown }) {
    const unit = devicePixelRatio;
    ctx.strokeStyle = token("--ctl");
    ctx.lineWidth = unit;
    ctx.beginPath();
    ctx.moveTo(shown, bbox.top - 5 * unit);
    ctx.lineTo(x + 0.5, bbox.top + 5 * unit);
    ctx.stroke();
    ctx.setLineDash([2 * unit, 3 * unit]);
    ctx.beginPath();
    ctx.moveTo(x + 0.5, bbox.top + 5 * unit);
    ctx.lineTo(x + 0.5, bbox.top + bbox.height);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.fillStyle = token("--tx-2");
    ctx.beginPath();
    ctx.roundRect(shown - 8 * unit, bbox.top - 21 * unit, 16 * unit, 16 * unit, 4 * unit);
    ctx.fill();
    ctx.fillStyle = token("--surface");
    ctx.font = `700 ${10 * unit}px "Inter Variable", sans-serif`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(letter, shown, bbox.top - 12.5 * unit);
  }

  lastPoint(plot) {
    const { at, count, high } = this.points;
    const index = this.newest;
    if (index < 0 || count[index] === null || count[index] === undefined) return;
    const x = plot.valToPos(at[index], "x", true);
    const y = plot.valToPos(count[index], "y", true);
    const dot = (radius, colour) => {
      plot.ctx.fillStyle = colour;
      plot.ctx.beginPath();
      plot.ctx.arc(x, y, radius * devicePixelRatio, 0, 2 * Math.PI);
      plot.ctx.fill();
    };
    if (high[index] !== null && count[index] > high[index]) dot(8, excess(0.28));
    dot(3.5, token("--plot"));
  }

  /* Take a step's count from a frame. */
  follow({ detail }) {
    const { at, count } = detail;
    if (!this.points || (this.dataset.follow && detail.group !== this.dataset.follow)) return;
    if (typeof at !== "number" || typeof count !== "number") return;
    const known = this.points.at.lastIndexOf(at);
    if (known >= 0) this.points.count[known] = count;
    else if (!this.append(at, count)) return;
    this.soon ||= setTimeout(() => {
      this.soon = null;
      this.plot?.setData(this.columns);
    }, 1_000);
  }

  append(at, count) {
    const { step, low, high } = this.points;
    const times = this.points.at;
    const last = times[times.length - 1];
    if (last !== undefined && at < last) return false;
    // Steps of which nothing was heard are not zero: they are unknown.
    for (let moment = last + step; moment < at && times.length < 5_000; moment += step) {
      this.push(moment, null);
    }
    this.push(at, count, low[low.length - 1], high[high.length - 1]);
    return true;
  }

  push(at, count, low = null, high = null) {
    this.points.at.push(at);
    this.points.count.push(count);
    this.points.low.push(low);
    this.points.high.push(high);
  }

  fillTable() {
    const body = this.querySelector("tbody[data-fill]");
    if (!body || !this.points) return;
    const { at, count, low, high } = this.points;
    const rows = at.slice(0, this.newest + 1).map((moment, index) => {
      const row = document.createElement("tr");
      const values = [count[index], low[index], high[index]].map((value) => (value === null ? "–" : this.number(Math.round(value))));
      [this.clock(moment), ...values].forEach((text) => { row.insertCell().textContent = text; });
      return row;
    });
    body.replaceChildren(...rows.reverse());
  }
}

customElements.define("cd-volume", Volume);
