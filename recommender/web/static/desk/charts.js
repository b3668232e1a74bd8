/* Plots, drawn by uPlot from the numbers a page brings along:

     <desk-plot kind="lines" role="img" aria-label="Views by hour" data='{"x": [..], "series": [{"label": "organic", "values": [..]}]}'>

   kind    spark (a line without axes), lines, bars (the series lie upon each other)
   x       Unix seconds; with "labels", one text for each place instead of a time axis, and "what" they name
   zone    the time zone of the axis, UTC unless given
   spans   [[from, to], ..]: times that are shaded
   unit    written behind each value
   A series has the colour of its place, or of its number "colour", 1 to 7.
   A series with "lows" and "highs" has an interval at each value.

   A plot follows its attribute, its width and the colour scheme. Where there is nothing to draw it says so. */

"use strict";

(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const HEIGHTS = { spark: 32, lines: 220, bars: 220 };
  const GAP = 8;

  const asDay = uPlot.fmtDate("{D} {MMM}");
  const asTime = uPlot.fmtDate("{HH}:{mm}");
  const tick = (date, apart) => (apart >= 86400 || date.getHours() + date.getMinutes() === 0 ? asDay(date) : asTime(date));

  class DeskPlot extends HTMLElement {
    static observedAttributes = ["data"];

    connectedCallback() {
      this.resizes ??= new ResizeObserver(() => this.plot?.setSize(this.size()));
      this.resizes.observe(this);
      this.recolour ??= () => this.plot?.redraw();
      dark.addEventListener("change", this.recolour);
      this.draw();
    }

    disconnectedCallback() {
      this.resizes.disconnect();
      dark.removeEventListener("change", this.recolour);
      this.clear();
    }

    attributeChangedCallback() {
      if (this.isConnected) this.draw();
    }

    clear() {
      this.plot?.destroy();
      this.plot = null;
      this.replaceChildren();
    }

    draw() {
      this.clear();
      const told = JSON.parse(this.getAttribute("data"));
      if (!told.series.some((series) => series.values.some(Boolean))) {
        this.textContent = this.getAttribute("empty") ?? "Nothing yet";
        return;
      }
      this.plot = new uPlot(this.options(told), [told.x ?? told.labels.map((_, place) => place), ...(this.getAttribute("kind") === "bars" ? stacked(told) : told.series.map(({ values }) => values))], this);
    }

    size() {
      return { width: this.clientWidth, height: HEIGHTS[this.getAttribute("kind")] };
    }

    colour(name) {
      return getComputedStyle(this).getPropertyValue(name).trim();
    }

    options(told) {
      const kind = this.getAttribute("kind");
      const spark = kind === "spark";
      const bars = kind === "bars";
      const unit = told.unit ? ` ${told.unit}` : "";
      const axis = { stroke: () => this.colour("--soft"), font: "12px system-ui", ticks: { show: false } };
      const grid = { stroke: () => this.colour("--rule"), width: 1 };
      const local = (second) => uPlot.tzDate(new Date(second * 1000), told.zone ?? "Etc/UTC");
      const step = told.x?.length > 1 ? told.x[1] - told.x[0] : 86400;
      const across = told.labels
        ? { ...axis, splits: () => told.labels.map((_, place) => place), values: () => told.labels }
        : { ...axis, values: (_, seconds, __, ___, apart) => seconds.map((second) => tick(local(second), apart)) };
      return {
        ...this.size(),
        padding: spark ? [2, 2, 2, 2] : [GAP, told.labels ? GAP : 3 * GAP, 0, 0], // the last day's name is wider than its place
        cursor: { show: !spark, y: false, drag: { x: false, y: false } },
        legend: { show: !spark },
        tzDate: local,
        scales: {
          x: {
            time: !told.labels,
            // A bar stands on its moment: half of the first and of the last would be cut off.
            range: (_, least, most) => {
              const half = bars ? (told.labels ? 0.6 : 0.6 * step) : least === most ? step : 0;
              return [least - half, most + half];
            },
          },
          y: { range: (_, least, most) => [Math.min(0, least), Math.max(most, ...told.series.flatMap(({ highs = [] }) => highs)) * 1.05 || 1] },
        },
        axes: spark ? [{ show: false }, { show: false }] : [{ ...across, grid: { show: false } }, { ...axis, grid, size: 52 }],
        series: [
          told.labels
            ? { label: told.what ?? "At", value: (_, place) => told.labels[place] ?? "–" }
            : { label: step >= 86400 ? "Day" : "Time", value: step >= 86400 ? "{YYYY}-{MM}-{DD}" : "{YYYY}-{MM}-{DD} {HH}:{mm}" },
          ...told.series.map((series, place) => ({
            label: series.label,
            value: (_, __, ___, at) => (at == null || series.values[at] == null ? "–" : series.values[at].toLocaleString("en") + unit),
            stroke: () => this.colour(`--plot-${series.colour ?? place + 1}`),
            fill: bars || spark ? () => this.colour(bars ? `--plot-${series.colour ?? place + 1}` : "--plot-fill") : undefined,
            width: spark ? 1.25 : bars ? 0 : 1.75,
            points: { show: !spark && !bars && told.x.length === 1 },
            ...(bars && { paths: uPlot.paths.bars({ size: [0.72, 48] }) }),
          })),
        ],
        hooks: {
          init: [idle],
          setCursor: [idle],
          drawClear: told.spans ? [(plot) => this.shade(plot, told.spans)] : [],
          draw: [(plot) => told.series.filter(({ lows }) => lows).forEach((series) => this.drawIntervals(plot, series))],
        },
      };
    }

    drawIntervals(plot, { lows, highs }) {
      const width = Math.round(devicePixelRatio);
      const end = 4 * width;
      plot.ctx.save();
      plot.ctx.fillStyle = this.colour("--ink");
      lows.forEach((low, at) => {
        if (low === null) return;
        const x = Math.round(plot.valToPos(plot.data[0][at], "x", true));
        const [from, to] = [highs[at], low].map((value) => Math.round(plot.valToPos(value, "y", true)));
        plot.ctx.fillRect(x, from, width, to - from);
        for (const y of [from, to]) plot.ctx.fillRect(x - end, y, 2 * end + width, width);
      });
      plot.ctx.restore();
    }

    shade(plot, spans) {
      const { left, top, width, height } = plot.bbox;
      plot.ctx.save();
      plot.ctx.fillStyle = this.colour("--plot-span");
      for (const [from, to] of spans) {
        const [start, end] = [from, to].map((at) => Math.min(left + width, Math.max(left, plot.valToPos(at, "x", true))));
        plot.ctx.fillRect(start, top, Math.max(end - start, 1), height);
      }
      plot.ctx.restore();
    }
  }

  /* The legend has values for the place that is pointed at; before that, names alone. */
  function idle(plot) {
    plot.root.classList.toggle("idle", plot.cursor.idx == null);
  }

  /* Each series as high as itself and all that come after: drawn in turn, the later ones cover what is theirs. */
  function stacked({ series }) {
    return series.map((_, place) => series[0].values.map((__, at) => series.slice(place).reduce((sum, { values }) => sum + (values[at] ?? 0), 0)));
  }

  customElements.define("desk-plot", DeskPlot);
})();
