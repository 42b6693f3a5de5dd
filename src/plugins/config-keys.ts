import { BowlineError } from '../api/errors.ts';

/** Given to every provider, as Velero does, whether it cares or not. */
const always = ['bucket', 'prefix', 'caCert'];

/** Checks a provider's configuration. @throws BowlineError `InvalidConfig`, naming all unknown and missing keys at once */
export function checkKeys(
  provider: string,
  config: Readonly<Record<string, string>>,
  { required, optional }: { readonly required: readonly string[]; readonly optional: readonly string[] },
): void {
  const valid = [...new Set([...required, ...optional, ...always])];
  const unknown = Object.keys(config).filter((key) => !valid.includes(key));
  const missing = required.filter((key) => !config[key]);
  const problems = [
    unknown.length > 0
      ? `config has invalid keys [${unknown.sort().join(' ')}]; valid keys are [${valid.sort().join(' ')}]`
      : [],
    missing.length > 0 ? `config lacks [${missing.sort().join(' ')}]` : [],
  ].flat();
  if (problems.length > 0) throw new BowlineError('InvalidConfig', `${provider}: ${problems.join('; ')}`);
}
