"use strict";
// Links and sample paths at one moment, on a ball and on a sheet, in the Earth-fixed frame.
(() => {
  const { degree, vector, dot, canvas, links, vertices, tint } = atlas;
  const data = payload.network;
  const globe = canvas("#netglobe");
  const world = canvas("#netmap");

  const spot = ({ lat, lon, height }) => vector(lat, lon).map((v) => height * v);
  // A straight line between satellites or up to one; along the ground on a great circle.
  function way(from, to) {
    const [low, high] = [Math.hypot(...from), Math.hypot(...to)];
    const angle = Math.acos(Math.min(1, Math.max(-1, dot(from, to) / low / high)));
    const pieces = Math.max(1, Math.ceil(angle / (2 * degree)));
    const buried = Math.max(low, high) < 1.0005 && angle > 1e-6;
    return Array.from({ length: pieces + 1 }, (_, k) => {
      const share = k / pieces;
      const [p, q] = buried
        ? [Math.sin((1 - share) * angle) / Math.sin(angle), Math.sin(share * angle) / Math.sin(angle)]
        : [1 - share, share];
      return from.map((v, j) => p * v + q * to[j]);
    });
  }
  const lines = links.map((link) => ({ ...link, points: way(spot(link.tail), spot(link.head)) }));
  const crowded = vertices.length > 400;
  const paths = data.paths.map(({ label, points }) => ({
    label,
    points: points.map(([lat, lon, height]) =>
      spot({ lat: lat * degree, lon: lon * degree, height: 1 + height / 6371 })),
  }));
  const identity = (p) => p;

  // Groups of links drawn in one stroke: [colour, width, alpha, dashes, lines], least used first.
  function strokes() {
    const key = $("#use").selectedIndex ? "max" : "mean";
    const wanted = $("#which").selectedIndex;
    const groups = new Map();
    for (const line of lines) {
      if (wanted && line.kind !== wanted - 1) continue;
      const level = line.blocked ? -1 : line[key] === 0 ? 0 : 1 + Math.floor((line[key] - 1) / 16);
      if (!groups.has(level)) groups.set(level, []);
      groups.get(level).push(line);
    }
    const crowd = lines.length > 1500 ? 0.6 : 1;
    return [...groups].sort(([a], [b]) => a - b).map(([level, members]) => [
      level < 1 ? css("--quiet") : tint(16 * level - 8),
      level < 1 ? 0.7 : crowd * (0.9 + level / 8),
      level < 1 ? 0.5 : 0.9,
      level < 0 ? [2, 4] : [],
      members,
    ]);
  }

  const chosen = () => paths[$("#path").selectedIndex - 1];
  let [tilt, heading] = [0, 0];
  function face() {
    const points = chosen()?.points ?? [spot(vertices[0])];
    const [x, y, z] = points[Math.floor(points.length / 2)];
    tilt = 0.8 * Math.asin(z / Math.hypot(x, y, z));
    heading = Math.atan2(y, x);
  }

  function drawGlobe(groups) {
    const { context: pen, fit } = globe;
    const [width, height] = fit();
    const highest = vertices.reduce((top, vertex) => Math.max(top, vertex.height), 1.05);
    const scale = Math.min(width, height) / 2 / (1.06 * highest);
    const view = atlas.camera(width, height, scale, tilt, heading);
    const seen = ([x, y, depth]) => depth >= 0 || Math.hypot(x - width / 2, y - height / 2) > scale;
    const trace = (points, front) => {
      let down = false;
      let last = null;
      for (const point of points) {
        const here = view.project(point);
        const shown = last !== null && (seen(here) && seen(last)) === front;
        if (shown && !down) pen.moveTo(last[0], last[1]);
        if (shown) pen.lineTo(here[0], here[1]);
        down = shown;
        last = here;
      }
    };
    const drawLinks = (front) => {
      for (const [colour, thick, alpha, dashes, members] of groups) {
        pen.strokeStyle = colour;
        pen.lineWidth = thick;
        pen.globalAlpha = front ? alpha : 0.3 * alpha;
        pen.setLineDash(dashes);
        pen.beginPath();
        for (const { points } of members) trace(points, front);
        pen.stroke();
      }
      pen.setLineDash([]);
      pen.globalAlpha = 1;
    };
    drawLinks(false);
    atlas.ball(pen, view, identity, null);
    const visible = (point) => {
      const place = view.project(point);
      return seen(place) ? place : null;
    };
    if (crowded) dots(pen, visible);
    drawLinks(true);
    atlas.marksOnBall(pen, view, identity);
    if (!crowded) dots(pen, visible);
    const path = chosen();
    if (!path) return;
    const whole = path.points.slice(1).flatMap((point, k) => way(path.points[k], point));
    outlined(pen, () => trace(whole, true));
    stops(pen, path, visible);
  }

  function dots(pen, at) {
    const size = crowded ? 1.6 : 1.9;
    pen.fillStyle = css("--orbit");
    pen.beginPath();
    for (const vertex of vertices) {
      const place = vertex.kind === "satellite" && at(spot(vertex));
      if (!place) continue;
      pen.moveTo(place[0] + size, place[1]);
      pen.arc(place[0], place[1], size, 0, 7);
    }
    pen.fill();
  }

  // A path in ink with a pale casing, so that it stands out of any map and any links.
  function outlined(pen, trace) {
    pen.lineJoin = "round";
    for (const [colour, thick] of [[css("--raised"), 5], [css("--ink"), 2.2]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = thick;
      pen.beginPath();
      trace();
      pen.stroke();
    }
  }
  function stops(pen, path, at) {
    pen.lineWidth = 1.5;
    pen.strokeStyle = css("--ink");
    pen.fillStyle = css("--raised");
    path.points.forEach((point, k) => {
      const place = at(point);
      if (!place) return;
      pen.beginPath();
      pen.arc(place[0], place[1], k && k < path.points.length - 1 ? 2.6 : 4.2, 0, 7);
      pen.fill();
      pen.stroke();
    });
  }

  function drawWorld(groups) {
    const { context: pen, fit } = world;
    const [width, height] = fit();
    const map = atlas.sheet(pen, width, height, null);
    const below = (point) =>
      [Math.asin(point[2] / Math.hypot(...point)), Math.atan2(point[1], point[0])];
    const trace = (points) => {
      let shift = 0;
      let before = null;
      const flat = points.map((point) => {
        const [lat, lon] = below(point);
        if (before !== null) shift += lon - before > Math.PI ? -1 : lon - before < -Math.PI ? 1 : 0;
        before = lon;
        return [lat, lon + 2 * Math.PI * shift];
      });
      const all = flat.map(([, lon]) => lon);
      for (const turn of [-1, 0, 1]) {
        const [low, high] = [Math.min(...all) + 2 * Math.PI * turn, Math.max(...all) + 2 * Math.PI * turn];
        if (high < -Math.PI || low > Math.PI) continue;
        flat.forEach(([lat, lon], k) => pen[k ? "lineTo" : "moveTo"](...map(lat, lon + 2 * Math.PI * turn)));
      }
    };
    const spread = (point) => map(...below(point));
    if (crowded) dots(pen, spread);
    for (const [colour, thick, alpha, dashes, members] of groups) {
      pen.strokeStyle = colour;
      pen.lineWidth = thick;
      pen.globalAlpha = alpha;
      pen.setLineDash(dashes);
      pen.beginPath();
      for (const { points } of members) trace(points);
      pen.stroke();
    }
    pen.setLineDash([]);
    pen.globalAlpha = 1;
    atlas.marks(pen, map);
    if (!crowded) dots(pen, spread);
    const path = chosen();
    if (!path) return;
    const whole = path.points.slice(1).flatMap((point, k) => way(path.points[k], point));
    outlined(pen, () => trace(whole));
    stops(pen, path, spread);
  }

  let asked = false;
  function draw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      const groups = strokes();
      drawGlobe(groups);
      drawWorld(groups);
    });
  }
  function legend() {
    const place = $("#linkkeys");
    place.innerHTML = "";
    atlas.keys(place);
    const stops = Array.from({ length: 9 }, (_, k) => tint(Math.max(1, Math.round(31.8 * k))));
    atlas.bar(place, `use ${data.scale[0]}`, stops, data.scale[1]);
    place.append("logarithmic, grey where idle");
    if (links.some((link) => link.blocked)) place.append("dashed: blocked by the Earth");
  }
  const shown = links.length < data.total ? `${links.length} busiest of ${data.total} links` : `${data.total} links`;
  $("#linknote").textContent = data.time === null ? shown : `${shown} at ${moment(data.time)}`;
  $("#path").add(new Option("none"));
  for (const path of paths) $("#path").add(new Option(path.label));
  $("#path").selectedIndex = paths.length ? 1 : 0;
  $("#path").parentElement.hidden = !paths.length;
  $("#path").addEventListener("change", () => { if (chosen()) face(); draw(); });
  for (const id of ["#use", "#which"]) $(id).addEventListener("change", draw);
  atlas.turnable(globe.element, (across, along) => {
    heading -= across;
    tilt = Math.min(1.5, Math.max(-1.5, tilt + along));
    draw();
  });
  redraws.push(() => { legend(); draw(); });
  new ResizeObserver(draw).observe(globe.element);
  new ResizeObserver(draw).observe(world.element);
  face();
  legend();
  draw();
})();
