import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TemporalServer } from '../../local/temporal/index.js';
import { TemporalConnectionError, startWorker } from '../../workers/index.js';
import { temporalSettings } from '../../workers/temporal-settings.js';
import { sluice } from '../client/sluice.js';
import { makeAuthority, signBy, writePair } from './certificates.js';
import type { Pair } from './certificates.js';
import { startTemporalFront } from './temporal-front.js';
import type { TemporalFront } from './temporal-front.js';
import { startTestServer } from './temporal-server.js';

const apiKey = 'marked-secret-api-key';

describe('a Temporal server behind TLS', () => {
  let folder: string;
  let server: TemporalServer;
  let front: TemporalFront;
  let ca: Pair;
  let client: Pair;
  let stranger: Pair;
  /** What lets in. */
  let right: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-tls-'));
    const [authority, other] = await Promise.all([makeAuthority('authority'), makeAuthority('another')]);
    const [certificate, ...clients] = await Promise.all([
      signBy(authority, 'localhost'),
      signBy(authority, 'worker'),
      signBy(other, 'worker'),
    ]);
    [ca, client, stranger] = await Promise.all([
      writePair(folder, 'ca', authority),
      writePair(folder, 'client', clients[0]),
      writePair(folder, 'stranger', clients[1]),
    ]);
    server = await startTestServer();
    front = await startTemporalFront({ server: server.address, certificate, clientAuthority: authority.cert, apiKey });
    right = {
      TEMPORAL_ADDRESS: front.address,
      TEMPORAL_API_KEY: apiKey,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: ca.cert,
      TEMPORAL_TLS_CLIENT_CERT_PATH: client.cert,
      TEMPORAL_TLS_CLIENT_KEY_PATH: client.key,
      AWS_REGION: 'us-east-1',
    };
  });
  afterAll(async () => {
    await front?.stop();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const list = async (env: Record<string, string>) => {
    const ended = await sluice(['runs', '--json'], { env });
    expect(ended.stdout + ended.stderr).not.toContain(apiKey);
    return ended;
  };
  const work = async (env: Record<string, string>): Promise<void> => {
    const worker = await startWorker({ configuration: { taskQueue: 'tls' }, env, logLevel: 'silent' });
    const running = worker.run();
    worker.shutdown();
    await running;
  };

  it('lets in CLI and worker with CA, client certificate and API key of the environment', async () => {
    await work(right); // adds the search attributes that a listing asks for
    expect(await list(right)).toMatchObject({ code: 0, document: { runs: [] } });
  });

  it('lets them in by a profile of a file', async () => {
    const file = join(folder, 'temporal.toml');
    await writeFile(
      file,
      `[profile.prod]\naddress = "${front.address}"\nnamespace = "default"\napi_key = "${apiKey}"\n` +
        `[profile.prod.tls]\nserver_ca_cert_path = "${ca.cert}"\nclient_cert_path = "${client.cert}"\nclient_key_path = "${client.key}"\n`
    );
    const profile = { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'prod', AWS_REGION: 'us-east-1' };
    await work(profile);
    expect(await list(profile)).toMatchObject({ code: 0 });
    const other = await list({ ...profile, TEMPORAL_PROFILE: 'test' });
    expect(other).toMatchObject({ code: 2 });
    expect(other.stderr).toContain('TEMPORAL_PROFILE: there is no profile test');
  });

  const wrong: [string, () => Record<string, string | undefined>, RegExp][] = [
    ['no CA', () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: undefined }), /set TEMPORAL_TLS_SERVER_CA_CERT_PATH/],
    [
      'a wrong CA',
      () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: stranger.cert }),
      /not signed by a CA that is trusted here/,
    ],
    [
      'no client certificate',
      () => ({ TEMPORAL_TLS_CLIENT_CERT_PATH: undefined, TEMPORAL_TLS_CLIENT_KEY_PATH: undefined }),
      /wants a client certificate: set TEMPORAL_TLS_CLIENT_CERT_PATH/,
    ],
    [
      'a client certificate of another CA',
      () => ({ TEMPORAL_TLS_CLIENT_CERT_PATH: stranger.cert, TEMPORAL_TLS_CLIENT_KEY_PATH: stranger.key }),
      /refuses the client certificate/,
    ],
    ['a wrong name', () => ({ TEMPORAL_TLS_SERVER_NAME: 'temporal.example' }), /TEMPORAL_TLS_SERVER_NAME/],
    ['a wrong API key', () => ({ TEMPORAL_API_KEY: 'marked-secret-api-kex' }), /set TEMPORAL_API_KEY to a key/],
    ['a server without TLS', () => ({ TEMPORAL_ADDRESS: server.address }), /does not speak TLS/],
    [
      'no TLS settings',
      () =>
        Object.fromEntries(
          Object.keys(right)
            .map((name) => [name, undefined])
            .concat([['TEMPORAL_ADDRESS', front.address]])
        ),
      /it speaks TLS: set TEMPORAL_TLS=true/,
    ],
  ];
  const merged = (change: Record<string, string | undefined>): Record<string, string> =>
    Object.fromEntries(
      Object.entries({ ...right, ...change }).filter((entry): entry is [string, string] => entry[1] !== undefined)
    );

  it.each(wrong)('%s: the worker says what to set', async (_what, change, message) => {
    const starting = work({ ...merged(change()), AWS_REGION: 'us-east-1' });
    await expect(starting).rejects.toThrow(TemporalConnectionError);
    await expect(starting).rejects.toThrow(message);
    await expect(starting).rejects.not.toThrow(/marked-secret/);
  });

  it('the CLI says the same, with exit code 2', async () => {
    const told = wrong.filter((_one, index) => [1, 2, 5].includes(index));
    const ends = await Promise.all(told.map(([, change]) => list(merged(change()))));
    for (const [index, { code, stderr }] of ends.entries()) {
      expect(code).toBe(2);
      expect(stderr).toMatch(told[index]?.[2] ?? '');
      expect(stderr).not.toContain('marked-secret');
    }
  });

  describe('settings that cannot be right', () => {
    const problems = (env: Record<string, string>): string => {
      try {
        temporalSettings(env);
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };

    it.each([
      [{ TEMPORAL_TLS: 'yes' }, 'TEMPORAL_TLS: neither true nor false'],
      [{ TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: 'true' }, 'always verifies the server'],
      [{ TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml' }, 'there is no file /nowhere/temporal.toml'],
      [{ TEMPORAL_ADDRESS: 'https://temporal.example' }, 'TEMPORAL_ADDRESS: not a host and a port'],
      [{ TEMPORAL_TLS_CLIENT_CERT_PATH: '/some/client.pem' }, 'TEMPORAL_TLS_CLIENT_KEY_PATH: the client'],
      [{ TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere/ca.pem' }, '/nowhere/ca.pem: this file cannot be read (ENOENT)'],
      [{ TEMPORAL_TLS_SERVER_CA_CERT_DATA: 'nothing' }, 'TEMPORAL_TLS_SERVER_CA_CERT: not readable as PEM'],
      [{ TEMPORAL_API_KEY: 'marked-secret\n' }, 'TEMPORAL_API_KEY: has white space'],
      [
        { TEMPORAL_API_KEY: 'marked-secret', TEMPORAL_TLS: 'false', TEMPORAL_ADDRESS: 'far.example:7233' },
        'would be sent in plain text',
      ],
      [
        { TEMPORAL_ADDRESS: 'dwh.a1b2c.tmprl.cloud:7233', TEMPORAL_NAMESPACE: 'dwh.a1b2c' },
        'Temporal Cloud needs an API key',
      ],
      [
        { TEMPORAL_ADDRESS: 'eu-west-1.aws.api.temporal.io:7233', TEMPORAL_NAMESPACE: 'dwh', TEMPORAL_API_KEY: 'k' },
        'is <name>.<account>, not dwh',
      ],
    ])('%o', (env, message) => {
      expect(problems(env)).toContain(message);
      expect(problems(env)).not.toContain('marked-secret');
    });

    it('tells an expired certificate, a key that is not its own, and a broken file without showing it', async () => {
      const authority = await makeAuthority('authority');
      const [old, present] = await Promise.all([signBy(authority, 'w', { expired: true }), signBy(authority, 'w')]);
      const pair = (cert: string, key: string) => ({
        TEMPORAL_TLS_CLIENT_CERT_DATA: cert,
        TEMPORAL_TLS_CLIENT_KEY_DATA: key,
      });
      expect(problems(pair(old.cert, old.key))).toContain('TEMPORAL_TLS_CLIENT_CERT: it has expired');
      expect(problems(pair(present.cert, old.key))).toContain('not the key of the client certificate');
      expect(problems(pair(present.cert, present.key))).toBe('');
      const file = join(folder, 'broken.toml');
      await writeFile(file, `[profile.default]\napi_key = "marked-secret\n`);
      expect(problems({ TEMPORAL_CONFIG_FILE: file })).toMatch(/broken\.toml: line 2, column \d+: this is not TOML/);
      expect(problems({ TEMPORAL_CONFIG_FILE: file })).not.toContain('marked-secret');
      await writeFile(file, '');
      expect(problems({ TEMPORAL_CONFIG_FILE: file })).toContain('no [profile.…] table');
    });

    it('takes Temporal Cloud with an API key, and empty variables as none', () => {
      const cloud = { TEMPORAL_ADDRESS: 'eu-west-1.aws.api.temporal.io:7233', TEMPORAL_NAMESPACE: 'dwh.a1b2c' };
      expect(temporalSettings({ ...cloud, TEMPORAL_API_KEY: apiKey }).connectionOptions.tls).toBe(true);
      expect(temporalSettings({ TEMPORAL_API_KEY: '', TEMPORAL_PROFILE: '', XDG_CONFIG_HOME: folder })).toMatchObject({
        namespace: 'default',
        address: 'localhost:7233',
        connectionOptions: { tls: undefined },
      });
    });
  });
});
