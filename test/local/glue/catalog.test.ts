import {
  BatchCreatePartitionCommand,
  BatchDeletePartitionCommand,
  BatchDeleteTableCommand,
  BatchGetPartitionCommand,
  CreateDatabaseCommand,
  CreatePartitionCommand,
  CreateTableCommand,
  DeleteDatabaseCommand,
  DeletePartitionCommand,
  DeleteTableCommand,
  GetDatabaseCommand,
  GetDatabasesCommand,
  GetPartitionCommand,
  GetPartitionsCommand,
  GetTableCommand,
  GetTablesCommand,
  UpdateDatabaseCommand,
  UpdatePartitionCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import type { GlueClient } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLocalGlue, temporaryFolder } from './local-glue.js';
import type { LocalGlue } from './local-glue.js';

describe('Glue Data Catalog', () => {
  const place = { folder: '', remove: async () => {} };
  let local: LocalGlue;
  let glue: GlueClient;
  const DatabaseName = 'shop';
  const table = {
    Name: 'Orders',
    PartitionKeys: [
      { Name: 'year', Type: 'string' },
      { Name: 'month', Type: 'int' },
    ],
  };

  beforeAll(async () => {
    Object.assign(place, await temporaryFolder());
    local = await startLocalGlue(place.folder);
    glue = local.glue;
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'Shop', Description: 'of things' } }));
    await glue.send(new CreateTableCommand({ DatabaseName, TableInput: table }));
  });
  afterAll(async () => {
    await local.close();
    await place.remove();
  });

  it('folds names to lower case and finds them in any', async () => {
    const { Database } = await glue.send(new GetDatabaseCommand({ Name: 'SHOP' }));
    expect(Database).toMatchObject({ Name: 'shop', Description: 'of things', CatalogId: '000000000000' });
    expect(Database?.CreateTime).toBeInstanceOf(Date);
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName: 'Shop', Name: 'ORDERS' }));
    expect(Table).toMatchObject({ Name: 'orders', DatabaseName: 'shop', VersionId: '0' });
  });

  it('updates databases and tables, counting versions', async () => {
    const DatabaseInput = { Name: 'shop', Parameters: { owner: 'ann' } };
    await glue.send(new UpdateDatabaseCommand({ Name: 'shop', DatabaseInput }));
    expect((await glue.send(new GetDatabaseCommand({ Name: 'shop' }))).Database).toMatchObject(DatabaseInput);
    await glue.send(
      new CreateTableCommand({ DatabaseName, TableInput: { Name: 'versioned', Parameters: { a: '1' } } })
    );
    await glue.send(
      new UpdateTableCommand({ DatabaseName, TableInput: { Name: 'versioned', Parameters: { b: '2' } } })
    );
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName, Name: 'versioned' }));
    expect(Table).toMatchObject({ VersionId: '1', Parameters: { b: '2' } });
    await glue.send(new DeleteTableCommand({ DatabaseName, Name: 'versioned' }));
    await expect(glue.send(new GetTableCommand({ DatabaseName, Name: 'versioned' }))).rejects.toMatchObject({
      name: 'EntityNotFoundException',
    });
  });

  it('lists tables by pattern and page, of one database only', async () => {
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'shop2' } }));
    for (const Name of ['t_1', 't_2', 't_3']) {
      await glue.send(new CreateTableCommand({ DatabaseName: 'shop2', TableInput: { Name } }));
    }
    const names = async (Expression: string): Promise<unknown> =>
      (await glue.send(new GetTablesCommand({ DatabaseName: 'shop2', Expression }))).TableList?.map((one) => one.Name);
    expect(await names('t_[12]')).toEqual(['t_1', 't_2']);
    expect(await names('t_*')).toEqual(['t_1', 't_2', 't_3']);
    const page = await glue.send(new GetTablesCommand({ DatabaseName: 'shop2', MaxResults: 2 }));
    // What vanishes between two pages hides nothing of what follows.
    const TablesToDelete = ['t_2', 'nobody'];
    const gone = await glue.send(new BatchDeleteTableCommand({ DatabaseName: 'shop2', TablesToDelete }));
    expect(gone.Errors).toMatchObject([{ TableName: 'nobody', ErrorDetail: { ErrorCode: 'EntityNotFoundException' } }]);
    const rest = await glue.send(new GetTablesCommand({ DatabaseName: 'shop2', NextToken: page.NextToken }));
    expect(rest.TableList?.map((one) => one.Name)).toEqual(['t_3']);
    const all = await glue.send(new GetDatabasesCommand({}));
    expect(all.DatabaseList?.map((one) => one.Name)).toEqual(['shop', 'shop2']);
  });

  it('keeps partitions, reports which of a batch failed, and filters them', async () => {
    const TableName = 'orders';
    const of = (...Values: string[]): { Values: string[]; Parameters: Record<string, string> } => ({
      Values,
      Parameters: {},
    });
    await glue.send(new CreatePartitionCommand({ DatabaseName, TableName, PartitionInput: of('2023', '12') }));
    const PartitionInputList = [of('2024', '1'), of('2023', '12'), of('2024', '2'), of('2024')];
    const batch = await glue.send(new BatchCreatePartitionCommand({ DatabaseName, TableName, PartitionInputList }));
    expect(batch.Errors?.map((error) => [error.PartitionValues, error.ErrorDetail?.ErrorCode])).toEqual([
      [['2023', '12'], 'AlreadyExistsException'],
      [['2024'], 'InvalidInputException'],
    ]);
    const values = async (Expression?: string): Promise<unknown> =>
      (await glue.send(new GetPartitionsCommand({ DatabaseName, TableName, Expression }))).Partitions?.map(
        (one) => one.Values
      );
    expect(await values()).toEqual([
      ['2023', '12'],
      ['2024', '1'],
      ['2024', '2'],
    ]);
    expect(await values(`year = '2024' AND month = 2`)).toEqual([['2024', '2']]);
    await expect(values('year > 2023')).rejects.toMatchObject({ name: 'InvalidInputException' });
    const PartitionInput = { Values: ['2024', '1'], Parameters: { recordCount: '5' } };
    await glue.send(
      new UpdatePartitionCommand({ DatabaseName, TableName, PartitionValueList: ['2024', '1'], PartitionInput })
    );
    const one = await glue.send(new GetPartitionCommand({ DatabaseName, TableName, PartitionValues: ['2024', '1'] }));
    expect(one.Partition).toMatchObject({ Parameters: { recordCount: '5' }, TableName: 'orders' });
    const PartitionsToGet = [{ Values: ['2024', '2'] }, { Values: ['1999', '1'] }];
    const some = await glue.send(new BatchGetPartitionCommand({ DatabaseName, TableName, PartitionsToGet }));
    expect(some.Partitions?.map((partition) => partition.Values)).toEqual([['2024', '2']]);
    expect(some.UnprocessedKeys).toEqual([{ Values: ['1999', '1'] }]);
    await glue.send(new DeletePartitionCommand({ DatabaseName, TableName, PartitionValues: ['2023', '12'] }));
    const PartitionsToDelete = [{ Values: ['2024', '2'] }, { Values: ['2023', '12'] }];
    const deleted = await glue.send(new BatchDeletePartitionCommand({ DatabaseName, TableName, PartitionsToDelete }));
    expect(deleted.Errors).toMatchObject([{ PartitionValues: ['2023', '12'] }]);
    expect(await values()).toEqual([['2024', '1']]);
  });

  it('deletes a database with all that is in it, and keeps the rest over a restart', async () => {
    await glue.send(new DeleteDatabaseCommand({ Name: 'shop2' }));
    await local.close();
    local = await startLocalGlue(place.folder);
    glue = local.glue;
    await expect(glue.send(new GetTablesCommand({ DatabaseName: 'shop2' }))).rejects.toMatchObject({
      name: 'EntityNotFoundException',
    });
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'shop2' } }));
    expect((await glue.send(new GetTablesCommand({ DatabaseName: 'shop2' }))).TableList).toEqual([]);
    const kept = await glue.send(new GetPartitionsCommand({ DatabaseName, TableName: 'orders' }));
    expect(kept.Partitions?.map((one) => one.Values)).toEqual([['2024', '1']]);
  });

  const refused: [string, () => Promise<unknown>, string][] = [
    [
      'a database twice',
      () => glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'SHOP' } })),
      'AlreadyExistsException',
    ],
    [
      'a table twice',
      () => glue.send(new CreateTableCommand({ DatabaseName, TableInput: table })),
      'AlreadyExistsException',
    ],
    [
      'a table of no database',
      () => glue.send(new CreateTableCommand({ DatabaseName: 'no', TableInput: table })),
      'EntityNotFoundException',
    ],
    [
      'an update of no table',
      () => glue.send(new UpdateTableCommand({ DatabaseName, TableInput: { Name: 'no' } })),
      'EntityNotFoundException',
    ],
    [
      'a database that is not there',
      () => glue.send(new DeleteDatabaseCommand({ Name: 'no' })),
      'EntityNotFoundException',
    ],
    [
      'no partition',
      () => glue.send(new GetPartitionCommand({ DatabaseName, TableName: 'orders', PartitionValues: ['1', '1'] })),
      'EntityNotFoundException',
    ],
    [
      'a renamed database',
      () => glue.send(new UpdateDatabaseCommand({ Name: 'shop', DatabaseInput: { Name: 'x' } })),
      'InvalidInputException',
    ],
  ];
  it.each(refused)('refuses %s', async (_, call, name) => {
    await expect(call()).rejects.toMatchObject({ name });
  });
});
