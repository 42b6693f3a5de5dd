/** What random choices of the suite are drawn from: `--seed=N`, or else the time. */
export const seed = Number(
  process.argv.find((argument) => argument.startsWith('--seed='))?.slice('--seed='.length) ?? Date.now(),
);
