import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Tracing } from './tracing.js';

/** What an AWS call says of itself, well or ill: never its parameters. */
interface CallMetadata {
  readonly requestId?: string;
  readonly httpStatusCode?: number;
  readonly attempts?: number;
}

type Handler = (args: object) => Promise<{ output: { $metadata?: CallMetadata } }>;

/** The part of an AWS client that spans need; of every service's client. */
export interface TracedClient {
  readonly config: { region?: string | (() => Promise<string>) };
  readonly middlewareStack: {
    add(
      middleware: (next: Handler, context: { clientName?: string; commandName?: string }) => Handler,
      options: { step: 'initialize'; name: string; priority: 'high'; override: true }
    ): void;
  };
}

const isTraced = (value: unknown): value is TracedClient =>
  typeof value === 'object' && value !== null && 'middlewareStack' in value && 'config' in value;

/**
 * Makes a span of each call of the AWS clients among the values, its attempts included, by a middleware around all
 * others. Attributes follow OpenTelemetry's semantic conventions for the AWS SDK: service, operation, Region, request id,
 * HTTP status, repeats.
 */
export function traceAwsCalls({ tracer }: Tracing, clients: object): void {
  for (const client of Object.values(clients).filter(isTraced)) {
    client.middlewareStack.add(
      (next, { clientName = 'AWSClient', commandName = 'UnknownCommand' }) =>
        async (args) => {
          const service = clientName.replace(/Client$/, '');
          const operation = commandName.replace(/Command$/, '');
          const { region } = client.config;
          const span = tracer.startSpan(`${service}.${operation}`, {
            kind: SpanKind.CLIENT,
            attributes: { 'rpc.system': 'aws-api', 'rpc.service': service, 'rpc.method': operation },
          });
          const describe = ({ requestId, httpStatusCode, attempts = 1 }: CallMetadata = {}): void => {
            span.setAttributes({
              'aws.request_id': requestId,
              'http.response.status_code': httpStatusCode,
              'http.request.resend_count': attempts - 1,
            });
          };
          try {
            span.setAttribute('cloud.region', typeof region === 'function' ? await region() : (region ?? ''));
            const result = await next(args);
            describe(result.output.$metadata);
            return result;
          } catch (error) {
            const { name, $metadata: metadata } = error as { name?: string; $metadata?: CallMetadata };
            describe(metadata);
            span.setAttribute('error.type', name ?? 'unknown').setStatus({ code: SpanStatusCode.ERROR });
            throw error;
          } finally {
            span.end();
          }
        },
      { step: 'initialize', name: 'sluiceSpans', priority: 'high', override: true }
    );
  }
}
