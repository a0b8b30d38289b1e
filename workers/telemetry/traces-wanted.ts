/**
 * Whether the environment asks for traces, in OpenTelemetry's own words: an OTLP endpoint is set, or
 * `OTEL_TRACES_EXPORTER=otlp`. `OTEL_SDK_DISABLED=true` and `OTEL_TRACES_EXPORTER=none` win.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function tracesWanted(env: NodeJS.ProcessEnv): boolean {
  const exporter = env.OTEL_TRACES_EXPORTER?.trim();
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true' || exporter === 'none') return false;
  return Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || exporter === 'otlp');
}
