"use strict";
// Dose at the fleet's height as a wash of colour over a ball and a sheet, and where upsets happened.
(() => {
  const { degree, unpack, vector, canvas, tint } = atlas;
  const data = payload.dose;
  const { rows, columns, south, west, pitch } = data;
  const globe = canvas("#doseglobe");
  const world = canvas("#dosemap");
  const layers = data.layers.map((layer) => ({ ...layer, grid: unpack(layer.values, Uint8Array) }));
  const layer = () => layers[$("#layer").selectedIndex];
  const told = data.upsets;
  const kind = told ? unpack(told.kind, Uint8Array) : [];
  const number = told ? unpack(told.number, Uint32Array) : [];
  const [lats, lons] = told
    ? [told.latitude, told.longitude].map((text) => unpack(text, Int16Array)) : [[], []];
  const shades = document.createElement("canvas");
  const brush = shades.getContext("2d");

  // The value under a place [degree] as 0 … 255, between cells by their distances.
  function sample(grid, lat, lon) {
    const y = Math.min(rows - 1, Math.max(0, (lat - south) / pitch[0]));
    const x = ((((lon - west) / pitch[1]) % columns) + columns) % columns;
    const [j, i] = [Math.min(rows - 2, Math.floor(y)), Math.floor(x)];
    const [down, along] = [y - j, x - i];
    const at = (row, column) => grid[row * columns + (column % columns)];
    return (1 - down) * ((1 - along) * at(j, i) + along * at(j, i + 1))
      + down * ((1 - along) * at(j + 1, i) + along * at(j + 1, i + 1));
  }
  // Colour and opacity of each of the 256 values.
  function palette() {
    return Array.from({ length: 256 }, (_, value) => {
      const hex = tint(Math.max(1, value));
      const part = (k) => parseInt(hex.slice(1 + 2 * k, 3 + 2 * k), 16);
      return [part(0), part(1), part(2), Math.round(200 * Math.min(1, value / 40) * (0.4 + (0.6 * value) / 255))];
    });
  }
  // A picture of `width` × `height` whose pixels lie over `place(x, y)`: latitude and longitude.
  function wash(width, height, place) {
    const { grid } = layer();
    const colours = palette();
    const picture = brush.createImageData(width, height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const spot = place(x + 0.5, y + 0.5);
        if (spot) picture.data.set(colours[Math.round(sample(grid, ...spot))], 4 * (y * width + x));
      }
    }
    shades.width = width;
    shades.height = height;
    brush.putImageData(picture, 0, 0);
  }

  let [tilt, heading] = [0, 0];
  function face() {
    tilt = 0.8 * summit[0] * degree;
    heading = summit[1] * degree;
  }

  // Upsets of one kind, or of all with those of one cell together.
  function chosen(wanted) {
    const found = new Map();
    kind.forEach((which, i) => {
      if (wanted && which !== wanted - 1) return;
      const key = told.cell ? `${lats[i]} ${lons[i]}` : i;
      const mark = found.get(key)
        ?? { lat: (lats[i] / 100) * degree, lon: (lons[i] / 100) * degree, number: 0 };
      mark.number += number[i];
      found.set(key, mark);
    });
    return [...found.values()];
  }
  // Upsets, larger where more are counted together; `at` gives a place or null behind the Earth.
  function dots(pen, at) {
    const wanted = $("#upset").selectedIndex - 1;
    if (!told || wanted < 0) return;
    const shown = chosen(wanted);
    const most = Math.max(...shown.map((mark) => mark.number));
    pen.fillStyle = css("--ink");
    pen.strokeStyle = css("--raised");
    pen.lineWidth = 0.8;
    pen.globalAlpha = told.cell ? 0.75 : 0.9;
    for (const { lat, lon, number: count } of shown) {
      const place = at(lat, lon);
      if (!place) continue;
      pen.beginPath();
      pen.arc(...place, told.cell ? Math.max(0.8, 6 * Math.sqrt(count / most)) : 2, 0, 7);
      pen.fill();
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }
  // The anomaly's name above the place of the highest dose, where that lies in the South Atlantic.
  const summit = (() => {
    const { grid } = layers[0];
    const top = grid.indexOf(Math.max(...grid));
    return [south + pitch[0] * Math.floor(top / columns), west + pitch[1] * (top % columns)];
  })();
  function name(pen, at) {
    const [lat, lon] = summit;
    const place = lat < 0 && lat > -60 && lon > -100 && lon < 10 && at((lat + 24) * degree, lon * degree);
    if (!place) return;
    pen.font = "600 12px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.lineWidth = 3;
    pen.lineJoin = "round";
    pen.strokeStyle = css("--raised");
    pen.fillStyle = css("--ink");
    pen.strokeText("South Atlantic Anomaly", ...place);
    pen.fillText("South Atlantic Anomaly", ...place);
  }
  const limits = data.reach === null || data.reach > 89.5 ? [] : [data.reach, -data.reach];
  const dashed = (pen, trace) => {
    pen.strokeStyle = css("--ink");
    pen.globalAlpha = 0.7;
    pen.lineWidth = 1;
    pen.setLineDash([4, 4]);
    pen.beginPath();
    trace();
    pen.stroke();
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  };

  function drawGlobe() {
    const { context: pen, fit } = globe;
    const [width, height] = fit();
    const scale = Math.min(width, height) / 2.1;
    const view = atlas.camera(width, height, scale, tilt, heading);
    const identity = (p) => p;
    atlas.ball(pen, view, identity, null);
    const size = Math.ceil(2 * scale);
    const { forward, right, up } = view;
    wash(size, size, (x, y) => {
      const [across, above] = [x / scale - 1, 1 - y / scale];
      const deep = 1 - across * across - above * above;
      if (deep < 0) return null;
      const point = [0, 1, 2].map((j) => across * right[j] + above * up[j] + Math.sqrt(deep) * forward[j]);
      return [Math.asin(Math.max(-1, Math.min(1, point[2]))) / degree, Math.atan2(point[1], point[0]) / degree];
    });
    pen.drawImage(shades, width / 2 - scale, height / 2 - scale, size, size);
    const seen = (lat, lon) => {
      const [x, y, depth] = view.project(vector(lat, lon));
      return depth > 0 ? [x, y] : null;
    };
    for (const limit of limits) {
      dashed(pen, () => {
        let down = false;
        for (let lon = -180; lon <= 180; lon += 2) {
          const place = seen(limit * degree, lon * degree);
          if (place) pen[down ? "lineTo" : "moveTo"](...place);
          down = Boolean(place);
        }
      });
    }
    dots(pen, seen);
    name(pen, seen);
  }

  function drawWorld() {
    const { context: pen, fit } = world;
    const [width, height] = fit();
    const map = atlas.sheet(pen, width, height, null);
    const [wide, high] = [Math.ceil(width), Math.ceil(height)];
    wash(wide, high, (x, y) => [90 - (180 * y) / high, (360 * x) / wide - 180]);
    pen.drawImage(shades, 0, 0, width, height);
    for (const limit of limits) {
      dashed(pen, () => {
        pen.moveTo(...map(limit * degree, -Math.PI));
        pen.lineTo(...map(limit * degree, Math.PI));
      });
    }
    dots(pen, map);
    name(pen, map);
  }

  let asked = false;
  function draw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      drawGlobe();
      drawWorld();
    });
  }
  const short = (value) => value >= 1e-3 && value < 1e6 ? value.toLocaleString("en").replaceAll(",", "\u202f")
    : value.toExponential(0).replace("-", "−");
  function legend() {
    const place = $("#dosekeys");
    place.innerHTML = "";
    const { scale: [low, high], unit } = layer();
    const stops = Array.from({ length: 9 }, (_, k) => tint(Math.max(1, Math.round(31.8 * k))));
    atlas.bar(place, short(low), stops, `${short(high)} ${unit}, logarithmic`);
    const note = (text) => {
      const key = document.createElement("span");
      key.textContent = text;
      place.append(key);
    };
    if (limits.length) note("dashed: how far the orbits reach");
    const wanted = $("#upset").selectedIndex - 1;
    if (told && wanted >= 0) {
      const most = Math.max(...chosen(wanted).map((mark) => mark.number));
      note(told.cell ? `dots: upsets in cells of ${told.cell}°, at most ${short(most)}` : "dots: upsets of this run");
    }
  }
  $("#dosenote").textContent = told ? `${told.total.toLocaleString("en").replaceAll(",", "\u202f")} upsets in this run` : "";
  for (const { label } of layers) $("#layer").add(new Option(label));
  $("#layer").parentElement.hidden = layers.length < 2;
  for (const label of ["none", "all", ...(told?.kinds ?? [])]) $("#upset").add(new Option(label));
  $("#upset").selectedIndex = told ? 1 : 0;
  $("#upset").parentElement.hidden = !told;
  for (const id of ["#layer", "#upset"]) {
    $(id).addEventListener("change", () => {
      legend();
      draw();
    });
  }
  world.element.addEventListener("pointermove", (event) => {
    const box = world.element.getBoundingClientRect();
    const lat = 90 - (180 * (event.clientY - box.top)) / box.height;
    const lon = (360 * (event.clientX - box.left)) / box.width - 180;
    const value = sample(layer().grid, lat, lon);
    const { scale: [low, high], unit } = layer();
    const found = value < 1 ? `below ${short(low)}`
      : short(Number((low * (high / low) ** ((value - 1) / 254)).toPrecision(2)));
    $("#doseat").textContent =
      `${Math.abs(lat).toFixed(0)}° ${lat < 0 ? "S" : "N"} ${Math.abs(lon).toFixed(0)}° ${lon < 0 ? "W" : "E"}: ${found} ${unit}`;
  });
  world.element.addEventListener("pointerleave", () => { $("#doseat").textContent = ""; });
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
