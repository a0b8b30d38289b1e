import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { Client, Connection } from '@temporalio/client';
import protos from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InterceptedCall } from '../../local/gateway/index.js';
import type { TemporalServer } from '../../local/temporal/index.js';
import { parseCredentialsSecret } from '../../model/credentials-secret.js';
import type { CredentialsState } from '../../client/credentials/credentials-control.js';
import { refreshNowUpdate } from '../../workflows/index.js';
import { sluice, startSluice } from '../client/sluice.js';
import type { SluiceProcess } from '../client/sluice.js';
import { startTestServer } from '../workers/temporal-server.js';
import { startKeyVault } from '../workflows/credentials/key-vault.js';
import type { KeyVault } from '../workflows/credentials/key-vault.js';
import { prefix, startScene, until } from '../workflows/credentials/scene.js';
import type { Scene } from '../workflows/credentials/scene.js';

/** Where the worker is killed, by the name of the credentials: in the middle of which call of their refresh. */
const killed: Readonly<Record<string, readonly [operation: string, phase: InterceptedCall['phase']]>> = {
  assumed: ['AssumeRole', 'after'],
  staged: ['PutSecretValue', 'after'],
  moving: ['UpdateSecretVersionStage', 'before'],
  moved: ['UpdateSecretVersionStage', 'after'],
};
const names = Object.keys(killed);
const hanging = new Set<string>();
const assumed: Record<string, number> = {};
let hang = false;

/** Lets the calls hang at which the worker is killed. */
async function intercept({ operation, phase, input, signal }: InterceptedCall): Promise<void> {
  const name = String(input.RoleSessionName ?? input.SecretId ?? '').replace(/^sluice-/, '');
  if (operation === 'AssumeRole' && phase === 'before') assumed[name] = (assumed[name] ?? 0) + 1;
  const [where, when] = killed[name] ?? [];
  if (!hang || where !== operation || when !== phase || hanging.has(name)) return;
  hanging.add(name);
  if (!signal.aborted) await once(signal, 'abort');
}

let folder: string;
let scene: Scene;
let vault: KeyVault;
let server: TemporalServer;
let client: Client;
let env: Record<string, string>;
const outputs: string[] = [];
let worker: SluiceProcess;

const startWorker = (): void => void (worker = startSluice(['worker'], { cwd: folder, env }));
const command = async (...args: string[]) => {
  const ended = await sluice(['credentials', ...args, '--json'], { cwd: folder, env });
  outputs.push(ended.stdout, ended.stderr);
  return { ...ended, credentials: (ended.document as { credentials?: unknown } | undefined)?.credentials };
};
const states = async (): Promise<CredentialsState[]> => (await command('list')).credentials as CredentialsState[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-credentials-'));
  [scene, vault, server] = await Promise.all([
    startScene({ intercept: [intercept] }),
    startKeyVault(),
    startTestServer(),
  ]);
  client = new Client({ connection: await Connection.connect({ address: server.address }) });
  env = { ...(scene.env as Record<string, string>), ...vault.env, TEMPORAL_ADDRESS: server.address };
  for (const Name of names) await scene.secrets.send(new CreateSecretCommand({ Name }));
  await scene.secrets.send(new CreateSecretCommand({ Name: 'foreign', SecretString: 'the password of another' }));
  const all = [
    ...[...names, 'foreign'].map((name) => [name, `{ secretsManager: { secretId: ${name} } }`]),
    ['vault', `{ keyVault: { url: "${vault.url}", secret: lake } }`],
  ];
  const declarations = all.map(
    ([name, target]) =>
      `  - { name: ${name}, roleArn: "arn:aws:iam::000000000000:role/reader", verify: { prefix: ${prefix} }, target: ${target} }`
  );
  await writeFile(join(folder, 'sluice.yaml'), ['credentials:', ...declarations, ''].join('\n'));
  startWorker();
});
afterAll(async () => {
  worker?.child.kill('SIGKILL');
  await client?.connection.close();
  await server?.stop();
  await vault?.close();
  await scene?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('sluice credentials', () => {
  it('apply starts what is declared, once', async () => {
    const { code, credentials } = await command('apply');
    expect([code, credentials]).toEqual([
      0,
      [...names, 'foreign', 'vault'].map((name) => ({ name, outcome: 'created' })),
    ]);
    await until(async () => {
      const found = await states();
      return found.every(({ state }) => ['fresh', 'failing'].includes(state));
    });
    expect((await command('apply')).credentials).toEqual(
      [...names, 'foreign', 'vault'].map((name) => ({ name, outcome: 'unchanged' }))
    );
    for (const name of names) {
      const secret = await scene.current(name);
      expect(secret && (await scene.read(secret))).toBe('the lake');
      expect(secret).toMatchObject({ roleArn: 'arn:aws:iam::000000000000:role/reader', region: 'us-east-1' });
    }
  });

  it('leaves a secret alone that holds something else, and says so', async () => {
    const { code, stderr } = await command('refresh', 'foreign');
    expect([code, stderr]).toEqual([1, expect.stringContaining('it holds something that Sluice has not written')]);
    const value = await scene.secrets.send(new GetSecretValueCommand({ SecretId: 'foreign' }));
    expect(value.SecretString).toBe('the password of another');
  });

  it('keeps them in Azure Key Vault, and disables there what has expired', async () => {
    const [first] = vault.secrets.get('lake') ?? [];
    const secret = parseCredentialsSecret(first?.value);
    if (first === undefined || secret === undefined) throw new Error('nothing is in the vault');
    expect(await scene.read(secret)).toBe('the lake');
    expect(first).toMatchObject({
      contentType: 'application/json',
      tags: { sluiceVersion: secret.version },
      attributes: { exp: Math.floor(Date.parse(secret.expiration) / 1000) },
    });
    const attributes = { enabled: true, created: 1, exp: 2 };
    vault.secrets.set('lake', [{ ...first, id: `${vault.url}/secrets/lake/0`, attributes }, first]);
    const { code, credentials } = await command('refresh', 'vault');
    const [expired, previous, latest] = vault.secrets.get('lake') ?? [];
    expect([code, credentials]).toEqual([0, expect.objectContaining({ state: 'fresh', refreshes: 2 })]);
    expect(latest?.tags?.sluiceVersion).toBe((credentials as CredentialsState).version);
    expect([expired, previous, latest].map((one) => one?.attributes.enabled)).toEqual([false, true, true]);
    expect(vault.challenges()).toBeGreaterThan(0);
  });

  it('survives a worker that is killed in any step: readers see whole secrets that work, none is made twice', async () => {
    let done = false;
    const failures: string[] = [];
    const reader = (async () => {
      while (!done) {
        for (const name of names) {
          const secret = await scene.current(name);
          const text = secret && (await scene.read(secret));
          if (text !== 'the lake') failures.push(`${name}: ${text}`);
        }
      }
    })();
    const before = { ...assumed };
    hang = true;
    const refreshed = names.map((name) =>
      client.workflow.getHandle(`credentials/${name}`).executeUpdate(refreshNowUpdate)
    );
    await until(() => hanging.size === names.length);
    worker.child.kill('SIGKILL');
    await worker.ended;
    outputs.push(worker.stdout(), worker.stderr());
    startWorker();
    const after = await Promise.all(refreshed);
    done = true;
    await reader;
    expect(failures).toEqual([]);
    for (const [index, name] of names.entries()) {
      expect([name, (await scene.current(name))?.version]).toEqual([name, after[index]?.version]);
      expect([name, after[index]?.refreshes, (await scene.versions(name)).length]).toEqual([name, 2, 2]);
    }
    const again = names.map((name) => [name, (assumed[name] ?? 0) - (before[name] ?? 0)]);
    expect(Object.fromEntries(again)).toEqual({ assumed: 2, staged: 1, moving: 1, moved: 1 });
  });

  it('shows nothing secret, in no output and no history', async () => {
    await command('show', 'staged');
    worker.child.kill('SIGTERM');
    await worker.ended;
    outputs.push(worker.stdout(), worker.stderr());
    const kept = [...(vault.secrets.get('lake') ?? [])].map(({ value }) => parseCredentialsSecret(value));
    for (const name of names) kept.push(...(await scene.versions(name)));
    const secrets = kept.flatMap((one) => (one ? [one.accessKeyId, one.secretAccessKey, one.sessionToken] : []));
    expect(secrets.length).toBeGreaterThanOrEqual(30);
    const shown = outputs.join('\n');
    expect(shown).toContain('arn:aws:iam::000000000000:role/reader');
    expect(secrets.filter((secret) => shown.includes(secret))).toEqual([]);
    for (const name of [...names, 'vault', 'foreign']) {
      const history = await client.workflow.getHandle(`credentials/${name}`).fetchHistory();
      const bytes = Buffer.from(protos.temporal.api.history.v1.History.encode(history).finish());
      expect(bytes.includes(name)).toBe(true);
      expect(secrets.filter((secret) => bytes.includes(secret) || bytes.includes(btoa(secret)))).toEqual([]);
      expect(bytes.includes('the password of another')).toBe(false);
    }
  });

  it('ends with 2 for what cannot be, and nothing is started', async () => {
    expect((await command('refresh', 'none')).code).toBe(2);
    const file = join(folder, 'wrong.yaml');
    await writeFile(
      file,
      'credentials: [{ name: a, roleArn: x, durationSeconds: 60, target: {}, verify: { prefix: a } }]\n'
    );
    const { code, stderr } = await command('apply', '--config', file);
    expect([code, stderr]).toEqual([2, expect.stringContaining('credentials.0.roleArn: not the ARN of an IAM role')]);
    expect(stderr).toContain('credentials.0.target: name one of secretsManager and keyVault');
  });
});
