import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import type { ObjectPlace } from './object-head.js';

/** The parts of the SDK's own HTTP request that say where a bucket is. */
interface SdkRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly headers: Record<string, string>;
}

type SignedRequest = SdkRequest & { readonly method: string };

/** How requests for objects of a bucket are addressed and signed. */
interface Address {
  readonly request: Omit<SdkRequest, 'path' | 'query'>;
  /** What stands before an object's key. */
  readonly path: string;
  readonly sign: (request: SignedRequest) => Promise<SignedRequest>;
}

/** What the SDK decided for a request, by its endpoint rules and its choice of a signature. */
interface SdkContext {
  readonly endpointV2?: {
    readonly headers?: object;
    readonly properties?: {
      readonly authSchemes?: readonly { readonly name: string; readonly signingRegion?: string }[];
    };
  };
}

type Handler = (args: { readonly request: SdkRequest }) => Promise<unknown>;

/** The part of a command that {@link learn} needs. */
interface Watched {
  readonly middlewareStack: {
    add(
      middleware: (next: Handler, context: SdkContext) => Handler,
      options: { readonly step: 'finalizeRequest'; readonly priority: 'low'; readonly name: string }
    ): void;
  };
}

/** The parts of an S3 client's resolved configuration that are used here. */
interface SdkConfig {
  readonly systemClockOffset: number;
  signer(scheme?: object): Promise<{ sign(request: SignedRequest, options: object): Promise<SignedRequest> }>;
  readonly requestHandler: {
    handle(
      request: SignedRequest,
      options: { readonly abortSignal?: AbortSignal; readonly requestTimeout?: number }
    ): Promise<{ response: { statusCode: number; headers: Record<string, string>; body: Readable } }>;
  };
}

const addresses = new WeakMap<S3Client, Map<string, Address>>();

/** A key as it stands in a path, encoded as the SDK and the signature do it. */
const inPath = (key: string): string =>
  key
    .split('/')
    .map((part) =>
      encodeURIComponent(part).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    )
    .join('/');

/** True when others than the SDK watch a client's calls: they would not see {@link direct} ones. */
const isTraced = (s3: S3Client): boolean =>
  s3.middlewareStack.identify().some((name) => name.startsWith('sluiceSpans'));

/**
 * Has the SDK's own call of an object show where its bucket is, for {@link direct}. Access points, directory buckets and
 * whatever else needs more than an ordinary signature stay with the SDK.
 */
export function learn(s3: S3Client, command: object, { bucket, key }: ObjectPlace): void {
  if (isTraced(s3)) return;
  const known = addresses.get(s3) ?? new Map<string, Address>();
  addresses.set(s3, known);
  (command as Watched).middlewareStack.add(
    (next, context) => async (args) => {
      const { endpointV2 } = context;
      const { protocol, hostname, port, path, headers } = args.request;
      const [scheme, ...others] = endpointV2?.properties?.authSchemes ?? [];
      const isUsual = scheme?.name === 'sigv4' && others.length === 0;
      const end = `/${inPath(key)}`;
      if (isUsual && Object.keys(endpointV2?.headers ?? {}).length === 0 && path.endsWith(end)) {
        const config = s3.config as unknown as SdkConfig;
        const signer = await config.signer(scheme);
        const shown = { host: headers['host'] ?? '', 'user-agent': headers['user-agent'] ?? '' };
        known.set(bucket, {
          request: { protocol, hostname, port, headers: shown },
          path: path.slice(0, 1 - end.length),
          sign: (request) =>
            signer.sign(request, {
              signingRegion: scheme.signingRegion,
              signingDate: new Date(Date.now() + config.systemClockOffset),
            }),
        });
      }
      return await next(args);
    },
    { step: 'finalizeRequest', priority: 'low', name: 'sluiceAddress' }
  );
}

/** An answer with status 200. */
export interface DirectAnswer {
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Makes a request with the SDK's signer and connections but without its middleware, which takes most of a call's time:
 * for the two calls that an archive makes for each object. Undefined for whatever is not an answer with status 200, and
 * where {@link learn} has not seen the bucket; then the SDK is to be asked, with its repeats and errors. Not used while
 * calls are traced.
 */
export async function direct(
  s3: S3Client,
  method: 'HEAD' | 'PUT',
  { bucket, key }: ObjectPlace,
  headers: Readonly<Record<string, string | undefined>>,
  options: { readonly abortSignal?: AbortSignal; readonly requestTimeout?: number }
): Promise<DirectAnswer | undefined> {
  const address = addresses.get(s3)?.get(bucket);
  if (address === undefined) return undefined;
  try {
    const all: Record<string, string> = { ...address.request.headers };
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) all[name] = value;
    const request = { ...address.request, method, path: `${address.path}${inPath(key)}`, query: {}, headers: all };
    const config = s3.config as unknown as SdkConfig;
    const { response } = await config.requestHandler.handle(await address.sign(request), options);
    // The answer of a HEAD ends with its headers.
    if (method === 'HEAD') response.body.on('error', () => undefined).resume();
    const chunks: Buffer[] = [];
    if (method !== 'HEAD') for await (const chunk of response.body) chunks.push(chunk as Buffer);
    if (response.statusCode !== 200) return undefined;
    return { headers: response.headers, body: Buffer.concat(chunks).toString('utf8') };
  } catch {
    return undefined;
  }
}
