"use strict";
const payload = JSON.parse(document.getElementById("payload").textContent);
const $ = (selector) => document.querySelector(selector);
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const fade = (colour, alpha) =>
  colour + Math.round(255 * alpha).toString(16).padStart(2, "0");
const redraws = [];

window.addEventListener("error", (event) => {
  document.documentElement.dataset.error = event.message;
});

// Colour scheme: the system's, until the reader chooses.
const dark = matchMedia("(prefers-color-scheme: dark)");
const redraw = () => redraws.forEach((draw) => draw());
dark.addEventListener("change", redraw);
$("#theme")?.addEventListener("click", () => {
  const now = document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
  redraw();
});

// Time as people read it.
const two = (value) => String(value).padStart(2, "0");
function elapsed(seconds) {
  const minutes = Math.floor(seconds / 60);
  const days = Math.floor(minutes / 1440);
  const rest = minutes - 1440 * days;
  return `T+${days ? days + "\u202fd " : ""}${two(Math.floor(rest / 60))}:${two(rest % 60)}`;
}
function moment(seconds) {
  if (payload.start === null || payload.start === undefined) return elapsed(seconds);
  const date = new Date(1000 * (payload.start + seconds)).toISOString();
  return `${elapsed(seconds)} · ${date.slice(0, 10)} ${date.slice(11, 16)} UTC`;
}
function tick(seconds, step) {
  if (step >= 86400) return `${seconds / 86400}\u202fd`;
  if (step >= 3600) return `${seconds / 3600}\u202fh`;
  return `${Math.floor(seconds / 3600)}:${two(Math.round((seconds % 3600) / 60))}`;
}
function number(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits })
    .replaceAll(",", "\u202f").replace("-", "−");
}

// Years of the calendar and of age.
const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
function years(value, axis) {
  if (axis === "age") return `${number(Math.round(10 * value) / 10)}\u202fyr`;
  const month = Math.min(11, Math.floor(12 * (value - Math.floor(value)) + 1e-6));
  return `${months[month]} ${Math.floor(value)}`;
}

// Charts: one uPlot each; zoom and cursor shared by those with the same axis.
const plots = { time: [], year: [], age: [] };
const listeners = [];
let zooming = false;

function zoom(min, max, axis = "time") {
  if (zooming) return;
  zooming = true;
  for (const plot of plots[axis]) plot.setScale("x", { min, max });
  zooming = false;
}

function groups(chart) {
  const found = new Map();
  chart.lines.forEach((line, index) => {
    const [, name, role] = line.label.match(/^(.*?)(?: (min|5 %|median|95 %|max))?$/);
    const key = role ? name : line.label;
    if (!found.has(key)) found.set(key, { name: key, colour: line.colour, dash: line.dash, at: {} });
    found.get(key).at[role ?? "median"] = index + 1;
  });
  return [...found.values()];
}

function build(frame, chart) {
  const place = frame.querySelector(".plot");
  const keys = frame.querySelector(".keys");
  const sets = groups(chart);
  const colour = (name) => css(`--${name}`);
  const [low, high] = chart.limits;
  const timed = chart.axis === "time";
  const options = {
    width: place.clientWidth || 320,
    height: place.clientHeight || 220,
    legend: { show: false },
    padding: [10, 18, 0, 0],
    cursor: {
      sync: { key: chart.axis, scales: ["x", null] },
      drag: { x: true, y: false },
      points: { size: 6 },
      y: false,
    },
    scales: {
      x: { time: false },
      y: {
        range: (_, min, max) => {
          if (min === null) return [low ?? 0, high ?? 1];
          const span = max - min || Math.abs(max) || 1;
          return [low ?? min - 0.06 * span, high ?? max + 0.06 * span];
        },
      },
    },
    axes: [
      {
        stroke: () => colour("soft"),
        grid: { stroke: () => colour("faint"), width: 1 },
        ticks: { show: false },
        incrs: timed
          ? [60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000,
            864000, 2592000]
          : [0.25, 0.5, 1, 2, 5, 10],
        values: (_, splits) => splits.map((t) =>
          timed ? tick(t, splits.length > 1 ? splits[1] - splits[0] : 3600)
          : `${t}${chart.axis === "age" ? "\u202fyr" : ""}`),
        space: 56,
        size: 28,
      },
      {
        stroke: () => colour("soft"),
        grid: { stroke: () => colour("faint"), width: 1 },
        ticks: { show: false },
        size: (_, values) => Math.max(50, 12 + 7 * Math.max(0, ...(values ?? []).map((v) => v.length))),
        space: 34,
        label: chart.unit,
        labelSize: 18,
        labelGap: 0,
        labelFont: "12px system-ui",
        values: (_, splits) => splits.map((v) => v.toLocaleString("en").replaceAll(",", "\u202f").replace("-", "−")),
      },
    ],
    series: [
      {},
      ...chart.lines.map((line) => ({
        label: line.label,
        stroke: () => colour(line.colour),
        width: line.w || 0,
        dash: line.dash ? [5, 4] : undefined,
        points: { show: false },
        spanGaps: true,
      })),
    ],
    bands: chart.bands.map((band) => ({
      series: band.of.map((index) => index + 1),
      fill: () => fade(colour(band.colour), band.a),
    })),
    hooks: {
      setScale: [
        (plot, key) => {
          if (key === "x") zoom(plot.scales.x.min, plot.scales.x.max, chart.axis);
        },
      ],
      setCursor: [(plot) => show(plot.cursor.idx)],
      draw: [(plot) => chart.marks.forEach((mark) => ticks(plot, mark))],
    },
  };
  const plot = new uPlot(options, [chart.x, ...chart.lines.map((line) => line.y)], place);

  const items = sets.map((set) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "key";
    button.setAttribute("aria-pressed", "true");
    button.title = "show or hide";
    const dot = document.createElement("i");
    dot.className = `dot ${set.colour}`;
    const text = document.createElement("span");
    text.textContent = set.name;
    const value = document.createElement("b");
    value.style.minWidth = set.at["5 %"] ? "11rem" : "4.8rem";
    button.append(dot, text, value);
    button.addEventListener("click", () => {
      const visible = button.getAttribute("aria-pressed") === "false";
      button.setAttribute("aria-pressed", String(visible));
      Object.values(set.at).forEach((index) => plot.setSeries(index, { show: visible }));
    });
    keys.append(button);
    return value;
  });
  const at = document.createElement("output");
  if (!timed) keys.append(at);
  for (const mark of chart.marks) {
    const key = document.createElement("span");
    key.className = "key";
    const dot = document.createElement("i");
    dot.className = `dot tick ${mark.colour}`;
    key.append(dot, mark.label);
    keys.append(key);
  }
  function ticks(plot, mark) {
    const { ctx: pen, bbox } = plot;
    pen.save();
    pen.fillStyle = colour(mark.colour);
    for (const t of mark.t) {
      const x = plot.valToPos(t, "x", true);
      if (x >= bbox.left && x <= bbox.left + bbox.width)
        pen.fillRect(x - devicePixelRatio, bbox.top + bbox.height - 8 * devicePixelRatio,
          2 * devicePixelRatio, 8 * devicePixelRatio);
    }
    pen.restore();
  }
  function show(index) {
    sets.forEach((set, i) => {
      const value = (role) => (set.at[role] ? plot.data[set.at[role]][index] : undefined);
      if (index === null || index === undefined) {
        items[i].textContent = "";
        return;
      }
      const spread = value("5 %") !== undefined ? ` (${number(value("5 %"))} – ${number(value("95 %"))})` : "";
      const unit = chart.counted ? "" : `\u202f${chart.unit}`;
      items[i].textContent = `${number(value("median"))}${unit}${spread}`;
    });
    const known = index !== null && index !== undefined;
    if (!timed) at.textContent = known ? years(plot.data[0][index], chart.axis) : "";
    else if (known && plot.cursor.event) {
      $("#hovered").textContent = moment(plot.data[0][index]);
      listeners.forEach((listen) => listen(plot.data[0][index]));
    }
  }
  new ResizeObserver(() => {
    if (place.clientWidth) plot.setSize({ width: place.clientWidth, height: place.clientHeight });
  }).observe(place);
  redraws.push(() => plot.redraw(false, false));
  plots[chart.axis].push(plot);
}

const frames = document.querySelectorAll(".chart");
const panels = [
  ...payload.charts,
  ...(payload.formation?.charts ?? []),
  ...(payload.training ?? []),
  ...(payload.fleet ?? []),
];
panels.forEach((chart, index) => build(frames[index], chart));

// Buttons that set the time range.
if (plots.time.length && $("#ranges")) {
  const end = Math.max(...payload.charts.map((chart) => chart.x.at(-1) ?? 0));
  const begin = Math.min(...payload.charts.map((chart) => chart.x[0] ?? 0));
  const spans = [["everything", end - begin], ["a week", 604800], ["a day", 86400], ["6 hours", 21600]];
  if (payload.period) spans.push(["one orbit", payload.period]);
  const shown = spans.filter(([, span], i) => i === 0 || span < 0.9 * (end - begin));
  if (shown.length > 1) {
    for (const [label, span] of shown) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", () => {
        const from = Math.min(plots.time[0].scales.x.min, end - span);
        zoom(label === "everything" ? begin : from, label === "everything" ? end : from + span);
      });
      $("#hovered").before(button);
    }
  }
}

// The assumptions table: filter and sort.
const table = $("#assumptions");
if (table) {
  const rows = [...table.tBodies[0].rows];
  const order = { assumed: 0, memory: 1, claim: 2, derived: 3, public: 4, "": 5 };
  const filter = () => {
    const words = $("#filter").value.toLowerCase().split(/\s+/);
    const wanted = $("#confidence").value;
    let count = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !(words.every((word) => text.includes(word)) &&
        (!wanted || row.dataset.confidence === wanted));
      count += !row.hidden;
    }
    $("#shown").textContent = `${count} of ${rows.length} values`;
  };
  $("#filter").addEventListener("input", filter);
  $("#confidence").addEventListener("change", filter);
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => row.cells[column].textContent;
      const compare = (a, b) =>
        head.textContent.startsWith("Confidence")
          ? order[a.dataset.confidence] - order[b.dataset.confidence]
          : key(a).localeCompare(key(b), "en", { numeric: true });
      rows.sort((a, b) => (up ? 1 : -1) * compare(a, b));
      table.tBodies[0].append(...rows);
    });
  });
}

$("#copy")?.addEventListener("click", () => {
  navigator.clipboard.writeText($("#scenario").textContent).then(() => {
    $("#copy").textContent = "Copied";
  });
});
document.documentElement.dataset.ready = "true";
