import type { StepRecord } from '../model/run-record.js';

/** The AWS service whose remote job a step was; undefined for a step without one. */
export type RemoteService = 'dynamodb' | 'glue' | 'redshift' | 'glue-data-quality';

const services: Readonly<Record<string, RemoteService>> = {
  export: 'dynamodb',
  lake: 'glue',
  landing: 'glue',
  'lake-gates': 'glue-data-quality',
  'landing-gates': 'glue-data-quality',
  'dwh-gates': 'glue-data-quality',
  prepare: 'redshift',
  staging: 'redshift',
  dwh: 'redshift',
};

/** Which service a step of a stage has waited for. */
export function remoteService(stage: string, step: Pick<StepRecord, 'remoteId'>): RemoteService | undefined {
  return step.remoteId === undefined ? undefined : services[stage];
}
