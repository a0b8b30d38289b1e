import { isIPv4 } from 'node:net';
import { payloadCodec } from '../../workers/payload-codec.js';
import { payloadKeys } from '../../workers/payload-keys.js';
import { temporalSettings } from '../../workers/temporal-settings.js';
import { serveCodec } from '../codec-server.js';
import type { CommandContext } from '../command-context.js';
import { UsageError } from '../errors.js';
import { serveUntilInterrupted } from '../serve-until-interrupted.js';

/** Options of `sluice codec-server`. */
export interface CodecServerCommandOptions {
  readonly host: string;
  readonly port: number;
  readonly uiOrigin: readonly string[];
  readonly allowHost: readonly string[];
}

/** Where the development server's Web UI, ours in docker-compose.yml and Temporal Cloud's are. */
const knownOrigins = [
  'http://localhost:8233',
  'http://127.0.0.1:8233',
  'http://localhost:8080',
  'http://127.0.0.1:8080',
  'https://cloud.temporal.io',
];

/**
 * `sluice codec-server`: decrypts payloads for the Web UI and `temporal --codec-endpoint` until interrupted. The document
 * is `{"url", "namespace", "keys"}`, the keys by their ids.
 */
export async function codecServer(context: CommandContext, options: CodecServerCommandOptions): Promise<void> {
  const { console, env } = context;
  const { host, port, uiOrigin, allowHost: allowedHosts } = options;
  const keys = payloadKeys(env);
  if (keys.length === 0) {
    throw new UsageError('There is no key: set SLUICE_PAYLOAD_KEY as the workers have it (docs/temporal.md).');
  }
  const token = env.SLUICE_CODEC_TOKEN || undefined;
  const isLoopback = host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
  if (!isLoopback && (token === undefined || token.length < 16)) {
    throw new UsageError(
      `Whoever reaches ${host} could read every payload: set SLUICE_CODEC_TOKEN, at least 16 characters, or leave --host out.`
    );
  }
  const origins = [...knownOrigins, ...uiOrigin.map(originOf)];
  const { namespace } = temporalSettings(env);
  const codec = payloadCodec(keys);
  await serveUntilInterrupted(
    () => serveCodec({ codec, namespace, host, port, origins, allowedHosts, token }),
    `It cannot listen on ${host}, port ${port}`,
    ({ url }) => {
      const ids = keys.map(({ id }) => id);
      console.print(`${url}  for namespace ${namespace}, with the keys ${ids.join(', ')}. Ctrl-C ends.`);
      console.document({ url, namespace, keys: ids });
    }
  );
}

function originOf(text: string): string {
  if (!URL.canParse(text) || !/^https?:/.test(text)) {
    throw new UsageError(`--ui-origin ${text}: an origin is written https://temporal.example`);
  }
  return new URL(text).origin;
}
