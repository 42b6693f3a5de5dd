import type { Config } from '../api/config.ts';
import type { Tracing } from './open-tracing.ts';

/**
 * What spans are recorded with, where the configuration wants traces. OpenTelemetry is loaded here alone, so that it costs nothing where it does
 * not. `warn` is told what the exporter complains of; default: nobody.
 */
export async function loadTracing(
  { tracing }: Pick<Config, 'tracing'>,
  warn?: (message: string) => void,
): Promise<Tracing | undefined> {
  if (tracing === undefined) return undefined;
  const { openTracing } = await import('./open-tracing.ts');
  return openTracing(tracing, warn);
}
