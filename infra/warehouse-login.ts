import type { Stack } from 'aws-cdk-lib';
import type { Deployment } from '../model/index.js';
import type { Places } from './iam/grants.js';

/**
 * What the Redshift Data API needs for the login of `sluice.yaml`: temporary credentials of the caller's own role, of a
 * named user of a cluster, or a secret.
 * @param workgroupArn of the workgroup that the stack makes; one that is there already has an id that is not known
 */
export function warehouseLogin(
  stack: Stack,
  { workgroup, cluster, database, secretArn, dbUser }: Deployment['redshift'],
  workgroupArn: string | undefined
): Places['warehouse'] {
  const redshift = (resource: string): string =>
    `arn:${stack.partition}:redshift:${stack.region}:${stack.account}:${resource}`;
  const arns =
    cluster === undefined
      ? [workgroupArn ?? `arn:${stack.partition}:redshift-serverless:${stack.region}:${stack.account}:workgroup/*`]
      : [redshift(`cluster:${cluster}`)];
  if (secretArn !== undefined) return { login: 'secret', arns, loginArns: [secretArn] };
  if (workgroup !== undefined || cluster === undefined) return { login: 'workgroup', arns, loginArns: arns };
  const databaseArn = redshift(`dbname:${cluster}/${database}`);
  if (dbUser === undefined) return { login: 'cluster', arns, loginArns: [databaseArn] };
  return { login: 'cluster-user', arns, loginArns: [databaseArn, redshift(`dbuser:${cluster}/${dbUser}`)] };
}
