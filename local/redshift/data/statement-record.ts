import type {
  ColumnMetadata,
  ExecutionMode,
  ResultFormatString,
  SqlParameter,
  StatementStatusString,
} from '@aws-sdk/client-redshift-data';

/** Milliseconds for which results and what is known of a statement are kept, as on AWS. */
export const RETENTION_MS = 24 * 3_600_000;
/** Milliseconds for which a client token answers with the same statement, as on AWS. */
export const TOKEN_MS = 8 * 3_600_000;

/** What one SQL statement came to: of an ExecuteStatement the whole, of a batch one of its parts. */
export interface Outcome {
  status: StatementStatusString;
  error?: string;
  /** Rows returned, or affected; -1 until known. */
  resultRows: number;
  /** Bytes of the result; -1 until known. */
  resultSize: number;
  hasResultSet: boolean;
  durationNs: number;
  redshiftQueryId: number;
  columns?: ColumnMetadata[];
  /** Number of stored result pages. */
  pages: number;
  createdAt: number;
  updatedAt: number;
}

/** A statement as the Data API remembers it. Times are milliseconds since the epoch. */
export interface StatementRecord extends Outcome {
  readonly id: string;
  readonly sqls: readonly string[];
  readonly batch: boolean;
  readonly mode: ExecutionMode;
  readonly parameters?: readonly SqlParameter[];
  readonly resultFormat: ResultFormatString;
  readonly statementName?: string;
  readonly database: string;
  readonly workgroup?: string;
  readonly cluster?: string;
  readonly secretArn?: string;
  readonly dbUser?: string;
  readonly sessionId?: string;
  redshiftPid: number;
  /** One for each statement of a batch; empty otherwise. */
  readonly parts: Outcome[];
}

/** The error of a statement that was not finished when the local Redshift stopped. */
export const STOPPED =
  'The local Redshift was stopped while the statement ran. Its transaction was rolled back unless it had just committed.';

/** True for a status that does not change any more. */
export function isTerminal(status: StatementStatusString): boolean {
  return status === 'FINISHED' || status === 'FAILED' || status === 'ABORTED';
}

/** An outcome before anything ran. */
export function submitted(now: number): Outcome {
  return {
    status: 'SUBMITTED',
    resultRows: -1,
    resultSize: -1,
    hasResultSet: false,
    durationNs: 0,
    redshiftQueryId: 0,
    pages: 0,
    createdAt: now,
    updatedAt: now,
  };
}
