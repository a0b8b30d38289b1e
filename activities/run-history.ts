import { createHash } from 'node:crypto';
import type { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { BatchExecuteStatementCommand } from '@aws-sdk/client-redshift-data';
import { Context } from '@temporalio/activity';
import type { Deployment } from '../model/configuration.js';
import type { RunCost } from '../model/cost/cost.js';
import type { RunRecord } from '../model/run-record.js';
import type { BoundTransaction } from '../model/sql/run-history.js';
import { recordRunTransactions, runHistoryTables } from '../model/sql/run-history.js';
import { startWhenCapacity } from './at-capacity.js';
import { dataApiTarget, statementName } from './data-api.js';
import { errorClassOf, onResource } from './failures.js';
import type { PollClock } from './poll-clock.js';
import { redshiftStatement } from './redshift.js';
import { waitForRemoteJob } from './remote-job.js';

const resource = 'run history in the warehouse (sluice.runs)';

const maximumRepeats = 5;

/** The tables, for a run that ended before its own set-up could make them. */
const setup: BoundTransaction = {
  sqls: ['CREATE SCHEMA IF NOT EXISTS "sluice"', ...runHistoryTables().map(({ sql }) => sql)],
  parameters: {},
};

/**
 * Puts the record of a run that has ended, with what it cost, in the place of what the warehouse has of it: the whole run again at every
 * call, so that a repeat is harmless. Makes the tables where they are missing. For use inside an activity.
 */
export async function recordRun(
  redshift: RedshiftDataClient,
  target: Deployment['redshift'],
  run: RunRecord,
  clock: PollClock,
  cost?: RunCost
): Promise<void> {
  const once = async ({ sqls, parameters }: BoundTransaction, part: string): Promise<void> => {
    const step = `run record ${part}`;
    const Parameters = Object.entries(parameters).map(([name, value]) => ({ name, value }));
    const command = new BatchExecuteStatementCommand({
      ...dataApiTarget(target),
      StatementName: statementName(run, step),
      ClientToken: createHash('sha256')
        .update(JSON.stringify([run.workflowId, run.runId, part]))
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
  /** A token stands for one statement at every attempt, also for a failed one: a conflict is repeated under another. */
  const execute = async (transaction: BoundTransaction, part: string): Promise<void> => {
    for (let repeat = 1; ; repeat += 1) {
      try {
        return await once(transaction, repeat === 1 ? part : `${part}#${repeat}`);
      } catch (error) {
        if (errorClassOf(error) !== 'ConflictingTransaction' || repeat === maximumRepeats) throw error;
        await clock.sleep(1_000 * 2 ** (repeat - 1), Context.current().cancellationSignal);
      }
    }
  };
  const write = async (round: string): Promise<void> => {
    for (const [index, transaction] of recordRunTransactions(run, cost).entries())
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
