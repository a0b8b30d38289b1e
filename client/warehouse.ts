import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { awsSettings } from '../workers/aws-settings.js';
import { UsageError, messageOf } from './errors.js';
import { WarehouseQuery } from './warehouse-query.js';
import type { WarehouseTarget } from './warehouse-query.js';

/** Names of errors that say that the caller is not set up, not that the statement is wrong. */
const setUpErrors = new Set([
  'AccessDeniedException',
  'CredentialsProviderError',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'ResourceNotFoundException',
  'UnrecognizedClientException',
]);

/** Opens the warehouse's Data API with the AWS settings of an environment; nothing is called yet. */
export function openWarehouse(target: WarehouseTarget, env: NodeJS.ProcessEnv): WarehouseQuery {
  return new WarehouseQuery(new RedshiftDataClient(awsSettings(env)), target);
}

/**
 * Turns an error of a Data API call into one that names what to set, where the set-up is at fault; others as they are.
 * @param hint - how to use a local environment that is running, if one is.
 */
export function explainSetUp(error: unknown, target: WarehouseTarget, hint: string | undefined): unknown {
  if (!(error instanceof Error)) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const noRegion = /region is missing/i.test(error.message);
  if (!setUpErrors.has(error.name) && !noRegion && !['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT'].includes(code))
    return error;
  const where = target.workgroup === undefined ? `cluster ${target.cluster}` : `workgroup ${target.workgroup}`;
  const advice =
    hint ??
    'Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_REGION, SLUICE_WORKGROUP and SLUICE_DATABASE ' +
      '(or redshift in sluice.yaml); for a local warehouse run `sluice up` and the export lines that it prints.';
  return new UsageError(
    `The warehouse (${where}, database ${target.database}) cannot be reached: ${messageOf(error)}`,
    [advice],
    { cause: error }
  );
}
