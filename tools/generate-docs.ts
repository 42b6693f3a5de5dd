// `npm run docs`: writes what is made from the code of item actions, metrics and commands.
import { writeFileSync } from 'node:fs';
import { generateDocs } from './docs/item-actions.ts';

for (const [file, text] of Object.entries(await generateDocs())) {
  writeFileSync(file, text);
  console.log(`wrote ${file}`);
}
