import type { GlueClient, TableInput } from '@aws-sdk/client-glue';
import { CreateTableCommand, GetTableCommand, UpdateTableCommand } from '@aws-sdk/client-glue';
import { onResource } from '../failures.js';
import type { CatalogTable } from './evaluation.js';
import { isAbsent } from './is-absent.js';

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
  const resource = `Catalog table ${database}.${table}`;
  const input = tableInput(table, warehouse);
  const stored = await onResource(resource, () =>
    glue.send(new GetTableCommand({ DatabaseName: database, Name: table }))
  ).catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
  const { StorageDescriptor: found } = stored?.Table ?? {};
  const columns = found?.Columns?.map(({ Name, Type }) => ({ Name, Type }));
  const same =
    found?.Location === warehouse.location &&
    JSON.stringify(columns) === JSON.stringify(input.StorageDescriptor?.Columns) &&
    stored?.Table?.Parameters?.connectionName === warehouse.connection;
  if (same) return;
  const request = { DatabaseName: database, TableInput: input };
  await onResource(resource, () =>
    glue.send(stored === undefined ? new CreateTableCommand(request) : new UpdateTableCommand(request))
  );
}
