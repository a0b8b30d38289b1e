import type {
  DescribeTableRequest,
  DescribeTableResponse,
  ListDatabasesRequest,
  ListDatabasesResponse,
  ListSchemasRequest,
  ListSchemasResponse,
  ListTablesRequest,
  ListTablesResponse,
} from '@aws-sdk/client-redshift-data';
import type { FieldDef, QueryResultRow } from 'pg';
import { AwsError } from '../../gateway/aws-error.js';
import type { JsonOperation } from '../../gateway/service.js';
import { COMPATIBILITY_SCHEMA } from '../dialect/install-functions.js';
import { columnMetadata } from './fields.js';
import { connectionTarget, fromNextToken, invalid, pageSize, toNextToken } from './request-checks.js';
import type { Endpoint, TargetInput } from './request-checks.js';
import type { WarehouseConnections } from './warehouse-connections.js';

const MAX_PAGE = 1_000;
/** PostgreSQL's own and ours: Redshift has no such schemas. */
const hidden = `nspname NOT LIKE 'pg\\_toast%' AND nspname NOT LIKE 'pg\\_temp%' AND nspname <> '${COMPATIBILITY_SCHEMA}'`;

/** ListDatabases, ListSchemas, ListTables and DescribeTable. */
export function catalogOperations(
  connections: WarehouseConnections,
  endpoint: Endpoint
): Record<string, JsonOperation> {
  const query = async <Row extends QueryResultRow>(
    input: TargetInput,
    sql: string,
    values: unknown[]
  ): Promise<Row[]> => {
    const { database } = connectionTarget(input, endpoint);
    try {
      const connection = await connections.acquire(database);
      try {
        return (await connection.client.query<Row>(sql, values)).rows;
      } finally {
        await connections.release(connection);
      }
    } catch (error) {
      throw new AwsError('DatabaseConnectionException', error instanceof Error ? error.message : String(error), 500);
    }
  };

  return {
    ListDatabases: async (input: ListDatabasesRequest): Promise<ListDatabasesResponse> => {
      const rows = await query<{ name: string }>(
        input,
        `SELECT datname AS name FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY 1`,
        []
      );
      const page = cut(input, rows);
      return { Databases: page.items.map(({ name }) => name), NextToken: page.next };
    },

    ListSchemas: async (input: ListSchemasRequest): Promise<ListSchemasResponse> => {
      const rows = await query<{ name: string }>(
        input,
        `SELECT nspname AS name FROM pg_namespace WHERE ${hidden} AND nspname LIKE $1 ORDER BY 1`,
        [input.SchemaPattern ?? '%']
      );
      const page = cut(input, rows);
      return { Schemas: page.items.map(({ name }) => name), NextToken: page.next };
    },

    ListTables: async (input: ListTablesRequest): Promise<ListTablesResponse> => {
      const rows = await query<{ name: string; schema: string; type: string }>(
        input,
        `SELECT relname AS name, nspname AS schema,
                CASE WHEN nspname IN ('pg_catalog', 'information_schema') THEN 'SYSTEM ' ELSE '' END
                || CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'VIEW' ELSE 'TABLE' END AS type
           FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
          WHERE relkind IN ('r', 'v', 'm', 'p') AND ${hidden} AND nspname LIKE $1 AND relname LIKE $2 ORDER BY 2, 1`,
        [input.SchemaPattern ?? '%', input.TablePattern ?? '%']
      );
      const page = cut(input, rows);
      return { Tables: page.items, NextToken: page.next };
    },

    DescribeTable: async (input: DescribeTableRequest): Promise<DescribeTableResponse> => {
      if (input.Table === undefined && input.Schema === undefined) throw invalid('Table or Schema must be provided.');
      const rows = await query<FieldDef & { schema: string; table: string; nullable: boolean; default: string }>(
        input,
        `SELECT attname AS name, atttypid::int AS "dataTypeID", atttypmod AS "dataTypeModifier", nspname AS schema,
                relname AS table, NOT attnotnull AS nullable, coalesce(pg_get_expr(adbin, adrelid), '') AS default
           FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
           LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
          WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'v', 'm', 'p') AND ${hidden}
            AND nspname = coalesce($1, nspname) AND relname = coalesce($2, relname) ORDER BY nspname, relname, attnum`,
        [input.Schema ?? null, input.Table ?? null]
      );
      const page = cut(input, rows);
      const columns = page.items.map((row) =>
        columnMetadata(row, {
          schemaName: row.schema,
          tableName: row.table,
          nullable: row.nullable,
          columnDefault: row.default,
        })
      );
      return { TableName: input.Table, ColumnList: columns, NextToken: page.next };
    },
  };
}

function cut<Item>(
  input: { MaxResults?: number; NextToken?: string },
  items: readonly Item[]
): { items: Item[]; next?: string } {
  const start = fromNextToken(input.NextToken);
  const end = start + pageSize(input.MaxResults, MAX_PAGE, MAX_PAGE);
  return { items: items.slice(start, end), next: end < items.length ? toNextToken(end) : undefined };
}
