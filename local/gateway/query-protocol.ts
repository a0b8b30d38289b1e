import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AwsError } from './aws-error.js';
import { readBody } from './request-body.js';
import type { CallContext, HttpService } from './service.js';
import { buildXml } from './xml.js';
import type { XmlContent } from './xml.js';

/**
 * Parameters of a call in the AWS query protocol.
 * @see https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
export class Parameters {
  /** @param invalid - the service's error for a parameter that is absent and may not be. */
  constructor(
    private readonly values: URLSearchParams,
    private readonly invalid: (name: string) => AwsError
  ) {}

  /** A parameter's text; undefined when absent. */
  text(name: string): string | undefined {
    return this.values.get(name) ?? undefined;
  }

  /** @throws AwsError when the parameter is absent or empty. */
  require(name: string): string {
    const text = this.text(name);
    if (text === undefined || text === '') throw this.invalid(name);
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
    return [...groups].sort(([a], [b]) => a - b).map(([, group]) => new Parameters(group, this.invalid));
  }

  /** All of it, for interceptors. */
  toObject(): Record<string, string> {
    return Object.fromEntries(this.values);
  }
}

/** The parameters of a request, of its query and its form. @throws AwsError when the body has more than `limit` bytes. */
export async function readParameters(request: IncomingMessage, limit: number): Promise<URLSearchParams> {
  const parameters = new URLSearchParams((request.url ?? '').split('?')[1]);
  const body = new URLSearchParams((await readBody(request, limit)).toString('utf8'));
  for (const [name, value] of body) parameters.set(name, value);
  return parameters;
}

/** True when a request carries credentials, which nobody verifies here. */
export function isSigned(request: IncomingMessage, parameters: URLSearchParams): boolean {
  return request.headers.authorization !== undefined || parameters.has('X-Amz-Credential');
}

function answerXml(response: ServerResponse, status: number, xml: string): void {
  const body = Buffer.from(xml);
  response.writeHead(status, { 'Content-Type': 'text/xml', 'Content-Length': body.length });
  response.end(body);
}

/** Answers in the XML namespace of one service. */
export function queryAnswers(namespace: string): {
  /** Answers an operation's result; operations without one pass undefined. */
  answerResult(
    response: ServerResponse,
    action: string,
    result: Readonly<Record<string, XmlContent>> | undefined,
    requestId: string
  ): void;
  readonly answerError: NonNullable<HttpService['answerError']>;
} {
  return {
    answerResult(response, action, result, requestId) {
      const content = {
        ...(result === undefined ? {} : { [`${action}Result`]: result }),
        ResponseMetadata: { RequestId: requestId },
      };
      answerXml(response, 200, buildXml(`${action}Response`, content, namespace));
    },
    answerError(error: AwsError, _request: IncomingMessage, response: ServerResponse, context: CallContext) {
      if (response.headersSent) return void response.destroy();
      const content = {
        Error: { Type: error.status < 500 ? 'Sender' : 'Receiver', Code: error.code, Message: error.message },
        RequestId: context.requestId,
      };
      answerXml(response, error.status, buildXml('ErrorResponse', content, namespace));
    },
  };
}
