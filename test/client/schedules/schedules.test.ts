import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScheduleDescription } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Schedules } from '../../../client/schedules/schedules.js';
import type { AppliedSchedule } from '../../../client/schedules/schedules.js';
import { planSchedules } from '../../../client/schedules/plan-schedules.js';
import { loadConfiguration } from '../../../model/configuration.js';
import { installRuntime } from '../../../workers/runtime.js';
import { bundleWorkflows } from '../../../workers/workflow-bundle.js';
import { startTestTemporal } from '../../workflows/stack.js';
import type { TestTemporal } from '../../workflows/stack.js';
import { sluice } from '../sluice.js';

describe('schedules', () => {
  let folder: string;
  let temporal: TestTemporal;
  let connection: NativeConnection;
  let worker: Worker;
  let running: Promise<void>;

  const configFile = (): string => join(folder, 'sluice.yaml');
  const declare = async (schedules: string, taskQueue = 'schedules-test'): Promise<void> =>
    writeFile(configFile(), `taskQueue: ${taskQueue}\nschedules:\n${schedules}\n`);
  const open = async () => {
    const configuration = loadConfiguration({ file: configFile(), env: {} });
    return { planned: planSchedules(configuration), schedules: await Schedules.connect(configuration, temporal.env) };
  };
  const apply = async (options: { prune?: boolean; dryRun?: boolean } = {}): Promise<AppliedSchedule[]> => {
    const { planned, schedules } = await open();
    try {
      return await schedules.apply(planned, options);
    } finally {
      await schedules.close();
    }
  };
  const with_ = async <T>(work: (schedules: Schedules) => Promise<T>): Promise<T> => {
    const { schedules } = await open();
    try {
      return await work(schedules);
    } finally {
      await schedules.close();
    }
  };
  const describe_ = (name: string): Promise<ScheduleDescription> =>
    temporal.client.schedule.getHandle(`sluice-${name}`).describe();
  const outcomes = (applied: readonly AppliedSchedule[]): string[] =>
    applied.map(({ name, outcome }) => `${name} ${outcome}`);
  const cli = (...args: string[]) =>
    sluice(['schedule', ...args, '--config', configFile(), '--json'], {
      env: { TEMPORAL_ADDRESS: temporal.env.TEMPORAL_ADDRESS ?? '' },
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice schedules '));
    installRuntime('silent');
    temporal = await startTestTemporal();
    connection = await NativeConnection.connect({ address: temporal.env.TEMPORAL_ADDRESS });
    const workflowBundle = await bundleWorkflows(join(import.meta.dirname, 'recorder'));
    worker = await Worker.create({ connection, taskQueue: 'schedules-test', workflowBundle });
    running = worker.run();
  });
  afterAll(async () => {
    worker?.shutdown();
    await running;
    await connection?.close();
    await temporal?.stop();
    await rm(folder, { recursive: true });
  });

  it('are created as declared, with every policy explicit', async () => {
    await declare(
      '  - {name: nightly, timeZone: Europe/London, catchupWindow: 6h, jitter: 5m, pauseOnFailure: true}\n' +
        '  - {name: first-monday, calendar: {hour: 2, dayOfMonth: 1-7, dayOfWeek: MONDAY}, mode: incremental, overlap: BUFFER_ONE}'
    );
    expect(outcomes(await apply({ dryRun: true }))).toEqual(['nightly created', 'first-monday created']);
    await expect(describe_('nightly')).rejects.toThrow();
    expect(outcomes(await apply())).toEqual(['nightly created', 'first-monday created']);
    const { spec, policies, action } = await describe_('nightly');
    expect(spec).toMatchObject({ timezone: 'Europe/London', jitter: 300_000 });
    expect(spec.calendars).toHaveLength(1);
    expect(spec.calendars?.[0]).toMatchObject({
      hour: [{ start: 0, end: 0 }],
      minute: [{ start: 0, end: 0 }],
      comment: '0 0 * * *',
    });
    expect(policies).toEqual({ overlap: 'SKIP', catchupWindow: 21_600_000, pauseOnFailure: true });
    expect(action).toMatchObject({
      workflowType: 'elt',
      workflowId: 'elt-ecommerce-nightly',
      taskQueue: 'schedules-test',
    });
    expect((await describe_('first-monday')).policies).toMatchObject({
      overlap: 'BUFFER_ONE',
      catchupWindow: 86_400_000,
    });
  });

  it('are not touched by a second apply', async () => {
    const before = (await describe_('nightly')).info.lastUpdatedAt;
    expect(outcomes(await apply())).toEqual(['nightly unchanged', 'first-monday unchanged']);
    expect((await describe_('nightly')).info.lastUpdatedAt).toEqual(before);
  });

  it('have exactly one specification after their cron has changed, and stay paused', async () => {
    await with_((schedules) => schedules.pause('nightly', 'the source moves'));
    await declare(
      '  - {name: nightly, cron: "*/15 6-20 * * MON-FRI", timeZone: America/New_York, catchupWindow: 6h}\n  - {name: first-monday, calendar: {hour: 2, dayOfMonth: 1-7, dayOfWeek: MONDAY}, mode: incremental, overlap: BUFFER_ONE}'
    );
    const [dry] = await apply({ dryRun: true });
    const [nightly, other] = await apply();
    expect(dry).toEqual(nightly);
    expect(other?.outcome).toBe('unchanged');
    expect(nightly?.changes).toEqual([
      { field: 'times', from: '0 0 * * *', to: '*/15 6-20 * * MON-FRI' },
      { field: 'time zone', from: 'Europe/London', to: 'America/New_York' },
      { field: 'jitter', from: '5 min 00 s', to: '0.0 s' },
      { field: 'pause on failure', from: 'true', to: 'false' },
    ]);
    const { spec, state } = await describe_('nightly');
    expect([spec.calendars?.length, spec.intervals?.length ?? 0, spec.skip?.length ?? 0]).toEqual([1, 0, 0]);
    expect(spec.timezone).toBe('America/New_York');
    expect(state).toMatchObject({ paused: true, note: 'the source moves' });
    expect(outcomes(await apply())).toEqual(['nightly unchanged', 'first-monday unchanged']);
    const resumed = await with_((schedules) => schedules.resume('nightly'));
    expect(resumed).toMatchObject({ state: 'active', times: '*/15 6-20 * * MON-FRI America/New_York' });
    expect(resumed.next).toHaveLength(3);
  });

  it('are brought back when somebody has changed them by hand', async () => {
    await temporal.client.schedule.getHandle('sluice-nightly').update(({ spec, ...rest }) => ({
      ...rest,
      action: rest.action as never,
      spec: { ...spec, intervals: [{ every: '1h' }] },
      policies: { ...rest.policies, overlap: 'ALLOW_ALL' },
    }));
    const [nightly] = await apply();
    expect(nightly?.changes.map(({ field }) => field)).toEqual(['times', 'overlap']);
    expect((await describe_('nightly')).spec.intervals ?? []).toEqual([]);
  });

  it('run under a key with their scheduled time; a backfill goes in order and takes its start but not its end', async () => {
    await declare(
      '  - {name: daily, timeZone: Europe/London, cron: "30 1 * * *", mode: incremental}\n  - {name: nightly, cron: "@hourly"}'
    );
    await apply();
    const keys = await with_((schedules) =>
      schedules.backfill('daily', new Date('2026-03-27T01:30:00Z'), new Date('2026-04-01T00:30:00Z'))
    );
    const expected = ['27T01:30', '28T01:30', '30T00:30', '31T00:30'].map((time) => `daily-2026-03-${time}:00Z`);
    expect(keys).toEqual(expected); // on the 29th there is no 01:30 in London
    const list = async () => {
      const runs = [];
      for await (const run of temporal.client.workflow.list({ query: `WorkflowId STARTS_WITH 'elt-ecommerce-daily-'` }))
        runs.push(run);
      return runs.sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
    };
    await expect.poll(async () => (await list()).filter(({ status }) => status.name === 'COMPLETED').length).toBe(4);
    const runs = await list();
    expect(runs.map(({ workflowId }) => workflowId)).toEqual(expected.map((key) => `elt-ecommerce-${key}`));
    for (const [index, run] of runs.slice(1).entries()) {
      expect(run.startTime.getTime()).toBeGreaterThanOrEqual(runs[index]?.closeTime?.getTime() ?? Infinity);
    }
    const handle = temporal.client.workflow.getHandle(`elt-ecommerce-${expected[0]}`);
    expect(await handle.result()).toEqual({ runKey: expected[0], until: '2026-03-27T01:30:00Z', incremental: true });
    const found = temporal.client.workflow.list({ query: `SluiceRunKey = '${expected[1]}'` });
    const ids: string[] = [];
    for await (const { workflowId } of found) ids.push(workflowId);
    expect(ids).toEqual([`elt-ecommerce-${expected[1]}`]);
  });

  it('start a run when triggered, which the list shows', async () => {
    await with_((schedules) => schedules.trigger('daily'));
    await expect
      .poll(async () => (await with_(async (schedules) => schedules.list((await open()).planned)))[0]?.runs.length, {
        timeout: 30_000,
      })
      .toBe(5);
    const { planned, schedules } = await open();
    const [daily, nightly, other] = await schedules.list(planned);
    await schedules.close();
    expect(daily?.runs[0]?.runKey).toMatch(/^daily-\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/);
    expect(nightly).toMatchObject({ state: 'active', changes: [] });
    expect(other).toMatchObject({ name: 'first-monday', state: 'undeclared' });
  });

  it('that are no longer declared are shown, and deleted only when pruned', async () => {
    await declare('  - {name: daily, timeZone: Europe/London, cron: "30 1 * * *", mode: incremental}');
    expect(outcomes(await apply())).toEqual(['daily unchanged', 'first-monday undeclared', 'nightly undeclared']);
    await declare('  - {name: theirs}', 'another-queue');
    expect(outcomes(await apply({ prune: true }))).toEqual(['theirs created']);
    await declare('  - {name: daily, timeZone: Europe/London, cron: "30 1 * * *", mode: incremental}');
    expect(outcomes(await apply({ prune: true }))).toEqual([
      'daily unchanged',
      'first-monday deleted',
      'nightly deleted',
    ]);
    await expect(describe_('nightly')).rejects.toThrow();
    await describe_('theirs');
  });

  it('of evaluations are kept like those of runs, and give them run keys', async () => {
    const evaluate = (more = '') =>
      `evaluate: {ruleset: orders, file: orders.dqdl, database: shop, table: orders${more}}`;
    const rules = (text: string): Promise<void> => writeFile(join(folder, 'orders.dqdl'), text);
    await rules('Rules = [ IsComplete "id" ]');
    await declare(`  - {name: hourly-orders, cron: "@hourly", ${evaluate()}}`);
    expect(outcomes(await apply())).toEqual(['hourly-orders created', 'daily undeclared']);
    expect(outcomes(await apply())).toEqual(['hourly-orders unchanged', 'daily undeclared']);
    expect((await describe_('hourly-orders')).action).toMatchObject({
      workflowType: 'evaluate',
      workflowId: 'evaluate-hourly-orders',
      taskQueue: 'schedules-test',
    });

    const from = new Date('2026-03-01T06:00:00Z');
    const keys = await with_((schedules) =>
      schedules.backfill('hourly-orders', from, new Date('2026-03-01T07:00:00Z'))
    );
    expect(keys).toEqual(['hourly-orders-2026-03-01T06:00:00Z']);
    const handle = temporal.client.workflow.getHandle(`evaluate-${keys[0]}`);
    await expect.poll(async () => handle.result().catch(() => undefined)).toBeDefined();
    expect(await handle.result()).toEqual({
      runKey: keys[0],
      pipeline: 'quality',
      deployment: expect.objectContaining({
        buckets: expect.objectContaining({ quality: 'sluice-quality' }) as object,
      }),
      resources: { role: 'sluice-glue' },
      request: {
        rulesetName: 'orders',
        ruleset: 'Rules = [ IsComplete "id" ]',
        declared: true,
        database: 'shop',
        table: 'orders',
        resultsPrefix: 's3://sluice-quality/defaultlogs',
      },
      demand: {},
    });

    await rules('Rules = [ RowCountMatch "old" = 1.0 ]');
    await declare(`  - {name: hourly-orders, cron: "@hourly", ${evaluate(', references: {old: shop.old}')}}`);
    const [changed] = await apply();
    expect(changed?.changes.map(({ field, to }) => `${field}: ${to}`)).toEqual([
      'evaluates: shop.orders by orders, old shop.old',
      'rules: Rules = [ RowCountMatch "old" = 1.0 ]',
      'workflow: reconcile reconcile-hourly-orders',
      'summary: reconcile shop.orders by orders, schedule hourly-orders',
    ]);
    await declare('  - {name: hourly-orders, cron: "@hourly"}');
    const [other] = await apply({ dryRun: true });
    expect(other?.changes).toContainEqual({
      field: 'workflow',
      from: 'reconcile reconcile-hourly-orders',
      to: 'elt elt-ecommerce-hourly-orders',
    });

    await rules('Rules = [\n  IsComplet "id"\n]');
    await declare(`  - {name: hourly-orders, ${evaluate()}}`);
    const bad = await cli('apply');
    expect(bad.code).toBe(2);
    expect((bad.document as { error: { problems: string[] } }).error.problems).toEqual([
      expect.stringMatching(/orders\.dqdl:2:3 .*IsComplete/),
    ]);
    await declare('  - {name: daily, timeZone: Europe/London, cron: "30 1 * * *", mode: incremental}');
    expect(outcomes(await apply({ prune: true }))).toEqual(['daily unchanged', 'hourly-orders deleted']);
  });

  it('of others are never touched', async () => {
    await temporal.client.schedule.create({
      scheduleId: 'sluice-foreign',
      spec: { intervals: [{ every: '1d' }] },
      action: { type: 'startWorkflow', workflowType: 'x', taskQueue: 'x' },
    });
    await declare('  - {name: new-one}\n  - {name: foreign}');
    await expect(apply()).rejects.toThrow('sluice-foreign was not made by Sluice');
    await declare('  - {name: new-one}\n  - {name: theirs}');
    await expect(apply()).rejects.toThrow('another-queue');
    await expect(describe_('new-one')).rejects.toThrow();
    await expect(with_((schedules) => schedules.delete('foreign'))).rejects.toThrow('not made by Sluice');
  });

  it('are kept by the command line, which refuses bad ones with exit code 2 and their field', async () => {
    await declare('  - {name: weekly, cron: "0 25 * * *", timeZone: Europe/Lodnon}');
    const bad = await cli('apply');
    expect(bad.code).toBe(2);
    expect((bad.document as { error: { problems: string[] } }).error.problems).toEqual([
      expect.stringContaining('schedules.0.cron: hour: '),
      expect.stringContaining('schedules.0.timeZone: '),
    ]);
    await declare('  - {name: weekly, cron: "@weekly", timeZone: Asia/Kolkata}');
    const applied = await cli('apply');
    expect(applied.code).toBe(0);
    expect(applied.document).toMatchObject({
      dryRun: false,
      schedules: [
        { name: 'weekly', outcome: 'created' },
        { name: 'daily', outcome: 'undeclared' },
      ],
    });
    const backfill = await cli('backfill', 'weekly', '--from', '2026-03-07', '--to', '2026-03-15T00:00:00+05:30');
    expect(backfill.document).toEqual({ name: 'weekly', runKeys: ['weekly-2026-03-07T18:30:00Z'] });
    const { document } = await cli('list');
    expect(document).toMatchObject({
      schedules: [{ name: 'weekly', state: 'active', times: '@weekly Asia/Kolkata' }, { name: 'daily' }],
    });
    await declare('  - {name: weekly, cron: "@weekly", timeZone: Asia/Tokyo}');
    const env = { TEMPORAL_ADDRESS: temporal.env.TEMPORAL_ADDRESS ?? '' };
    const plan = await sluice(['plan', '--config', configFile(), '--json'], { env });
    const changes = [{ field: 'time zone', from: 'Asia/Kolkata', to: 'Asia/Tokyo' }];
    expect(plan.document).toMatchObject({
      schedules: { kind: 'known', schedules: [{ name: 'weekly', outcome: 'updated', changes }, { name: 'daily' }] },
    });
    const absent = await cli('resume', 'never');
    expect([absent.code, JSON.stringify(absent.document)]).toEqual([
      2,
      expect.stringContaining('There is no schedule never'),
    ]);
  });
});
