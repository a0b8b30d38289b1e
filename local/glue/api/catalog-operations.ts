import type { TableInput } from '@aws-sdk/client-glue';
import { z } from 'zod';
import { AwsError } from '../../gateway/aws-error.js';
import type { JsonOperation } from '../../gateway/service.js';
import { compoundKey } from '../../state/entity-store.js';
import { nameString, operation, pageOf, paging, stringMap } from '../../gateway/check-request.js';
import type { Catalog } from './catalog.js';

const databaseInput = z.object({
  Name: nameString,
  Description: z.string().max(2048).optional(),
  LocationUri: z.string().min(1).optional(),
  Parameters: stringMap.optional(),
});
const tableInput = z.looseObject({ Name: nameString });
const inDatabase = { DatabaseName: nameString };

/** GetTables' `Expression`: an anchored regular expression over names, in which a lone `*` stands for anything. */
function nameMatcher(expression: string | undefined): (name: string) => boolean {
  if (expression === undefined || expression === '' || expression === '*') return () => true;
  try {
    const pattern = new RegExp(`^(?:${expression.replaceAll(/(?<![.)\]}*])\*/g, '.*')})$`, 'i');
    return (name) => pattern.test(name);
  } catch {
    throw new AwsError('InvalidInputException', 'Expression is not a valid pattern');
  }
}

/** Operations on databases and tables of the Data Catalog. */
export function catalogOperations(catalog: Catalog): Record<string, JsonOperation> {
  return {
    CreateDatabase: operation(z.object({ DatabaseInput: databaseInput }), async ({ DatabaseInput }) => {
      await catalog.createDatabase(DatabaseInput);
      return {};
    }),
    GetDatabase: operation(z.object({ Name: nameString }), async ({ Name }) => ({ Database: catalog.database(Name) })),
    GetDatabases: operation(z.object(paging(100)), async (request) => {
      const { items, NextToken } = pageOf(catalog.databases.list(), request);
      return { DatabaseList: items, NextToken };
    }),
    UpdateDatabase: operation(z.object({ Name: nameString, DatabaseInput: databaseInput }), async (request) => {
      const old = catalog.database(request.Name);
      if (request.DatabaseInput.Name.toLowerCase() !== old.Name) {
        throw new AwsError('InvalidInputException', 'Database name cannot be changed.');
      }
      const { CreateTime, CatalogId, Name } = old;
      await catalog.databases.put(Name, { ...request.DatabaseInput, Name, CreateTime, CatalogId });
      return {};
    }),
    DeleteDatabase: operation(z.object({ Name: nameString }), async ({ Name }) => {
      await catalog.deleteDatabase(Name);
      return {};
    }),
    CreateTable: operation(z.object({ ...inDatabase, TableInput: tableInput }), async (request) => {
      await catalog.createTable(request.DatabaseName, request.TableInput satisfies TableInput);
      return {};
    }),
    GetTable: operation(z.object({ ...inDatabase, Name: nameString }), async (request) => ({
      Table: catalog.table(request.DatabaseName, request.Name),
    })),
    GetTables: operation(
      z.object({ ...inDatabase, Expression: z.string().optional(), ...paging(100) }),
      async (request) => {
        const { Name } = catalog.database(request.DatabaseName);
        const matches = nameMatcher(request.Expression);
        const tables = catalog.tables.list(compoundKey(Name)).filter(({ value }) => matches(value.Name));
        const { items, NextToken } = pageOf(tables, request);
        return { TableList: items, NextToken };
      }
    ),
    UpdateTable: operation(z.object({ ...inDatabase, TableInput: tableInput }), async (request) => {
      await catalog.updateTable(request.DatabaseName, request.TableInput satisfies TableInput);
      return {};
    }),
    DeleteTable: operation(z.object({ ...inDatabase, Name: nameString }), async (request) => {
      await catalog.deleteTable(request.DatabaseName, request.Name);
      return {};
    }),
    BatchDeleteTable: operation(
      z.object({ ...inDatabase, TablesToDelete: z.array(nameString).max(100) }),
      async (request) => {
        catalog.database(request.DatabaseName);
        const Errors: object[] = [];
        for (const TableName of request.TablesToDelete) {
          try {
            await catalog.deleteTable(request.DatabaseName, TableName);
          } catch (error) {
            Errors.push({ TableName, ErrorDetail: errorDetail(error) });
          }
        }
        return { Errors };
      }
    ),
  };
}

/** An `ErrorDetail` of a batch operation. Rethrows what is not an {@link AwsError}. */
export function errorDetail(error: unknown): { readonly ErrorCode: string; readonly ErrorMessage: string } {
  if (!(error instanceof AwsError)) throw error;
  return { ErrorCode: error.code, ErrorMessage: error.message };
}
