import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { parseListenAddress } from '../../api/listen-address.ts';
import { UsageError } from '../cli.ts';
import type { Run } from './run.ts';

interface Flags {
  readonly listen: string;
  readonly origin: readonly string[];
  readonly tokenFile?: string;
}

/** Adds `bowline codec-server`. */
export function addCodecServerCommand(program: Command, run: Run): void {
  program
    .command('codec-server')
    .description("decrypt payloads for Temporal's UI and command line, until SIGTERM or Ctrl-C")
    .option('--listen <address>', 'where to listen; beyond the loopback with --token-file only', '127.0.0.1:8082')
    .option('--origin <url...>', "where the UI's pages come from", ['http://127.0.0.1:8080', 'http://localhost:8080'])
    .option('--token-file <file>', 'a file with the token that those who ask have to present')
    .action((flags: Flags, command: Command) =>
      run('serve the payload codec', command, async ({ config, cli }) => {
        const { codec } = (await config()).temporal;
        const listen = parseListenAddress(flags.listen);
        if (listen === undefined)
          throw new UsageError(`--listen: expected a host and a port such as 127.0.0.1:8082, got ${flags.listen}`);
        if (codec === undefined)
          throw new UsageError('temporal.codec.keyFile: missing; nothing is encrypted without it');
        const [{ serveCodec }, { openCodec }] = await Promise.all([
          import('../../codec-server.ts'),
          import('../../codec.ts'),
        ]);
        const token = flags.tokenFile === undefined ? undefined : await readToken(flags.tokenFile);
        const server = await serveCodec({
          listen,
          codec: await openCodec(codec),
          origins: flags.origin,
          ...(token !== undefined && { token }),
        });
        cli.terminal.out(`Codec server at http://${flags.listen}, for pages of ${flags.origin.join(', ')}\n`);
        await Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
        await server.close();
        return 0;
      }),
    );
}

async function readToken(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--token-file: read ${file}: ${error.code}`);
  });
  const token = text.trim();
  if (token.length < 16) throw new UsageError(`--token-file: ${file}: expected a token of 16 characters or more`);
  return token;
}
