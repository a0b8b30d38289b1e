import { AwsError } from '../gateway/aws-error.js';
import type { JobFault } from '../gateway/job-fault.js';
import { batchWriteItem, plainBatchSizes } from './batch-write-item.js';
import type { BatchWriteInput } from './batch-write-item.js';
import { ActionCall } from './collections.js';
import type { ContinuousBackups } from './continuous-backups.js';
import { act, dynaliteOperations, validated } from './dynalite.js';
import type { DynaliteError, DynaliteOperation } from './dynalite.js';
import { dynaliteStore } from './dynalite-store.js';
import type { StoreParts } from './dynalite-store.js';
import type { Exports } from './exports.js';
import { tableOfArn } from './table-arn.js';
import type { Item } from './table-description.js';
import type { WriteClock } from './write-clock.js';

/** An operation: the parsed body in, and how the job that it starts is to misbehave; the answer's body out. */
export type Operation = (input: Record<string, unknown>, job?: JobFault) => Promise<object> | object;

function isDynaliteError(error: unknown): error is DynaliteError {
  return error instanceof Error && 'body' in error && 'statusCode' in error;
}

/** dynalite's error as ours: the same name and message. */
function asAwsError(error: unknown): unknown {
  if (!isDynaliteError(error) || error.body === undefined) return error;
  const { __type: type, message, Message } = error.body;
  return new AwsError(type.slice(type.indexOf('#') + 1), message ?? Message ?? '', error.statusCode);
}

async function dynaliteOperation(
  name: DynaliteOperation,
  parts: StoreParts,
  input: Record<string, unknown>
): Promise<object> {
  const call = new ActionCall(parts.locks);
  try {
    const data = validated(name, input, dynaliteStore(parts, call));
    const store = dynaliteStore(parts, call, data.ExclusiveStartKey as Item | undefined);
    return await call.run(() => act(name, store, data));
  } catch (error) {
    throw asAwsError(error);
  }
}

async function batchWrite(parts: StoreParts, input: Record<string, unknown>): Promise<object> {
  const sizes = plainBatchSizes(input);
  if (sizes !== undefined) return batchWriteItem(parts, input as unknown as BatchWriteInput, sizes);
  try {
    const store = dynaliteStore(parts, new ActionCall(parts.locks));
    const checked = validated('BatchWriteItem', input, store);
    return await batchWriteItem(parts, checked as unknown as BatchWriteInput);
  } catch (error) {
    throw asAwsError(error);
  }
}

/** What {@link operations} run on. */
export interface OperationParts {
  readonly items: StoreParts;
  readonly backups: ContinuousBackups;
  readonly exports: Exports;
  readonly clock: WriteClock;
}

/** All operations by name. Those of dynalite take a table's ARN for its name too, as AWS does. */
export function operations({ items, backups, exports, clock }: OperationParts): ReadonlyMap<string, Operation> {
  const all = new Map<string, Operation>();
  for (const name of dynaliteOperations) all.set(name, (input) => dynaliteOperation(name, items, input));
  all.set('BatchWriteItem', (input) => batchWrite(items, input));
  all.set('DeleteTable', async (input) => {
    const tableId = items.tables.get(String(input.TableName))?.TableId;
    const answer = await dynaliteOperation('DeleteTable', items, input);
    if (tableId !== undefined) await backups.forget(tableId);
    return answer;
  });
  all.set('DescribeContinuousBackups', (input) => backups.describe(input, clock.now()));
  all.set('UpdateContinuousBackups', (input) => backups.update(input, clock));
  all.set('ExportTableToPointInTime', (input, job) => exports.start(input, job));
  all.set('DescribeExport', (input) => exports.describe(input));
  all.set('ListExports', (input) => exports.list(input));
  for (const [name, operation] of all) {
    all.set(name, (input, job) => {
      const { TableName: table } = input;
      if (typeof table !== 'string' || !table.startsWith('arn:')) return operation(input, job);
      return operation({ ...input, TableName: tableOfArn(items, table) }, job);
    });
  }
  return all;
}
