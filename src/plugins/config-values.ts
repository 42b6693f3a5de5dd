/** The texts that Go's ParseBool takes, for Velero's plugins take them. */
const trueTexts = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const falseTexts = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

/** A provider's settings, all of them texts. */
export type ConfigTexts = Readonly<Record<string, string>>;

/** Whether a setting says yes; one that is absent does not. */
export function isTrue(text: string | undefined): boolean {
  return text !== undefined && trueTexts.includes(text);
}

/** What is wrong with settings that say yes or no. */
export function booleanProblems(config: ConfigTexts, keys: readonly string[]): string[] {
  return keys
    .filter((key) => config[key] !== undefined && ![...trueTexts, ...falseTexts].includes(config[key]))
    .map((key) => `${key}: expected true or false, got ${config[key]}`);
}

/** What is wrong with settings that name servers. */
export function urlProblems(config: ConfigTexts, keys: readonly string[]): string[] {
  return keys
    .filter((key) => config[key] && !/^https?:\/\/[^/@]+(\/|$)/.test(config[key]))
    .map((key) => `${key}: expected http://… or https://…, got ${config[key]}`);
}

/** What is wrong with a setting that is one of a few texts. */
export function choiceProblems(config: ConfigTexts, key: string, choices: readonly string[]): string[] {
  const value = config[key];
  if (value === undefined || choices.includes(value)) return [];
  return [`${key}: expected ${choices.map((one) => (one === '' ? '""' : one)).join(', ')}, got ${value}`];
}
