/** Maps values to pixels along one axis. */
export interface Scale {
  at(value: number): number;
  /** Round values worth a grid line. */
  readonly ticks: readonly number[];
  readonly isLog: boolean;
}

/**
 * Levels that reach this many times the lowest are drawn on a logarithmic axis, since they would crowd on a linear one.
 */
const LOG_FROM = 20;

/** Chooses a scale over the values: from zero to a round number above the largest, or just over what there is. */
export function chooseScale(
  values: readonly number[],
  pixels: readonly [number, number],
  options: { readonly fromZero: boolean },
): Scale {
  const highest = values.reduce((most, value) => Math.max(most, value), 0);
  const lowest = values.reduce((least, value) => Math.min(least, value), Infinity);
  const [start, end] = pixels;
  if (options.fromZero) {
    const step = roundStep(highest / 4);
    const top = Math.max(step, Math.ceil(highest / step - 1e-9) * step);
    const ticks: number[] = [];
    for (let i = 0; i * step <= top * 1.0001; i++) ticks.push(i * step);
    return { at: (value) => start + (end - start) * value / top, ticks, isLog: false };
  }
  if (!(highest > lowest)) return { at: () => (start + end) / 2, ticks: values, isLog: false };
  const isLog = lowest > 0 && highest / lowest >= LOG_FROM;
  const place = isLog ? Math.log : (value: number) => value;
  const span = place(highest) - place(lowest);
  return { at: (value) => start + (end - start) * (place(value) - place(lowest)) / span, ticks: values, isLog };
}

/** The least of 1, 2, 2.5, 5 times a power of ten that is no smaller; 1 for nothing. */
export function roundStep(atLeast: number): number {
  if (!(atLeast > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(atLeast));
  for (const factor of [1, 2, 2.5, 5]) if (factor * power >= atLeast * (1 - 1e-9)) return factor * power;
  return 10 * power;
}
