import { GetConnectionCommand, GetDatabaseCommand, GetJobCommand } from '@aws-sdk/client-glue';
import type { GlueClient, Job } from '@aws-sdk/client-glue';
import type { Deployment } from '../../model/configuration.js';
import type { WarehousePlan } from '../../model/plan.js';
import { jobScripts } from '../deploy/job-release.js';
import { fail, ok, warn } from './check.js';
import type { Check, Outcome } from './check.js';

/** A job that a run of the plan starts, and what it has to be like. */
export interface NeededJob {
  readonly name: string;
  /** File of its script in glue/. */
  readonly script: string;
  /** Pipelines of this configuration that start it, possibly at the same time. */
  readonly pipelines: number;
  /** Connection that it needs to reach the warehouse. */
  readonly connection?: string;
}

/** The jobs of a plan; `pipelines` is the number of models that are run under this configuration. */
export function neededJobs(plan: WarehousePlan, { glue }: Deployment, pipelines: number): NeededJob[] {
  const { landing } = plan;
  const lands = landing === undefined ? plan.entities.map(({ jobName }) => jobName) : [landing.jobName];
  return [
    { name: plan.lake.jobName, script: jobScripts.lake, pipelines },
    ...lands.map((name) => ({
      name,
      script: jobScripts.land,
      pipelines: landing === undefined ? 1 : pipelines,
      connection: glue.connection,
    })),
  ];
}

/** Major version of Glue whose Python and Spark the scripts are written for. */
const glueVersion = 5;

const isAbsent = (error: unknown): boolean => error instanceof Error && error.name === 'EntityNotFoundException';

function jobOutcome({ name, connection }: NeededJob, job: Job): Outcome {
  const { Command: command, GlueVersion: version = '', Connections: connections } = job;
  if (command?.Name !== 'glueetl') {
    return fail(`${name} is a ${command?.Name} job`, 'Make it a Spark job (glueetl): deploy infra/ again.');
  }
  if (Number.parseFloat(version) < glueVersion) {
    return fail(`${name} runs on Glue ${version}`, `Set its Glue version to ${glueVersion}.0: the script needs it.`);
  }
  if (connection !== undefined && !connections?.Connections?.includes(connection)) {
    const message = `${name} does not have the connection ${connection}`;
    return fail(message, `Add ${connection} to the job's connections, or set glue.connection in sluice.yaml.`);
  }
  return ok(`${name}: Glue ${version}, ${job.NumberOfWorkers ?? '?'} × ${job.WorkerType ?? 'workers'}`);
}

function concurrencyOutcome({ name, pipelines }: NeededJob, job: Job): Outcome {
  const most = job.ExecutionProperty?.MaxConcurrentRuns ?? 1;
  if (most >= pipelines) return ok(`${most} at the same time`);
  return warn(
    `${name} may run ${most} at the same time, and ${pipelines} pipelines use it: their runs wait for each other`,
    `Raise the job's maximum concurrency to ${pipelines}.`
  );
}

function jobCheck(glue: GlueClient, needed: NeededJob): Check {
  const { name } = needed;
  const [there, concurrency] = [`glue.job.${name}`, `glue.job.${name}.concurrency`];
  return {
    names: [there, concurrency],
    async run(abortSignal): Promise<Record<string, Outcome>> {
      try {
        const { Job: job = {} } = await glue.send(new GetJobCommand({ JobName: name }), { abortSignal });
        return { [there]: jobOutcome(needed, job), [concurrency]: concurrencyOutcome(needed, job) };
      } catch (error) {
        if (!isAbsent(error)) throw error;
        return { [there]: fail(`there is no job ${name}`, 'Deploy infra/, or check AWS_REGION and the account.') };
      }
    },
  };
}

/** Jobs, connection and catalog database. */
export function glueChecks(glue: GlueClient, jobs: readonly NeededJob[], deployment: Deployment): Check[] {
  const { connection, catalogDatabase } = deployment.glue;
  const single = (name: string, look: (signal: AbortSignal) => Promise<Outcome>, absent: Outcome): Check => ({
    names: [name],
    run: async (signal) => ({
      [name]: await look(signal).catch((error: unknown) => {
        if (isAbsent(error)) return absent;
        throw error;
      }),
    }),
  });
  return [
    ...jobs.map((job) => jobCheck(glue, job)),
    single(
      'glue.connection',
      async (abortSignal) => {
        await glue.send(new GetConnectionCommand({ Name: connection, HidePassword: true }), { abortSignal });
        return ok(connection);
      },
      fail(`there is no connection ${connection}`, 'Create it, or set glue.connection in sluice.yaml.')
    ),
    single(
      'glue.catalog',
      async (abortSignal) => {
        await glue.send(new GetDatabaseCommand({ Name: catalogDatabase }), { abortSignal });
        return ok(catalogDatabase);
      },
      fail(
        `there is no catalog database ${catalogDatabase}`,
        `aws glue create-database --database-input Name=${catalogDatabase}, or set glue.catalogDatabase in sluice.yaml.`
      )
    ),
  ];
}
