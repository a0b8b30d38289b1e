import type { GlueClient, TableInput } from '@aws-sdk/client-glue';
import { CreateDatabaseCommand, GetDatabaseCommand } from '@aws-sdk/client-glue';
import { resultsPrefix } from '../../quality/results/result-document.js';
import {
  resultColumns,
  resultPartitions,
  resultPaths,
  resultTableName,
  resultViews,
} from '../../quality/results/result-tables.js';
import type { CatalogColumn, ResultView } from '../../quality/results/result-tables.js';
import { onResource } from '../failures.js';
import { unlessAbsent, unlessThere } from '../entity-answers.js';
import { catalogueTable } from './catalog-table.js';

/** Database of the catalog that the table of results is in, unless the deployment names another. */
export const defaultResultsDatabase = 'data_quality';

const named = (columns: readonly CatalogColumn[]) => columns.map(({ name, type }) => ({ Name: name, Type: type }));

/** Results of these years are found. Athena lists no partition: it computes them. */
const years = '2020,2059';

// https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
function tableInput(bucket: string): TableInput {
  const location = `s3://${bucket}/${resultsPrefix}`;
  return {
    Name: resultTableName,
    Description: 'Data quality results, one JSON object each',
    TableType: 'EXTERNAL_TABLE',
    Parameters: {
      classification: 'json',
      EXTERNAL: 'TRUE',
      'projection.enabled': 'true',
      'projection.year.type': 'integer',
      'projection.year.range': years,
      'projection.year.digits': '4',
      'projection.month.type': 'integer',
      'projection.month.range': '1,12',
      'projection.month.digits': '2',
      'projection.day.type': 'integer',
      'projection.day.range': '1,31',
      'projection.day.digits': '2',
      'storage.location.template': `${location}year=\${year}/month=\${month}/day=\${day}`,
    },
    PartitionKeys: named(resultPartitions),
    StorageDescriptor: {
      Columns: named(resultColumns),
      Location: location,
      InputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
      OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
      SerdeInfo: {
        SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe',
        Parameters: { paths: resultPaths, 'case.insensitive': 'true' },
      },
    },
  };
}

/** Athena's names for Hive's types. */
const prestoTypes: Readonly<Record<string, string>> = { string: 'varchar', bigint: 'bigint', double: 'double' };

/** A view as Athena itself writes it into the catalog: its definition as base64 of JSON within a comment. */
function viewInput(database: string, { name, sql, columns }: ResultView): TableInput {
  const definition = {
    originalSql: sql,
    catalog: 'awsdatacatalog',
    schema: database,
    columns: columns.map((column) => ({ name: column.name, type: prestoTypes[column.type] ?? column.type })),
  };
  return {
    Name: name,
    TableType: 'VIRTUAL_VIEW',
    Parameters: { presto_view: 'true', comment: 'Presto View' },
    PartitionKeys: [],
    StorageDescriptor: { Columns: named(columns), Location: '', SerdeInfo: {} },
    ViewOriginalText: `/* Presto View: ${Buffer.from(JSON.stringify(definition)).toString('base64')} */`,
    ViewExpandedText: '/* Presto View */',
  };
}

/** The parts of a table's definition that Sluice decides on. */
const essence = ({ Parameters, PartitionKeys, StorageDescriptor, ViewOriginalText }: Partial<TableInput>): string =>
  JSON.stringify([
    Object.entries(Parameters ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)),
    (PartitionKeys ?? []).map(({ Name, Type }) => [Name, Type]),
    (StorageDescriptor?.Columns ?? []).map(({ Name, Type }) => [Name, Type]),
    StorageDescriptor?.Location ?? '',
    ViewOriginalText ?? '',
  ]);

/** Sees that the catalog has the table over the kept results and its views; writes only what differs. */
export async function catalogueResults(glue: GlueClient, bucket: string, database: string): Promise<void> {
  const resource = `Catalog database ${database}`;
  const found = await unlessAbsent(onResource(resource, () => glue.send(new GetDatabaseCommand({ Name: database }))));
  if (found === undefined) {
    const DatabaseInput = { Name: database, Description: 'Data quality results of Sluice' };
    await unlessThere(onResource(resource, () => glue.send(new CreateDatabaseCommand({ DatabaseInput }))));
  }
  for (const input of [tableInput(bucket), ...resultViews(database).map((one) => viewInput(database, one))]) {
    await catalogueTable(glue, database, input, (stored) => essence(stored) === essence(input));
  }
}
