import { createHash } from 'node:crypto';
import type { BatchExecuteStatementInput, ExecuteStatementInput } from '@aws-sdk/client-redshift-data';
import { AwsError } from '../../gateway/aws-error.js';
import { splitStatements, tokenize } from '../dialect/tokens.js';
import type { ConnectionTarget } from './sessions.js';

/** Largest SQL text, in bytes. */
const MAX_SQL_BYTES = 100_000;
const MAX_BATCH = 40;
const MAX_WAIT_SECONDS = 30;
const MAX_KEEP_ALIVE_SECONDS = 86_400;

/** Members that name a warehouse, in every request that has one. */
export interface TargetInput {
  readonly WorkgroupName?: string;
  readonly ClusterIdentifier?: string;
  readonly Database?: string;
  readonly ConnectedDatabase?: string;
  readonly SecretArn?: string;
  readonly DbUser?: string;
}

/** The warehouse that answers. */
export interface Endpoint {
  readonly workgroup: string;
  readonly cluster: string;
  readonly region: string;
}

/** An AwsError ValidationException. */
export function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

/**
 * Which warehouse and database a request is for.
 * @throws AwsError ValidationException unless exactly one of workgroup and cluster is named, it is the local one, and a
 * database is given
 */
export function connectionTarget(input: TargetInput, endpoint: Endpoint): ConnectionTarget {
  const { WorkgroupName: workgroup, ClusterIdentifier: cluster, SecretArn: secretArn, DbUser: dbUser } = input;
  if (workgroup !== undefined && cluster !== undefined) {
    throw invalid('Only one of ClusterIdentifier and WorkgroupName can be provided.');
  }
  if (workgroup === undefined && cluster === undefined) {
    throw invalid('Either ClusterIdentifier, WorkgroupName or SessionId must be provided.');
  }
  const database = input.ConnectedDatabase ?? input.Database;
  if (typeof database !== 'string' || database === '') throw invalid('Database name is required.');
  // an ARN carries the workgroup's UUID, which the local one does not have: any of this Region is it
  const known =
    workgroup === endpoint.workgroup ||
    cluster === endpoint.cluster ||
    workgroup?.startsWith(`arn:aws:redshift-serverless:${endpoint.region}:`);
  if (!known) throw invalid("Redshift endpoint doesn't exist in this region.");
  return { database, workgroup, cluster, secretArn, dbUser };
}

/** @throws AwsError ValidationException for text that is empty, too long, or not one statement */
export function checkSqls(sqls: readonly unknown[]): asserts sqls is readonly string[] {
  if (sqls.length === 0 || sqls.length > MAX_BATCH) {
    const bound = sqls.length === 0 ? 'greater than or equal to 1' : `less than or equal to ${MAX_BATCH}`;
    throw invalid(
      `1 validation error detected: Value at 'sqls' failed to satisfy constraint: Member must have length ${bound}`
    );
  }
  for (const sql of sqls) {
    if (typeof sql !== 'string' || sql.trim() === '') throw invalid('SQL statement cannot be empty.');
    if (sql.includes('\0')) throw invalid('SQL statement contains a NUL character.');
    const bytes = Buffer.byteLength(sql);
    if (bytes > MAX_SQL_BYTES)
      throw invalid(`SQL statement is too long: ${bytes} bytes; the maximum is ${MAX_SQL_BYTES} bytes.`);
    if (statementCount(sql) > 1)
      throw invalid('Multiple SQL statements are not allowed in one statement text. Use BatchExecuteStatement.');
  }
}

/** SQL that cannot be read counts as one statement: it is accepted and fails when it runs, as on AWS. */
function statementCount(sql: string): number {
  try {
    return splitStatements(tokenize(sql)).length;
  } catch {
    return 1;
  }
}

/** @throws AwsError ValidationException for members outside of the service's bounds */
export function checkOptions(input: ExecuteStatementInput & Partial<BatchExecuteStatementInput>): void {
  const { ClientToken, StatementName, SessionKeepAliveSeconds, ResultFormat, ExecutionMode } = input;
  if (ClientToken !== undefined && (ClientToken.length < 1 || ClientToken.length > 64)) {
    throw invalid(
      "1 validation error detected: Value at 'clientToken' failed to satisfy constraint: Member must have length between 1 and 64"
    );
  }
  if (StatementName !== undefined && StatementName.length > 500) {
    throw invalid(
      "1 validation error detected: Value at 'statementName' failed to satisfy constraint: Member must have length less than or equal to 500"
    );
  }
  checkRange('sessionKeepAliveSeconds', SessionKeepAliveSeconds, 0, MAX_KEEP_ALIVE_SECONDS);
  checkEnum('resultFormat', ResultFormat, ['CSV', 'JSON']);
  checkEnum('executionMode', ExecutionMode, ['AUTO_COMMIT', 'TRANSACTION']);
  waitSeconds(input);
}

/**
 * `WaitTimeSeconds` of a request, 0 when absent.
 * @throws AwsError ValidationException unless it is 1 to 30
 */
export function waitSeconds(input: { readonly WaitTimeSeconds?: number }): number {
  checkRange('waitTimeSeconds', input.WaitTimeSeconds, 1, MAX_WAIT_SECONDS);
  return input.WaitTimeSeconds ?? 0;
}

/**
 * A page size, `fallback` when absent or 0.
 * @throws AwsError ValidationException above `most`
 */
export function pageSize(value: number | undefined, fallback: number, most: number): number {
  checkRange('maxResults', value, 0, most);
  return value === undefined || value === 0 ? fallback : value;
}

/** @throws AwsError ValidationException for a value that is none of `values` */
export function checkEnum(name: string, value: string | undefined, values: readonly string[]): void {
  if (value !== undefined && !values.includes(value)) {
    throw invalid(
      `1 validation error detected: Value '${value}' at '${name}' failed to satisfy constraint: Member must satisfy enum value set: [${values.join(', ')}]`
    );
  }
}

function checkRange(name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw invalid(
    `1 validation error detected: Value '${value}' at '${name}' failed to satisfy constraint: Member must be between ${least} and ${most}`
  );
}

/**
 * Splits `<uuid>` or `<uuid>:<part>`.
 * @throws AwsError ValidationException for text of another form
 */
export function parseStatementId(id: unknown): { readonly id: string; readonly part: number } {
  const found = typeof id === 'string' ? /^([a-z0-9]{8}(?:-[a-z0-9]{4}){3}-[a-z0-9]{12})(?::(\d+))?$/.exec(id) : null;
  if (found?.[1] === undefined) {
    throw invalid('id must satisfy regex pattern: ^[a-z0-9]{8}(-[a-z0-9]{4}){3}-[a-z0-9]{12}(:\\d+)?$');
  }
  return { id: found[1], part: Number(found[2] ?? 0) };
}

/** SHA-256 in hex over what makes two requests the same: everything but the token and how long to wait. */
export function requestFingerprint(operation: string, input: object): string {
  const { ClientToken: _token, WaitTimeSeconds: _wait, ...rest } = input as Record<string, unknown>;
  const ordered = Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256').update(operation).update(JSON.stringify(ordered)).digest('hex');
}

/** An opaque position in a list. */
export function toNextToken(position: number): string {
  return Buffer.from(String(position)).toString('base64url');
}

/** @throws AwsError ValidationException for a token that this service did not give */
export function fromNextToken(token: string | undefined): number {
  if (token === undefined || token === '') return 0;
  const text = Buffer.from(token, 'base64url').toString();
  if (!/^\d{1,9}$/.test(text)) throw invalid('Invalid pagination token.');
  return Number(text);
}
