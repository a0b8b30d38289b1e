import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Attribute } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import type { WarehousePlan } from '../model/index.js';

type Keys = WarehousePlan['source']['keys'];

const types = { S: AttributeType.STRING, N: AttributeType.NUMBER, B: AttributeType.BINARY } as const;

function keysOf(keys: Keys): { readonly partitionKey: Attribute; readonly sortKey?: Attribute } {
  const attribute = (role: Keys[number]['role']): Attribute | undefined => {
    const key = keys.find((one) => one.role === role);
    return key && { name: key.name, type: types[key.type] };
  };
  const partitionKey = attribute('HASH');
  if (partitionKey === undefined) throw new Error('The plan has a table without a partition key.');
  return { partitionKey, sortKey: attribute('RANGE') };
}

/** The tables that the models read, with point-in-time recovery, which exports need: for examples and new projects. */
export class Tables extends Construct {
  constructor(scope: Construct, plans: readonly WarehousePlan[]) {
    super(scope, 'Tables');
    const sources = new Map(plans.map(({ source }) => [source.table, source]));
    for (const { table, keys, indexes } of sources.values()) {
      new TableV2(this, table, {
        tableName: table,
        ...keysOf(keys),
        globalSecondaryIndexes: indexes.map((index) => ({ indexName: index.name, ...keysOf(index.keys) })),
        billing: Billing.onDemand(),
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        deletionProtection: true,
        removalPolicy: RemovalPolicy.RETAIN,
      });
    }
  }
}
