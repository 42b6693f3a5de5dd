import { BowlineError } from '../client/index.ts';

/** Those of the given names, or all where none is given. @throws BowlineError `NotFound`, naming all that are not there */
export function namedOnes<Found extends { readonly name: string }>(
  all: readonly Found[],
  names: readonly string[],
  noun: string,
): readonly Found[] {
  const unknown = names.filter((name) => !all.some((one) => one.name === name));
  if (unknown.length > 0) throw new BowlineError('NotFound', `${noun} ${unknown.join(', ')}: not configured`);
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}
