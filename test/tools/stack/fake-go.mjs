// Stands in for Go: appends `start <GOTMPDIR>` and `end` to FAKE_GO_LOG, and makes a program whose text is `built`. FAKE_GO is
// what it does instead: `fail` ends with an error, `hang` waits to be killed.
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const args = process.argv.slice(2);
const { FAKE_GO, FAKE_GO_LOG, GOBIN, GOTMPDIR } = process.env;
const output = GOBIN === undefined ? args[args.indexOf('-o') + 1] : join(GOBIN, args.at(-1).match(/([^/]+)@/)[1]);

appendFileSync(FAKE_GO_LOG, `start ${GOTMPDIR}\n`);
writeFileSync(join(GOTMPDIR, 'object'), '');
if (FAKE_GO === 'fail') {
  for (let line = 1; line <= 9; line++) console.error(`go says ${line}`);
  process.exit(2);
}
writeFileSync(output, 'half', { mode: 0o755 });
// Long enough for another build to begin, if one may.
setTimeout(finish, FAKE_GO === 'hang' ? 60_000 : 60);

function finish() {
  writeFileSync(output, 'built');
  appendFileSync(FAKE_GO_LOG, 'end\n');
}
