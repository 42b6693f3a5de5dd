import type { Config } from './api/config.ts';
import type { Section } from './config-section.ts';

/**
 * Reads the section `tracing`. What it leaves out is taken from OpenTelemetry's own variables; with neither an endpoint here nor there, nothing
 * is traced.
 */
export function readTracing(section: Section): Pick<Config, 'tracing'> {
  const own = section.optionalText('endpoint').endpoint;
  const serviceName = section.optionalText('serviceName').serviceName ?? section.variable('OTEL_SERVICE_NAME');
  const headers = section.texts('headers');
  section.refuseOthers();
  const url = own === undefined ? urlOfVariables(section) : urlOf(own);
  if (url === undefined) {
    if (Object.keys(headers).length > 0) section.refuse('endpoint', 'missing; expected an http or https URL');
    return {};
  }
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) section.refuse('endpoint', 'expected an http or https URL');
  if (section.variable('OTEL_SDK_DISABLED') === 'true' || section.variable('OTEL_TRACES_EXPORTER') === 'none')
    return {};
  return { tracing: { url, headers, serviceName: serviceName || 'bowline' } };
}

/** The variable for traces alone names the whole URL, the general one where paths begin. Source: OTLP exporter specification. */
function urlOfVariables(section: Section): string | undefined {
  const ofTraces = section.variable('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const general = section.variable('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (!ofTraces && !general) return undefined;
  const protocol =
    section.variable('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? section.variable('OTEL_EXPORTER_OTLP_PROTOCOL');
  if (protocol === 'grpc')
    section.refuse('endpoint', 'the variables of OpenTelemetry ask for grpc; expected http/json, or an endpoint here');
  return ofTraces || urlOf(general!);
}

function urlOf(endpoint: string): string {
  return `${endpoint.replace(/\/+$/, '')}/v1/traces`;
}
