import { z } from 'zod';
import { AwsError } from '../../gateway/aws-error.js';
import type { Catalog } from '../api/catalog.js';
import { nameString, stringMap } from '../../gateway/check-request.js';

const glueTable = z.object({
  DatabaseName: nameString,
  TableName: nameString,
  CatalogId: nameString.optional(),
  ConnectionName: nameString.optional(),
  AdditionalOptions: stringMap.optional(),
});

/** A `DataSource` of the data quality operations. Exactly one of its two members is set. */
export const dataSource = z.object({
  GlueTable: glueTable.optional(),
  DataQualityGlueTable: glueTable.extend({ PreProcessingQuery: z.string().max(51_200).optional() }).optional(),
});

/** See {@link dataSource}. */
export type DataSource = z.infer<typeof dataSource>;

/** The catalog's table that a data source names, in the catalog's lower case. */
export interface SourceTable {
  readonly database: string;
  readonly table: string;
}

/**
 * The table of a data source.
 * @throws AwsError `InvalidInputException` for a source that names none or two, or needs what the local Glue lacks.
 */
export function sourceTable(source: DataSource): SourceTable {
  const { GlueTable: plain, DataQualityGlueTable: prepared } = source;
  if ((plain === undefined) === (prepared === undefined)) {
    throw new AwsError(
      'InvalidInputException',
      'A data source names exactly one of GlueTable and DataQualityGlueTable'
    );
  }
  if (prepared?.PreProcessingQuery !== undefined) {
    throw new AwsError('InvalidInputException', 'PreProcessingQuery is not supported by the local Glue');
  }
  const { DatabaseName, TableName, AdditionalOptions } = (plain ?? prepared)!;
  const [option] = Object.keys(AdditionalOptions ?? {});
  if (option !== undefined) {
    throw new AwsError('InvalidInputException', `AdditionalOptions ${option} is not supported by the local Glue`);
  }
  return { database: DatabaseName.toLowerCase(), table: TableName.toLowerCase() };
}

/** @throws AwsError `EntityNotFoundException` when the catalog has no such table, and those of {@link sourceTable}. */
export function checkDataSource(catalog: Catalog, source: DataSource): SourceTable {
  const named = sourceTable(source);
  catalog.table(named.database, named.table);
  return named;
}

/** Whether a filter's data source names the same table as a run's. */
export function sameTable(one: DataSource, other: DataSource): boolean {
  const [left, right] = [sourceTable(one), sourceTable(other)];
  return left.database === right.database && left.table === right.table;
}
