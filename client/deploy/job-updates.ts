import { EntityNotFoundException, GetJobCommand, UpdateJobCommand } from '@aws-sdk/client-glue';
import type { GlueClient, Job, JobUpdate } from '@aws-sdk/client-glue';
import type { WarehousePlan } from '../../model/plan.js';
import { jobScripts, packageZip, releaseKey } from './job-release.js';
import type { AssetsLocation, JobRelease } from './job-release.js';

/** A job and the script that it is to run. */
export interface WantedJob {
  readonly name: string;
  readonly script: string;
}

/** A job whose definition is to be replaced. */
export interface PendingUpdate {
  readonly name: string;
  readonly scriptLocation: string;
  readonly update: JobUpdate;
}

/** How the account's jobs stand to those that are wanted. */
export interface JobDifference {
  readonly pending: readonly PendingUpdate[];
  /** Jobs that do not exist; they belong to the infrastructure. */
  readonly missing: readonly string[];
}

/** The jobs of a plan. */
export function wantedJobs({ lake, landing, entities }: WarehousePlan): WantedJob[] {
  const landJobs = landing === undefined ? entities.map(({ jobName }) => jobName) : [landing.jobName];
  return [
    { name: lake.jobName, script: jobScripts.lake },
    ...landJobs.map((name) => ({ name, script: jobScripts.land })),
  ];
}

// Members of an answer that UpdateJob does not take, or, of the capacity, takes in one of three forms only.
const ofAnswersOnly = ['Name', 'CreatedOn', 'LastModifiedOn', 'ProfileName', 'AllocatedCapacity'];

/** The definition with another script: UpdateJob replaces all of it, so all that was set goes along. */
function withScript(job: Job, scriptLocation: string, packageUri: string): JobUpdate {
  const left = job.WorkerType === undefined ? ofAnswersOnly : [...ofAnswersOnly, 'MaxCapacity'];
  const definition: JobUpdate = Object.fromEntries(Object.entries(job).filter(([name]) => !left.includes(name)));
  const others = (job.DefaultArguments?.['--extra-py-files'] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && !one.endsWith(`/${packageZip}`));
  return {
    ...definition,
    Command: { ...job.Command, ScriptLocation: scriptLocation },
    DefaultArguments: { ...job.DefaultArguments, '--extra-py-files': [packageUri, ...others].join(',') },
  };
}

async function describeJob(glue: GlueClient, name: string): Promise<Job | undefined> {
  try {
    return (await glue.send(new GetJobCommand({ JobName: name }))).Job;
  } catch (error) {
    if (error instanceof EntityNotFoundException) return undefined;
    throw error;
  }
}

/** Compares the account's jobs with those that are to run a release; only reads. */
export async function compareJobs(
  glue: GlueClient,
  wanted: readonly WantedJob[],
  location: AssetsLocation,
  release: JobRelease
): Promise<JobDifference> {
  const uri = (name: string): string => `s3://${location.bucket}/${releaseKey(location, release, name)}`;
  const pending: PendingUpdate[] = [];
  const missing: string[] = [];
  for (const { name, script } of wanted) {
    const job = await describeJob(glue, name);
    if (job === undefined) {
      missing.push(name);
      continue;
    }
    const update = withScript(job, uri(script), uri(packageZip));
    const same =
      job.Command?.ScriptLocation === uri(script) &&
      job.DefaultArguments?.['--extra-py-files'] === update.DefaultArguments?.['--extra-py-files'];
    if (!same) pending.push({ name, scriptLocation: uri(script), update });
  }
  return { pending, missing };
}

/** Replaces the definitions. */
export async function updateJobs(glue: GlueClient, pending: readonly PendingUpdate[]): Promise<void> {
  for (const { name, update } of pending) {
    await glue.send(new UpdateJobCommand({ JobName: name, JobUpdate: update }));
  }
}
