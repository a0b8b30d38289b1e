import { createHash, randomUUID } from 'node:crypto';
import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  paginateGetStatementResult,
} from '@aws-sdk/client-redshift-data';
import type {
  ColumnMetadata,
  ExecuteStatementCommandInput,
  Field,
  RedshiftDataClient,
  StatusString,
} from '@aws-sdk/client-redshift-data';
import { RunFailedError } from './errors.js';

/** Seconds for which the Data API holds a call open until the statement has ended (1 to 30). */
const waitTimeSeconds = 10;

/** Where statements run: a serverless workgroup or a provisioned cluster, and how to log in. */
export interface WarehouseTarget {
  readonly workgroup?: string;
  readonly cluster?: string;
  readonly database: string;
  readonly secretArn?: string;
  readonly dbUser?: string;
}

/** A value of a result: whole numbers and floats as numbers, decimals, dates and times as the exact text. */
export type ResultValue = string | number | boolean | null;

/** The result of a statement; without columns when it gives none. */
export interface QueryResult {
  /** `type` is Redshift's name of it, such as `int4`, `numeric`, `varchar`. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly ResultValue[])[];
}

/** Runs SQL through the Redshift Data API, one statement at a time. */
export class WarehouseQuery {
  constructor(
    private readonly client: RedshiftDataClient,
    private readonly target: WarehouseTarget
  ) {}

  /**
   * Runs one statement and reads its whole result. An abort cancels the statement in the warehouse.
   * @param parameters - values of `:name` in the statement; the Data API binds neither NULL nor an empty text.
   * @throws RunFailedError with the database's own message when the statement fails.
   */
  async query(
    sql: string,
    signal?: AbortSignal,
    parameters: Readonly<Record<string, string>> = {}
  ): Promise<QueryResult> {
    const bound = Object.entries(parameters).map(([name, value]) => ({ name, value }));
    const submitted = await this.client.send(
      new ExecuteStatementCommand({
        ...this.common(),
        Sql: sql,
        Parameters: bound.length > 0 ? bound : undefined,
      }),
      { abortSignal: signal }
    );
    const id = submitted.Id ?? '';
    const hasResult = await this.finished(id, signal);
    return hasResult ? this.result(id, signal) : { columns: [], rows: [] };
  }

  /**
   * Runs statements, at most 40, as one transaction. An abort cancels them in the warehouse.
   * @throws RunFailedError with the database's own message when one fails: then none has had an effect.
   */
  async transaction(sqls: readonly string[], signal?: AbortSignal): Promise<void> {
    const submitted = await this.client.send(new BatchExecuteStatementCommand({ ...this.common(), Sqls: [...sqls] }), {
      abortSignal: signal,
    });
    await this.finished(submitted.Id ?? '', signal);
  }

  private common(): Pick<
    ExecuteStatementCommandInput,
    'Database' | 'WorkgroupName' | 'ClusterIdentifier' | 'SecretArn' | 'DbUser' | 'ClientToken' | 'WaitTimeSeconds'
  > {
    const { workgroup, cluster, database, secretArn, dbUser } = this.target;
    return {
      Database: database,
      WorkgroupName: workgroup,
      ClusterIdentifier: workgroup === undefined ? cluster : undefined,
      SecretArn: secretArn,
      DbUser: dbUser,
      // One token for all attempts of the SDK at this call: a lost answer does not run the statement again.
      ClientToken: createHash('sha256').update(randomUUID()).digest('hex'),
      WaitTimeSeconds: waitTimeSeconds,
    };
  }

  /** Frees the client's connections. */
  close(): void {
    this.client.destroy();
  }

  private async finished(id: string, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      for (;;) {
        const described = await this.client.send(
          new DescribeStatementCommand({ Id: id, WaitTimeSeconds: waitTimeSeconds }),
          { abortSignal: signal }
        );
        const status: StatusString | undefined = described.Status;
        if (status === 'FINISHED') return described.HasResultSet === true;
        if (status === 'FAILED') throw new RunFailedError(described.Error ?? 'The statement failed without a message.');
        if (status === 'ABORTED') throw new RunFailedError('The statement was cancelled in the warehouse.');
      }
    } catch (error) {
      if (signal?.aborted) await this.client.send(new CancelStatementCommand({ Id: id })).catch(() => undefined);
      throw error;
    }
  }

  private async result(id: string, signal: AbortSignal | undefined): Promise<QueryResult> {
    let columns: QueryResult['columns'] = [];
    const rows: ResultValue[][] = [];
    for await (const page of paginateGetStatementResult({ client: this.client }, { Id: id })) {
      signal?.throwIfAborted();
      if (columns.length === 0) columns = (page.ColumnMetadata ?? []).map(columnOf);
      for (const record of page.Records ?? []) {
        rows.push(record.map((field, index) => valueOf(field, columns[index]?.name ?? String(index))));
      }
    }
    return { columns, rows };
  }
}

function columnOf(metadata: ColumnMetadata): QueryResult['columns'][number] {
  return { name: metadata.label ?? metadata.name ?? '', type: metadata.typeName ?? '' };
}

function valueOf(field: Field, column: string): ResultValue {
  if (field.isNull) return null;
  if (field.stringValue !== undefined) return field.stringValue;
  if (field.longValue !== undefined) {
    if (Number.isSafeInteger(field.longValue)) return field.longValue;
    // The SDK reads JSON numbers as doubles: what arrives here is no longer what the warehouse sent.
    throw new RunFailedError(
      `Column ${column} has an integer beyond 2^53, which would be rounded: cast it to varchar.`
    );
  }
  if (field.doubleValue !== undefined)
    return Number.isFinite(field.doubleValue) ? field.doubleValue : String(field.doubleValue);
  if (field.booleanValue !== undefined) return field.booleanValue;
  if (field.blobValue !== undefined) return Buffer.from(field.blobValue).toString('hex');
  return null;
}
