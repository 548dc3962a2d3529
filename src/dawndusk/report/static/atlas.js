"use strict";
// What the maps share: vectors, the coastline, the Earth as a ball and as a sheet, and marks
// for what stands on the ground. Lengths in Earth radii, angles in radians.
const atlas = (() => {
  const degree = Math.PI / 180;
  const unpack = (text, Kind) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return new Kind(bytes.buffer);
  };
  const vector = (lat, lon) =>
    [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)];
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const cross = (a, b) =>
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const unit = (a) => {
    const length = Math.hypot(...a) || 1;
    return a.map((v) => v / length);
  };
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
  // The view onto a ball of `scale` pixels radius from `heading`, `tilt`.
  function camera(width, height, scale, tilt, heading) {
    const forward = vector(tilt, heading);
    const right = unit(cross([0, 0, 1], forward));
    const up = cross(forward, right);
    const project = (p) =>
      [width / 2 + scale * dot(p, right), height / 2 - scale * dot(p, up), dot(p, forward)];
    return { width, height, scale, forward, right, up, project };
  }

  // Sea, land and night; `spin` turns an Earth-fixed vector into the frame of the view.
  function ball(pen, view, spin, light) {
    const { width, height, scale, forward, project } = view;
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
  }

  function sunMark(pen, light, { width, height, forward, right, up }) {
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

  // The whole Earth, longitude to the right; returns the projection.
  function sheet(pen, width, height, sun) {
    const map = (lat, lon) => [(0.5 + lon / (2 * Math.PI)) * width, (0.5 - lat / Math.PI) * height];
    pen.fillStyle = css("--ocean");
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = css("--land");
    pen.strokeStyle = css("--coast");
    pen.lineWidth = 0.7;
    for (const outline of sheets) {
      pen.beginPath();
      outline.forEach(([x, y], j) => pen[j ? "lineTo" : "moveTo"](...map(y * degree, x * degree)));
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
    return map;
  }

  // Cities, stations and data centres; `at` gives a place on the canvas, or null behind the Earth.
  const shapes = { city: "cities", station: "ground stations", data_centre: "data centres" };
  const kinds = ["satellite", "station", "data_centre", "city"];
  const told = payload.network;
  const vertices = [];
  const links = [];
  if (told) {
    const kind = unpack(told.kinds, Uint8Array);
    const lat = unpack(told.latitude, Int16Array);
    const lon = unpack(told.longitude, Int16Array);
    const height = unpack(told.height, Uint16Array);
    told.names.forEach((name, i) => vertices.push({
      name, kind: kinds[kind[i]], lat: (lat[i] / 100) * degree, lon: (lon[i] / 100) * degree,
      height: 1 + height[i] / 6371,
    }));
    const ends = unpack(told.ends, Uint16Array);
    const [type, blocked, mean, max] = [told.link, told.blocked, told.mean, told.max]
      .map((text) => unpack(text, Uint8Array));
    type.forEach((which, i) => links.push({
      tail: vertices[ends[2 * i]], head: vertices[ends[2 * i + 1]], kind: which,
      blocked: blocked[i] > 0, mean: mean[i], max: max[i],
    }));
  }
  // Colour of a link from idle over half used to full, on the logarithmic scale of 0 … 255.
  const tint = (use) => use === 0 ? css("--quiet")
    : use < 128 ? mix(css("--cool"), css("--sun"), use / 128)
    : mix(css("--sun"), css("--hot"), (use - 128) / 127);
  function mark(pen, kind, x, y) {
    pen.beginPath();
    pen.strokeStyle = css("--raised");
    pen.lineWidth = 1;
    pen.fillStyle = css(kind === "city" ? "--ink" : kind === "station" ? "--cool" : "--ground");
    if (kind === "city") pen.arc(x, y, 1.9, 0, 7);
    else if (kind === "data_centre") pen.rect(x - 4, y - 4, 8, 8);
    else {
      pen.moveTo(x, y - 5);
      pen.lineTo(x + 4.6, y + 3.4);
      pen.lineTo(x - 4.6, y + 3.4);
      pen.closePath();
    }
    if (kind !== "city") pen.stroke();
    pen.fill();
  }
  function marks(pen, at) {
    for (const kind of ["city", "station", "data_centre"]) {
      for (const vertex of vertices) {
        const place = vertex.kind === kind && at(vertex.lat, vertex.lon);
        if (place) mark(pen, kind, ...place);
      }
    }
  }
  const marksOnBall = (pen, view, spin) => marks(pen, (lat, lon) => {
    const [x, y, depth] = view.project(spin(vector(lat, lon)));
    return depth > 0 ? [x, y] : null;
  });
  function keys(place) {
    for (const [kind, label] of Object.entries(shapes)) {
      if (!vertices.some((vertex) => vertex.kind === kind)) continue;
      const key = document.createElement("span");
      key.className = "key";
      const picture = document.createElement("i");
      picture.className = `shape ${kind}`;
      key.append(picture, label);
      place.append(key);
    }
  }
  // A colour bar between the texts of its ends.
  function bar(place, low, colours, high) {
    const key = document.createElement("span");
    key.className = "key";
    const ramp = document.createElement("i");
    ramp.className = "ramp";
    ramp.style.background = `linear-gradient(90deg,${colours.join()})`;
    key.append(low, ramp, high);
    place.append(key);
  }
  // Dragging turns a globe: `turn` is told by how much, across and along.
  function turnable(element, turn) {
    element.addEventListener("pointerdown", (event) => {
      element.setPointerCapture(event.pointerId);
    });
    element.addEventListener("pointermove", (event) => {
      if (event.buttons) turn(event.movementX * 0.008, event.movementY * 0.008);
    });
  }
  return {
    degree, unpack, vector, dot, cross, unit, mix, canvas, camera, ball, sunMark, sheet, marks,
    marksOnBall, keys, bar, vertices, links, tint, turnable,
  };
})();
