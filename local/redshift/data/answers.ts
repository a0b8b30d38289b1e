import type { Outcome, StatementRecord } from './statement-record.js';

/** Epoch seconds, the form of timestamps in AWS JSON 1.1. */
export function seconds(milliseconds: number): number {
  return milliseconds / 1000;
}

/** The answer of ExecuteStatement and BatchExecuteStatement; with `waited`, what long polling adds. */
export function executed(record: StatementRecord, waited: boolean): object {
  return {
    ...target(record),
    Id: record.id,
    CreatedAt: seconds(record.createdAt),
    SessionId: record.sessionId,
    ...(waited ? { Status: record.status, RedshiftPid: record.redshiftPid, HasResultSet: record.hasResultSet } : {}),
  };
}

/**
 * The answer of DescribeStatement.
 * @param part number of a batch's part from 1; 0 for the whole
 */
export function describe(record: StatementRecord, part: number): object {
  const outcome = part === 0 ? record : (record.parts[part - 1] ?? record);
  return {
    ...target(record),
    ...outcomeMembers(outcome),
    Id: part === 0 ? record.id : `${record.id}:${part}`,
    QueryString: record.batch ? (part === 0 ? undefined : record.sqls[part - 1]) : record.sqls[0],
    QueryParameters: record.parameters,
    RedshiftPid: record.redshiftPid,
    ResultFormat: record.resultFormat,
    SessionId: record.sessionId,
    ...(record.batch && part === 0 ? batchMembers(record) : {}),
  };
}

/** One element of ListStatements. */
export function listed(record: StatementRecord): object {
  return {
    Id: record.id,
    ...(record.batch ? { QueryStrings: record.sqls } : { QueryString: record.sqls[0] }),
    SecretArn: record.secretArn,
    Status: record.status,
    StatementName: record.statementName,
    CreatedAt: seconds(record.createdAt),
    UpdatedAt: seconds(record.updatedAt),
    QueryParameters: record.parameters,
    IsBatchStatement: record.batch,
    ResultFormat: record.resultFormat,
    SessionId: record.sessionId,
  };
}

function batchMembers(record: StatementRecord): object {
  return {
    ExecutionMode: record.mode,
    SubStatements: record.parts.map((outcome, index) => ({
      ...outcomeMembers(outcome),
      Id: `${record.id}:${index + 1}`,
      QueryString: record.sqls[index],
    })),
  };
}

function outcomeMembers(outcome: Outcome): object {
  return {
    Status: outcome.status,
    Error: outcome.error,
    CreatedAt: seconds(outcome.createdAt),
    UpdatedAt: seconds(outcome.updatedAt),
    Duration: outcome.durationNs,
    HasResultSet: outcome.hasResultSet,
    ResultRows: outcome.resultRows,
    ResultSize: outcome.resultSize,
    RedshiftQueryId: outcome.redshiftQueryId,
  };
}

function target(record: StatementRecord): object {
  return {
    Database: record.database,
    WorkgroupName: record.workgroup,
    ClusterIdentifier: record.cluster,
    SecretArn: record.secretArn,
    DbUser: record.dbUser,
  };
}
