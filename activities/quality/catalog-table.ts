import type { GlueClient, Table, TableInput } from '@aws-sdk/client-glue';
import { CreateTableCommand, GetTableCommand, UpdateTableCommand } from '@aws-sdk/client-glue';
import { onResource } from '../failures.js';
import { unlessAbsent, unlessThere } from '../entity-answers.js';

/** Sees that the catalog has a table as it is wanted; writes only when what is stored is not the same. */
export async function catalogueTable(
  glue: GlueClient,
  database: string,
  input: TableInput,
  isSame: (stored: Table) => boolean
): Promise<void> {
  const resource = `Catalog table ${database}.${input.Name}`;
  const stored = await unlessAbsent(
    onResource(resource, () => glue.send(new GetTableCommand({ DatabaseName: database, Name: input.Name })))
  );
  if (stored?.Table !== undefined && isSame(stored.Table)) return;
  const request = { DatabaseName: database, TableInput: input };
  await (stored === undefined
    ? unlessThere(onResource(resource, () => glue.send(new CreateTableCommand(request))))
    : onResource(resource, () => glue.send(new UpdateTableCommand(request))));
}
