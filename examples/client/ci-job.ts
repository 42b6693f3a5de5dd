// A step of a pipeline: backs up a namespace, and fails unless all of it is in the backup. node ci-job.ts NAME NAMESPACE
import { connect, loadConfig } from 'bowline';

const [name, namespace] = process.argv.slice(2);
if (name === undefined || namespace === undefined) throw new Error('expected the names of a backup and of a namespace');

const bowline = await connect(await loadConfig());
try {
  const backup = await bowline.backups.create({ name, spec: { includedNamespaces: [namespace] } });
  for await (const { phase, progress } of backup.watch()) {
    console.log(`${phase}: ${progress.doneItems} of ${progress.totalItems} items`);
  }
  const { phase, items, warnings, errors } = await backup.result();
  console.log(`${name} is ${phase}: ${items} items, ${warnings} warnings, ${errors} errors`);
  process.exitCode = phase === 'Completed' ? 0 : 1;
} finally {
  await bowline.close();
}
