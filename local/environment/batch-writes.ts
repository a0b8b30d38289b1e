import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import type { BatchWriteItemCommandOutput, DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** The parts of the SDK's own HTTP request that are the same in each call. */
interface SentRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

interface Signer {
  sign(request: SentRequest, options: object): Promise<SentRequest>;
}

/** The parts of a client's resolved configuration that are used here. */
interface SdkConfig {
  readonly systemClockOffset: number;
  signer(scheme: object): Promise<Signer>;
  readonly requestHandler: {
    handle(
      request: SentRequest,
      options: { readonly abortSignal?: AbortSignal }
    ): Promise<{ response: { statusCode: number; body: Readable } }>;
  };
}

type Answer = Pick<BatchWriteItemCommandOutput, 'UnprocessedItems'>;

/** An item of an answer as wire text. The SDK gives binary values as bytes, the answer itself has them as base64. */
const asText = (item: object | undefined): string =>
  JSON.stringify(item, function (this: Record<string, unknown>, name, value: unknown) {
    const bytes = this[name];
    return bytes instanceof Uint8Array ? Buffer.from(bytes).toString('base64') : value;
  });

/** Headers that say what every call says; the others belong to one call, or to its signature. */
const sameInEachCall = ['content-type', 'host', 'user-agent', 'x-amz-target', 'x-amz-user-agent'];

/**
 * BatchWriteItem of items given as wire text. The first call is the SDK's, and shows where the table is; the others are
 * made with the SDK's signer and connections alone, since its middleware takes most of a call's time. Whatever is not an
 * answer with status 200 is asked of the SDK again, with its repeats and errors: to put an item twice is to put it.
 */
export class BatchWrites {
  #shown: SentRequest | undefined;
  #signer: Promise<Signer> | undefined;

  constructor(
    private readonly dynamodb: DynamoDBClient,
    private readonly table: string
  ) {}

  /**
   * Puts up to 25 items, well-formed DynamoDB JSON, of different keys.
   * @returns the items that DynamoDB left unprocessed.
   */
  async put(items: readonly string[], signal?: AbortSignal): Promise<string[]> {
    const puts = items.map((item) => `{"PutRequest":{"Item":${item}}}`).join(',');
    const body = Buffer.from(`{"RequestItems":{${JSON.stringify(this.table)}:[${puts}]}}`);
    const left = (await this.#direct(body, signal)) ?? (await this.#bySdk(body, signal));
    return (left.UnprocessedItems?.[this.table] ?? []).map(({ PutRequest }) => asText(PutRequest?.Item));
  }

  async #bySdk(body: Uint8Array, signal?: AbortSignal): Promise<Answer> {
    const command = new BatchWriteItemCommand({ RequestItems: { [this.table]: [] } });
    command.middlewareStack.add(
      (next) => (args) => next({ ...args, request: Object.assign(args.request as object, { body }) }),
      { step: 'serialize', priority: 'low', name: 'putItemTexts' }
    );
    command.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as SentRequest;
        const headers = Object.entries(request.headers).filter(([name]) => sameInEachCall.includes(name));
        this.#shown = { ...request, headers: Object.fromEntries(headers), body: undefined };
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low', name: 'whereTheTableIs' }
    );
    return await this.dynamodb.send(command, { abortSignal: signal });
  }

  async #direct(body: Uint8Array, signal?: AbortSignal): Promise<Answer | undefined> {
    if (this.#shown === undefined) return undefined;
    const { protocol, hostname, port, path, query, method, headers } = this.#shown;
    const length = { 'content-length': String(body.byteLength) };
    const request = { protocol, hostname, port, path, query, method, headers: { ...headers, ...length }, body };
    const config = this.dynamodb.config as unknown as SdkConfig;
    try {
      const signer = await (this.#signer ??= config.signer({ name: 'sigv4' }));
      const signed = await signer.sign(request, { signingDate: new Date(Date.now() + config.systemClockOffset) });
      const { response } = await config.requestHandler.handle(signed, { abortSignal: signal });
      const answer = await text(response.body);
      return response.statusCode === 200 ? (JSON.parse(answer) as Answer) : undefined;
    } catch {
      signal?.throwIfAborted();
      return undefined;
    }
  }
}
