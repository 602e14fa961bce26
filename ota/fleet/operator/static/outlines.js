// The outlines of countries, from TopoJSON (https://github.com/topojson/topojson-specification): lines
// that neighbours share are stored once, as differences of whole numbers.

import { worldX, worldY } from "./projection.js";

const FILE = "vendor/world-atlas-2.0.2/countries-50m.json";

/** Countries: their path in the world, its bounds, and their name with its place and room. */
export async function loadOutlines() {
  const answer = await fetch(new URL(FILE, import.meta.url));
  if (!answer.ok) throw new Error(`no outlines: ${answer.status}`);
  const topology = await answer.json();
  const lines = topology.arcs.map((arc) => decode(arc, topology.transform));
  return topology.objects.countries.geometries.map((geometry) => country(geometry, lines));
}

/** Points of a line in the world: x, y, x, y, ... */
function decode(arc, { scale, translate }) {
  let [x, y] = [0, 0];
  const points = new Float64Array(2 * arc.length);
  arc.forEach(([byX, byY], index) => {
    x += byX;
    y += byY;
    points[2 * index] = worldX(x * scale[0] + translate[0]);
    points[2 * index + 1] = worldY(y * scale[1] + translate[1]);
  });
  return points;
}

function country(geometry, lines) {
  const polygons = { Polygon: [geometry.arcs], MultiPolygon: geometry.arcs }[geometry.type] || [];
  const path = new Path2D();
  let largest = null;
  const bounds = [1, 1, 0, 0];
  for (const ring of polygons.flat()) {
    const points = closePole(ringOf(ring, lines));
    const found = measure(points);
    for (const by of COPIES) {
      if (found.bounds[2] + by > 0 && found.bounds[0] + by < 1) {
        trace(path, points, by);
        widen(bounds, [found.bounds[0] + by, found.bounds[1], found.bounds[2] + by, found.bounds[3]]);
      }
    }
    if (!largest || found.area > largest.area) largest = found;
  }
  return { path, bounds, name: geometry.properties?.name || "", label: largest };
}

const COPIES = [0, -1, 1]; // what crosses 180 degrees is drawn on both sides

/** One ring from its lines; a negative number is a line backwards (-1 is line 0). It goes on past the
 * world's edge where it crosses it. */
function ringOf(ring, lines) {
  const points = [];
  let turns = 0;
  for (const number of ring) {
    const line = lines[number < 0 ? ~number : number];
    const last = line.length / 2 - 1;
    for (let step = points.length ? 1 : 0; step <= last; step += 1) {
      const at = 2 * (number < 0 ? last - step : step);
      const jump = points.length ? line[at] + turns - points.at(-2) : 0;
      turns -= Math.round(jump);
      points.push(line[at] + turns, line[at + 1]);
    }
  }
  return points;
}

/** The ring round the South Pole runs along the lower edge of the world as well. */
function closePole(points) {
  const [first, last] = [points[0], points.at(-2)];
  return Math.abs(last - first) > 0.5 ? [...points, last, 1, first, 1] : points;
}

function trace(path, points, by) {
  path.moveTo(points[0] + by, points[1]);
  for (let at = 2; at < points.length; at += 2) path.lineTo(points[at] + by, points[at + 1]);
  path.closePath();
}

/** Area, centre and bounds of a ring. */
function measure(points) {
  const bounds = [Infinity, Infinity, -Infinity, -Infinity];
  let [twice, x, y] = [0, 0, 0];
  const [originX, originY] = points;
  for (let at = 0; at < points.length; at += 2) {
    const next = (at + 2) % points.length;
    const [x0, y0, x1, y1] = [points[at] - originX, points[at + 1] - originY, points[next] - originX, points[next + 1] - originY];
    const cross = x0 * y1 - x1 * y0;
    twice += cross;
    x += (x0 + x1) * cross;
    y += (y0 + y1) * cross;
    widen(bounds, [points[at], points[at + 1], points[at], points[at + 1]]);
  }
  return { area: Math.abs(twice) / 2, x: originX + (twice ? x / (3 * twice) : 0), y: originY + (twice ? y / (3 * twice) : 0), bounds };
}

function widen(bounds, [left, top, right, bottom]) {
  bounds[0] = Math.min(bounds[0], left);
  bounds[1] = Math.min(bounds[1], top);
  bounds[2] = Math.max(bounds[2], right);
  bounds[3] = Math.max(bounds[3], bottom);
}
