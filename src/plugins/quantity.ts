const quantity = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([KMGTPE]i)|([numkMGTPE]?)|[eE]([+-]?\d+))$/;

/** Powers of ten; `''` is none. */
const decimal = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
/** Powers of two. */
const binary = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

/**
 * A Kubernetes quantity such as `100m`, `128Mi` or `1e3` as a number, to be compared with others: `1000m` and `1` are equal.
 * `undefined` for what is none. Source: Kubernetes `apimachinery/pkg/api/resource/quantity.go`.
 */
export function parseQuantity(text: string): number | undefined {
  const match = quantity.exec(text);
  if (match === null) return undefined;
  const [, number, power, suffix = '', exponent] = match;
  if (power !== undefined) return Number(number) * 2 ** binary[power as keyof typeof binary];
  return Number(`${number}e${exponent ?? decimal[suffix as keyof typeof decimal]}`);
}
