import type { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { ExecuteStatementCommand } from '@aws-sdk/client-redshift-data';
import type { S3Client } from '@aws-sdk/client-s3';
import { Context } from '@temporalio/activity';
import type { Deployment } from '../model/configuration.js';
import type { SqlStatement } from '../model/plan.js';
import { planExports } from '../model/windows.js';
import type { ExportPlan, ExportState } from '../model/windows.js';
import { dataApiTarget, statementName } from './data-api.js';
import { StepError, onResource } from './failures.js';
import { keepHeartbeating } from './heartbeat.js';
import { newestLakeBase } from './lake-base.js';
import type { LakeBase, LakeBaseQuery } from './lake-base.js';
import type { PollClock } from './poll-clock.js';
import { systemClock } from './poll-clock.js';
import { withoutValues } from './without-values.js';
import { readRows } from './redshift-results.js';
import { redshiftStatement } from './redshift.js';
import { waitForRemoteJob } from './remote-job.js';
import type { StepInput } from './run-scope.js';
import { stepToken } from './run-scope.js';

/** Input of `planExports`. */
export interface PlanExportsInput extends StepInput, LakeBaseQuery, Pick<ExportState, 'now' | 'source'> {
  readonly target: Deployment['redshift'];
  /** Of the plan; without it nothing is known of the warehouse. */
  readonly watermark?: SqlStatement;
}

/** What a run exports; `base` is the lake generation that the changes of windows are merged into. */
export type PlannedExports = ExportPlan & { readonly base?: LakeBase };

/** Activities that tell where incremental loads stand. */
export interface LoadStateActivities {
  /**
   * Plans what an incremental run exports, from the warehouse's watermark, the newest lake generation of the model's
   * present item types, and the reach of point-in-time recovery.
   */
  planExports(input: PlanExportsInput): Promise<PlannedExports>;
  /** Finds a lake generation again, wherever the archive has moved it meanwhile. Absent: a permanent failure. */
  findLakeBase(input: StepInput & Required<LakeBaseQuery>): Promise<LakeBase>;
}

/** Makes the activities over clients. */
export function createLoadStateActivities({
  s3,
  redshift,
  clock = systemClock,
}: {
  readonly s3: S3Client;
  readonly redshift: RedshiftDataClient;
  readonly clock?: PollClock;
}): LoadStateActivities {
  const readWatermark = async (input: PlanExportsInput): Promise<ExportState['watermark']> => {
    const { watermark, target, scope, step } = input;
    if (watermark === undefined) return undefined;
    const statement = redshiftStatement(redshift, step);
    const { Id: statementId = '' } = await onResource(step, () =>
      redshift.send(
        new ExecuteStatementCommand({
          ...dataApiTarget(target),
          StatementName: statementName(scope, step),
          ClientToken: stepToken(input),
          Sql: watermark.sql,
        })
      )
    );
    const ended = { ...statement, outcomes: { ...statement.outcomes, FAILED: 'succeeded' } } as const;
    const { Status: state, Error: message = '' } = await waitForRemoteJob(ended, { statementId }, clock);
    if (state === 'FAILED') {
      // Before the first run the set-up statements have not made the table yet.
      if (/\b(relation|schema)\b.*\bdoes not exist/i.test(message)) return undefined;
      throw new StepError('Permanent', `${step}, Redshift statement ${statementId}`, withoutValues(message));
    }
    const [row] = await readRows(redshift, statementId);
    return row && { loadedTo: new Date(String(row.watermark)).toISOString(), tableId: String(row.table_id) };
  };

  const findBase = async (query: LakeBaseQuery): Promise<LakeBase | undefined> => {
    const stopHeartbeats = keepHeartbeating(() => ({ table: query.table }));
    try {
      return await newestLakeBase(s3, query, Context.current().cancellationSignal);
    } finally {
      stopHeartbeats();
    }
  };

  return {
    async planExports(input) {
      const watermark = await readWatermark(input);
      const base = await findBase(input);
      const { now, source } = input;
      return { ...planExports({ now, source, lake: base, watermark }), ...(base && { base }) };
    },

    async findLakeBase(input) {
      const base = await findBase(input);
      if (base !== undefined) return base;
      throw new StepError(
        'Permanent',
        `lake of ${input.table}`,
        `the generation of run ${input.only.runKey} as of ${input.only.asOf} is gone`,
        'It was deleted while the run was under way. Run again with --fresh.'
      );
    },
  };
}
