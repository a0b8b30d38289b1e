import type { GlueClient, TableInput } from '@aws-sdk/client-glue';
import { catalogueTable } from './catalog-table.js';
import type { CatalogTable } from './evaluation.js';

/** A table of the warehouse as Glue's catalog is to know it: what a JDBC crawler would have written. */
export interface WarehouseTable {
  /** Glue connection that leads to the warehouse. */
  readonly connection: string;
  /** `database.schema.table`. */
  readonly location: string;
  /** With Hive's types. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

function tableInput(table: string, { connection, location, columns }: WarehouseTable): TableInput {
  return {
    Name: table,
    TableType: 'EXTERNAL_TABLE',
    Parameters: { classification: 'redshift', connectionName: connection, typeOfData: 'table' },
    StorageDescriptor: {
      Columns: columns.map(({ name, type }) => ({ Name: name, Type: type })),
      Location: location,
    },
  };
}

/** Sees that the catalog knows a warehouse table as it is now; writes only what differs. */
export async function catalogueWarehouseTable(
  glue: GlueClient,
  { database, table }: CatalogTable,
  warehouse: WarehouseTable
): Promise<void> {
  const input = tableInput(table, warehouse);
  await catalogueTable(glue, database, input, ({ StorageDescriptor: found, Parameters }) => {
    const columns = found?.Columns?.map(({ Name, Type }) => ({ Name, Type }));
    return (
      found?.Location === warehouse.location &&
      JSON.stringify(columns) === JSON.stringify(input.StorageDescriptor?.Columns) &&
      Parameters?.connectionName === warehouse.connection
    );
  });
}
