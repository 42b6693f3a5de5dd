import { BowlineError } from '../api/errors.ts';

/** Given to every provider, as Velero does, whether it cares or not. */
const always = ['bucket', 'prefix', 'caCert'];

/** The settings that a provider takes, but for those that all take. */
export interface ConfigKeys {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/**
 * Checks a provider's configuration. `others` is what is wrong with its values, to be told along.
 *
 * @throws BowlineError `InvalidConfig`, naming all unknown and missing keys and all other problems at once
 */
export function checkKeys(
  provider: string,
  config: Readonly<Record<string, string>>,
  { required, optional }: ConfigKeys,
  others: readonly string[] = [],
): void {
  const valid = [...new Set([...required, ...optional, ...always])];
  const unknown = Object.keys(config).filter((key) => !valid.includes(key));
  const missing = required.filter((key) => !config[key]);
  const problems = [
    unknown.length > 0
      ? `config has invalid keys [${unknown.sort().join(' ')}]; valid keys are [${valid.sort().join(' ')}]`
      : [],
    missing.length > 0 ? `config lacks [${missing.sort().join(' ')}]` : [],
    ...others,
  ].flat();
  if (problems.length > 0) throw new BowlineError('InvalidConfig', `${provider}: ${problems.join('; ')}`);
}
