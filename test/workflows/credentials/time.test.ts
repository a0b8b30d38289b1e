import type { TestWorkflowEnvironment } from '@temporalio/testing';
import protos from '@temporalio/proto';
import type { WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AwsError } from '../../../local/gateway/aws-error.js';
import type { InterceptedCall } from '../../../local/gateway/index.js';
import { startWorker } from '../../../workers/index.js';
import { installRuntime } from '../../../workers/runtime.js';
import { bundleWorkflows } from '../../../workers/workflow-bundle.js';
import type { CredentialsInput, CredentialsStatus, credentials } from '../../../workflows/index.js';
import { configureSignal, credentialsStatusQuery, refreshNowUpdate } from '../../../workflows/index.js';
import { startTimeSkipping } from '../../workers/time-skipping.js';
import { declare, startScene, until } from './scene.js';
import type { Scene } from './scene.js';

type Handle = WorkflowHandle<typeof credentials>;

const taskQueue = 'credentials';
const lifetime = 900_000;
installRuntime('silent');
const environment = await startTimeSkipping();
let scene: Scene;
let skew = 0;
let stopWorker: () => Promise<void>;
/** Makes calls misbehave while it is set. */
let refuse: ((call: InterceptedCall) => AwsError | undefined) | undefined;

const server = (): TestWorkflowEnvironment => {
  if (environment === undefined) throw new Error('it is skipped without');
  return environment;
};
/** The server's time is that of AWS and of the worker, too. */
const now = (): number => Date.now() + skew;
const follow = async (): Promise<void> => void (skew = (await server().currentTimeMs()) - Date.now());

describe.skipIf(environment === undefined)('credentials', () => {
  beforeAll(async () => {
    await follow();
    const intercept = async (call: InterceptedCall): Promise<void> => {
      await follow();
      const error = call.phase === 'before' ? refuse?.(call) : undefined;
      if (error !== undefined) throw error;
    };
    scene = await startScene({ clock: now, intercept: [intercept] });
    const clock = { now, sleep: () => Promise.reject(new Error('nothing sleeps here')) };
    const env = { ...scene.env, TEMPORAL_ADDRESS: server().address };
    const worker = await startWorker({ configuration: { taskQueue }, env, clock, logLevel: 'silent' });
    const running = worker.run();
    stopWorker = async () => {
      worker.shutdown();
      await running;
    };
  });
  afterAll(async () => {
    await stopWorker?.();
    await scene?.close();
    await environment?.teardown();
  });

  const start = (input: CredentialsInput): Promise<Handle> =>
    server().client.workflow.start<typeof credentials>('credentials', {
      workflowId: `credentials/${input.credentials.name}`,
      taskQueue,
      args: [input],
    });
  const status = (handle: Handle): Promise<CredentialsStatus> => handle.query(credentialsStatusQuery);
  const refreshed = (handle: Handle, times: number): Promise<CredentialsStatus> =>
    until(async () => {
      const found = await status(handle);
      return found.refreshes >= times && found;
    });
  /** Ends it while it waits: an activity that its workflow does not outlive holds the server's time for good. */
  const end = async (handle: Handle): Promise<void> => {
    await until(async () => {
      const { pendingActivities } = (await handle.describe()).raw;
      return (pendingActivities ?? []).length === 0;
    });
    await handle.cancel();
    await until(async () => (await handle.describe()).status.name === 'CANCELLED');
  };
  const pass = async (milliseconds: number): Promise<void> => {
    await server().sleep(milliseconds);
    await follow();
  };

  it('are refreshed at two thirds of their lifetime, and readers always have some that work', async () => {
    const handle = await start(await declare(scene, 'reader'));
    await refreshed(handle, 1);
    let done = false;
    const seen = new Set<string>();
    const failures: string[] = [];
    const reader = (async () => {
      while (!done) {
        const secret = await scene.current('reader');
        const [fetched, text] = [now(), secret && (await scene.read(secret))];
        if (secret !== undefined) seen.add(secret.version);
        // Who holds on to what was read for a third of the lifetime may have to read the secret again.
        if (text !== 'the lake' && now() - fetched < lifetime / 3) failures.push(text ?? 'nothing');
      }
    })();
    const expirations: number[] = [];
    for (let times = 1; times <= 5; times += 1) {
      const { expiration = '', refreshAt = '' } = await refreshed(handle, times);
      expirations.push(Date.parse(expiration));
      expect(Date.parse(expiration) - Date.parse(refreshAt)).toBeGreaterThanOrEqual(lifetime / 3);
      await pass(Date.parse(refreshAt) - now() - 2_000);
      expect((await status(handle)).refreshes).toBe(times);
      await pass(2_500);
    }
    done = true;
    await reader;
    expect(failures).toEqual([]);
    expect(seen.size).toBeGreaterThanOrEqual(4);
    expect(await scene.versions('reader')).toHaveLength(6);
    const [first = 0, second = 0] = expirations;
    expect(Math.abs(second - first - (lifetime * 2) / 3)).toBeLessThan(60_000);
    await end(handle);
  });

  it('are refreshed when asked to, while the old ones go on until they expire', async () => {
    const handle = await start(await declare(scene, 'asked'));
    await refreshed(handle, 1);
    const [before, answer] = [await scene.current('asked'), await handle.executeUpdate(refreshNowUpdate)];
    const after = await scene.current('asked');
    if (before === undefined || after === undefined) throw new Error('there is no secret');
    expect(after.version).toBe(answer.version);
    expect(after.version).not.toBe(before.version);
    expect([await scene.read(before), await scene.read(after)]).toEqual(['the lake', 'the lake']);
    expect(await scene.read(after, 'other/part')).toBe('AccessDenied');
    await end(handle);
    await pass(lifetime);
    expect([await scene.read(before), await scene.read(after)]).toEqual(['ExpiredToken', 'ExpiredToken']);
  });

  it('stay as they are, and people are told, when the lake cannot be read with new ones', async () => {
    const input = await declare(scene, 'unreadable');
    const handle = await start(input);
    await refreshed(handle, 1);
    const before = await scene.current('unreadable');
    const blind = {
      ...input.credentials,
      sessionPolicy: '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}}',
    };
    await handle.signal(configureSignal, { ...input, credentials: blind });
    const { failure } = await until(async () => {
      const found = await status(handle);
      return found.alerted === 'not-refreshed' && found;
    });
    expect(failure?.message).toContain(
      `reading s3://${input.credentials.verify.bucket}/shop/ with the new credentials`
    );
    expect(await scene.current('unreadable')).toEqual(before);
    const told = await until(() => scene.alerts.find(({ text }) => text.includes('Credentials unreadable')));
    expect(told.kind).toBe('credentials-not-refreshed');
    expect(told.text).toContain('AccessDenied');
    await expect(handle.executeUpdate(refreshNowUpdate)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('AccessDenied') as string },
    });
    await handle.signal(configureSignal, input);
    await until(() => scene.alerts.find(({ kind }) => kind === 'credentials-recovered'));
    expect((await scene.current('unreadable'))?.version).not.toBe(before?.version);
    expect(scene.alerts.filter(({ text }) => text.includes('unreadable'))).toHaveLength(2);
    await end(handle);
  });

  it('are told of at once when the role is refused, again when they expire, and when they are fresh again', async () => {
    const handle = await start(await declare(scene, 'refused'));
    const { refreshAt = '', expiration = '' } = await refreshed(handle, 1);
    const told = () => scene.alerts.filter(({ text }) => text.includes('refused')).map(({ kind }) => kind);
    const isAssume = ({ service, operation }: InterceptedCall) => service === 'sts' && operation === 'AssumeRole';
    const passUntil = (alerts: number) =>
      until(async () => {
        await pass(30_000);
        return told().length >= alerts;
      });
    try {
      refuse = (call) => (isAssume(call) ? new AwsError('AccessDenied', 'not authorized', 403) : undefined);
      await pass(Date.parse(refreshAt) - now());
      await passUntil(1);
      expect(now()).toBeLessThan(Date.parse(expiration));
      await passUntil(2);
      expect(now()).toBeGreaterThan(Date.parse(expiration));
    } finally {
      refuse = undefined;
    }
    await passUntil(3);
    expect(told()).toEqual(['credentials-not-refreshed', 'credentials-expired', 'credentials-recovered']);
    const secret = await scene.current('refused');
    expect(secret && (await scene.read(secret))).toBe('the lake');
    await end(handle);
  });

  it('are refreshed without a word when AWS throttles and then does not', async () => {
    const handle = await start(await declare(scene, 'throttled'));
    await refreshed(handle, 1);
    let calls = 0;
    refuse = ({ service, operation }) => {
      if (!(service === 'sts' && operation === 'AssumeRole') || (calls += 1) > 4) return undefined;
      return new AwsError('Throttling', 'Rate exceeded');
    };
    try {
      expect((await handle.executeUpdate(refreshNowUpdate)).refreshes).toBe(2);
    } finally {
      refuse = undefined;
    }
    expect(calls).toBe(5);
    expect(scene.alerts.filter(({ text }) => text.includes('throttled'))).toEqual([]);
    await end(handle);
  });

  it('continue as new, and leave nothing secret in any history, which replays', async () => {
    const handle = await start({ ...(await declare(scene, 'long')), maximumEvents: 20 });
    await refreshed(handle, 1);
    const first = await handle.describe();
    for (let times = 2; times <= 4; times += 1) await handle.executeUpdate(refreshNowUpdate);
    const { workflow } = server().client;
    const description = await handle.describe();
    expect(description.runId).not.toBe(first.runId);
    expect(await status(handle)).toMatchObject({ name: 'long', refreshes: 4 });
    const names = ['reader', 'asked', 'unreadable', 'refused', 'throttled', 'long'];
    const secrets: string[] = [];
    for (const name of names) {
      for (const { accessKeyId, secretAccessKey, sessionToken } of await scene.versions(name)) {
        secrets.push(accessKeyId, secretAccessKey, sessionToken);
      }
    }
    expect(secrets.length).toBeGreaterThan(30);
    const workflowBundle = await bundleWorkflows();
    for (const [name, runId] of [...names.map((one) => [one]), ['long', first.runId]] as [string, string?][]) {
      const history = await workflow.getHandle(`credentials/${name}`, runId).fetchHistory();
      const bytes = Buffer.from(protos.temporal.api.history.v1.History.encode(history).finish());
      expect(bytes.includes(`sluice-${name}`)).toBe(true);
      expect(secrets.filter((secret) => bytes.includes(secret) || bytes.includes(btoa(secret)))).toEqual([]);
      await Worker.runReplayHistory({ workflowBundle }, history, `credentials/${name}`);
    }
    await end(handle);
  });
});
