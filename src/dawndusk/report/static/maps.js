"use strict";
// Globe and ground-track map. Vectors are in an inertial frame that coincides with the
// Earth-fixed one at the scenario's start; lengths in Earth radii.
(() => {
  const data = payload.maps;
  const RATE = 7.292115e-5;
  const RADIUS = 6371;
  const { degree, unpack, vector, dot, cross, unit, mix, canvas, marks } = atlas;
  const latitude = unpack(data.latitude, Int16Array);
  const longitude = unpack(data.longitude, Int16Array);
  const altitude = unpack(data.altitude, Uint16Array);
  const states = data.states.map((state) => ({ ...state, values: unpack(state.values, Uint8Array) }));
  const times = data.t;
  const count = data.names.length;

  const sample = (k, i) => {
    const at = k * count + i;
    return vector((latitude[at] / 100) * degree, (longitude[at] / 100) * degree + RATE * times[k]);
  };
  const period = payload.period || 5700;
  const smooth = times.length > 1 && times[1] - times[0] < 0.4 * period;

  function step(time) {
    let low = 0;
    let high = times.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (times[middle] <= time) low = middle;
      else high = middle;
    }
    const share = high > low ? (time - times[low]) / (times[high] - times[low]) : 0;
    return [low, high, Math.min(Math.max(share, 0), 1)];
  }
  function place([low, high, share], i) {
    const nearest = share < 0.5 ? low : high;
    const height = 1 + altitude[nearest * count + i] / RADIUS;
    if (!smooth) return [sample(nearest, i), height];
    const [a, b] = [sample(low, i), sample(high, i)];
    const angle = Math.acos(Math.min(1, Math.max(-1, dot(a, b))));
    if (angle < 1e-6) return [a, height];
    const [p, q] = [Math.sin((1 - share) * angle), Math.sin(share * angle)];
    return [a.map((v, j) => (p * v + q * b[j]) / Math.sin(angle)), height];
  }
  const fixed = (point, time) => {
    const lon = Math.atan2(point[1], point[0]) - RATE * time;
    return [Math.asin(point[2]), Math.atan2(Math.sin(lon), Math.cos(lon))];
  };
  function sunAt([low, high, share], time) {
    if (!data.sun) return null;
    const near = share < 0.5 ? low : high;
    const lon = data.sun[1][near] * degree - (time - times[near]) * RATE * (1 - 1 / 366.24);
    return [data.sun[0][near] * degree, lon];
  }

  const ramps = { sunlight: ["ground", "sun"], charge: ["hot", "cool"], "accelerators busy": ["quiet", "orbit"] };
  const colourOf = (k, i) => {
    const state = states[$("#state").selectedIndex];
    if (!state) return css("--orbit");
    const [low, high] = ramps[state.label];
    return mix(css(`--${low}`), css(`--${high}`), state.values[k * count + i] / 100);
  };

  const globe = canvas("#globe");
  const world = canvas("#world");
  const cluster = payload.formation && canvas("#cluster");
  const local = cluster && unpack(payload.formation.local, Int16Array);
  const wires = [];
  if (cluster) {
    const index = new Map(data.names.map((name, i) => [name, i]));
    for (const { tail, head, kind, blocked, mean } of atlas.links) {
      const ends = [index.get(tail.name), index.get(head.name)];
      if (kind === 0 && !blocked && !ends.includes(undefined)) wires.push([...ends, atlas.tint(mean)]);
    }
  }
  let now = times[0];
  const first = sunAt([0, 0, 0], times[0]);
  // Looked at from 60° beside the Sun, on the side where the first satellite starts.
  const noon = first ? first[1] + RATE * times[0] : 0;
  let tilt = 0.36;
  let [heading] = [noon - 1.05, noon + 1.05].sort((a, b) => {
    const [seen] = place(step(times[0] + period / 2), 0);
    return dot(seen, vector(tilt, b)) - dot(seen, vector(tilt, a));
  });

  function drawGlobe(where, places, sun) {
    const { context: pen, fit } = globe;
    const [width, height] = fit();
    const highest = places.reduce((top, [, h]) => Math.max(top, h), 1.05);
    const scale = Math.min(width, height) / 2 / (1.1 * highest);
    const view = atlas.camera(width, height, scale, tilt, heading);
    const { project } = view;
    const turn = RATE * now;
    const [c, s] = [Math.cos(turn), Math.sin(turn)];
    const spin = (p) => [c * p[0] - s * p[1], s * p[0] + c * p[1], p[2]];

    // Planes of the orbits, each once.
    const [low, high] = smooth && times.length > 1 ? [Math.min(where[0], times.length - 2), 0] : [0, 0];
    const seen = new Map();
    if (smooth) {
      for (let i = 0; i < count && seen.size < 120; i++) {
        const normal = unit(cross(sample(low, i), sample(low + 1, i)));
        const radius = 1 + altitude[low * count + i] / RADIUS;
        const key = normal.map((v) => Math.round(80 * v)).join() + Math.round(60 * radius);
        if (!seen.has(key)) seen.set(key, [normal, radius]);
      }
    }
    const faint = seen.size > 24 ? 0.3 : 0.6;
    const drawOrbits = (front) => {
      pen.lineWidth = 1;
      pen.strokeStyle = css("--orbit");
      pen.globalAlpha = front ? faint : 0.45 * faint;
      pen.beginPath();
      for (const [normal, radius] of seen.values()) {
        const a = unit(cross(Math.abs(normal[2]) > 0.9 ? [1, 0, 0] : [0, 0, 1], normal));
        const b = cross(normal, a);
        let pendown = false;
        for (let j = 0; j <= 120; j++) {
          const [ca, sa] = [Math.cos(j * 3 * degree), Math.sin(j * 3 * degree)];
          const [x, y, depth] = project(a.map((v, m) => radius * (ca * v + sa * b[m])));
          if ((depth >= 0) === front) {
            if (pendown) pen.lineTo(x, y);
            else pen.moveTo(x, y);
            pendown = true;
          } else pendown = false;
        }
      }
      pen.stroke();
      pen.globalAlpha = 1;
    };
    const drawDots = (front) => {
      const size = count > 120 ? 2 : 3;
      const near = where[2] < 0.5 ? where[0] : where[1];
      places.forEach(([direction, radius], i) => {
        const [x, y, depth] = project(direction.map((v) => radius * v));
        if ((depth >= 0) !== front) return;
        pen.globalAlpha = front ? 1 : 0.55;
        pen.fillStyle = colourOf(near, i);
        pen.beginPath();
        pen.arc(x, y, i === chosen() ? size + 2 : size, 0, 7);
        pen.fill();
        if (i === chosen()) {
          pen.strokeStyle = css("--ink");
          pen.lineWidth = 1.2;
          pen.stroke();
        }
      });
      pen.globalAlpha = 1;
    };

    drawOrbits(false);
    drawDots(false);
    const light = sun && vector(sun[0], sun[1] + RATE * now);
    atlas.ball(pen, view, spin, light);
    atlas.marksOnBall(pen, view, spin);
    drawOrbits(true);
    drawDots(true);
    if (light) atlas.sunMark(pen, light, view);
  }

  const chosen = () => $("#track").selectedIndex;

  function drawWorld(where, places, sun) {
    const { context: pen, fit } = world;
    const [width, height] = fit();
    const map = atlas.sheet(pen, width, height, sun);
    marks(pen, map);
    track(pen, map, times[0], times.at(-1), 0.35, 1);
    track(pen, map, now - period / 2, now + period / 2, 1, 2);
    const near = where[2] < 0.5 ? where[0] : where[1];
    const dotAt = (i, size) => {
      pen.beginPath();
      pen.arc(...map(...fixed(places[i][0], now)), size, 0, 7);
      pen.fillStyle = colourOf(near, i);
      pen.fill();
    };
    places.forEach((_, i) => dotAt(i, count > 120 ? 1.8 : 2.6));
    dotAt(chosen(), 5);
    pen.strokeStyle = css("--ink");
    pen.lineWidth = 1.4;
    pen.stroke();
  }

  function track(pen, map, from, to, alpha, thick) {
    pen.strokeStyle = css("--orbit");
    pen.globalAlpha = alpha;
    pen.lineWidth = thick;
    pen.beginPath();
    let last = null;
    const start = Math.max(from, times[0]);
    const stop = Math.min(to, times.at(-1), start + 16 * period);
    const pace = smooth ? 60 : times.length > 1 ? times[1] - times[0] : 60;
    for (let time = start; smooth && time <= stop; time += pace) {
      const [lat, lon] = fixed(place(step(time), chosen())[0], time);
      const point = map(lat, lon);
      if (last !== null && Math.abs(lon - last) < Math.PI) pen.lineTo(...point);
      else pen.moveTo(...point);
      last = lon;
    }
    pen.stroke();
    pen.globalAlpha = 1;
  }

  // The formation in its orbital plane: the direction of flight to the right, outward up.
  function drawCluster([low, high, share]) {
    const { context: pen, fit } = cluster;
    const [width, height] = fit();
    const reach = payload.formation.reach * 1.08 || 1;
    const scale = Math.min(width, height) / 2 / reach;
    const ring = 10 ** Math.floor(Math.log10(reach));
    const pitch = reach / ring > 5 ? 2 * ring : reach / ring > 2 ? ring : ring / 2;
    pen.strokeStyle = css("--line");
    pen.lineWidth = 1;
    pen.beginPath();
    for (let r = pitch; r <= reach; r += pitch) {
      pen.moveTo(width / 2 + r * scale, height / 2);
      pen.arc(width / 2, height / 2, r * scale, 0, 7);
    }
    pen.moveTo(0, height / 2);
    pen.lineTo(width, height / 2);
    pen.moveTo(width / 2, 0);
    pen.lineTo(width / 2, height);
    pen.stroke();
    const at = (k, i, j) => local[3 * (k * count + i) + j];
    const spot = (i) => {
      const [along, out] = [0, 1].map((j) => (1 - share) * at(low, i, j) + share * at(high, i, j));
      return [width / 2 + along * scale, height / 2 - out * scale];
    };
    pen.lineWidth = 1.3;
    for (const [tail, head, colour] of wires) {
      pen.strokeStyle = colour;
      pen.beginPath();
      pen.moveTo(...spot(tail));
      pen.lineTo(...spot(head));
      pen.stroke();
    }
    const near = share < 0.5 ? low : high;
    for (let i = 0; i < count; i++) {
      pen.fillStyle = colourOf(near, i);
      pen.beginPath();
      pen.arc(...spot(i), i === chosen() ? 6 : 4, 0, 7);
      pen.fill();
      if (i !== chosen()) continue;
      pen.strokeStyle = css("--ink");
      pen.lineWidth = 1.4;
      pen.stroke();
    }
    const metres = pitch >= 1000 ? `${pitch / 1000}\u202fkm` : `${pitch}\u202fm`;
    $("#scale").textContent = `flight to the right, outward up; rings every ${metres}` +
      (wires.length ? "; links by mean use" : "");
  }

  let asked = false;
  function draw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      const where = step(now);
      const places = Array.from({ length: count }, (_, i) => place(where, i));
      const sun = sunAt(where, now);
      drawGlobe(where, places, sun);
      drawWorld(where, places, sun);
      if (cluster) drawCluster(where);
      $("#clock").textContent = moment(now);
      const i = chosen();
      const height = altitude[(where[2] < 0.5 ? where[0] : where[1]) * count + i];
      $("#trackname").textContent = `${data.names[i]}, ${height}\u202fkm high; bold: one orbit around now`;
    });
  }
  function go(time) {
    now = Math.min(Math.max(time, times[0]), times.at(-1));
    $("#moment").value = Math.round((1000 * (now - times[0])) / (times.at(-1) - times[0] || 1));
    draw();
  }

  for (const state of states) $("#state").add(new Option(state.label));
  for (const name of data.names) $("#track").add(new Option(name));
  if (!states.length) $("#state").parentElement.hidden = true;
  const legend = () => {
    const state = states[$("#state").selectedIndex];
    if (!state) return;
    const [low, high] = ramps[state.label].map((name) => css(`--${name}`));
    $("#mapkeys").innerHTML = "";
    atlas.keys($("#mapkeys"));
    atlas.bar($("#mapkeys"), `${state.label} 0`, [low, high], "100\u202f%");
    if (data.total > count) $("#mapkeys").append(`${count} of ${data.total} satellites shown`);
  };
  $("#state").addEventListener("change", () => { legend(); draw(); });
  $("#track").addEventListener("change", draw);
  $("#moment").addEventListener("input", (event) =>
    go(times[0] + (event.target.value / 1000) * (times.at(-1) - times[0])));

  let playing = null;
  $("#play").addEventListener("click", () => {
    playing = playing === null ? performance.now() : null;
    $("#play").setAttribute("aria-pressed", String(playing !== null));
    $("#play").textContent = playing === null ? "▶ Play" : "❚❚ Pause";
    const advance = (instant) => {
      if (playing === null) return;
      const later = now + ((instant - playing) / 1000) * (period / 12);
      playing = instant;
      go(later >= times.at(-1) ? times[0] : later);
      requestAnimationFrame(advance);
    };
    requestAnimationFrame(advance);
  });
  atlas.turnable(globe.element, (across, along) => {
    heading -= across;
    tilt = Math.min(1.5, Math.max(-1.5, tilt + along));
    draw();
  });
  listeners.push((time) => { if (playing === null && time <= times.at(-1)) go(time); });
  redraws.push(() => { legend(); draw(); });
  new ResizeObserver(draw).observe(globe.element);
  legend();
  go(times[0] + period / 2);
})();
