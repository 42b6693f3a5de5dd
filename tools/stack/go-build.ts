import { supervise } from './supervise.ts';

/** How Go makes a program. */
export interface GoBuild {
  readonly args: readonly string[];
  /** Where it runs. */
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs Go in `env`; `scratch` is its own, and removed. It ends with this process, however that ends. Rejects with Go's last
 * lines.
 */
export async function goBuild(
  { args, folder, env: extra }: GoBuild,
  { env, scratch }: { readonly env: NodeJS.ProcessEnv; readonly scratch: string },
): Promise<void> {
  const { ended, output } = supervise({
    command: 'go',
    args,
    folder: scratch,
    cwd: folder,
    env: { ...env, CGO_ENABLED: '0', GOTMPDIR: scratch, ...extra },
  });
  const code = await ended;
  if (code !== 0) throw new Error(`build: go ${args.join(' ')} ended with code ${code}: ${output(5).join('; ')}`);
}
