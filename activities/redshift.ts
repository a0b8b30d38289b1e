import type { DescribeStatementCommandOutput, RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  paginateListStatements,
} from '@aws-sdk/client-redshift-data';
import { cancellationDetails } from '@temporalio/activity';
import type { Deployment } from '../model/configuration.js';
import type { WarehousePlan } from '../model/plan.js';
import { runProblems } from '../model/migration/difference.js';
import { liveColumnsSql, liveTables } from '../model/migration/live-columns.js';
import { tableDefinitions } from '../model/migration/table-definition.js';
import { countsQuery } from '../model/sql/queries.js';
import { startWhenCapacity } from './at-capacity.js';
import { dataApiTarget, statementName } from './data-api.js';
import type { ErrorClass } from './error-classes.js';
import type { FailureDetails } from './failures.js';
import { StepError, errorClassOf, onResource, toFailure } from './failures.js';
import type { PollClock } from './poll-clock.js';
import { systemClock } from './poll-clock.js';
import { statementErrorClass } from './redshift-errors.js';
import { countIn, readRows } from './redshift-results.js';
import type { RemoteJob } from './remote-job.js';
import { stopRemoteJob, waitForRemoteJob } from './remote-job.js';
import type { StepInput } from './run-scope.js';
import { earlierTokens, stepToken } from './run-scope.js';
import { withoutValues } from './without-values.js';

/** One transaction of the warehouse. */
export interface Transaction {
  /** Names the transaction within the run; its client token is made from it. */
  readonly step: string;
  /** One statement is executed by itself; several as one transaction. */
  readonly sqls: readonly string[];
  /** Named parameters of a single statement. The Data API binds neither NULL nor empty text. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Input of `startStatements`. */
export interface StartStatementsInput extends StepInput {
  readonly target: Deployment['redshift'];
  /** They run at the same time. */
  readonly transactions: readonly Transaction[];
}

/** A started statement or batch. */
export interface StatementRef {
  readonly statementId: string;
}

/** A statement that was started, and may have ended already. */
export interface StartedStatement extends StatementRef {
  readonly state: 'running' | 'finished' | 'failed';
  /** Of a failed statement: its class and what the failure's message says. */
  readonly failure?: { readonly type: ErrorClass; readonly message: string; readonly details?: FailureDetails };
}

/** Input of `readCounts`. */
export interface ReadCountsInput extends StepInput {
  readonly target: Deployment['redshift'];
  readonly counts: WarehousePlan['counts'];
  readonly unknownMembers: WarehousePlan['unknownMembers'];
}

/** Fact rows that took the unknown member of a dimension. */
export interface UnknownMemberCount {
  readonly fact: string;
  readonly dimension: string;
  readonly rows: number;
}

/** Rows per table, and what fell to unknown members, read in one transaction. */
export interface WarehouseCounts {
  readonly tables: Readonly<Record<string, number>>;
  readonly unknownMembers: readonly UnknownMemberCount[];
}

/** Activities on the warehouse, all through the Redshift Data API. */
export interface RedshiftActivities {
  /**
   * Starts transactions, each under its own token (or, in a run that was resumed, finds those that an earlier execution
   * left going or finished), and waits up to 10 s for them, so that short ones end here. Returns
   * what became of each, in their order: that one failed does not hide the others. A failure of class
   * ConflictingTransaction may be repeated as another step. Fails, before anything is started, when a statement is to make
   * a table that is there already, but other than runs need it.
   */
  startStatements(input: StartStatementsInput): Promise<StartedStatement[]>;
  /** Waits for a statement by long polling. Only FINISHED is a success. */
  waitStatement(input: StepInput & StatementRef): Promise<void>;
  /** Cancels a statement that nobody waits for any more, and returns the state it ended in. */
  stopStatement(input: StepInput & StatementRef): Promise<string>;
  /** Counts rows, in one transaction. */
  readCounts(input: ReadCountsInput): Promise<WarehouseCounts>;
}

/** The Data API's longest wait within a call, in seconds. */
const waitSeconds = 30;

/** A start waits less, since it cannot be interrupted: a worker that shuts down waits for it. */
const startWaitSeconds = 10;

/** A statement of the Data API as a remote job: how it is looked at, stopped and reported. */
export function redshiftStatement(
  client: RedshiftDataClient,
  step: string
): RemoteJob<StatementRef, DescribeStatementCommandOutput> {
  const named = ({ statementId }: StatementRef): string => `${step}, Redshift statement ${statementId}`;
  return {
    describe: async (ref, { wait, signal }) => {
      const input = { Id: ref.statementId, WaitTimeSeconds: wait ? waitSeconds : undefined };
      return await onResource(named(ref), () =>
        client.send(new DescribeStatementCommand(input), { abortSignal: signal })
      );
    },
    state: ({ Status }) => Status ?? 'SUBMITTED',
    outcomes: {
      SUBMITTED: 'running',
      PICKED: 'running',
      STARTED: 'running',
      FINISHED: 'succeeded',
      FAILED: 'failed',
      ABORTED: 'failed',
    },
    longPoll: true,
    absent: ['ResourceNotFoundException'],
    async cancel(ref) {
      await onResource(named(ref), () => client.send(new CancelStatementCommand({ Id: ref.statementId })));
    },
    failure(ref, { Status: state = '', Error: text = '', SubStatements: parts, $metadata: metadata }) {
      const message = text || parts?.find((part) => part.Error)?.Error || 'no message';
      return new StepError(
        state === 'ABORTED' ? 'Permanent' : statementErrorClass(message),
        named(ref),
        `ended ${state}: ${withoutValues(message)}`,
        state === 'ABORTED' ? 'Someone cancelled it outside Sluice. Go on with `sluice resume`.' : undefined,
        { statementId: ref.statementId, state, ...(metadata?.requestId && { requestId: metadata.requestId }) }
      );
    },
  };
}

/** Makes the activities over a client. */
export function createRedshiftActivities({
  redshift,
  clock = systemClock,
}: {
  readonly redshift: RedshiftDataClient;
  readonly clock?: PollClock;
}): RedshiftActivities {
  /** What an execution that this one resumes has left of a step: a statement that goes on or went well. */
  const findEarlier = async (input: StartStatementsInput, step: string): Promise<StartedStatement | undefined> => {
    if (earlierTokens(input).length === 0) return undefined;
    const { workgroup, cluster, database } = input.target;
    const StatementName = statementName(input.scope, step);
    const query = { StatementName, WorkgroupName: workgroup, ClusterIdentifier: cluster, Database: database };
    const pages = paginateListStatements({ client: redshift, pageSize: 100 }, { ...query, Status: 'ALL' });
    return await onResource(`statements ${StatementName}`, async () => {
      for await (const { Statements = [] } of pages) {
        for (const { Id: statementId = '', Status: state = '', StatementName: name } of Statements) {
          const usable = name === StatementName && ['SUBMITTED', 'PICKED', 'STARTED', 'FINISHED'].includes(state);
          if (usable) return { statementId, state: state === 'FINISHED' ? 'finished' : 'running' };
        }
      }
      return undefined;
    });
  };

  const submit = async (
    { target, scope }: Omit<StartStatementsInput, 'transactions'>,
    { step, sqls, parameters = {} }: Transaction
  ): Promise<{ Id?: string; Status?: string }> => {
    for (const [name, value] of Object.entries(parameters)) {
      if (value === '')
        throw new StepError('Permanent', step, `parameter ${name} is empty; the Data API cannot bind it`);
    }
    const common = {
      ...dataApiTarget(target),
      StatementName: statementName(scope, step),
      ClientToken: stepToken({ scope, step }),
      WaitTimeSeconds: startWaitSeconds,
    };
    const [sql] = sqls;
    if (sqls.length !== 1 || sql === undefined) {
      return await redshift.send(new BatchExecuteStatementCommand({ ...common, Sqls: [...sqls] }));
    }
    const bound = Object.entries(parameters).map(([name, value]) => ({ name, value }));
    return await redshift.send(
      new ExecuteStatementCommand({
        ...common,
        Sql: sql,
        Parameters: bound.length === 0 ? undefined : bound,
      })
    );
  };

  const start = async (
    input: Omit<StartStatementsInput, 'transactions'>,
    transaction: Transaction
  ): Promise<StartedStatement> => {
    const { Id: statementId = '', Status: state = 'SUBMITTED' } = await startWhenCapacity(clock, () =>
      onResource(transaction.step, () => submit(input, transaction))
    );
    const job = redshiftStatement(redshift, transaction.step);
    const outcome = job.outcomes[state];
    if (outcome !== 'failed') return { statementId, state: outcome === 'succeeded' ? 'finished' : 'running' };
    const error = job.failure({ statementId }, await job.describe({ statementId }, { wait: false }));
    const { message, details } = toFailure(error, input.stage);
    const [first] = details ?? [];
    return {
      statementId,
      state: 'failed',
      failure: { type: errorClassOf(error), message, details: first as FailureDetails },
    };
  };

  const checkTables = async (input: StartStatementsInput): Promise<void> => {
    const tables = tableDefinitions(input.transactions.flatMap(({ sqls }) => sqls));
    if (tables.length === 0) return;
    const step = `${input.step} columns`;
    const started = await start(input, { step, sqls: [liveColumnsSql(tables)] });
    const { statementId } = started;
    await waitForRemoteJob(redshiftStatement(redshift, step), { statementId }, clock);
    const live = liveTables((await readRows(redshift, statementId)).map((row) => Object.values(row)));
    const problems = runProblems(tables, live);
    if (problems.length === 0) return;
    throw new StepError(
      'Permanent',
      'tables of the warehouse',
      `they are not as the model says: ${problems.join('; ')}`,
      'Bring them up to date by `sluice deploy-assets`; `sluice plan` shows what it would do.'
    );
  };

  return {
    async startStatements(input) {
      await checkTables(input);
      const starts = await Promise.allSettled(
        input.transactions.map(
          async (transaction) => (await findEarlier(input, transaction.step)) ?? (await start(input, transaction))
        )
      );
      const refused = starts.find((outcome) => outcome.status === 'rejected');
      const started = starts.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      if (refused === undefined) return started;
      if (cancellationDetails()?.cancelRequested) {
        // The workflow will not learn these ids.
        await Promise.all(started.map((ref) => stopRemoteJob(redshiftStatement(redshift, input.step), ref, clock)));
      }
      throw refused.reason;
    },

    async waitStatement({ statementId, step }) {
      await waitForRemoteJob(redshiftStatement(redshift, step), { statementId }, clock);
    },

    async stopStatement({ statementId, step }) {
      return (await stopRemoteJob(redshiftStatement(redshift, step), { statementId }, clock)) ?? 'unknown';
    },

    async readCounts(input) {
      const { counts, unknownMembers, step } = input;
      const sqls = [countsQuery(counts), unknownMembers.sql];
      const { statementId } = await start(input, { step, sqls });
      const done = await waitForRemoteJob(redshiftStatement(redshift, step), { statementId }, clock);
      const [tables = '', unknown = ''] = done.SubStatements?.map(({ Id }) => Id) ?? [];
      return {
        tables: Object.fromEntries(
          (await readRows(redshift, tables)).map((row) => [String(row.name), countIn(row, 'row_total', step)])
        ),
        unknownMembers: (await readRows(redshift, unknown)).map((row) => ({
          fact: String(row.fact),
          dimension: String(row.dimension),
          rows: countIn(row, 'rows', step),
        })),
      };
    },
  };
}
