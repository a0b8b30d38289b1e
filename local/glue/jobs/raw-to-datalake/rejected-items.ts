import type { LakeJobSpec } from '../../../../model/plan.js';
import type { DuckDbSession } from '../../duckdb/session.js';
import { quoteLiteral } from '../../duckdb/sql-text.js';
import { JobFailure } from '../job-script.js';
import type { RejectReason } from '../job-report.js';
import { reasonRows, rejectedTableSql } from '../rejected-rows.js';
import type { ExportRecords } from './export-records.js';
import { jsonAccess } from './item-access.js';
import { rejectRules } from './lake-column.js';
import type { RejectRule } from './lake-column.js';
import { itemTypeIndex, keyJson, keyText } from './read-items.js';

function ruleSql({ when, attribute, expected, found }: RejectRule): string {
  return `CASE WHEN ${when} THEN {'attribute': ${quoteLiteral(attribute)}, 'expected': ${quoteLiteral(expected)}, 'found': ${found}} END`;
}

/** SELECT of `item` (JSON) and `written_at` of the items marked bad in `items`, read a second time. */
export function badItems(spec: LakeJobSpec, records: ExportRecords): string {
  const access = jsonAccess(records.keys);
  const keys = spec.keys.map((_, index) => `k${index}`);
  const same = spec.keys.map((key, index) => `${keyText(access, key)} IS NOT DISTINCT FROM b.k${index}`);
  // Windows that overlap hold the same change twice.
  const times = records.changes ? [`b.written_at = ${records.writtenAt}`] : [];
  return (
    `SELECT ${records.changes ? 'DISTINCT ' : ''}${records.item} AS item, b.written_at ` +
    `FROM ${records.from('JSON')} JOIN (SELECT DISTINCT ${keys.join(', ')}, written_at FROM items WHERE bad) b ` +
    `ON ${[...same, ...times].join(' AND ')}`
  );
}

/**
 * Makes the table `rejected` of items that do not fit, a query of `item` (JSON) and `written_at`. They are read as JSON,
 * so that the first pass need not carry whole items for the few that are rejected.
 * @throws JobFailure when they cannot be told apart, that is, when keys repeat in the export.
 */
export async function collectRejectedItems(
  session: DuckDbSession,
  spec: LakeJobSpec,
  items: string,
  expected: number
): Promise<readonly RejectReason[]> {
  const access = jsonAccess('item');
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
  await session.run(
    rejectedTableSql(
      `SELECT CASE item_type ${names.join(' ')} END AS item_type, ` +
        `list_filter(CASE item_type ${perType.join(' ')} ELSE [${[...noKey, noType].map(ruleSql).join(', ')}] END, ` +
        `lambda x: x IS NOT NULL) AS reasons, ${keyJson('item', spec.keys)} AS key, ` +
        `CAST(item AS VARCHAR) AS item, written_at FROM ` +
        `(SELECT item, written_at, ${itemTypeIndex(access, spec.itemTypes)} AS item_type FROM (${items}))`
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
