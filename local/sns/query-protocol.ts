import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../gateway/aws-error.js';
import type { CallContext } from '../gateway/service.js';
import { buildXml } from '../gateway/xml.js';
import type { XmlContent } from '../gateway/xml.js';

const namespace = 'http://sns.amazonaws.com/doc/2010-03-31/';

/**
 * Parameters of a call in the AWS query protocol.
 * @see https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
export class Parameters {
  constructor(private readonly values: URLSearchParams) {}

  /** A parameter's text; undefined when absent. */
  text(name: string): string | undefined {
    return this.values.get(name) ?? undefined;
  }

  /** @throws AwsError `InvalidParameter` when the parameter is absent or empty. */
  require(name: string): string {
    const text = this.text(name);
    if (text === undefined || text === '') throw invalid(name);
    return text;
  }

  /** The members of a list, `Tags.member.1`, `Tags.member.2`, …, each with its own parameters. */
  members(name: string): Parameters[] {
    return this.numbered(`${name}.member`);
  }

  /** A list of texts. */
  texts(name: string): string[] {
    return this.numbered(`${name}.member`).map((member) => member.text('') ?? '');
  }

  /** The entries of a map, `Attributes.entry.1.key` and `.value`; `keys` names those two. */
  map(name: string, keys: readonly [string, string] = ['key', 'value']): Map<string, string> {
    return new Map(this.numbered(`${name}.entry`).map((entry) => [entry.require(keys[0]), entry.text(keys[1]) ?? '']));
  }

  /** Groups of parameters that begin with `prefix.1`, `prefix.2`, …, with the rest of their names. */
  numbered(prefix: string): Parameters[] {
    const groups = new Map<number, URLSearchParams>();
    for (const [name, value] of this.values) {
      if (!name.startsWith(`${prefix}.`)) continue;
      const [number = '', ...rest] = name.slice(prefix.length + 1).split('.');
      if (!/^\d{1,4}$/.test(number)) continue;
      const group = groups.get(Number(number)) ?? new URLSearchParams();
      group.set(rest.join('.'), value);
      groups.set(Number(number), group);
    }
    return [...groups].sort(([a], [b]) => a - b).map(([, group]) => new Parameters(group));
  }

  /** All of it, for interceptors. */
  toObject(): Record<string, string> {
    return Object.fromEntries(this.values);
  }
}

/** SNS's error for a parameter, in its words. */
export function invalid(name: string, reason?: string): AwsError {
  return new AwsError(
    'InvalidParameter',
    `Invalid parameter: ${name}${reason === undefined ? '' : ` Reason: ${reason}`}`
  );
}

/** SNS's error for a topic or subscription that is not there. */
export function notFound(what: 'Topic' | 'Subscription'): AwsError {
  return new AwsError('NotFound', `${what} does not exist`, 404);
}

function answerXml(response: ServerResponse, status: number, xml: string): void {
  const body = Buffer.from(xml);
  response.writeHead(status, { 'Content-Type': 'text/xml', 'Content-Length': body.length });
  response.end(body);
}

/** Answers an operation's result; operations without one pass undefined. */
export function answerResult(
  response: ServerResponse,
  action: string,
  result: Readonly<Record<string, XmlContent>> | undefined,
  requestId: string
): void {
  const content = {
    ...(result === undefined ? {} : { [`${action}Result`]: result }),
    ResponseMetadata: { RequestId: requestId },
  };
  answerXml(response, 200, buildXml(`${action}Response`, content, namespace));
}

/** Answers an error. */
export function answerError(
  error: AwsError,
  _request: IncomingMessage,
  response: ServerResponse,
  context: CallContext
): void {
  if (response.headersSent) return void response.destroy();
  const content = {
    Error: { Type: error.status < 500 ? 'Sender' : 'Receiver', Code: error.code, Message: error.message },
    RequestId: context.requestId,
  };
  answerXml(response, error.status, buildXml('ErrorResponse', content, namespace));
}
