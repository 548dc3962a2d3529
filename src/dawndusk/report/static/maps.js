"use strict";
// Globe and ground-track map. Vectors are in an inertial frame that coincides with the
// Earth-fixed one at the scenario's start; lengths in Earth radii.
(() => {
  const data = payload.maps;
  const RATE = 7.292115e-5;
  const RADIUS = 6371;
  const unpack = (text, Kind) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return new Kind(bytes.buffer);
  };
  const latitude = unpack(data.latitude, Int16Array);
  const longitude = unpack(data.longitude, Int16Array);
  const altitude = unpack(data.altitude, Uint16Array);
  const states = data.states.map((state) => ({ ...state, values: unpack(state.values, Uint8Array) }));
  const times = data.t;
  const count = data.names.length;
  const degree = Math.PI / 180;

  const vector = (lat, lon) =>
    [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)];
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const cross = (a, b) =>
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const unit = (a) => {
    const length = Math.hypot(...a) || 1;
    return a.map((v) => v / length);
  };
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

  // Coastline rings as unit vectors in the Earth-fixed frame and as degrees.
  const rings = payload.land.rings.map((flat) => {
    const points = [];
    let [x, y] = [0, 0];
    for (let i = 0; i < flat.length; i += 2) {
      x += flat[i];
      y += flat[i + 1];
      points.push([x / 10, y / 10]);
    }
    return points;
  });
  // On the flat map a ring runs on across the date line; one around a pole closes along it.
  const sheets = rings.flatMap((ring) => {
    let shift = 0;
    const sheet = ring.map(([x, y], j) => {
      if (j) {
        const jump = x - ring[j - 1][0];
        shift += jump > 180 ? -360 : jump < -180 ? 360 : 0;
      }
      return [x + shift, y];
    });
    const [begin, end] = [sheet[0][0], sheet.at(-1)[0]];
    if (Math.abs(end - begin) > 180) {
      const pole = sheet[0][1] > 0 ? 90 : -90;
      sheet.push([end, pole], [begin, pole]);
    }
    const all = sheet.map(([x]) => x);
    const copies = [sheet];
    if (Math.max(...all) > 180) copies.push(sheet.map(([x, y]) => [x - 360, y]));
    if (Math.min(...all) < -180) copies.push(sheet.map(([x, y]) => [x + 360, y]));
    return copies;
  });
  const shells = rings.map((ring) => ring.map(([x, y]) => vector(y * degree, x * degree)));

  const mix = (from, to, share) => {
    const part = (hex, i) => parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16);
    const hex = [0, 1, 2].map((i) =>
      Math.round(part(from, i) + share * (part(to, i) - part(from, i))).toString(16).padStart(2, "0"));
    return "#" + hex.join("");
  };
  const ramps = { sunlight: ["ground", "sun"], charge: ["hot", "cool"], "accelerators busy": ["quiet", "orbit"] };
  const colourOf = (k, i) => {
    const state = states[$("#state").selectedIndex];
    if (!state) return css("--orbit");
    const [low, high] = ramps[state.label];
    return mix(css(`--${low}`), css(`--${high}`), state.values[k * count + i] / 100);
  };

  function canvas(id) {
    const element = $(id);
    const context = element.getContext("2d");
    const fit = () => {
      const ratio = Math.min(devicePixelRatio || 1, 2);
      const { clientWidth: width, clientHeight: height } = element;
      if (element.width !== Math.round(width * ratio)) {
        element.width = Math.round(width * ratio);
        element.height = Math.round(height * ratio);
      }
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      return [width, height];
    };
    return { element, context, fit };
  }
  const globe = canvas("#globe");
  const world = canvas("#world");
  const cluster = payload.formation && canvas("#cluster");
  const local = cluster && unpack(payload.formation.local, Int16Array);
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
    const forward = vector(tilt, heading);
    const right = unit(cross([0, 0, 1], forward));
    const up = cross(forward, right);
    const project = (p) =>
      [width / 2 + scale * dot(p, right), height / 2 - scale * dot(p, up), dot(p, forward)];
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
    pen.fillStyle = css("--ocean");
    pen.beginPath();
    pen.arc(width / 2, height / 2, scale, 0, 7);
    pen.fill();
    pen.save();
    pen.clip();
    pen.fillStyle = css("--land");
    pen.strokeStyle = css("--coast");
    pen.lineWidth = 0.7;
    for (const shell of shells) {
      const points = shell.map((p) => project(spin(p)));
      if (points.every(([, , depth]) => depth < 0)) continue;
      pen.beginPath();
      points.forEach(([x, y, depth], j) => {
        const size = Math.hypot(x - width / 2, y - height / 2) || 1;
        const out = depth < 0 ? scale / size : 1;
        pen[j ? "lineTo" : "moveTo"](width / 2 + out * (x - width / 2), height / 2 + out * (y - height / 2));
      });
      pen.closePath();
      pen.fill();
      pen.stroke();
    }
    pen.strokeStyle = css("--coast");
    pen.globalAlpha = 0.28;
    pen.lineWidth = 0.6;
    pen.beginPath();
    const walk = (points) => {
      let pendown = false;
      for (const p of points) {
        const [x, y, depth] = project(spin(p));
        if (depth >= 0 && pendown) pen.lineTo(x, y);
        else if (depth >= 0) pen.moveTo(x, y);
        pendown = depth >= 0;
      }
    };
    const fan = Array.from({ length: 73 }, (_, j) => 5 * j);
    for (let lon = 0; lon < 180; lon += 30) walk(fan.map((a) => vector(a * degree, lon * degree)));
    for (let lat = -60; lat <= 60; lat += 30) walk(fan.map((a) => vector(lat * degree, a * degree)));
    pen.stroke();
    pen.globalAlpha = 1;
    const light = sun && vector(sun[0], sun[1] + RATE * now);
    if (light) {
      const edge = unit(cross(light, forward));
      let inner = cross(light, edge);
      if (dot(inner, forward) < 0) inner = inner.map((v) => -v);
      const flat = unit(light.map((v, j) => v - dot(light, forward) * forward[j]));
      pen.fillStyle = css("--night");
      pen.beginPath();
      for (let j = 0; j <= 60; j++) {
        const a = j * 3 * degree;
        pen.lineTo(...project(edge.map((v, m) => Math.cos(a) * v + Math.sin(a) * inner[m])).slice(0, 2));
      }
      for (let j = 0; j <= 60; j++) {
        const a = j * 3 * degree;
        pen.lineTo(...project(edge.map((v, m) => -Math.cos(a) * v - Math.sin(a) * flat[m])).slice(0, 2));
      }
      pen.fill();
    }
    pen.restore();
    drawOrbits(true);
    drawDots(true);
    if (light) drawSun(pen, light, right, up, forward, width, height);
  }

  function drawSun(pen, light, right, up, forward, width, height) {
    const [x, y] = [dot(light, right), -dot(light, up)];
    const size = Math.hypot(x, y) || 1;
    const reach = Math.min(width, height) / 2 - 16;
    const [cx, cy] = [width / 2 + (reach * x) / size, height / 2 + (reach * y) / size];
    pen.globalAlpha = dot(light, forward) < 0 ? 0.55 : 1;
    pen.fillStyle = pen.strokeStyle = css("--sun");
    pen.beginPath();
    pen.arc(cx, cy, 6, 0, 7);
    pen.fill();
    pen.lineWidth = 1.5;
    pen.beginPath();
    for (let j = 0; j < 8; j++) {
      const [ca, sa] = [Math.cos(j * 45 * degree), Math.sin(j * 45 * degree)];
      pen.moveTo(cx + 9 * ca, cy + 9 * sa);
      pen.lineTo(cx + 13 * ca, cy + 13 * sa);
    }
    pen.stroke();
    pen.globalAlpha = 1;
  }

  const chosen = () => $("#track").selectedIndex;

  function drawWorld(where, places, sun) {
    const { context: pen, fit } = world;
    const [width, height] = fit();
    const map = (lat, lon) => [(0.5 + lon / (2 * Math.PI)) * width, (0.5 - lat / Math.PI) * height];
    pen.fillStyle = css("--ocean");
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = css("--land");
    pen.strokeStyle = css("--coast");
    pen.lineWidth = 0.7;
    for (const sheet of sheets) {
      pen.beginPath();
      sheet.forEach(([x, y], j) => pen[j ? "lineTo" : "moveTo"](...map(y * degree, x * degree)));
      pen.closePath();
      pen.fill();
      pen.stroke();
    }
    pen.globalAlpha = 0.28;
    pen.beginPath();
    for (let lon = -150; lon <= 150; lon += 30) {
      pen.moveTo(...map(-Math.PI / 2, lon * degree));
      pen.lineTo(...map(Math.PI / 2, lon * degree));
    }
    for (let lat = -60; lat <= 60; lat += 30) {
      pen.moveTo(...map(lat * degree, -Math.PI));
      pen.lineTo(...map(lat * degree, Math.PI));
    }
    pen.stroke();
    pen.globalAlpha = 1;
    if (sun) {
      const declination = Math.abs(sun[0]) < 1e-3 ? 1e-3 : sun[0];
      const pole = declination > 0 ? -Math.PI / 2 : Math.PI / 2;
      pen.fillStyle = css("--night");
      pen.beginPath();
      pen.moveTo(...map(pole, -Math.PI));
      for (let j = 0; j <= 180; j++) {
        const lon = (2 * j - 180) * degree;
        pen.lineTo(...map(Math.atan(-Math.cos(lon - sun[1]) / Math.tan(declination)), lon));
      }
      pen.lineTo(...map(pole, Math.PI));
      pen.fill();
      pen.fillStyle = css("--sun");
      const wrapped = Math.atan2(Math.sin(sun[1]), Math.cos(sun[1]));
      pen.beginPath();
      pen.arc(...map(sun[0], wrapped), 5, 0, 7);
      pen.fill();
    }
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
    const near = share < 0.5 ? low : high;
    for (let i = 0; i < count; i++) {
      const [along, out] = [0, 1].map((j) => (1 - share) * at(low, i, j) + share * at(high, i, j));
      pen.fillStyle = colourOf(near, i);
      pen.beginPath();
      pen.arc(width / 2 + along * scale, height / 2 - out * scale, i === chosen() ? 6 : 4, 0, 7);
      pen.fill();
      if (i !== chosen()) continue;
      pen.strokeStyle = css("--ink");
      pen.lineWidth = 1.4;
      pen.stroke();
    }
    const metres = pitch >= 1000 ? `${pitch / 1000}\u202fkm` : `${pitch}\u202fm`;
    $("#scale").textContent = `flight to the right, outward up; rings every ${metres}`;
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
    const bar = document.createElement("i");
    bar.style.cssText = `display:inline-block;width:6rem;height:.6rem;border-radius:.3rem;background:linear-gradient(90deg,${low},${high})`;
    const more = data.total > count ? ` · ${count} of ${data.total} satellites shown` : "";
    $("#mapkeys").append(`${state.label}: 0`, bar, `100\u202f%${more}`);
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
  globe.element.addEventListener("pointerdown", (event) => {
    globe.element.setPointerCapture(event.pointerId);
  });
  globe.element.addEventListener("pointermove", (event) => {
    if (!event.buttons) return;
    heading -= event.movementX * 0.008;
    tilt = Math.min(1.5, Math.max(-1.5, tilt + event.movementY * 0.008));
    draw();
  });
  listeners.push((time) => { if (playing === null && time <= times.at(-1)) go(time); });
  redraws.push(() => { legend(); draw(); });
  new ResizeObserver(draw).observe(globe.element);
  legend();
  go(times[0] + period / 2);
})();
