import { CfnDataQualityRuleset } from 'aws-cdk-lib/aws-glue';
import { Construct } from 'constructs';
import type { Deployment, WarehousePlan } from '../model/index.js';

/** Name of a table in the catalog, as the lake's job and the worker write it. */
const catalogName = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_');

/**
 * The rulesets of the models' gates. The worker brings one in line whose text differs, so that a model's gate holds before
 * the stack is deployed again.
 */
export class Quality extends Construct {
  constructor(scope: Construct, plans: readonly WarehousePlan[], { glue, redshift }: Deployment) {
    super(scope, 'Quality');
    for (const { source, gates = [] } of plans) {
      for (const { name, layer, dataset, ruleset } of gates) {
        const table = layer === 'lake' ? `${source.table}_${dataset}` : `${redshift.database}_${layer}_${dataset}`;
        new CfnDataQualityRuleset(this, name, {
          name,
          description: 'A gate of Sluice',
          ruleset,
          targetTable: { databaseName: glue.catalogDatabase, tableName: catalogName(table) },
        });
      }
    }
  }
}
