import { DescribeContinuousBackupsCommand, DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient, KeySchemaElement, TableDescription } from '@aws-sdk/client-dynamodb';
import type { WarehousePlan } from '../../model/plan.js';
import { fail, ok, warn } from './check.js';
import type { Check, Outcome } from './check.js';

type SourcePlan = WarehousePlan['source'];

/** Days that an incremental run can reach back to, below which a long weekend without runs leaves a gap. */
const shortRecovery = 7;

/** `PK S, SK S`, the partition key first. */
function spelled(schema: readonly KeySchemaElement[] = [], types: ReadonlyMap<unknown, unknown>): string {
  const ordered = [...schema].sort((a, b) => String(a.KeyType).localeCompare(String(b.KeyType)));
  return ordered.map(({ AttributeName: name }) => `${name} ${types.get(name)}`).join(', ');
}

const declared = (keys: SourcePlan['keys']): string =>
  [...keys]
    .sort((a, b) => a.role.localeCompare(b.role))
    .map(({ name, type }) => `${name} ${type}`)
    .join(', ');

function tableOutcome(name: string, table: TableDescription, region: string): Outcome {
  const { TableArn: arn = '', TableStatus: status } = table;
  const home = arn.split(':')[3] ?? '';
  if (home !== '' && home !== region) {
    return fail(`${name} is in ${home}, but the Region is ${region}`, `Set AWS_REGION=${home}.`);
  }
  if (status !== 'ACTIVE') return fail(`${name} is ${status}`, 'Wait until the table is ACTIVE.');
  return ok(`${name} is ACTIVE in ${region}`);
}

function keyOutcomes(source: SourcePlan, table: TableDescription): Record<string, Outcome> {
  const types = new Map(table.AttributeDefinitions?.map((one) => [one.AttributeName, one.AttributeType]));
  const [found, wanted] = [spelled(table.KeySchema, types), declared(source.keys)];
  const indexes = new Map(
    table.GlobalSecondaryIndexes?.map((one) => [one.IndexName ?? '', spelled(one.KeySchema, types)])
  );
  const differing = source.indexes.flatMap(({ name, keys }) => {
    const there = indexes.get(name);
    if (there === undefined) return [`${name} is missing`];
    return there === declared(keys) ? [] : [`${name} has ${there} instead of ${declared(keys)}`];
  });
  const mend = 'Mend source in the model, or name the right table.';
  return {
    'dynamodb.keys': found === wanted ? ok(found) : fail(`its keys are ${found}, but the model says ${wanted}`, mend),
    'dynamodb.indexes':
      differing.length === 0
        ? ok(`${source.indexes.length} as in the model`)
        : warn(`indexes are not as in the model: ${differing.join('; ')}`, `${mend} Exports do not need indexes.`),
  };
}

function missingTable(name: string, region: string): Outcome {
  return fail(
    `there is no table ${name} in ${region}`,
    'Check source.table of the model, AWS_REGION and the account, or create the table.'
  );
}

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && ['ResourceNotFoundException', 'TableNotFoundException'].includes(error.name);

/** The source table: there, in this Region, with the model's keys, and with point-in-time recovery. */
export function tableChecks(dynamodb: DynamoDBClient, source: SourcePlan): Check[] {
  const { table: name } = source;
  const table: Check = {
    names: ['dynamodb.table', 'dynamodb.keys', 'dynamodb.indexes'],
    async run(abortSignal): Promise<Record<string, Outcome>> {
      const region = await dynamodb.config.region();
      try {
        const { Table = {} } = await dynamodb.send(new DescribeTableCommand({ TableName: name }), { abortSignal });
        return { 'dynamodb.table': tableOutcome(name, Table, region), ...keyOutcomes(source, Table) };
      } catch (error) {
        if (!isAbsent(error)) throw error;
        return { 'dynamodb.table': missingTable(name, region) };
      }
    },
  };
  const recovery: Check = {
    names: ['dynamodb.pitr'],
    async run(abortSignal): Promise<Record<string, Outcome>> {
      try {
        const command = new DescribeContinuousBackupsCommand({ TableName: name });
        const { ContinuousBackupsDescription: backups } = await dynamodb.send(command, { abortSignal });
        return { 'dynamodb.pitr': recoveryOutcome(name, backups?.PointInTimeRecoveryDescription) };
      } catch (error) {
        if (isAbsent(error)) return {}; // told by dynamodb.table
        throw error;
      }
    },
  };
  return [table, recovery];
}

function recoveryOutcome(
  name: string,
  recovery: { readonly PointInTimeRecoveryStatus?: string; readonly RecoveryPeriodInDays?: number } | undefined
): Outcome {
  const change = `aws dynamodb update-continuous-backups --table-name ${name} --point-in-time-recovery-specification`;
  if (recovery?.PointInTimeRecoveryStatus !== 'ENABLED') {
    const message = 'point-in-time recovery is off, and exports need it';
    return fail(message, `Switch it on: ${change} PointInTimeRecoveryEnabled=true`);
  }
  const days = recovery.RecoveryPeriodInDays ?? 35;
  if (days >= shortRecovery) return ok(`on, ${days} days`);
  const longer = `${change} PointInTimeRecoveryEnabled=true,RecoveryPeriodInDays=35`;
  return warn(`it reaches back ${days} days only: incremental runs that pause for longer leave a gap`, longer);
}
