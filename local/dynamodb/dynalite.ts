import { createRequire } from 'node:module';
import type { Item, KeySchemaElement, TableDescription } from './table-description.js';

/** A Node callback, as all of dynalite's inner modules take it. */
export type Callback<T = void> = (error?: Error | null, value?: T) => void;

/** Gives a callback back that releases the lock when it is called. */
export type Release = <A extends unknown[]>(done: (...args: A) => void) => (...args: A) => void;

/** Range of keys; without a bound the range is open at that end. */
export interface KeyRange {
  gt?: string;
  gte?: string;
  lt?: string;
  lte?: string;
  reverse?: boolean;
  /** −1 for all. */
  limit?: number;
}

/** What dynalite's actions need of one keyed collection (tables, items, an index, tags). */
export interface DynaliteCollection {
  lock(key: string, whenLocked: (release: Release) => void): void;
  get(key: string, done: Callback<unknown>): void;
  put(key: string, value: unknown, done: Callback): void;
  del(key: string, done: Callback): void;
  batch(
    operations: readonly { readonly type: 'put' | 'del'; readonly key: string; readonly value?: unknown }[],
    done: Callback
  ): void;
  createKeyStream(range?: KeyRange): NodeJS.ReadableStream;
  createValueStream(range?: KeyRange): NodeJS.ReadableStream;
}

/** What dynalite's actions and validations need of a store: the shape that its own `db.create` returns. */
export interface DynaliteStore {
  readonly options: {
    readonly createTableMs: number;
    readonly deleteTableMs: number;
    readonly updateTableMs: number;
    readonly maxItemSize: number;
  };
  readonly tableDb: DynaliteCollection & { readonly awsAccountId: string; readonly awsRegion: string };
  getTable(name: string, done: Callback<TableDescription>): void;
  getTable(name: string, checkStatus: boolean, done: Callback<TableDescription>): void;
  getItemDb(table: string): DynaliteCollection;
  deleteItemDb(table: string, done: Callback): void;
  getIndexDb(kind: string, table: string, index: string): DynaliteCollection;
  deleteIndexDb(kind: string, table: string, index: string, done: Callback): void;
  getTagDb(table: string): DynaliteCollection;
  deleteTagDb(table: string, done: Callback): void;
}

/** An error of dynalite that is an answer: `body` is the whole error document. */
export interface DynaliteError extends Error {
  readonly statusCode?: number;
  readonly body?: { readonly __type: string; readonly message?: string; readonly Message?: string };
}

interface Keys {
  validateKey(key: Item, table: TableDescription): DynaliteError | undefined;
  validateItem(item: Item, table: TableDescription): DynaliteError | undefined;
  createKey(item: Item, table: TableDescription, keySchema?: readonly KeySchemaElement[]): string;
  createIndexKey(item: Item, table: TableDescription, keySchema: readonly KeySchemaElement[]): string;
  validationError(message: string): DynaliteError;
  capacityUnits(item: Item | undefined, isRead: boolean, isConsistent: boolean): number;
}

interface Validations {
  toLowerFirst(operation: string): string;
  checkTypes(data: object, types: object): Record<string, unknown>;
  checkValidations(data: object, types: object, custom: unknown, store: DynaliteStore): void;
}

type Action = (store: DynaliteStore, data: object, done: Callback<object>) => void;

// dynalite has no types and no `exports`; package.json pins it to one version because these are its inner modules.
const require = createRequire(import.meta.url);

/** dynalite's key encoding, item checks and capacity figures. */
export const keys: Keys = require('dynalite/db');

const validations: Validations = require('dynalite/validations');

/** The operations that dynalite's own actions answer. */
export const dynaliteOperations = [
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'DescribeTimeToLive',
  'GetItem',
  'ListTables',
  'ListTagsOfResource',
  'PutItem',
  'Query',
  'Scan',
  'TagResource',
  'UntagResource',
  'UpdateItem',
  'UpdateTable',
] as const;

/** An operation of dynalite. */
export type DynaliteOperation = (typeof dynaliteOperations)[number];

const modules = new Map<string, { action: Action; types: object; custom: unknown }>(
  dynaliteOperations.map((operation) => {
    const file = validations.toLowerFirst(operation);
    const { types, custom } = require(`dynalite/validations/${file}`) as { types: object; custom: unknown };
    return [operation, { action: require(`dynalite/actions/${file}`) as Action, types, custom }];
  })
);

function moduleOf(operation: DynaliteOperation): { action: Action; types: object; custom: unknown } {
  const found = modules.get(operation);
  if (found === undefined) throw new Error(`dynalite has no operation ${operation}`);
  return found;
}

/**
 * Checks a request and brings it into dynalite's form: unknown members removed, numbers normalised.
 * @throws DynaliteError with the error document for the caller.
 */
export function validated(operation: DynaliteOperation, data: object, store: DynaliteStore): Record<string, unknown> {
  const { types, custom } = moduleOf(operation);
  const checked = validations.checkTypes(data, types);
  validations.checkValidations(checked, types, custom, store);
  return checked;
}

/** Runs dynalite's action over a validated request; rejects with a {@link DynaliteError}. */
export function act(operation: DynaliteOperation, store: DynaliteStore, data: object): Promise<object> {
  return new Promise((resolve, reject) => {
    moduleOf(operation).action(store, data, (error, answer) => {
      if (error) reject(error);
      else resolve(answer ?? {});
    });
  });
}
