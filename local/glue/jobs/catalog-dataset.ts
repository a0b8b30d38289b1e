import type { Catalog } from '../api/catalog.js';

/** A Parquet dataset as the catalog is to know it. */
export interface CatalogDataset {
  readonly database: string;
  /** Made lower-case, other characters than letters, digits and `_` become `_`. */
  readonly table: string;
  readonly location: string;
  readonly columns: readonly { readonly Name: string; readonly Type: string }[];
  readonly rows: number;
  readonly runKey: string;
}

/** Creates or updates the dataset's catalog table, and the database when it is not there. */
export async function catalogDataset(catalog: Catalog, dataset: CatalogDataset): Promise<void> {
  await catalog.putTable(dataset.database, {
    Name: dataset.table.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_'),
    TableType: 'EXTERNAL_TABLE',
    Parameters: {
      EXTERNAL: 'TRUE',
      classification: 'parquet',
      compressionType: 'snappy',
      recordCount: String(dataset.rows),
      'sluice.run_key': dataset.runKey,
    },
    PartitionKeys: [],
    StorageDescriptor: {
      Columns: dataset.columns.map((column) => ({ ...column })),
      Location: dataset.location,
      InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
      OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
      SerdeInfo: {
        SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
        Parameters: { 'serialization.format': '1' },
      },
    },
  });
}
