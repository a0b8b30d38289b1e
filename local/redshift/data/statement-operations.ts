import { randomUUID } from 'node:crypto';
import type {
  BatchExecuteStatementInput,
  CancelStatementRequest,
  DescribeStatementRequest,
  ExecuteStatementInput,
  GetStatementResultRequest,
  ListSessionsRequest,
  ListStatementsRequest,
} from '@aws-sdk/client-redshift-data';
import { AwsError } from '../../gateway/aws-error.js';
import type { JobFault } from '../../gateway/job-fault.js';
import type { CallContext, JsonOperation } from '../../gateway/service.js';
import { describe, executed, listed, seconds } from './answers.js';
import { csvHeader, toCsv, toField } from './fields.js';
import { validateParameters } from './parameters.js';
import * as checks from './request-checks.js';
import type { Endpoint } from './request-checks.js';
import type { Session, Sessions } from './sessions.js';
import { isTerminal, submitted } from './statement-record.js';
import type { Outcome, StatementRecord } from './statement-record.js';
import type { StatementRunner } from './statement-runner.js';
import type { StatementStore } from './statement-store.js';

type Submission = ExecuteStatementInput & Partial<Pick<BatchExecuteStatementInput, 'Sqls' | 'ExecutionMode'>>;

/** What the operations work on. */
export interface StatementServices {
  readonly store: StatementStore;
  readonly runner: StatementRunner;
  readonly sessions: Sessions;
  readonly endpoint: Endpoint;
}

/** The operations on statements and sessions. */
export function statementOperations(services: StatementServices): Record<string, JsonOperation> {
  const { store, runner, sessions } = services;
  const submissions = new Submissions(services);

  const find = async (statementId: unknown): Promise<{ record: StatementRecord; part: number; outcome: Outcome }> => {
    const { id, part } = checks.parseStatementId(statementId);
    const record = runner.live(id) ?? (await store.statement(id));
    const outcome = part === 0 ? record : record?.parts[part - 1];
    if (record === undefined || outcome === undefined) throw notFound('Query does not exist.', statementId);
    return { record, part, outcome };
  };

  const awaited = async (
    input: { Id: string | undefined; WaitTimeSeconds?: number },
    context: CallContext
  ): ReturnType<typeof find> => {
    const { id, part } = checks.parseStatementId(input.Id);
    await runner.wait(id, part, checks.waitSeconds(input), context.signal);
    return find(input.Id);
  };

  const result = async (input: GetStatementResultRequest, context: CallContext, csv: boolean): Promise<object> => {
    const { record, part, outcome } = await awaited(input, context);
    if (record.batch && part === 0)
      throw checks.invalid('BatchExecuteStatement result can only be retrieved with sub-statement id.');
    if (outcome.status !== 'FINISHED' || outcome.columns === undefined || isUndone(record)) {
      throw notFound('Query does not have result. Please check query status with DescribeStatement.', input.Id);
    }
    if (csv !== (record.resultFormat === 'CSV')) {
      throw checks.invalid(
        csv
          ? 'The result format of the statement is JSON: use GetStatementResult.'
          : 'The result format of the statement is CSV: use GetStatementResultV2.'
      );
    }
    const { columns, pages } = outcome;
    const number = checks.fromNextToken(input.NextToken);
    if (number > 0 && number >= pages) throw checks.invalid('Invalid pagination token.');
    const rows = (await store.page(record.id, part, number)) ?? [];
    const page = {
      ColumnMetadata: columns,
      TotalNumRows: outcome.resultRows,
      NextToken: number + 1 < pages ? checks.toNextToken(number + 1) : undefined,
    };
    if (csv) {
      const header = number === 0 ? csvHeader(columns) : '';
      return { ...page, ResultFormat: 'CSV', Records: [{ CSVRecords: header + toCsv(rows) }] };
    }
    return { ...page, Records: rows.map((row) => row.map((value, index) => toField(value, columns[index]?.typeName))) };
  };

  return {
    ExecuteStatement: async (input: ExecuteStatementInput, context) => {
      checks.checkSqls([input.Sql]);
      return submissions.submit('ExecuteStatement', [input.Sql as string], input, context);
    },
    BatchExecuteStatement: async (input: BatchExecuteStatementInput, context) => {
      const sqls: readonly unknown[] = Array.isArray(input.Sqls) ? input.Sqls : [];
      checks.checkSqls(sqls);
      return submissions.submit('BatchExecuteStatement', sqls, { ...input, Sql: undefined }, context);
    },
    DescribeStatement: async (input: DescribeStatementRequest, context) => {
      const { record, part } = await awaited(input, context);
      return describe(record, part);
    },
    GetStatementResult: (input: GetStatementResultRequest, context) => result(input, context, false),
    GetStatementResultV2: (input: GetStatementResultRequest, context) => result(input, context, true),
    CancelStatement: async (input: CancelStatementRequest) => {
      const { record, part } = await find(input.Id);
      if (part > 0) throw checks.invalid('A sub-statement cannot be cancelled: cancel its batch.');
      if (isTerminal(record.status) || !(await runner.cancel(record.id))) {
        throw checks.invalid(
          `Could not cancel a query that is already in ${record.status} state with ID: ${record.id}`
        );
      }
      return { Status: true };
    },
    ListStatements: async (input: ListStatementsRequest) => {
      checks.checkEnum('status', input.Status, [
        'SUBMITTED',
        'PICKED',
        'STARTED',
        'FINISHED',
        'ABORTED',
        'FAILED',
        'ALL',
      ]);
      const status = input.Status ?? 'FINISHED';
      const start = checks.fromNextToken(input.NextToken);
      const end = start + checks.pageSize(input.MaxResults, 100, 100);
      const stored = await store.statements();
      const matching = stored
        .map((record) => runner.live(record.id) ?? record)
        .filter((record) => status === 'ALL' || record.status === status)
        .filter((record) => (record.statementName ?? '').startsWith(input.StatementName ?? ''))
        .filter((record) => matchesTarget(record, input));
      return {
        Statements: matching.slice(start, end).map(listed),
        NextToken: end < matching.length ? checks.toNextToken(end) : undefined,
      };
    },
    ListSessions: async (input: ListSessionsRequest) => {
      checks.checkEnum('status', input.Status, ['AVAILABLE', 'BUSY', 'CLOSED']);
      const matching = sessions
        .list()
        .filter(({ id }) => input.SessionId === undefined || input.SessionId === id)
        .filter(({ busy }) => input.Status === undefined || input.Status === (busy ? 'BUSY' : 'AVAILABLE'))
        .filter(({ target }) => matchesTarget(target, input));
      return { Sessions: matching.map(sessionData) };
    },
  };
}

/** Takes statements in, each client token once. */
class Submissions {
  /** Requests with the same token wait for each other, or both would find it unused. */
  readonly #byToken = new Map<string, Promise<unknown>>();

  constructor(private readonly services: StatementServices) {}

  async submit(operation: string, sqls: readonly string[], input: Submission, context: CallContext): Promise<object> {
    checks.checkOptions(input);
    validateParameters(sqls, input.Parameters);
    const token = input.ClientToken;
    const previous = token === undefined ? undefined : this.#byToken.get(token);
    const accepted = (previous ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#accept(operation, sqls, input, context.job));
    if (token !== undefined) {
      this.#byToken.set(token, accepted);
      const forget = (): void => {
        if (this.#byToken.get(token) === accepted) this.#byToken.delete(token);
      };
      accepted.then(forget, forget);
    }
    const id = await accepted;
    const wait = checks.waitSeconds(input);
    const { runner, store } = this.services;
    await runner.wait(id, 0, wait, context.signal);
    const record = runner.live(id) ?? (await store.statement(id));
    if (record === undefined) throw new AwsError('InternalServerException', 'The statement has expired.', 500);
    return executed(record, wait > 0);
  }

  /** @returns the statement's id: a new one, or that of the first request with this token */
  async #accept(
    operation: string,
    sqls: readonly string[],
    input: Submission,
    fault: JobFault | undefined
  ): Promise<string> {
    const { store, runner, sessions, endpoint } = this.services;
    const fingerprint = checks.requestFingerprint(operation, input);
    const known = input.ClientToken === undefined ? undefined : await store.token(input.ClientToken);
    if (known !== undefined) {
      if (known.fingerprint !== fingerprint) {
        throw checks.invalid('The ClientToken was already used for a request with other parameters.');
      }
      return known.id;
    }
    let session: Session | undefined;
    if (input.SessionId !== undefined) {
      session = sessions.get(input.SessionId);
      if (session.busy)
        throw checks.invalid(`Session ${session.id} is busy: one statement at a time can run in a session.`);
      if (!matchesTarget(session.target, input))
        throw checks.invalid('The session belongs to another warehouse or database.');
    }
    const target = session?.target ?? checks.connectionTarget(input, endpoint);
    runner.checkRoom();
    if (session === undefined && (input.SessionKeepAliveSeconds ?? 0) > 0) {
      session = await sessions.open(target, input.SessionKeepAliveSeconds ?? 0);
    }
    if (session !== undefined) {
      session.busy = true;
      session.keepAliveSeconds = input.SessionKeepAliveSeconds ?? session.keepAliveSeconds;
    }
    const now = Date.now();
    const batch = operation === 'BatchExecuteStatement';
    const record: StatementRecord = {
      ...submitted(now),
      ...target,
      id: randomUUID(),
      sqls,
      batch,
      mode: input.ExecutionMode ?? 'TRANSACTION',
      parameters: input.Parameters,
      resultFormat: input.ResultFormat ?? 'JSON',
      statementName: input.StatementName,
      sessionId: session?.id,
      redshiftPid: session?.connection.pid ?? 0,
      parts: batch ? sqls.map(() => submitted(now)) : [],
    };
    await store.accept(record, input.ClientToken, fingerprint);
    runner.submit(record, session, fault);
    return record.id;
  }
}

function matchesTarget(
  target: { database: string; workgroup?: string; cluster?: string },
  input: { Database?: string; WorkgroupName?: string; ClusterIdentifier?: string }
): boolean {
  return (
    (input.Database === undefined || input.Database === target.database) &&
    (input.WorkgroupName === undefined || input.WorkgroupName === target.workgroup) &&
    (input.ClusterIdentifier === undefined || input.ClusterIdentifier === target.cluster)
  );
}

function sessionData(session: Session): object {
  return {
    SessionId: session.id,
    Status: session.busy ? 'BUSY' : 'AVAILABLE',
    CreatedAt: seconds(session.createdAt),
    UpdatedAt: seconds(session.updatedAt),
    Database: session.target.database,
    DbUser: session.target.dbUser,
    ClusterIdentifier: session.target.cluster,
    WorkgroupName: session.target.workgroup,
    SessionAliveSeconds: session.keepAliveSeconds,
    SessionTtl: seconds(session.updatedAt + session.keepAliveSeconds * 1000),
  };
}

/** Results of a transaction that was rolled back are gone with it. */
function isUndone({ batch, mode, status }: StatementRecord): boolean {
  return batch && mode === 'TRANSACTION' && (status === 'FAILED' || status === 'ABORTED');
}

function notFound(message: string, id: unknown): AwsError {
  return new AwsError('ResourceNotFoundException', message, 400, { ResourceId: String(id) });
}
