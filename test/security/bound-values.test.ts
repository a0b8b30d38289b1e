import { BatchExecuteStatementCommand } from '@aws-sdk/client-redshift-data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordRun } from '../../activities/run-history.js';
import { WarehouseQuery } from '../../client/warehouse-query.js';
import type { RunRecord } from '../../model/run-record.js';
import { recordRunTransactions, selectOfRun, selectRuns } from '../../model/sql/run-history.js';
import { activityEnvironment, hastyClock } from '../activities/activity-environment.js';
import { startTestAws } from '../workflows/stack.js';
import type { TestAws } from '../workflows/stack.js';

const target = { workgroup: 'sluice', database: 'salesdwh' };

let aws: TestAws;
let warehouse: WarehouseQuery;
beforeAll(async () => {
  aws = await startTestAws();
  warehouse = new WarehouseQuery(aws.clients.redshift, target);
});
afterAll(() => aws.stop());

/** Texts that are no values to a careless statement. */
const hostile = [
  `'; DROP TABLE sluice.runs; --`,
  `:p1`,
  `$1`,
  `\\'`,
  `"`,
  `{}`,
  `NULL`,
  ' ',
  `\u{1f600}`,
  'a\u0000b\nc',
];

const record = (runId: string, text: string | undefined): RunRecord => ({
  workflowId: 'bound',
  runId,
  runKey: text ?? '',
  pipeline: text ?? '',
  table: text ?? '',
  planHash: text ?? '',
  mode: 'full',
  verdict: 'failed',
  startedAt: '2026-03-01T00:00:00Z',
  endedAt: '2026-03-01T00:00:01Z',
  resumption: 0,
  rejectedItems: 0,
  windows: [],
  failure: { stage: text ?? '', errorClass: text ?? '', message: text ?? '' },
  stages: [{ name: 'lake', state: 'failed', steps: [{ name: text ?? '', state: 'failed', remoteId: text }] }],
});

const kept = (text: string): string => text.replace(/[\u0000-\u001f]+/g, ' ');

async function read(runId: string): Promise<{ run: unknown[]; step: unknown[] }> {
  const { columns, rows } = await warehouse.query(...parametersLast(selectRuns({ run: 'bound', limit: 100 })));
  const at = (list: typeof columns, name: string): number => list.findIndex((one) => one.name === name);
  const run = rows.find((row) => row[at(columns, 'run_id')] === runId) ?? [];
  const stages = await warehouse.query(...parametersLast(selectOfRun('stages', { workflowId: 'bound', runId })));
  const step = stages.rows.at(-1) ?? [];
  return {
    run: ['run_key', 'pipeline', 'source_table', 'failure_stage', 'failure_message'].map(
      (name) => run[at(columns, name)]
    ),
    step: ['step', 'remote_id'].map((name) => step[at(stages.columns, name)]),
  };
}

function parametersLast(query: ReturnType<typeof selectRuns>): Parameters<WarehouseQuery['query']> {
  return [query.sql, undefined, query.parameters];
}

describe('values that are kept of a run', () => {
  it.each(hostile.map((text, index) => [text, `run-${index}`]))(
    '%j is bound, not written into SQL',
    async (text, runId) => {
      for (const { sqls, parameters } of recordRunTransactions(record(runId, text))) {
        expect(Object.values(parameters)).toContain(kept(text));
        if (text.includes('DROP')) expect(sqls.join()).not.toContain('DROP');
      }
      await activityEnvironment().run(() => recordRun(aws.clients.redshift, target, record(runId, text), hastyClock));
      const value = kept(text);
      expect(await read(runId)).toEqual({ run: [value, value, value, value, value], step: [value, value] });
    }
  );

  it.each([
    ['an empty text', 'run-empty', ''],
    ['no value', 'run-none', undefined],
  ])('%s is NULL, which the Data API cannot bind', async (_what, runId, text) => {
    for (const { parameters } of recordRunTransactions(record(runId, text))) {
      expect(Object.values(parameters)).not.toContain('');
    }
    await activityEnvironment().run(() => recordRun(aws.clients.redshift, target, record(runId, text), hastyClock));
    expect(await read(runId)).toEqual({ run: [null, null, null, null, null], step: [null, null] });
  });
});

it('filters by what nobody has without a fault', async () => {
  for (const text of [...hostile, '']) {
    const query = selectRuns({ table: text, pipeline: `${text}x`, run: text, limit: 10 });
    expect((await warehouse.query(...parametersLast(query))).rows).toEqual([]);
  }
});

it('would be refused by the Data API with an empty value', async () => {
  const input = { Database: 'salesdwh', WorkgroupName: 'sluice', Parameters: [{ name: 'a', value: '' }] };
  const sent = aws.clients.redshift.send(
    new BatchExecuteStatementCommand({ ...input, Sqls: ['SELECT :a', 'SELECT 1'] })
  );
  await expect(sent).rejects.toMatchObject({ name: 'ValidationException' });
});
