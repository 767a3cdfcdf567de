/** A rule as it is written: matchers, and how they are put together. */
export type Expression =
  | { readonly kind: "call"; readonly name: string; readonly args: readonly string[] }
  | { readonly kind: "not"; readonly inner: Expression }
  | { readonly kind: "and" | "or"; readonly left: Expression; readonly right: Expression };

/** Reads a rule, as ``Host(`a.example`) && !PathPrefix(`/api`)``; null if it is none. */
export function parseRule(text: string): Expression | null {
  const tokens = [...text.matchAll(/\s+|&&|\|\||!|\(|\)|,|`([^`]*)`|"((?:[^"\\]|\\.)*)"|(\w+)|(.)/gs)]
    .filter(([whole]) => whole.trim() !== "");
  if (tokens.some((token) => token[4] !== undefined)) return null;
  let i = 0;
  const next = () => tokens[i]?.[0];
  const or = (): Expression | null => {
    let left = and();
    while (left !== null && next() === "||") {
      i++;
      const right = and();
      left = right === null ? null : { kind: "or", left, right };
    }
    return left;
  };
  const and = (): Expression | null => {
    let left = unary();
    while (left !== null && next() === "&&") {
      i++;
      const right = unary();
      left = right === null ? null : { kind: "and", left, right };
    }
    return left;
  };
  const unary = (): Expression | null => {
    if (next() === "!") {
      i++;
      const inner = unary();
      return inner === null ? null : { kind: "not", inner };
    }
    if (next() === "(") {
      i++;
      const inner = or();
      return tokens[i++]?.[0] === ")" ? inner : null;
    }
    const name = tokens[i++]?.[3];
    if (name === undefined || tokens[i++]?.[0] !== "(") return null;
    const args: string[] = [];
    while (i < tokens.length && next() !== ")") {
      const token = tokens[i++]!;
      if (token[0] !== ",") args.push(token[1] ?? token[2]?.replace(/\\(.)/g, "$1") ?? token[0]);
    }
    return tokens[i++]?.[0] === ")" ? { kind: "call", name, args } : null;
  };
  const whole = or();
  return i === tokens.length ? whole : null;
}
