// Web Mercator: degrees to a world of 1 by 1 whose origin is at the upper left; what of it is seen.

const FURTHEST_DEG = 85;

export function worldX(longitude) {
  return (longitude + 180) / 360;
}

export function worldY(latitude) {
  const held = Math.max(-FURTHEST_DEG, Math.min(FURTHEST_DEG, latitude));
  return (1 - Math.asinh(Math.tan((held * Math.PI) / 180)) / Math.PI) / 2;
}

const LEAST_SPAN = 0.002; // of the world: a single unit is shown with its valley
const MARGIN_PX = 36;
const MOST_SCALE = 2 ** 20; // pixels for the world: 40 m each
const LEAST_SCALE = 256;

/** The part of the world that is seen: its middle, and how many pixels the world is wide. */
export class View {
  constructor() {
    Object.assign(this, { x: 0.5, y: 0.36, scale: 512, width: 1, height: 1 });
  }

  resize(width, height) {
    Object.assign(this, { width: Math.max(1, width), height: Math.max(1, height) });
    this.hold();
  }

  screenX(x) { return (x - this.x) * this.scale + this.width / 2; }
  screenY(y) { return (y - this.y) * this.scale + this.height / 2; }

  /** Left, top, right and bottom in the world. */
  bounds() {
    const [across, down] = [this.width / this.scale / 2, this.height / this.scale / 2];
    return [this.x - across, this.y - down, this.x + across, this.y + down];
  }

  pan(byX, byY) {
    this.x -= byX / this.scale;
    this.y -= byY / this.scale;
    this.hold();
  }

  /** What is at this place of the screen stays there. */
  zoom(factor, atX = this.width / 2, atY = this.height / 2) {
    const before = this.scale;
    this.scale = Math.max(LEAST_SCALE, Math.min(MOST_SCALE, before * factor));
    const moved = 1 / before - 1 / this.scale;
    this.x += (atX - this.width / 2) * moved;
    this.y += (atY - this.height / 2) * moved;
    this.hold();
  }

  fit([left, top, right, bottom]) {
    this.x = (left + right) / 2;
    this.y = (top + bottom) / 2;
    const across = Math.max(right - left, LEAST_SPAN);
    const down = Math.max(bottom - top, LEAST_SPAN);
    this.scale = Math.min((this.width - 2 * MARGIN_PX) / across, (this.height - 2 * MARGIN_PX) / down, MOST_SCALE);
    this.scale = Math.max(this.scale, LEAST_SCALE);
    this.hold();
  }

  hold() {
    this.x = Math.max(0, Math.min(1, this.x));
    this.y = Math.max(0, Math.min(1, this.y));
  }
}
