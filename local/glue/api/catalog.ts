import type { Column, PartitionInput, StorageDescriptor, TableInput } from '@aws-sdk/client-glue';
import { AwsError } from '../../gateway/aws-error.js';
import { compoundKey, EntityStore } from '../../state/entity-store.js';
import type { ServiceLevel } from '../../state/entity-store.js';
import { epochSeconds } from '../../gateway/check-request.js';

/** A database as GetDatabase answers it; times in seconds since the epoch. */
export interface DatabaseEntity {
  readonly Name: string;
  readonly Description?: string | undefined;
  readonly LocationUri?: string | undefined;
  readonly Parameters?: Record<string, string> | undefined;
  readonly CreateTime: number;
  readonly CatalogId: string;
}

/** A table as GetTable answers it. */
export interface TableEntity extends Omit<TableInput, 'LastAccessTime' | 'LastAnalyzedTime'> {
  readonly Name: string;
  readonly DatabaseName: string;
  readonly CreateTime: number;
  readonly UpdateTime: number;
  readonly VersionId: string;
  readonly CatalogId: string;
  readonly CreatedBy: string;
  readonly IsRegisteredWithLakeFormation: false;
}

/** A partition as GetPartition answers it. */
export interface PartitionEntity extends Omit<PartitionInput, 'LastAccessTime' | 'LastAnalyzedTime'> {
  readonly Values: string[];
  readonly DatabaseName: string;
  readonly TableName: string;
  readonly CreationTime: number;
  readonly CatalogId: string;
  readonly StorageDescriptor?: StorageDescriptor | undefined;
}

/** The Data Catalog: databases, tables and partitions. Names are folded to lower case, as Glue does. */
export class Catalog {
  private constructor(
    readonly account: string,
    readonly databases: EntityStore<DatabaseEntity>,
    readonly tables: EntityStore<TableEntity>,
    readonly partitions: EntityStore<PartitionEntity>
  ) {}

  static async open(glue: ServiceLevel, account: string): Promise<Catalog> {
    return new Catalog(
      account,
      await EntityStore.open(glue, 'databases'),
      await EntityStore.open(glue, 'tables'),
      await EntityStore.open(glue, 'partitions')
    );
  }

  /** @throws AwsError `EntityNotFoundException` */
  database(name: string): DatabaseEntity {
    const database = this.databases.get(name.toLowerCase());
    if (database === undefined) throw new AwsError('EntityNotFoundException', `Database ${name} not found.`);
    return database;
  }

  /** @throws AwsError `EntityNotFoundException` */
  table(database: string, name: string): TableEntity {
    this.database(database);
    const table = this.tables.get(compoundKey(database.toLowerCase(), name.toLowerCase()));
    if (table === undefined) throw new AwsError('EntityNotFoundException', `Table ${name} not found.`);
    return table;
  }

  /** @throws AwsError `EntityNotFoundException` */
  partition(database: string, table: string, values: readonly string[]): PartitionEntity {
    this.table(database, table);
    const partition = this.partitions.get(this.partitionKey(database, table, values));
    if (partition === undefined) throw new AwsError('EntityNotFoundException', 'Cannot find partition.');
    return partition;
  }

  partitionKey(database: string, table: string, values: readonly string[]): string {
    return compoundKey(database.toLowerCase(), table.toLowerCase(), ...values);
  }

  /** @throws AwsError `AlreadyExistsException` */
  async createDatabase(input: Partial<DatabaseEntity> & { readonly Name: string }): Promise<void> {
    const name = input.Name.toLowerCase();
    if (this.databases.get(name) !== undefined)
      throw new AwsError('AlreadyExistsException', 'Database already exists.');
    await this.databases.put(name, { ...input, Name: name, CreateTime: epochSeconds(), CatalogId: this.account });
  }

  /** Deletes the database with everything in it, as Glue does. */
  async deleteDatabase(name: string): Promise<void> {
    this.database(name);
    const prefix = compoundKey(name.toLowerCase());
    for (const { key } of this.partitions.list(prefix)) await this.partitions.delete(key);
    for (const { key } of this.tables.list(prefix)) await this.tables.delete(key);
    await this.databases.delete(name.toLowerCase());
  }

  /** @throws AwsError `AlreadyExistsException`, `EntityNotFoundException` when there is no such database. */
  async createTable(database: string, input: TableInput): Promise<void> {
    this.database(database);
    const key = compoundKey(database.toLowerCase(), String(input.Name).toLowerCase());
    if (this.tables.get(key) !== undefined) throw new AwsError('AlreadyExistsException', 'Table already exists.');
    await this.tables.put(key, this.#tableEntity(database, input, 0, epochSeconds()));
  }

  /** Replaces the table's definition and gives it the next version id. */
  async updateTable(database: string, input: TableInput): Promise<void> {
    const old = this.table(database, String(input.Name));
    const next = this.#tableEntity(database, input, Number(old.VersionId) + 1, old.CreateTime);
    await this.tables.put(compoundKey(next.DatabaseName, next.Name), next);
  }

  async deleteTable(database: string, name: string): Promise<void> {
    const table = this.table(database, name);
    const key = compoundKey(table.DatabaseName, table.Name);
    for (const { key: partition } of this.partitions.list(key)) await this.partitions.delete(partition);
    await this.tables.delete(key);
  }

  /** Creates or updates a table, and the database when it is not there: what a Glue job's sink does. */
  async putTable(database: string, input: TableInput): Promise<void> {
    if (this.databases.get(database.toLowerCase()) === undefined) await this.createDatabase({ Name: database });
    const exists = this.tables.get(compoundKey(database.toLowerCase(), String(input.Name).toLowerCase())) !== undefined;
    await (exists ? this.updateTable(database, input) : this.createTable(database, input));
  }

  /** @throws AwsError `AlreadyExistsException`, `InvalidInputException` for the wrong number of values. */
  async createPartition(database: string, table: string, input: PartitionInput): Promise<void> {
    const keys: Column[] = this.table(database, table).PartitionKeys ?? [];
    const values = input.Values ?? [];
    if (values.length !== keys.length || values.length === 0) {
      throw new AwsError(
        'InvalidInputException',
        'The number of partition keys do not match the number of partition values'
      );
    }
    const key = this.partitionKey(database, table, values);
    if (this.partitions.get(key) !== undefined)
      throw new AwsError('AlreadyExistsException', 'Partition already exists.');
    await this.partitions.put(key, this.#partitionEntity(database, table, values, input, epochSeconds()));
  }

  /** Replaces a partition's definition; its values may change. */
  async updatePartition(database: string, table: string, old: readonly string[], input: PartitionInput): Promise<void> {
    const before = this.partition(database, table, old);
    const values = input.Values ?? before.Values;
    await this.partitions.delete(this.partitionKey(database, table, old));
    const entity = this.#partitionEntity(database, table, values, input, before.CreationTime);
    await this.partitions.put(this.partitionKey(database, table, values), entity);
  }

  async deletePartition(database: string, table: string, values: readonly string[]): Promise<void> {
    this.partition(database, table, values);
    await this.partitions.delete(this.partitionKey(database, table, values));
  }

  #tableEntity(database: string, input: TableInput, version: number, created: number): TableEntity {
    const { LastAccessTime: _accessed, LastAnalyzedTime: _analyzed, ...rest } = input;
    return {
      ...rest,
      Name: String(input.Name).toLowerCase(),
      DatabaseName: database.toLowerCase(),
      CreateTime: created,
      UpdateTime: epochSeconds(),
      VersionId: String(version),
      CatalogId: this.account,
      CreatedBy: `arn:aws:iam::${this.account}:root`,
      IsRegisteredWithLakeFormation: false,
    };
  }

  #partitionEntity(
    database: string,
    table: string,
    values: readonly string[],
    input: PartitionInput,
    created: number
  ): PartitionEntity {
    const { LastAccessTime: _accessed, LastAnalyzedTime: _analyzed, ...rest } = input;
    return {
      ...rest,
      Values: [...values],
      DatabaseName: database.toLowerCase(),
      TableName: table.toLowerCase(),
      CreationTime: created,
      CatalogId: this.account,
    };
  }
}
