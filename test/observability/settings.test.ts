import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendLineage } from '../../activities/lineage/send.js';
import type { LineageEvent } from '../../model/lineage/events.js';
import { lineageTarget } from '../../workers/lineage-target.js';
import { samplerOf } from '../../workers/telemetry/sampler.js';
import { tracesWanted } from '../../workers/telemetry/traces-wanted.js';
import { sluice } from '../client/sluice.js';
import { startPostReceiver } from './otlp-collector.js';

const event = (name: string): LineageEvent => ({
  eventTime: '2026-03-01T00:00:00Z',
  eventType: 'START',
  producer: 'urn:test',
  schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
  run: { runId: '00000000-0000-8000-8000-000000000000', facets: {} },
  job: { namespace: 'test', name, facets: {} },
  inputs: [],
  outputs: [],
});

describe('a worker with settings that cannot be', () => {
  const taken = createServer();
  let address: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    address = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
  });
  afterAll(() => taken.close());

  it.each([
    ['an address of metrics that is none', { SLUICE_METRICS_ADDRESS: '9464' }, 'SLUICE_METRICS_ADDRESS'],
    ['an address of health that is none', { SLUICE_HEALTH_ADDRESS: '127.0.0.1:70000' }, 'SLUICE_HEALTH_ADDRESS'],
    ['a receiver of lineage that is no URL', { OPENLINEAGE_URL: 'marquez' }, 'OPENLINEAGE_URL'],
  ])('ends with 2 for %s, and says which setting', async (_what, env, named) => {
    const { code, stderr } = await sluice(['worker', '--json'], { env });
    expect(code, stderr).toBe(2);
    expect(stderr).toContain(named);
  });

  it('ends with 2 for metrics at an address that is taken', async () => {
    const { code, stderr } = await sluice(['worker'], { env: { SLUICE_METRICS_ADDRESS: address } });
    expect(code, stderr).toBe(2);
    expect(stderr).toContain(address);
    expect(stderr).toContain('SLUICE_METRICS_ADDRESS');
  });
});

describe('traces', () => {
  it('are made only where the environment asks for them', () => {
    const asked = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };
    expect(tracesWanted({})).toBe(false);
    expect(tracesWanted(asked)).toBe(true);
    expect(tracesWanted({ OTEL_TRACES_EXPORTER: 'otlp' })).toBe(true);
    expect(tracesWanted({ ...asked, OTEL_TRACES_EXPORTER: 'none' })).toBe(false);
    expect(tracesWanted({ ...asked, OTEL_SDK_DISABLED: 'true' })).toBe(false);
  });

  it('do no harm to a command when nobody takes them', async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
    const { code, document } = await sluice(['plan', '--json'], { env });
    expect(code).toBe(0);
    expect(document).toMatchObject({ name: 'ecommerce' });
  });

  it('of scheduled runs are sampled alike in every process', () => {
    const ids = Array.from({ length: 400 }, (_, index) => (index * 2_654_435_761).toString(16).padStart(32, '0'));
    const share = (env: NodeJS.ProcessEnv): number[] => ids.map((id) => samplerOf(env).flagsOf(id));
    const quarter = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' };
    expect(share(quarter)).toEqual(share(quarter));
    const sampled = share(quarter).filter((flags) => flags === 1).length;
    expect(sampled).toBeGreaterThan(0);
    expect(sampled).toBeLessThan(ids.length);
    expect(share({ OTEL_TRACES_SAMPLER: 'always_off' })).not.toContain(1);
    expect(share({})).not.toContain(0);
  });
});

describe('lineage', () => {
  it('goes where OpenLineage says, with its key', async () => {
    const receiver = await startPostReceiver();
    try {
      const target = lineageTarget({ OPENLINEAGE_URL: `${receiver.url}/base/`, OPENLINEAGE_API_KEY: 'key' });
      if (target === undefined) throw new Error('no target');
      await sendLineage(target, [event('one'), event('two')]);
      expect(receiver.posts.map(({ path, authorization }) => [path, authorization])).toEqual([
        ['/base/api/v1/lineage', 'Bearer key'],
        ['/base/api/v1/lineage', 'Bearer key'],
      ]);
    } finally {
      await receiver.close();
    }
  });

  it('stops at a receiver that refuses, without a word of its key', async () => {
    const receiver = await startPostReceiver(503);
    try {
      const target = lineageTarget({ OPENLINEAGE_URL: receiver.url, OPENLINEAGE_API_KEY: 'secret-key' });
      if (target === undefined) throw new Error('no target');
      const refused = await sendLineage(target, [event('one'), event('two')]).catch((error: unknown) => error);
      expect(String(refused)).toMatch(/answered 503/);
      expect(String(refused)).not.toContain('secret-key');
      expect(receiver.posts).toHaveLength(1);
    } finally {
      await receiver.close();
    }
  });

  it('can go to a file, an event a line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-lineage-'));
    try {
      const file = join(folder, 'lineage.jsonl');
      const target = lineageTarget({ OPENLINEAGE_URL: pathToFileURL(file).href });
      if (target === undefined) throw new Error('no target');
      for (const name of ['one', 'two']) await sendLineage(target, [event(name)]);
      const lines = (await readFile(file, 'utf8')).trim().split('\n');
      expect(lines.map((line) => JSON.parse(line) as LineageEvent)).toEqual([event('one'), event('two')]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is not wanted without a URL, or when it is disabled', () => {
    expect(lineageTarget({})).toBeUndefined();
    expect(lineageTarget({ OPENLINEAGE_URL: 'http://127.0.0.1:5000', OPENLINEAGE_DISABLED: 'true' })).toBeUndefined();
  });
});
