// Draws a picture with boxes around what was seen. Each box carries its word; colour is only help.

const INK = "#0b0e11";
const MARK = "#ffd23f";

/** `seen`: [[label, confidence, left, top, right, bottom], ...] in fractions of the picture. */
export function drawPicture(canvas, bitmap, seen) {
  if (canvas.width !== bitmap.width) canvas.width = bitmap.width;
  if (canvas.height !== bitmap.height) canvas.height = bitmap.height;
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const pixel = canvas.width / (canvas.clientWidth || canvas.width); // one CSS pixel
  for (const one of seen) drawBox(context, one, canvas, pixel);
}

function drawBox(context, [label, confidence, left, top, right, bottom], canvas, pixel) {
  const x = left * canvas.width;
  const y = top * canvas.height;
  const width = (right - left) * canvas.width;
  const height = (bottom - top) * canvas.height;
  for (const [color, thickness] of [[INK, 4], [MARK, 2]]) {
    context.strokeStyle = color;
    context.lineWidth = thickness * pixel;
    context.strokeRect(x, y, width, height);
  }
  chip(context, `${label} ${Math.round(confidence * 100)} %`, x, y, canvas, pixel);
}

function chip(context, text, x, y, canvas, pixel) {
  context.font = `600 ${13 * pixel}px system-ui, sans-serif`;
  const width = context.measureText(text).width + 10 * pixel;
  const height = 20 * pixel;
  const left = Math.max(0, Math.min(x, canvas.width - width));
  const top = Math.max(0, y - height);
  context.fillStyle = MARK;
  context.fillRect(left, top, width, height);
  context.fillStyle = INK;
  context.textBaseline = "middle";
  context.fillText(text, left + 5 * pixel, top + height / 2);
}
