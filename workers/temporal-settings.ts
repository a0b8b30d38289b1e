import { X509Certificate, createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import type { DataConverter } from '@temporalio/common';
import type { ClientConfigProfile, ClientConnectConfig } from '@temporalio/envconfig';
import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';
import { payloadCodec } from './payload-codec.js';
import { payloadKeys } from './payload-keys.js';
import { variableProblems } from './temporal-variables.js';

/** What the environment and its profile say of Temporal. */
export interface TemporalSettings extends Required<Pick<ClientConnectConfig, 'connectionOptions' | 'namespace'>> {
  /** Host and port of the front end. */
  readonly address: string;
  /** Encrypts payloads where the environment has a key for them. */
  readonly dataConverter: DataConverter;
  /** Whether payloads are encrypted. */
  readonly encrypted: boolean;
}

/** The settings of the connection to Temporal are wrong; messages show no key and no certificate. */
export class TemporalSettingsError extends Error {
  constructor(readonly problems: readonly { readonly path: string; readonly message: string }[]) {
    super(
      [
        'The settings of the connection to Temporal are not usable:',
        ...problems.map((one) => `  ${one.path}: ${one.message}`),
      ].join('\n')
    );
    this.name = 'TemporalSettingsError';
  }
}

/**
 * Reads Temporal's variables and profiles as `@temporalio/envconfig` does, and `SLUICE_PAYLOAD_KEY`. Refuses what the SDK
 * would pass over in silence, or meet with an error that says little.
 * @throws TemporalSettingsError, PayloadKeyError
 */
export function temporalSettings(env: NodeJS.ProcessEnv): TemporalSettings {
  const defined = Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const variables = variableProblems(env);
  if (variables.length > 0) throw new TemporalSettingsError(variables);
  const { connectionOptions, namespace = 'default' } = load(Object.fromEntries(defined));
  const address = connectionOptions.address ?? 'localhost:7233';
  const problems = connectionProblems({ ...connectionOptions, address }, namespace);
  if (problems.length > 0) throw new TemporalSettingsError(problems);
  const keys = payloadKeys(env);
  return {
    connectionOptions,
    namespace,
    address,
    encrypted: keys.length > 0,
    dataConverter: {
      payloadCodecs: [payloadCodec(keys)],
      ...(keys.length > 0 && { failureConverterPath: join(import.meta.dirname, 'failure-converter.cjs') }),
    },
  };
}

function load(variables: Record<string, string>): ClientConnectConfig {
  try {
    const profile = loadClientConfigProfile({ overrideEnvVars: variables });
    expectPair(profile);
    return toClientOptions(profile);
  } catch (error) {
    if (error instanceof TemporalSettingsError) throw error;
    const { TEMPORAL_CONFIG_FILE: file = 'temporal.toml', TEMPORAL_PROFILE: profile } = variables;
    const { code, path, line, column } = error as NodeJS.ErrnoException & { line?: number; column?: number };
    // The parser's message shows lines of the file, which may hold an API key.
    if (line !== undefined) {
      throw new TemporalSettingsError([
        { path: file, message: `line ${line}, column ${column ?? 1}: this is not TOML` },
      ]);
    }
    if (code !== undefined && path !== undefined) {
      throw new TemporalSettingsError([{ path, message: `this file cannot be read (${code})` }]);
    }
    const message =
      profile === undefined
        ? 'the file has no [profile.…] table'
        : `there is no profile ${profile} in the configuration file`;
    throw new TemporalSettingsError([
      { path: profile === undefined ? 'TEMPORAL_CONFIG_FILE' : 'TEMPORAL_PROFILE', message },
    ]);
  }
}

/** Of a pair of which one part is missing, the SDK would use neither. */
function expectPair({ tls: { clientCert, clientKey } = {} }: ClientConfigProfile): void {
  if ((clientCert === undefined) === (clientKey === undefined)) return;
  const [missing, given] = clientKey === undefined ? ['CLIENT_KEY', 'certificate'] : ['CLIENT_CERT', 'key'];
  const message = `the client's ${given} is given, this one is not`;
  throw new TemporalSettingsError([{ path: `TEMPORAL_TLS_${missing}_PATH`, message }]);
}

type Problem = TemporalSettingsError['problems'][number];

const cloud = /\.(tmprl\.cloud|api\.temporal\.io)$/;

function connectionProblems(
  { address, apiKey, tls }: ClientConnectConfig['connectionOptions'] & { readonly address: string },
  namespace: string
): Problem[] {
  const problems: Problem[] = [];
  const add = (path: string, message: string): void => void problems.push({ path, message });
  const [, host = ''] = /^(.+):\d+$/.exec(address) ?? [];
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(host);
  if (host === '' || host.includes('/'))
    add('TEMPORAL_ADDRESS', 'not a host and a port, such as temporal.example:7233');
  if (typeof apiKey === 'string' && !/^[\x21-\x7e]+$/.test(apiKey)) {
    add('TEMPORAL_API_KEY', 'has white space or other characters that no key has; was a line break copied with it?');
  }
  if (typeof apiKey === 'string' && !tls && !isLoopback) {
    add('TEMPORAL_TLS', 'without TLS the API key would be sent in plain text: unset this');
  }
  if (cloud.test(host)) {
    if (!tls) add('TEMPORAL_API_KEY', 'Temporal Cloud needs an API key, or a client certificate (TEMPORAL_TLS_*)');
    if (!/^[a-z0-9-]+\.[a-z0-9]+$/.test(namespace)) {
      add('TEMPORAL_NAMESPACE', `a namespace of Temporal Cloud is <name>.<account>, not ${namespace}`);
    }
  }
  if (typeof tls === 'object' && tls !== null) problems.push(...certificateProblems(tls));
  return problems;
}

function certificateProblems(
  tls: Exclude<ClientConnectConfig['connectionOptions']['tls'], boolean | null | undefined>
) {
  const problems: Problem[] = [];
  const pem = <T>(name: string, data: Uint8Array | undefined, read: (data: Buffer) => T): T | undefined => {
    if (data === undefined) return undefined;
    try {
      return read(Buffer.from(data));
    } catch {
      problems.push({ path: `TEMPORAL_TLS_${name}`, message: 'not readable as PEM, or protected by a passphrase' });
      return undefined;
    }
  };
  pem('SERVER_CA_CERT', tls.serverRootCACertificate, (data) => new X509Certificate(data));
  const certificate = pem('CLIENT_CERT', tls.clientCertPair?.crt, (data) => new X509Certificate(data));
  const key = pem('CLIENT_KEY', tls.clientCertPair?.key, (data) => createPrivateKey(data));
  if (certificate !== undefined && key !== undefined && !certificate.checkPrivateKey(key)) {
    problems.push({ path: 'TEMPORAL_TLS_CLIENT_KEY', message: 'this is not the key of the client certificate' });
  }
  if (certificate !== undefined && Date.parse(certificate.validTo) < Date.now()) {
    problems.push({ path: 'TEMPORAL_TLS_CLIENT_CERT', message: `it has expired on ${certificate.validTo}` });
  }
  return problems;
}
