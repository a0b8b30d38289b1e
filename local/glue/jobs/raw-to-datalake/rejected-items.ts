import type { LakeJobSpec } from '../../../../model/plan.js';
import type { DuckDbSession } from '../../duckdb/session.js';
import { quoteLiteral } from '../../duckdb/sql-text.js';
import { JobFailure } from '../job-script.js';
import type { RejectReason } from '../job-report.js';
import { reasonRows, rejectedTableSql } from '../rejected-rows.js';
import type { DataFile } from './export-manifest.js';
import { jsonAccess } from './item-access.js';
import { rejectRules } from './lake-column.js';
import type { RejectRule } from './lake-column.js';
import { exportRecords, itemTypeIndex, keyText } from './read-items.js';

function ruleSql({ when, attribute, expected, found }: RejectRule): string {
  return `CASE WHEN ${when} THEN {'attribute': ${quoteLiteral(attribute)}, 'expected': ${quoteLiteral(expected)}, 'found': ${found}} END`;
}

/**
 * Makes the table `rejected` of the items marked bad in `items`. They are read a second time, as JSON, so that the
 * first pass need not carry whole items for the few that are rejected.
 * @throws JobFailure when the bad items cannot be told apart, that is, when keys repeat in the export.
 */
export async function collectRejectedItems(
  session: DuckDbSession,
  spec: LakeJobSpec,
  files: readonly DataFile[],
  expected: number
): Promise<readonly RejectReason[]> {
  const fromRecord = jsonAccess('r."Item"');
  const access = jsonAccess('item');
  const keys = spec.keys.map((_, index) => `k${index}`);
  const sameKey = spec.keys.map((key, index) => `${keyText(fromRecord, key)} IS NOT DISTINCT FROM b.k${index}`);
  const noKey = spec.keys.map((key) => ({
    when: `${keyText(access, key)} IS NULL`,
    attribute: key,
    expected: 'a table key',
    found: `'missing'`,
  }));
  const perType = spec.itemTypes.map((itemType, index) => {
    const rules = [...noKey, ...itemType.columns.flatMap((column) => rejectRules(access, column))];
    return `WHEN ${index} THEN [${rules.map(ruleSql).join(', ')}]`;
  });
  const noType = { when: 'true', attribute: '', expected: 'an item type of the model', found: `'no item type'` };
  const names = spec.itemTypes.map(({ name }, index) => `WHEN ${index} THEN ${quoteLiteral(name)}`);
  const key = spec.keys.map((name) => `${quoteLiteral(name)}, json_extract(item, ${quoteLiteral(jsonPointer(name))})`);
  await session.run(
    rejectedTableSql(
      `SELECT CASE item_type ${names.join(' ')} END AS item_type, ` +
        `list_filter(CASE item_type ${perType.join(' ')} ELSE [${[...noKey, noType].map(ruleSql).join(', ')}] END, ` +
        `lambda x: x IS NOT NULL) AS reasons, CAST(json_object(${key.join(', ')}) AS VARCHAR) AS key, ` +
        `CAST(item AS VARCHAR) AS item FROM (` +
        `SELECT r."Item" AS item, ${itemTypeIndex(fromRecord, spec.itemTypes)} AS item_type ` +
        `FROM ${exportRecords(files, 'JSON')} JOIN (SELECT DISTINCT ${keys.join(', ')} FROM items WHERE bad) b ` +
        `ON ${sameKey.join(' AND ')})`
    )
  );
  const [found] = await session.rows(
    'SELECT count(*) AS items, count(*) FILTER (len(reasons) = 0) AS fit FROM rejected'
  );
  if (Number(found?.['items']) !== expected || Number(found?.['fit']) !== 0) {
    throw new JobFailure('The export has several items with the same key: it is not an export of one table');
  }
  return reasonRows(session);
}

function jsonPointer(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
