import { evaluate, parse } from '../../../../quality/index.js';
import type { DuckDbSession } from '../../duckdb/session.js';
import { escapeGlob, quoteIdentifier, quoteLiteral } from '../../duckdb/sql-text.js';
import { deleteOthers, storeDatasetFile } from '../dataset-files.js';
import type { JobReport } from '../job-report.js';
import { JobFailure } from '../job-script.js';
import type { JobContext } from '../job-script.js';
import type { S3Location } from '../s3-uri.js';
import type { LakeDataset } from './lake-dataset.js';

/** What is left of a dataset, and what was kept out of it. */
export interface HeldBack {
  readonly dataset: LakeDataset;
  readonly rows: number;
  readonly files: JobReport['files'];
}

/** The dataset of the lake that holds the bad rows of an item type, each with the rules it fails. */
export function quarantineDataset(itemType: string): string {
  return `quarantined_${itemType}`;
}

/**
 * Splits a dataset by a ruleset's rules on rows: the bad ones go to the lake's quarantine of the item type, the others
 * are what is landed. Several landing tables of one item type write the same file.
 * @throws JobFailure when the ruleset is not there.
 */
export async function holdBack(
  context: JobContext,
  session: DuckDbSession,
  {
    itemType,
    ruleset: name,
    lake,
    generation,
  }: {
    readonly itemType: string;
    readonly ruleset: string;
    readonly lake: S3Location;
    readonly generation: string;
  },
  dataset: LakeDataset
): Promise<HeldBack> {
  const { store, folder } = context;
  const text = context.ruleset(name);
  if (text === undefined) throw new JobFailure(`There is no ruleset named ${name} to hold rows back by`);
  await session.run(`CREATE VIEW quarantine_input AS SELECT * FROM ${dataset.relation}`);
  const { quarantine: split } = await session.lend((connection) =>
    evaluate({ ruleset: parse(text), connection, primary: 'quarantine_input', quarantine: { folder } })
  );
  if (split === undefined) throw new JobFailure(`The ruleset ${name} did not split the rows`);
  const prefix = `${lake.key}type=${quarantineDataset(itemType)}/`;
  const key = `${prefix}${generation}-0.parquet`;
  const columns = [...dataset.columns.keys()].map(quoteIdentifier).join(', ');
  const relation = `(SELECT ${columns} FROM read_parquet(${quoteLiteral(escapeGlob(split.good))}))`;
  const kept = { ...dataset, relation, items: split.goodRows };
  if (split.badRows === 0) {
    await deleteOthers(store, lake.bucket, prefix, new Set());
    return { dataset: kept, rows: 0, files: [] };
  }
  const file = { path: split.bad, rows: split.badRows, bucket: lake.bucket, key };
  const files = [await storeDatasetFile(session, store, file)];
  await deleteOthers(store, lake.bucket, prefix, new Set([key]));
  return { dataset: kept, rows: split.badRows, files };
}
