/**
 * What a JSON value looks like: the name of a scalar type, a pattern for texts, a list of one shape, alternatives, or members by
 * name. A name that ends in `?` may be absent, `*` stands for every other name, and `any` for every value.
 */
export type Shape =
  | 'text'
  | 'count'
  | 'boolean'
  | 'null'
  | 'any'
  | RegExp
  | readonly [Shape]
  | { readonly either: readonly Shape[] }
  | { readonly members: Readonly<Record<string, Shape>> };

/** An object with these members and no others. */
export function members(of: Readonly<Record<string, Shape>>): Shape {
  return { members: of };
}

/** Where a value differs from a shape, each place with what was expected. */
export function mismatches(value: unknown, shape: Shape, path = ''): string[] {
  const wrong = (expected: string): string[] => [`${path || '.'}: expected ${expected}, got ${JSON.stringify(value)}`];
  if (shape === 'any') return [];
  if (shape === 'text') return typeof value === 'string' ? [] : wrong('a text');
  if (shape === 'count') return Number.isSafeInteger(value) && (value as number) >= 0 ? [] : wrong('a count');
  if (shape === 'boolean') return typeof value === 'boolean' ? [] : wrong('true or false');
  if (shape === 'null') return value === null ? [] : wrong('null');
  if (shape instanceof RegExp) return typeof value === 'string' && shape.test(value) ? [] : wrong(String(shape));
  if (Array.isArray(shape)) {
    const [one] = shape as readonly [Shape];
    return Array.isArray(value)
      ? value.flatMap((item, at) => mismatches(item, one, `${path}[${at}]`))
      : wrong('a list');
  }
  if ('either' in shape)
    return shape.either.some((one) => mismatches(value, one).length === 0) ? [] : wrong('one of several shapes');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('an object');
  return memberMismatches(
    value as Record<string, unknown>,
    (shape as { members: Record<string, Shape> }).members,
    path,
  );
}

function memberMismatches(
  value: Record<string, unknown>,
  shapes: Readonly<Record<string, Shape>>,
  path: string,
): string[] {
  const missing = Object.keys(shapes)
    .filter((name) => name !== '*' && !name.endsWith('?') && value[name] === undefined)
    .map((name) => `${path}.${name}: missing`);
  const others = Object.entries(value).flatMap(([name, member]) => {
    const shape = shapes[name] ?? shapes[`${name}?`] ?? shapes['*'];
    return shape === undefined ? [`${path}.${name}: not expected`] : mismatches(member, shape, `${path}.${name}`);
  });
  return [...missing, ...others];
}
