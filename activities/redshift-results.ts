import type { Field, RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { paginateGetStatementResult } from '@aws-sdk/client-redshift-data';
import { StepError, onResource } from './failures.js';

/** A value of a result; binary values as Base64. */
export type ResultValue = string | number | boolean | null;

const valueOf = (field: Field): ResultValue =>
  field.isNull
    ? null
    : (field.stringValue ??
      field.longValue ??
      field.doubleValue ??
      field.booleanValue ??
      (field.blobValue === undefined ? null : Buffer.from(field.blobValue).toString('base64')));

/** Every row of a finished statement, all pages of it, by column name. Rejects with {@link AwsCallError}. */
export async function readRows(client: RedshiftDataClient, id: string): Promise<Record<string, ResultValue>[]> {
  const rows: Record<string, ResultValue>[] = [];
  await onResource(`result of Redshift statement ${id}`, async () => {
    let columns: string[] = [];
    for await (const page of paginateGetStatementResult({ client }, { Id: id })) {
      columns = page.ColumnMetadata?.map(({ name }, index) => name ?? `column_${index}`) ?? columns;
      for (const record of page.Records ?? []) {
        rows.push(Object.fromEntries(record.map((field, index) => [columns[index] ?? '', valueOf(field)])));
      }
    }
  });
  return rows;
}

/** A column's value as a count. Throws a permanent {@link StepError} when it is none. */
export function countIn(row: Readonly<Record<string, ResultValue>>, column: string, resource: string): number {
  const value = Number(row[column] ?? NaN);
  if (!Number.isSafeInteger(value)) throw new StepError('Permanent', resource, `its column ${column} is not a count`);
  return value;
}
