import { createHash } from 'node:crypto';
import type { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { BatchExecuteStatementCommand } from '@aws-sdk/client-redshift-data';
import { Context } from '@temporalio/activity';
import type { Deployment } from '../model/configuration.js';
import type { RunRecord } from '../model/run-record.js';
import type { BoundTransaction } from '../model/sql/run-history.js';
import { recordRunTransactions, runHistoryTables } from '../model/sql/run-history.js';
import { startWhenCapacity } from './at-capacity.js';
import { errorClassOf, onResource } from './failures.js';
import type { PollClock } from './poll-clock.js';
import { redshiftStatement } from './redshift.js';
import { waitForRemoteJob } from './remote-job.js';

const resource = 'run history in the warehouse (sluice.runs)';

/** The tables, for a run that ended before its own set-up could make them. */
const setup: BoundTransaction = {
  sqls: ['CREATE SCHEMA IF NOT EXISTS "sluice"', ...runHistoryTables().map(({ sql }) => sql)],
  parameters: {},
};

/**
 * Puts the record of a run that has ended in the place of what the warehouse has of it: the whole run again at every
 * call, so that a repeat is harmless. Makes the tables where they are missing. For use inside an activity.
 */
export async function recordRun(
  redshift: RedshiftDataClient,
  target: Deployment['redshift'],
  run: RunRecord,
  clock: PollClock
): Promise<void> {
  const { attempt } = Context.current().info;
  const execute = async ({ sqls, parameters }: BoundTransaction, part: string): Promise<void> => {
    const step = `run record ${part}`;
    const Parameters = Object.entries(parameters).map(([name, value]) => ({ name, value }));
    const command = new BatchExecuteStatementCommand({
      WorkgroupName: target.workgroup,
      ClusterIdentifier: target.cluster,
      Database: target.database,
      SecretArn: target.secretArn,
      DbUser: target.dbUser,
      StatementName: `sluice ${run.pipeline} ${run.runKey} ${step}`.slice(0, 500),
      // Of this attempt alone: a token that stands for a failed statement would only give that failure again.
      ClientToken: createHash('sha256')
        .update(JSON.stringify([run.workflowId, run.runId, attempt, part]))
        .digest('hex'),
      WaitTimeSeconds: 10,
      Sqls: [...sqls],
      Parameters: Parameters.length === 0 ? undefined : Parameters,
    });
    const { Id: statementId = '' } = await startWhenCapacity(clock, () =>
      onResource(resource, () => redshift.send(command))
    );
    await waitForRemoteJob(redshiftStatement(redshift, step), { statementId }, clock);
  };
  const write = async (round: string): Promise<void> => {
    for (const [index, transaction] of recordRunTransactions(run).entries())
      await execute(transaction, `${round}${index}`);
  };
  try {
    await write('');
  } catch (error) {
    if (errorClassOf(error) !== 'Permanent' || !/does not exist/i.test(String(error))) throw error;
    await execute(setup, 'tables');
    await write('again ');
  }
}
