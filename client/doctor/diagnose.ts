import { loadConfiguration } from '../../model/configuration.js';
import type { Configuration } from '../../model/configuration.js';
import type { CommandContext } from '../command-context.js';
import { reportOf } from '../errors.js';
import { projectVersion } from '../project-files.js';
import { planSchedules } from '../schedules/plan-schedules.js';
import { loadSettings } from '../settings.js';
import type { Settings } from '../settings.js';
import { awsChecks } from './aws-checks.js';
import { createDoctorClients } from './aws-clients.js';
import type { DoctorClients } from './aws-clients.js';
import { allBucketChecks } from './bucket-checks.js';
import { fail, ok } from './check.js';
import type { Check, CheckResult, Outcome } from './check.js';
import { glueChecks, neededJobs } from './glue-checks.js';
import { nodeCheck } from './installation-checks.js';
import { notificationChecks } from './notification-checks.js';
import { permissionCheck } from './permission-checks.js';
import { runChecks } from './run-checks.js';
import { scriptChecks } from './script-checks.js';
import { tableChecks } from './table-checks.js';
import { temporalChecks } from './temporal-checks.js';
import { warehouseChecks } from './warehouse-checks.js';

/** What is examined, and as whom. */
export interface DiagnosisOptions {
  /** `warehouse.yaml`; by default the configuration's. */
  readonly model?: string;
  /** ARN of the identity that workers have; by default that of whoever asks. */
  readonly principal?: string;
  /** This machine's clock, milliseconds since the epoch. */
  readonly now?: () => number;
  /** Version of Node, such as `v20.19.0`. */
  readonly nodeVersion?: string;
  /** Version of Sluice that workers should have. */
  readonly version?: string;
}

/** What the files say, as far as they can be read. */
interface Files {
  readonly results: readonly CheckResult[];
  readonly configuration?: Configuration;
  /** Absent when the model cannot be used. */
  readonly settings?: Settings;
  /** Models that are run under the configuration. */
  readonly pipelines: number;
}

/** Reads configuration, model and the models of schedules. What is wrong with them is a result, not an error. */
function readFiles(context: CommandContext, model: string | undefined): Files {
  const attempt = <T>(name: string, read: () => T, told: (value: T) => string): { value?: T; result: CheckResult } => {
    try {
      const value = read();
      return { value, result: { name, ...ok(told(value)) } };
    } catch (error) {
      const { message, problems = [] } = reportOf(error);
      const outcome: Outcome = fail(
        [message, ...problems].join('; '),
        'Mend the file; docs/model-reference.md has all settings.'
      );
      return { result: { name, ...outcome } };
    }
  };
  const read = attempt(
    'configuration',
    () => loadConfiguration({ file: context.configFile, env: context.env }),
    ({ taskQueue }) => `task queue ${taskQueue}`
  );
  if (read.value === undefined) return { results: [read.result], pipelines: 1 };
  const configuration = read.value;
  const settings = attempt(
    'model',
    () => loadSettings(context, model),
    ({ plan, modelFile }) => `${plan.name}, ${modelFile}`
  );
  const scheduled = attempt(
    'schedules',
    () => planSchedules(configuration),
    (planned) => `${planned.length} declared`
  );
  const names = [settings.value?.plan, ...(scheduled.value ?? []).map((one) => ('plan' in one ? one.plan : undefined))];
  return {
    results: [read.result, settings.result, ...(configuration.schedules.length > 0 ? [scheduled.result] : [])],
    configuration: settings.value?.configuration ?? configuration,
    settings: settings.value,
    pipelines: Math.max(1, new Set(names.flatMap((plan) => plan?.name ?? [])).size),
  };
}

function deploymentChecks(clients: DoctorClients, files: Files, context: CommandContext, principal?: string): Check[] {
  const { configuration, settings, pipelines } = files;
  const plan = settings?.plan;
  if (configuration === undefined) return [];
  const { deployment } = configuration;
  const shared = [
    ...allBucketChecks(clients.s3, deployment.buckets),
    ...warehouseChecks(clients, deployment, settings),
    ...notificationChecks(clients.sns, deployment, context.env),
  ];
  const jobs = plan === undefined ? [] : neededJobs(plan, deployment, pipelines);
  return [
    ...(plan === undefined ? [] : tableChecks(clients.dynamodb, plan.source)),
    ...shared,
    ...glueChecks(clients.glue, jobs, deployment),
    ...scriptChecks(clients, jobs),
    ...(plan === undefined ? [] : [permissionCheck(clients, plan, deployment, jobs, principal)]),
  ];
}

/**
 * Examines configuration, AWS and Temporal, and changes nothing. All checks run at the same time, each within a limit.
 * Never rejects: what cannot be looked at is `unknown`.
 */
export async function diagnose(context: CommandContext, options: DiagnosisOptions = {}): Promise<CheckResult[]> {
  const { now = Date.now, nodeVersion = process.version, version = projectVersion() } = options;
  const files = readFiles(context, options.model);
  const clients = createDoctorClients(context.env, now);
  try {
    const checks = [
      nodeCheck(nodeVersion),
      ...awsChecks(clients),
      ...deploymentChecks(clients, files, context, options.principal),
      ...temporalChecks(context.env, files.configuration, version),
    ];
    const results = await runChecks(checks, options.principal === undefined);
    return [...files.results, ...results];
  } finally {
    clients.destroy();
  }
}
