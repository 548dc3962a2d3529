// Writes the files that the report inlines: uPlot with its licence, and a coastline.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
const modules = join(here, "node_modules");
const target = process.argv[2] ?? join(here, "..", "src", "dawndusk", "report", "static");
mkdirSync(target, { recursive: true });

const read = (...parts) => readFileSync(join(modules, ...parts), "utf8").replaceAll("\r\n", "\n");
const version = (name) => JSON.parse(read(name, "package.json")).version;
const write = (name, text) => writeFileSync(join(target, name), text.trimEnd() + "\n");
const licence = (name, file) => `/*!\n${name} ${version(name)}\n\n${read(name, file).trim()}\n*/\n`;

write("uplot.js", licence("uplot", "LICENSE") + read("uplot", "dist", "uPlot.iife.min.js"));
write("uplot.css", licence("uplot", "LICENSE") + read("uplot", "dist", "uPlot.min.css"));

// Natural Earth 1:110m land (public domain) from TopoJSON to rings of longitude, latitude
// differences in tenths of a degree, the first pair absolute.
const topology = JSON.parse(read("world-atlas", "land-110m.json"));
const { scale, translate } = topology.transform;
const arcs = topology.arcs.map((arc) => {
  let x = 0;
  let y = 0;
  return arc.map(([dx, dy]) => {
    x += dx;
    y += dy;
    return [x * scale[0] + translate[0], y * scale[1] + translate[1]];
  });
});
const ring = (indices) => {
  const points = indices.flatMap((index, position) => {
    const arc = index < 0 ? arcs[~index].toReversed() : arcs[index];
    return position === 0 ? arc : arc.slice(1);
  });
  const rounded = points.map(([x, y]) => [Math.round(10 * x), Math.round(10 * y)]);
  const kept = rounded.filter(
    ([x, y], i) => i === 0 || x !== rounded[i - 1][0] || y !== rounded[i - 1][1],
  );
  return kept.flatMap(([x, y], i) => (i === 0 ? [x, y] : [x - kept[i - 1][0], y - kept[i - 1][1]]));
};
const rings = topology.objects.land.geometries
  .flatMap((geometry) => (geometry.type === "Polygon" ? [geometry.arcs] : geometry.arcs))
  .flatMap((polygon) => polygon.map(ring))
  .filter((values) => values.length >= 8);
const notice = `Natural Earth 1:110m land, public domain; by world-atlas ${version("world-atlas")} (ISC)`;
write("land.json", `{"notice":${JSON.stringify(notice)},"rings":${JSON.stringify(rings)}}`);
