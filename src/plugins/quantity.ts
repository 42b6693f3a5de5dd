const quantity = /^([+-]?)(\d*\.?\d*)(?:([KMGTPE]i)|([numkMGTPE]?)|[eE]([+-]?\d+))$/;

/** Smaller amounts are rounded up to it. */
const smallest = 1e-9;

/** Powers of ten; `''` is none. */
const decimal = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
/** Powers of two. */
const binary = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

/**
 * A Kubernetes quantity such as `100m`, `128Mi` or `1e3` as a number, to be compared with others: `1000m` and `1` are equal. One
 * without digits is zero, and only the empty text is none. `undefined` for what is none.
 * Source: Kubernetes `apimachinery/pkg/api/resource/quantity.go`.
 */
export function parseQuantity(text: string): number | undefined {
  const match = quantity.exec(text);
  if (match === null || text === '') return undefined;
  const [, sign, digits = '', power, suffix = '', exponent] = match;
  const number = /\d/.test(digits) ? digits : '0';
  const amount =
    power === undefined
      ? Number(`${number}e${exponent ?? decimal[suffix as keyof typeof decimal]}`)
      : Number(number) * 2 ** binary[power as keyof typeof binary];
  const rounded = /[1-9]/.test(number) ? Math.max(amount, smallest) : amount;
  return sign === '-' ? -rounded : rounded;
}
