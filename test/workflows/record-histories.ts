// `npm run record-histories`: records the histories in test/histories anew, from the workflows as they are. From version 1.0 on it
// records only those that are not there yet: what is there is then how runs of released versions went.
// With names, such as `backup-paused`, it records those scenarios alone.
import { readFileSync } from 'node:fs';
import pLimit from 'p-limit';
import { startTemporal } from '../../tools/stack/temporal.ts';
import { recordScenario } from '../support/history-recorder.ts';
import { historyScenarios } from '../support/history-scenarios/index.ts';
import type { HistoryScenario } from '../support/history-scenarios/scenario.ts';
import { recordedNames, removeHistory, writeHistory } from '../support/recorded-histories.ts';
import { WorkflowRunner } from '../support/workflow-runner.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
/** Scenarios wait more than they compute. */
const sideBySide = pLimit(4);
const isReleased = !version.startsWith('0.');
const wanted = process.argv.slice(2);
const before = recordedNames();
const recorded: string[] = [];
const isWanted = ({ workflow, scenario }: HistoryScenario): boolean =>
  wanted.length === 0 || wanted.includes(`${workflow}-${scenario}`);
for (const isLong of [false, true]) {
  const scenarios = historyScenarios.filter((one) => isLong === (one.isLong ?? false) && isWanted(one));
  if (scenarios.length === 0) continue;
  const server = await startTemporal({
    dynamicConfig: isLong ? { 'limit.historyCount.suggestContinueAsNew': 60 } : {},
  });
  try {
    const runner = await WorkflowRunner.connect(server);
    await sideBySide.map(scenarios, async (scenario) => {
      for (const [name, history] of await recordScenario(runner, server, scenario)) {
        recorded.push(name);
        if (isReleased && before.includes(name)) continue;
        writeHistory(name, history);
        console.log(`recorded ${name}: ${history.events?.length} events`);
      }
    });
    await runner.close();
  } finally {
    await server.stop();
  }
}
if (!isReleased && wanted.length === 0) {
  for (const name of before.filter((one) => !recorded.includes(one))) removeHistory(name);
}
process.exit();
