import { ArnFormat } from 'aws-cdk-lib';
import type { Stack } from 'aws-cdk-lib';
import type { Deployment } from '../model/index.js';
import type { Places } from './iam/grants.js';
import type { Warehouse } from './redshift.js';

/**
 * What the Redshift Data API needs for the login of `sluice.yaml`: temporary credentials of the caller's own role, of a
 * named user of a cluster, or a secret.
 * @param made the warehouse of the stack; of a workgroup that is there already the id is not known
 */
export function warehouseLogin(
  stack: Stack,
  { workgroup, cluster, database, secretArn, dbUser }: Deployment['redshift'],
  made: Warehouse | undefined
): Places['warehouse'] {
  const redshift = (resource: string): string =>
    `arn:${stack.partition}:redshift:${stack.region}:${stack.account}:${resource}`;
  const arns =
    cluster === undefined
      ? [
          made?.workgroupArn ??
            stack.formatArn({ service: 'redshift-serverless', resource: 'workgroup', resourceName: '*' }),
        ]
      : [redshift(`cluster:${cluster}`)];
  // Secrets Manager adds six characters to the name.
  const adminSecret =
    made &&
    stack.formatArn({
      service: 'secretsmanager',
      resource: 'secret',
      resourceName: `${made.adminSecretName}-??????`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  const all = { arns, secrets: [adminSecret ?? [], secretArn ?? []].flat() };
  if (secretArn !== undefined) return { ...all, login: 'secret', loginArns: [secretArn] };
  if (workgroup !== undefined || cluster === undefined) return { ...all, login: 'workgroup', loginArns: arns };
  const databaseArn = redshift(`dbname:${cluster}/${database}`);
  if (dbUser === undefined) return { ...all, login: 'cluster', loginArns: [databaseArn] };
  return { ...all, login: 'cluster-user', loginArns: [databaseArn, redshift(`dbuser:${cluster}/${dbUser}`)] };
}
