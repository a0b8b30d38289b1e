import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetDataQualityRulesetCommand } from '@aws-sdk/client-glue';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approve, reject } from '../../client/commands/decide.js';
import { evaluate } from '../../client/commands/dq/evaluate.js';
import { recommend } from '../../client/commands/dq/recommend.js';
import { results } from '../../client/commands/dq/results.js';
import { plan } from '../../client/commands/plan.js';
import { runElt } from '../../client/commands/run-elt.js';
import { show } from '../../client/commands/show.js';
import { CommandError, NotPassedError } from '../../client/errors.js';
import type { RunDetails } from '../../client/run-types.js';
import type { KeptResult } from '../../client/quality/result-store.js';
import { eltWorkflowId } from '../../model/elt-run.js';
import { startWorker } from '../../workers/index.js';
import type { SluiceWorker } from '../../workers/index.js';
import type { EltResult } from '../../workflows/index.js';
import { recordingContext } from '../client/recording-console.js';
import { itemOf, smallShop, smallShopYaml } from '../incremental/small-shop.js';
import type { Kind } from '../incremental/small-shop.js';
import { provisionPlan, startTestAws, startTestTemporal } from '../workflows/stack.js';
import type { TestAws, TestTemporal } from '../workflows/stack.js';

const taskQueue = 'quality-gates';
const table = 'gated';

let folder: string;
let aws: TestAws;
let temporal: TestTemporal;
let worker: SluiceWorker;
let running: Promise<void>;
let env: NodeJS.ProcessEnv;
let runs = 0;

const put = async (id: number, kind: Kind, value: number): Promise<void> => {
  await aws.clients.dynamodb.send(new PutItemCommand({ TableName: table, Item: itemOf(id, kind, value) }));
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-gates-'));
  [aws, temporal] = await Promise.all([startTestAws(), startTestTemporal()]);
  env = { ...aws.env, ...temporal.env };
  const { TopicArn } = await aws.clients.sns.send(new CreateTopicCommand({ Name: 'alerts' }));
  await writeFile(join(folder, 'sluice.yaml'), `taskQueue: ${taskQueue}\nnotifications: { topicArn: '${TopicArn}' }\n`);
  await provisionPlan(aws, smallShop(table));
  for (let id = 0; id < 12; id += 1) await put(id, id % 2 === 0 ? 'customer' : 'order', id * 100);
  worker = await startWorker({ configuration: { taskQueue }, env, logLevel: 'silent', shutdownGraceTime: 0 });
  running = worker.run();
});
afterAll(async () => {
  worker?.shutdown();
  await running;
  await temporal?.stop();
  await aws?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A context of the command line as it is used in the folder. */
const context = () => {
  const recorded = recordingContext(env);
  return { ...recorded, context: { ...recorded.context, configFile: join(folder, 'sluice.yaml') } };
};

async function modelWith(gates: string): Promise<string> {
  const file = join(folder, 'warehouse.yaml');
  await writeFile(file, `${smallShopYaml(table)}\ngates:\n${gates}\n`);
  return file;
}

/** Runs the ELT with gates to its end, as `sluice run elt --watch` does. */
async function elt(gates: string): Promise<{ runKey: string; code: number; message: string; result?: EltResult }> {
  const model = await modelWith(gates);
  const runKey = `gates-${(runs += 1)}`;
  const { context: given, documents } = context();
  try {
    await runElt(given, { model, runKey, watch: true });
    return { runKey, code: 0, message: '', result: documents[0] as EltResult };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { runKey, code: error.exitCode, message: error.message };
  }
}

/** Waits until a run asks, and answers. */
async function answer(decide: typeof approve): Promise<void> {
  const id = eltWorkflowId('small', `gates-${runs + 1}`);
  const pending = async (): Promise<number> => {
    const progress = await temporal.client.workflow
      .getHandle(id)
      .query<NonNullable<RunDetails['progress']>>('progress')
      .catch(() => undefined);
    return progress?.approvals?.pending.length ?? 0;
  };
  await expect.poll(pending, { timeout: 60_000 }).toBe(1);
  await decide(context().context, id, { by: 'ada', reason: 'seen' });
}

async function sales(): Promise<string[]> {
  const warehouse = new pg.Client({ connectionString: aws.warehouseUrl });
  await warehouse.connect();
  try {
    const { rows } = await warehouse.query<{ row: string }>(
      `SELECT concat_ws('|', salekey, price, customerkey) AS row FROM dwh.sale ORDER BY 1`
    );
    return rows.map(({ row }) => row);
  } finally {
    await warehouse.end();
  }
}

/** Ids of the results that people were told of, in the order of the messages. */
async function alerted(): Promise<string[]> {
  const text = await readFile(join(aws.folder, 'sns', 'messages.jsonl'), 'utf8').catch(() => '');
  return [...text.matchAll(/Result id: +(dqresult-[0-9a-f]+)/g)].map(([, id]) => id!);
}

async function kept(filter: { ruleset?: string; failed?: boolean } = {}): Promise<KeptResult[]> {
  const { context: given, documents } = context();
  await results(given, undefined, filter);
  return (documents[0] as { results: KeptResult[] }).results;
}

const cheap = `rules: 'Rules = [ ColumnValues "price" < 500 labels=["severity"="high"], IsComplete "orderid" ]'`;

describe('quality gates of a run', () => {
  it('let good data pass after lake, landing and dwh, and keep their results', async () => {
    const { code, message, result, runKey } = await elt(
      [
        `  lake: { on: lake.order, rules: 'Rules = [ IsUnique "orderid", IsComplete "sluice_written_at" ]' }`,
        `  landing: { on: landing.order, ${cheap} }`,
        `  dwh: { on: dwh.sale, rules: 'Rules = [ RowCount = 6, IsPrimaryKey "salekey" ]' }`,
      ].join('\n')
    );
    expect({ code, message }).toEqual({ code: 0, message: '' });
    expect(result?.gates?.map(({ rulesetName, passed, score }) => [rulesetName, passed, score])).toEqual([
      ['small_lake', true, 1],
      ['small_landing', true, 1],
      ['small_dwh', true, 1],
    ]);
    expect((await kept()).map(({ result: one }) => one.ruleset_name).sort()).toEqual([
      'small_dwh',
      'small_lake',
      'small_landing',
    ]);
    expect(await alerted()).toEqual([]);
    const { context: given, printed } = context();
    await show(given, runKey);
    expect(printed.join('\n')).toMatch(/Quality gates[^]*small_landing[^\n]*passed/);
  });

  it('leave the warehouse untouched when data fails before the load, and end with 3', async () => {
    const before = await sales();
    expect(before).toHaveLength(6);
    await put(21, 'order', 99_900);
    const { code, message, runKey } = await elt(`  landing: { on: landing.order, ${cheap} }`);
    expect(code).toBe(3);
    expect(message).toMatch(/did not pass a quality gate\. small_landing: 1 of 2 rules did not pass: Rule_1\./);
    expect(await sales()).toEqual(before);
    const [failed] = await kept({ failed: true });
    expect(failed?.result).toMatchObject({ ruleset_name: 'small_landing', numRulesFailed: '1', totalRows: '7' });
    expect(await alerted()).toEqual([failed?.result.resultId]);
    const { context: given, documents } = context();
    await show(given, runKey);
    expect(documents[0]).toMatchObject({
      status: 'FAILED',
      progress: { gates: [{ rulesetName: 'small_landing', passed: false, resultId: failed?.result.resultId }] },
    });
  });

  it('go on with a warning when the gate only warns', async () => {
    const told = (await alerted()).length;
    const { code, result } = await elt(`  landing: { on: landing.order, action: warn, ${cheap} }`);
    expect(code).toBe(0);
    expect(result?.gates).toMatchObject([{ passed: false, rulesFailed: 1 }]);
    expect(await sales()).toHaveLength(7);
    expect(await alerted()).toHaveLength(told + 1);
  });

  it('ask a person, and do as they say', async () => {
    await put(23, 'order', 99_900);
    const gates = `  landing: { on: landing.order, action: ask, ${cheap} }`;
    const [rejected] = await Promise.all([elt(gates), answer(reject)]);
    expect(rejected.code).toBe(3);
    expect(rejected.message).toContain('rejected by ada');
    expect(await sales()).toHaveLength(7);
    const [approved] = await Promise.all([elt(gates), answer(approve)]);
    expect(approved.code).toBe(0);
    expect(await sales()).toHaveLength(8);
  });

  it('demand a score, and of critical rules that they pass', async () => {
    const half = await elt(`  landing: { on: landing.order, minimumScore: 0.5, ${cheap} }`);
    expect(half).toMatchObject({ code: 0, result: { gates: [{ passed: true, score: 0.5 }] } });
    const critical = await elt(
      `  landing: { on: landing.order, minimumScore: 0.5, critical: severity=high, ${cheap} }`
    );
    expect(critical.code).toBe(3);
    expect(critical.message).toContain('critical rules did not pass: Rule_1');
  });

  it('keep bad rows out of the warehouse, in a quarantine of the lake', async () => {
    expect(await sales()).toHaveLength(8);
    const { code, result, runKey } = await elt(`  lake: { on: lake.order, action: quarantine, ${cheap} }`);
    expect({ code, passed: result?.gates?.[0]?.passed }).toEqual({ code: 0, passed: false });
    expect(result?.tables).toMatchObject({ 'landing.order': 6, 'dwh.sale': 6 });
    expect(await sales()).toHaveLength(6);
    const { context: given, documents } = context();
    await show(given, runKey);
    const { progress } = documents[0] as unknown as RunDetails;
    const step = progress?.stages.flatMap(({ steps }) => steps).find(({ name }) => name === 'land_job');
    expect(step?.counts).toMatchObject({ items: 14, rows: 12, quarantined: 2 });
    const { Contents = [] } = await aws.clients.s3.send(
      new ListObjectsV2Command({ Bucket: 'sluice-lake', Prefix: `${table}/type=quarantined_order/` })
    );
    expect(Contents).toHaveLength(1);
  });

  it('refuse rulesets that cannot be used before anything is started, naming gate, line and column', async () => {
    const model = await modelWith(
      `  a: { on: landing.order, rules: 'Rules = [ IsComplete "prize" ]' }\n  b: { on: dwh.sale, rules: 'Rules = [' }`
    );
    for (const command of [
      () => plan(context().context, { model }),
      () => runElt(context().context, { model, runKey: 'never' }),
    ]) {
      const error: unknown = await command().catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        exitCode: 2,
        problems: [
          expect.stringMatching(/^gate small_a, line 1, column 22: there is no column "prize".*"price"/),
          expect.stringMatching(/^gate small_b, line 1, column \d+: expected/),
        ],
      });
    }
    const workflows = temporal.client.workflow.list({ query: `WorkflowId = '${eltWorkflowId('small', 'never')}'` });
    for await (const { workflowId } of workflows) expect(workflowId).toBe('none');
  });

  it('told people of every result that did not pass, once', async () => {
    const told = await alerted();
    expect(new Set(told).size).toBe(told.length);
    const failed = (await kept({ failed: true })).map(({ result }) => result.resultId);
    // One reached the score that its gate demands.
    expect(told.length).toBe(failed.length - 1);
    expect(failed).toEqual(expect.arrayContaining(told));
  });
});

describe('sluice dq on tables of the catalog', () => {
  const order = { database: 'sluice_lake', table: `${table}_order` };

  it('evaluates a ruleset in Glue and ends with 3 when it does not pass', async () => {
    const ruleset = join(folder, 'orders.dqdl');
    await writeFile(ruleset, 'Rules = [ IsUnique "orderid", RowCount > 100 ]');
    const failed: unknown = await evaluate(context().context, { ...order, ruleset, reference: [] }).catch(
      (error: unknown) => error
    );
    expect(failed).toBeInstanceOf(NotPassedError);
    const document = (failed as NotPassedError).document as KeptResult & { reasons: string[] };
    expect(document.reasons).toEqual(['1 of 2 rules did not pass: Rule_2']);
    expect(document.result).toMatchObject({ ruleset_name: 'orders', engine: 'glue', tableName: `${table}_order` });
    const { context: given, documents } = context();
    await evaluate(given, { ...order, rulesetName: 'orders', reference: [], minimumScore: 0.5 });
    expect(documents[0]).toMatchObject({ passed: true, result: { score: '0.5' } });
  });

  it('compares two tables in Glue', async () => {
    const { context: given, documents } = context();
    await evaluate(given, {
      ...order,
      reconcile: 'copy',
      reference: [`copy=sluice_lake.${table}_order`],
      keys: ['orderid'],
      sum: ['price'],
    });
    expect(documents[0]).toMatchObject({ passed: true, result: { numRulesSucceeded: '5' } });
  });

  it('has rules recommended, edited and approved', async () => {
    const { context: given, documents } = context();
    await recommend(given, { ...order, rulesetName: 'recommended', approvalHours: 1, wait: false });
    const { workflowId, ruleset } = documents[0] as { workflowId: string; ruleset: string };
    expect(ruleset).toContain('IsUnique "orderid"');
    const edited = join(folder, 'edited.dqdl');
    await writeFile(edited, 'Rules = [ IsUnique "orderid" ]');
    await expect(approve(given, workflowId, { by: 'ada', ruleset: join(folder, 'warehouse.yaml') })).rejects.toThrow(
      /cannot be used/
    );
    await approve(given, workflowId, { by: 'ada', ruleset: edited });
    expect(await temporal.client.workflow.getHandle(workflowId).result()).toMatchObject({ accepted: true, rules: 1 });
    const saved = await aws.clients.glue.send(new GetDataQualityRulesetCommand({ Name: 'recommended' }));
    expect(saved.Ruleset).toBe('Rules = [ IsUnique "orderid" ]');
    await expect(approve(given, workflowId, { by: 'ada', ruleset: edited })).rejects.toThrow(CommandError);
  });
});
