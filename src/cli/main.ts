#!/usr/bin/env node
import { connect, loadConfig } from '../client/index.ts';
import { wantsDebug } from '../config.ts';
import { runCommandLine } from './program.ts';

const { stdout, stderr } = process;

// Whoever reads may stop reading: `bowline backup logs b | head`.
stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));

process.exitCode = await runCommandLine(process.argv.slice(2), {
  terminal: {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    ...(stderr.isTTY && { screen: stderr }),
    color: stdout.isTTY && stdout.hasColors(),
  },
  loadConfig: (file) => loadConfig(file === undefined ? {} : { file }),
  connect,
  now: () => new Date(),
  onInterrupt(listener) {
    process.once('SIGINT', listener);
    return () => void process.off('SIGINT', listener);
  },
  exit: (code) => process.exit(code),
  acceptWithinMs: 10_000,
  namesWithinMs: 3_000,
  debug: wantsDebug(),
});
