/**
 * Draws lines over the last two minutes, newest at the right edge. `columns` are indexes into the history's rows and `colors`
 * names of custom properties of the style sheet; a null leaves a gap. Without `logarithmic` the scale begins at 0; with it
 * one slow moment does not flatten all the others.
 */
export function drawHistory(canvas, history, { columns, colors, logarithmic = false }) {
  const scale = globalThis.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (width === 0) return;
  if (canvas.width !== Math.round(width * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  let highest = 0;
  let lowest = Infinity;
  for (const row of history) {
    for (const column of columns) {
      highest = Math.max(highest, row[column] ?? 0);
      lowest = Math.min(lowest, row[column] || Infinity);
    }
  }
  // At least a factor of 10 from bottom to top, so that small differences look small.
  const floor = Math.min(lowest * 0.8, highest / 10);
  const level = (value) =>
    logarithmic ? Math.log(Math.max(value, floor) / floor) / Math.log(highest / floor) : value / highest;

  context.lineWidth = 1;
  context.strokeStyle = style.getPropertyValue("--line");
  context.beginPath();
  context.moveTo(0, height - 0.5);
  context.lineTo(width, height - 0.5);
  context.stroke();
  if (highest === 0) return;

  context.lineWidth = 1.5;
  context.lineJoin = "round";
  context.lineCap = "round";
  const step = width / 119;
  columns.forEach((column, index) => {
    context.strokeStyle = style.getPropertyValue(colors[index]);
    context.beginPath();
    let drawing = false;
    history.forEach((row, at) => {
      const value = row[column];
      if (value === null) {
        drawing = false;
        return;
      }
      const x = width - 1 - (history.length - 1 - at) * step;
      const y = height - 2 - level(value) * (height - 4);
      // A point that stands alone would not be seen as a line.
      if (drawing) context.lineTo(x, y);
      else {
        context.moveTo(x - 1, y);
        context.lineTo(x, y);
      }
      drawing = true;
    });
    context.stroke();
  });
}
