import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { Client, Connection } from '@temporalio/client';
import protos from '@temporalio/proto';
import type { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { installRuntime } from '../../workers/runtime.js';
import { bundleWorkflows } from '../../workers/workflow-bundle.js';
import type { EltResult } from '../../workflows/index.js';
import { makeScene } from '../e2e/scene.js';
import type { Scene } from '../e2e/scene.js';
import { lastLine, root } from '../client/sluice.js';
import type { SluiceProcess } from '../client/sluice.js';
import type { RunDetails } from '../../client/run-types.js';
import type { LineageEvent } from '../../model/lineage/events.js';
import { lineageProblems } from './lineage-schema.js';
import { metricsIn } from './promql.js';
import { samplesOf, valueOf } from './prometheus-text.js';
import type { Sample } from './prometheus-text.js';
import { alertRules, dashboardQueries } from './shipped.js';
import { spansOf, startPostReceiver } from './otlp-collector.js';
import type { PostReceiver, ReceivedSpan } from './otlp-collector.js';

const mark = 'mArKeD7f3a';

let scene: Scene;
let receiver: PostReceiver;
let worker: SluiceProcess;
let run: EltResult & { readonly workflowId: string };
let history: temporal.api.history.v1.IHistory;
let details: RunDetails;
let samples: Sample[];
let health: { readonly status: number; readonly body: unknown };

/** Items whose every value is marked. */
async function putMarkedItems(env: Record<string, string>): Promise<void> {
  const dynamodb = new DynamoDBClient({
    endpoint: env['AWS_ENDPOINT_URL'],
    region: env['AWS_REGION'],
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const customer = {
    PK: { S: `CUST#${mark}` },
    SK: { S: `CUST#${mark}` },
    type: { S: 'customer' },
    username: { S: mark },
    email: { S: `${mark}@example.com` },
    fullname: { S: mark },
    address: {
      M: {
        buildingnumber: { N: '1' },
        streetname: { S: mark },
        city: { S: mark },
        postcode: { S: mark },
        country: { S: mark },
      },
    },
  };
  const order = {
    PK: { S: `CUST#${mark}` },
    SK: { S: `ORD#${mark}` },
    GSIpk: { S: `ORD#${mark}` },
    GSIsk: { S: `ORD#${mark}` },
    type: { S: 'order' },
    orderid: { S: mark },
    numberofitems: { N: '1' },
    orderdate: { S: '2004-12-01T00:00:00Z' },
    amount: { S: mark }, // not a number: rejected, with a report
  };
  for (const Item of [customer, order]) await dynamodb.send(new PutItemCommand({ TableName: 'ecommerce', Item }));
  dynamodb.destroy();
}

beforeAll(async () => {
  scene = await makeScene('observed');
  receiver = await startPostReceiver();
  const address = `127.0.0.1:${await getPort()}`;
  const healthAddress = `127.0.0.1:${await getPort()}`;
  const environment = scene.start(['up', '--no-worker', '--json']);
  await environment.seen('"temporalUi"');
  scene.note();
  const example = join(root, 'examples', 'ecommerce', 'warehouse.yaml');
  const gates = 'gates: { orders: { on: landing.order, rules: \'Rules = [ IsComplete "orderid" ]\' } }';
  await writeFile(join(scene.folder, 'warehouse.yaml'), `${await readFile(example, 'utf8')}\n${gates}\n`);
  await writeFile(
    join(scene.folder, 'sluice.yaml'),
    `schedules: [{ name: doomed, model: ${JSON.stringify(join(root, 'examples', 'game', 'warehouse.yaml'))} }]\n`
  );
  const { env } = lastLine(environment.stdout()) as { env: Record<string, string> };
  await putMarkedItems(env);
  const observed = {
    ...env,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: '100',
    SLUICE_METRICS_ADDRESS: address,
    SLUICE_HEALTH_ADDRESS: healthAddress,
    OPENLINEAGE_URL: receiver.url,
  };
  worker = scene.start(['worker'], observed);
  await worker.seen('Working on task queue');
  const started = scene.start(['run', 'elt', '--fresh', '--watch', '--json'], observed);
  expect(await started.ended, started.stderr()).toBe(0);
  run = lastLine(started.stdout()) as typeof run;
  // A scheduled run that fails at once: there is no table of the game.
  for (const command of [['apply'], ['trigger', 'doomed']]) {
    const schedule = scene.start(['schedule', ...command, '--json'], env);
    expect(await schedule.ended, schedule.stderr()).toBe(0);
  }
  const scrape = async (): Promise<Sample[]> => samplesOf(await (await fetch(`http://${address}/metrics`)).text());
  await vi.waitFor(async () => expect(valueOf(await scrape(), 'sluice_runs_total', { pipeline: 'game' })).toBe(1), {
    timeout: 60_000,
    interval: 250,
  });
  const show = scene.start(['show', run.runKey, '--json'], env);
  expect(await show.ended, show.stderr()).toBe(0);
  details = lastLine(show.stdout()) as RunDetails;
  samples = await scrape();
  const answer = await fetch(`http://${healthAddress}/healthz`);
  health = { status: answer.status, body: await answer.json() };
  const connection = await Connection.connect({ address: env['TEMPORAL_ADDRESS'] });
  history = await new Client({ connection }).workflow.getHandle(run.workflowId).fetchHistory();
  await connection.close();
  worker.child.kill('SIGTERM');
  expect(await worker.ended, worker.stderr()).toBe(0);
}, 180_000);

afterAll(async () => {
  await scene?.remove();
  await receiver?.close();
});

describe('the trace of a run', () => {
  let spans: ReceivedSpan[];
  const named = (name: string): ReceivedSpan[] => spans.filter((span) => span.name === name);
  const parentOf = ({ parentSpanId }: ReceivedSpan): ReceivedSpan | undefined =>
    spans.find(({ spanId }) => spanId === parentSpanId);
  beforeAll(() => {
    const [command] = spansOf(receiver).filter(({ name }) => name === 'sluice run elt');
    spans = spansOf(receiver).filter(({ traceId }) => traceId === command?.traceId);
  });

  it('leads from the command over workflow and activity to each AWS call', () => {
    const calls = named('Glue.StartJobRun');
    expect(calls.length).toBeGreaterThanOrEqual(1);
    for (const call of calls) {
      const path: string[] = [];
      for (let span: ReceivedSpan | undefined = call; span; span = parentOf(span)) path.push(span.name);
      expect(path).toEqual([
        'Glue.StartJobRun',
        'RunActivity:startGlueJob',
        'RunWorkflow:elt',
        'StartWorkflow:elt',
        'sluice run elt',
      ]);
      expect(call.attributes).toMatchObject({
        'rpc.system': 'aws-api',
        'rpc.service': 'Glue',
        'rpc.method': 'StartJobRun',
        'cloud.region': 'us-east-1',
        'http.response.status_code': 200,
        'http.request.resend_count': 0,
        'aws.request_id': expect.stringMatching(/^[0-9a-f-]{36}$/i) as string,
      });
    }
  });

  it('is one tree of all that the run did', () => {
    expect(spans.filter((span) => parentOf(span) === undefined).map(({ name }) => name)).toEqual(['sluice run elt']);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    expect(named('RunWorkflow:elt')).toMatchObject([{ attributes: { temporalWorkflowID: run.workflowId } }]);
    const services = new Set(spans.map(({ attributes }) => attributes['rpc.service']).filter(Boolean));
    expect([...services].sort()).toEqual(expect.arrayContaining(['DynamoDB', 'Glue', 'RedshiftData', 'S3']));
  });

  it('says which run, stage and step an activity serves', () => {
    const stages = new Set(
      spans.filter(({ name }) => name.startsWith('RunActivity:')).map(({ attributes }) => attributes['sluice.stage'])
    );
    expect([...stages]).toEqual(expect.arrayContaining(['prepare', 'export', 'lake', 'landing', 'staging', 'dwh']));
    for (const { attributes } of named('RunActivity:startGlueJob')) {
      expect(attributes).toMatchObject({ 'sluice.run_key': run.runKey, 'sluice.pipeline': 'ecommerce' });
    }
  });
});

describe('the metrics of a worker', () => {
  const pipeline = 'ecommerce';
  const seconds = ({ startedAt = '', endedAt = '' }: { startedAt?: string; endedAt?: string }): number =>
    (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;

  it('say what the record of the run says', () => {
    const { items, bytes, rejected, tables } = run;
    const value = (name: string, labels: Record<string, string> = {}) =>
      valueOf(samples, name, { pipeline, ...labels });
    expect(value('sluice_runs_total', { verdict: 'succeeded', mode: 'full' })).toBe(1);
    expect(value('sluice_runs_total')).toBe(1);
    expect(value('sluice_exported_items_total')).toBe(items);
    expect(value('sluice_exported_bytes_total')).toBe(bytes);
    const refused = Object.values(rejected).reduce((sum, { items: count }) => sum + count, 0);
    expect(refused).toBeGreaterThan(0);
    expect(value('sluice_rejected_items_total')).toBe(refused);
    for (const [table, rows] of Object.entries(tables)) expect(value('sluice_table_rows', { table })).toBe(rows);
    const landed = Object.entries(tables).filter(([table]) => table.startsWith('landing.'));
    expect(value('sluice_rows_total', { layer: 'landing' })).toBe(landed.reduce((sum, [, rows]) => sum + rows, 0));
  });

  it('tell of gates, of runs that failed and why, and of lateness', () => {
    expect(valueOf(samples, 'sluice_gate_results_total', { pipeline, verdict: 'passed' })).toBe(1);
    expect(valueOf(samples, 'sluice_gate_results_total', { pipeline, verdict: 'failed' })).toBe(0);
    expect(valueOf(samples, 'sluice_runs_total', { pipeline: 'game', verdict: 'failed' })).toBe(1);
    expect(valueOf(samples, 'sluice_activity_failures_total', { error_class: 'Permanent' })).toBe(1);
    expect(valueOf(samples, 'sluice_schedule_lateness_seconds_count', { pipeline: 'game' })).toBe(1);
    expect(valueOf(samples, 'sluice_schedule_lateness_seconds_count', { pipeline })).toBeUndefined();
  });

  it('have the seconds of every stage and of the remote jobs', () => {
    const { stages = [] } = details.progress ?? {};
    expect(stages.length).toBeGreaterThan(6);
    for (const stage of stages) {
      const labels = { pipeline, stage: stage.name, state: 'done' };
      expect(valueOf(samples, 'sluice_stage_seconds_sum', labels), stage.name).toBeCloseTo(seconds(stage), 3);
      expect(valueOf(samples, 'sluice_stage_seconds_count', labels)).toBe(1);
    }
    const buckets = samples
      .filter(({ name }) => name === 'sluice_stage_seconds_bucket')
      .map(({ labels }) => labels['le']);
    expect(buckets).toContain('86400');
    const lake = stages.find(({ name }) => name === 'lake')?.steps ?? [];
    const landing = stages.find(({ name }) => name === 'landing')?.steps ?? [];
    const glue = [...lake, ...landing].reduce((sum, step) => sum + seconds(step), 0);
    const remote = { pipeline, service: 'glue' };
    expect(valueOf(samples, 'sluice_remote_job_seconds_sum', remote)).toBeCloseTo(glue, 3);
    expect(valueOf(samples, 'sluice_remote_job_seconds_count', remote)).toBe(lake.length + landing.length);
  });

  it('have those of the Temporal SDK beside them', () => {
    expect(valueOf(samples, 'temporal_workflow_completed_total', { workflow_type: 'elt' })).toBe(1);
    expect(valueOf(samples, 'temporal_worker_task_slots_available')).toBeGreaterThan(0);
  });

  it('have no label that grows with the runs', () => {
    const own = samples.filter(({ name }) => name.startsWith('sluice_'));
    const values = new Set(own.flatMap(({ labels }) => Object.values(labels)));
    for (const value of values) expect(value).not.toContain(run.runKey);
    expect(own.length).toBeLessThan(1_000);
  });
});

describe('what ships for Prometheus and Grafana', () => {
  it('asks only for metrics that a worker has', () => {
    const served = new Set(samples.map(({ name }) => name));
    const asked = [...alertRules(), ...dashboardQueries()];
    expect(asked.length).toBeGreaterThan(25);
    for (const { name, expr } of asked) {
      const missing = metricsIn(expr).filter((metric) => metric !== 'up' && !served.has(metric));
      expect(missing, name).toEqual([]);
    }
  });
});

describe('the health of a worker', () => {
  it('is told at /healthz', () => {
    expect(health).toEqual({ status: 200, body: { healthy: true, workers: ['RUNNING', 'RUNNING'] } });
  });
});

describe('the log of a worker', () => {
  it('is lines of JSON, of which those of a run say which run, stage and step', () => {
    const lines = worker
      .stderr()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const others = worker
      .stderr()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('{'));
    expect(others).toEqual([
      expect.stringContaining('Working on task queue') as string,
      expect.stringContaining('draining') as string,
    ]);
    const ofRun = lines.filter(({ workflowId }) => workflowId === run.workflowId);
    for (const line of ofRun) {
      expect(line).toMatchObject({ level: 30, runKey: run.runKey, pipeline: 'ecommerce' });
      expect(line).toHaveProperty('stage');
    }
    const stages = ofRun.filter(({ msg }) => msg === 'Stage ended').map(({ stage }) => stage);
    expect(stages).toEqual((details.progress?.stages ?? []).map(({ name }) => name));
    const jobs = ofRun.filter(({ msg, activityType }) => msg === 'Remote job ended' && activityType === 'waitGlueJob');
    expect(jobs).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ stage: 'lake', step: 'raw_to_datalake_job', attempt: 1, state: 'SUCCEEDED' }),
      ])
    );
  });
});

describe('the lineage of a run', () => {
  let events: LineageEvent[];
  const ended = (name: string): LineageEvent | undefined =>
    events.find(({ job, eventType }) => job.name === name && eventType !== 'START');
  beforeAll(() => {
    events = receiver.posts
      .filter(({ path }) => path === '/api/v1/lineage')
      .map(({ body }) => JSON.parse(body) as LineageEvent)
      .filter(({ job }) => job.name.startsWith('ecommerce'));
  });

  it('is events of OpenLineage, by its schemas', () => {
    expect(events.length).toBeGreaterThan(20);
    const problems = lineageProblems();
    for (const event of events) expect(problems(event), event.job.name).toEqual([]);
  });

  it('has a start and an end of each step, within the run', () => {
    const [first] = events;
    const parentId = first?.run.runId;
    expect(first).toMatchObject({ eventType: 'START', job: { namespace: 'sluice', name: 'ecommerce' } });
    expect(events.at(-1)).toMatchObject({ eventType: 'COMPLETE', run: { runId: parentId } });
    const types = new Map<string, string[]>();
    for (const { run: of, eventType, job } of events) {
      types.set(of.runId, [...(types.get(of.runId) ?? []), eventType]);
      if (of.runId !== parentId) {
        expect(of.facets['parent'], job.name).toMatchObject({ run: { runId: parentId }, job: { name: 'ecommerce' } });
      }
    }
    for (const [id, of] of types) expect(of, id).toEqual(['START', 'COMPLETE']);
  });

  it('says that a run failed, and why', () => {
    const all = receiver.posts
      .filter(({ path }) => path === '/api/v1/lineage')
      .map(({ body }) => JSON.parse(body) as LineageEvent);
    const failed = all.filter(({ job }) => job.name === 'game');
    expect(failed.map(({ eventType }) => eventType)).toEqual(['START', 'FAIL']);
    expect(failed[1]?.run.facets).toMatchObject({
      errorMessage: { message: expect.stringContaining('game') as string },
      nominalTime: { nominalStartTime: expect.stringMatching(/^\d{4}-/) as string },
    });
  });

  it('leads from the table over raw, lake and landing to the star schema, with what was written', () => {
    const writers = (name: string) =>
      events.filter(({ eventType, outputs }) => eventType === 'COMPLETE' && outputs.some((one) => one.name === name));
    const path: string[] = [];
    const back = (name: string): void => {
      if (path.includes(name)) return;
      path.push(name);
      for (const { inputs } of writers(name)) for (const input of inputs) back(input.name);
    };
    back('salesdwh.dwh.order');
    expect(path).toEqual(
      expect.arrayContaining([
        'salesdwh.staging.order',
        'salesdwh.landing.product',
        'ecommerce/type=product',
        'ecommerce/AWSDynamoDB',
        'table/ecommerce',
      ])
    );
    expect(ended('ecommerce.export')?.outputs[0]?.outputFacets?.['outputStatistics']).toMatchObject({
      rowCount: run.items,
      size: run.bytes,
    });
    const landed = events.flatMap(({ outputs }) => outputs).filter(({ outputFacets }) => outputFacets !== undefined);
    for (const table of ['landing.order', 'landing.product', 'landing.customer', 'landing.address']) {
      const written = landed.find(({ name }) => name === `salesdwh.${table}`);
      expect(written?.outputFacets?.['outputStatistics'], table).toMatchObject({ rowCount: run.tables[table] });
    }
    const order = ended('ecommerce.dwh.dwh.merge_order')?.outputs[0];
    expect(order?.facets?.['schema']).toMatchObject({
      fields: expect.arrayContaining([{ name: 'price', type: 'decimal(12,2)' }]) as unknown,
    });
  });
});

describe('the history of a traced run', () => {
  it('carries the trace to its activities, and replays with and without the interceptors', async () => {
    const { events } = history;
    const header = (fields?: Record<string, unknown> | null) => Object.keys(fields ?? {});
    expect(header(events?.[0]?.workflowExecutionStartedEventAttributes?.header?.fields)).toEqual(['_tracer-data']);
    const scheduled = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: one }) => (one ? [one] : []));
    expect(scheduled.length).toBeGreaterThan(10);
    for (const { header: carried } of scheduled) expect(header(carried?.fields)).toEqual(['_tracer-data']);
    installRuntime('silent');
    await Worker.runReplayHistory({ workflowBundle: await bundleWorkflows() }, history, run.workflowId);
    const folder = await mkdtemp(join(tmpdir(), 'sluice-untraced-'));
    try {
      await cp(join(root, 'workflows'), join(folder, 'workflows'), { recursive: true });
      await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
      await rm(join(folder, 'workflows', 'interceptors.ts'));
      const untraced = await bundleWorkflows(join(folder, 'workflows'));
      await Worker.runReplayHistory({ workflowBundle: untraced }, history, run.workflowId);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('what is told of a run', () => {
  it('has no row data', () => {
    const told = {
      posts: receiver.posts.map(({ body }) => body).join('\n'),
      log: worker.stderr(),
      metrics: JSON.stringify(samples),
      history: Buffer.from(protos.temporal.api.history.v1.History.encode(history).finish()).toString('latin1'),
    };
    for (const text of [told.posts, told.log, told.history]) expect(text).toContain(run.runKey);
    for (const [what, text] of Object.entries(told)) expect(text.includes(mark), what).toBe(false);
  });
});
