// A process that finds a program, as `finding-process.ts <name>`, and writes its path.
import { findBinary, type BinaryName } from '../../../tools/stack/binaries.ts';

console.log(await findBinary(process.argv[2] as BinaryName));
