import {
  boolean,
  duration,
  labelSelector,
  listOf,
  listProblems,
  nullable,
  object,
  objectOf,
  oneOf,
  show,
  text,
  type Check,
} from './checks.ts';

const names = nullable(listOf(text));

const selector: Readonly<Record<string, Check>> = {
  name: text,
  includedNamespaces: names,
  excludedNamespaces: names,
  includedResources: names,
  excludedResources: names,
  labelSelector: nullable(labelSelector),
};

const command: Check = (value, path) => {
  const problems = listOf(text)(value, path);
  return problems.length > 0 || (value as string[]).length > 0
    ? problems
    : [`${path}: expected a program and its arguments, got an empty list`];
};

const exec: Readonly<Record<string, Check>> = {
  container: text,
  command,
  onError: oneOf(['', 'Continue', 'Fail']),
};

const backupExec = withCommand({ ...exec, timeout: duration });

const restoreExec = withCommand({
  ...exec,
  execTimeout: duration,
  waitTimeout: duration,
  waitForReady: nullable(boolean),
});

/** What is left of a container is the API server's to check. */
const initContainer: Check = (value, path) => {
  const problems = object(value, path);
  if (problems.length > 0) return problems;
  const { name, image, command: words } = value as Record<string, unknown>;
  return [...named(name, `${path}.name`), ...named(image, `${path}.image`), ...command(words, `${path}.command`)];
};

const init = objectOf({ initContainers: nullable(listOf(initContainer)), timeout: duration });

/** A backup's `hooks`. Source: Velero `pkg/apis/velero/v1/backup_types.go`. */
export const backupHooksCheck: Check = hooksOf({
  pre: nullable(listOf(oneMemberOf({ exec: backupExec }))),
  post: nullable(listOf(oneMemberOf({ exec: backupExec }))),
});

/** A restore's `hooks`. Source: Velero `pkg/apis/velero/v1/restore_types.go`. */
export const restoreHooksCheck: Check = hooksOf({
  postHooks: nullable(listOf(oneMemberOf({ exec: restoreExec, init }))),
});

function hooksOf(phases: Readonly<Record<string, Check>>): Check {
  const entry = objectOf({ ...selector, ...phases });
  const resources: Check = (value, path) => [...entry(value, path), ...listProblems(value, path)];
  return nullable(objectOf({ resources: nullable(listOf(resources)) }));
}

function withCommand(fields: Readonly<Record<string, Check>>): Check {
  const known = objectOf(fields);
  return (value, path) => {
    const problems = known(value, path);
    const isWithout = object(value, path).length === 0 && !Object.hasOwn(value as object, 'command');
    return isWithout ? [...problems, `${path}.command: missing; expected a program and its arguments`] : problems;
  };
}

/** An object with exactly one of some members; `null` says the same as absence. */
function oneMemberOf(fields: Readonly<Record<string, Check>>): Check {
  const known = objectOf(Object.fromEntries(Object.entries(fields).map(([name, check]) => [name, nullable(check)])));
  return (value, path) => {
    const problems = known(value, path);
    if (problems.length > 0) return problems;
    const there = Object.values(value as object).filter((member) => member != null).length;
    return there === 1 ? [] : [`${path}: expected one of ${Object.keys(fields).join(', ')}, got ${there}`];
  };
}

function named(value: unknown, path: string): string[] {
  return typeof value === 'string' && value !== '' ? [] : [`${path}: expected text, got ${show(value)}`];
}
