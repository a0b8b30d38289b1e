import type { ExecuteStatementCommandInput } from '@aws-sdk/client-redshift-data';
import type { Deployment } from '../model/configuration.js';
import type { RunScope } from './run-scope.js';

/** The fields of Data API requests that say where a statement runs and who runs it. */
export type DataApiTarget = Pick<
  ExecuteStatementCommandInput,
  'WorkgroupName' | 'ClusterIdentifier' | 'Database' | 'SecretArn' | 'DbUser'
>;

/** Where a statement runs and who runs it, as the Redshift Data API names these. */
export function dataApiTarget({
  workgroup,
  cluster,
  database,
  secretArn,
  dbUser,
}: Deployment['redshift']): DataApiTarget {
  return {
    WorkgroupName: workgroup,
    ClusterIdentifier: cluster,
    Database: database,
    SecretArn: secretArn,
    DbUser: dbUser,
  };
}

/** The name that a statement of a step has in the Data API's lists; at most 500 characters. */
export function statementName({ pipeline, runKey }: Pick<RunScope, 'pipeline' | 'runKey'>, step: string): string {
  return `sluice ${pipeline} ${runKey} ${step}`.slice(0, 500);
}
