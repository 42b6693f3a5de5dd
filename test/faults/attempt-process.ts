// One attempt in a process of its own, to be killed. Argument: the `Attempt` as JSON. Sends the id that it made.
import { make, type Attempt } from './attempt.ts';

process.once('disconnect', () => process.exit(1));
const made = await make(JSON.parse(process.argv[2] ?? '') as Attempt);
process.send?.(made, () => process.exit(0));
