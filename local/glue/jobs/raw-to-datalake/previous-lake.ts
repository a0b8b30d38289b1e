import { readFile } from 'node:fs/promises';
import { lakeStateFile, parseLakeState, sameItemTypes } from '../../../../model/lake-state.js';
import type { LakeState } from '../../../../model/lake-state.js';
import type { ItemTypePlan, LakeJobSpec } from '../../../../model/plan.js';
import type { ObjectStore } from '../../../s3/object-store.js';
import type { DuckDbSession } from '../../duckdb/session.js';
import { escapeGlob, literalList, quoteIdentifier, quoteLiteral } from '../../duckdb/sql-text.js';
import { JobFailure } from '../job-script.js';
import { rejectedDataset } from '../rejected-rows.js';
import type { S3Location } from '../s3-uri.js';
import { castColumn } from './lake-column.js';

/** Name of the lake's dataset of keys that were deleted. */
export const deletedDataset = 'deleted';

/** A dataset of the lake that changes are merged into. */
export interface PreviousDataset {
  readonly name: string;
  /** A view `p` of the dataset's columns, `written_at` and the keys' texts `k0`, `k1`. */
  readonly view: string;
  readonly rows: number;
  /** SQL that is true when `items` and `p` hold the same item. */
  readonly sameItem: string;
}

/** The complete lake generation that changes are merged into. */
export interface PreviousLake {
  readonly state: LakeState;
  /** Item types, `rejected` and `deleted`. */
  readonly datasets: readonly PreviousDataset[];
}

/** The lake column that holds a table key of an item type. */
function keyColumn({ name, columns }: ItemTypePlan, key: string): ItemTypePlan['columns'][number] {
  const found = columns.find(({ path }) => path.length === 1 && path[0] === key);
  if (found === undefined) throw new JobFailure(`Item type ${name} does not keep the table key ${key}`);
  return found;
}

/** Text of a table key within DynamoDB JSON. */
function keyOfJson(json: string, key: string): string {
  const name = key.replaceAll('~', '~0').replaceAll('/', '~1'); // RFC 6901
  const values = ['S', 'N', 'B'].map((type) => `json_extract_string(${json}, ${quoteLiteral(`/${name}/${type}`)})`);
  return `coalesce(${values.join(', ')})`;
}

/** The texts of the keys in a dataset, and those that items would have there. */
function keysOf(spec: LakeJobSpec, dataset: string): readonly { readonly held: string; readonly item: string }[] {
  const itemType = spec.itemTypes.find(({ name }) => name === dataset);
  return spec.keys.map((key, index) => {
    if (itemType === undefined) return { held: keyOfJson('key', key), item: `items.k${index}` };
    const column = keyColumn(itemType, key);
    return {
      held: `CAST(${quoteIdentifier(column.name)} AS VARCHAR)`,
      item: `CAST(${castColumn(column, `items.k${index}`)} AS VARCHAR)`,
    };
  });
}

/**
 * Opens the lake generation under a folder, with a view per dataset.
 * @throws JobFailure when it is not complete, or of other item types than the specification's.
 */
export async function openPreviousLake(
  session: DuckDbSession,
  store: ObjectStore,
  { bucket, key: prefix }: S3Location,
  spec: LakeJobSpec
): Promise<PreviousLake> {
  const at = `s3://${bucket}/${prefix}`;
  const stateKey = `${prefix}${lakeStateFile}`;
  const isThere = (await store.headObject(bucket, stateKey)) !== undefined;
  const state = isThere ? parseLakeState(await readFile(await store.filePath(bucket, stateKey), 'utf8')) : undefined;
  if (state === undefined) throw new JobFailure(`${at} holds no complete lake: ${lakeStateFile} is missing`);
  if (!sameItemTypes(state, spec)) throw new JobFailure(`The lake at ${at} was made by other item types`);
  const datasets: PreviousDataset[] = [];
  for (const name of [...spec.itemTypes.map((itemType) => itemType.name), rejectedDataset, deletedDataset]) {
    const { rows, files = [] } = state.datasets[name] ?? {};
    const paths: string[] = [];
    for (const file of files) {
      if ((await store.headObject(bucket, prefix + file)) === undefined) {
        throw new JobFailure(`File ${file} of the lake at ${at} is missing`);
      }
      paths.push(escapeGlob(await store.filePath(bucket, prefix + file)));
    }
    if (rows === undefined || paths.length === 0) throw new JobFailure(`The lake at ${at} has no dataset ${name}`);
    const keys = keysOf(spec, name);
    const view = `previous_${datasets.length}`;
    await session.run(
      `CREATE VIEW ${view} AS SELECT *, make_timestamp(epoch_us(sluice_written_at)) AS written_at, ` +
        `${keys.map(({ held }, index) => `${held} AS k${index}`).join(', ')} ` +
        `FROM read_parquet(${literalList(paths)}, hive_partitioning = false)`
    );
    const sameItem = keys.map(({ item }, index) => `${item} = p.k${index}`).join(' AND ');
    datasets.push({ name, view, rows, sameItem });
  }
  const counts = datasets.map(({ view }) => `SELECT '${view}' AS view, count(*) AS rows FROM ${view}`);
  const held = new Map(
    (await session.rows(counts.join(' UNION ALL '))).map((row) => [row['view'], Number(row['rows'])])
  );
  const wrong = datasets.find(({ view, rows }) => held.get(view) !== rows);
  if (wrong !== undefined) {
    throw new JobFailure(`Dataset ${wrong.name} of the lake at ${at} does not hold its ${wrong.rows} rows`);
  }
  return { state, datasets };
}
