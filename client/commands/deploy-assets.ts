import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { awsSettings, s3Settings } from '../../workers/aws-settings.js';
import type { CommandContext } from '../command-context.js';
import { UsageError } from '../errors.js';
import { hasBucket, jobRelease, missingFiles, releaseKey, uploadFiles } from '../deploy/job-release.js';
import { compareJobs, updateJobs, wantedJobs } from '../deploy/job-updates.js';
import { applyChanges, readChanges } from '../deploy/warehouse-changes.js';
import { listenForInterruption } from '../interruption.js';
import { loadSettings } from '../settings.js';
import { explainSetUp, openWarehouse } from '../warehouse.js';

/** Options of `sluice deploy-assets`. */
export interface DeployAssetsOptions {
  readonly model?: string;
  readonly dryRun?: boolean;
  /** Columns, `schema.table.column`, that stay although the model does not have them. */
  readonly leave?: readonly string[];
}

/**
 * `sluice deploy-assets`: puts the Glue scripts in S3 and points the jobs at them, and brings the warehouse's tables and
 * procedures up to date. Everything is looked at before anything is changed; what would lose data, or needs a job that is
 * not there, is refused (exit code 2). A second run has nothing to do.
 */
export async function deployAssets(context: CommandContext, options: DeployAssetsOptions): Promise<void> {
  const { console, env } = context;
  const { plan, model, configuration } = loadSettings(context, options.model);
  const { deployment, assets: location } = configuration;
  const interruption = listenForInterruption();
  const { signal } = interruption;
  const warehouse = openWarehouse(deployment.redshift, env);
  const glue = new GlueClient(awsSettings(env));
  const s3 = new S3Client(s3Settings(env));
  try {
    const changes = await readChanges(warehouse, plan, model, { leave: options.leave, signal });
    const release = location && (await jobRelease());
    const files = location && release ? await missingFiles(s3, location, release) : [];
    const jobs =
      location && release
        ? await compareJobs(glue, wantedJobs(plan), location, release)
        : { pending: [], missing: [] as string[] };
    const noBucket = location !== undefined && !(await hasBucket(s3, location));
    const problems = [
      ...(noBucket
        ? [`there is no bucket ${location.bucket}: see assets in sluice.yaml, and infra/ that makes it`]
        : []),
      ...changes.refusals.map(({ message }) => message),
      ...jobs.missing.map((name) => `there is no Glue job ${name}: deploy the infrastructure first (infra/)`),
    ];
    if (problems.length > 0) throw new UsageError('The assets cannot be deployed; nothing was changed:', problems);

    const lines = [
      ...files.map(
        ({ name }) => `put s3://${location?.bucket}/${location && release && releaseKey(location, release, name)}`
      ),
      ...changes.migrations.map(({ title }) => title),
      ...(changes.setupIsCurrent ? [] : [setUpLine(changes.newTables)]),
      ...jobs.pending.map(({ name, scriptLocation }) => `point Glue job ${name} at ${scriptLocation}`),
    ];
    if (options.dryRun !== true) {
      const progress = (title: string): void => console.note(`Deploying: ${title}`);
      if (location && release) await uploadFiles(s3, location, release, files);
      await applyChanges(warehouse, plan, changes, { signal, progress });
      // Last, so that no job runs a script for tables that are not there yet.
      await updateJobs(glue, jobs.pending);
    }
    const headline = options.dryRun === true ? 'Would be done:' : 'Done:';
    if (location === undefined) console.note('The Glue jobs are left alone: sluice.yaml names no assets bucket.');
    console.print(lines.length === 0 ? 'Nothing to do.' : [headline, ...lines.map((line) => `  ${line}`)].join('\n'));
    console.document({
      dryRun: options.dryRun === true,
      nothingToDo: lines.length === 0,
      ...(release && { release: release.id }),
      uploaded: files.map(({ name }) => name),
      jobs: jobs.pending.map(({ name, scriptLocation }) => ({ name, scriptLocation })),
      newTables: changes.newTables,
      migrations: changes.migrations,
      setup: changes.setupIsCurrent ? 'current' : 'replaced',
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const { localEnvironmentHint } = await import('../environment/running.js'); // for this failure only
    throw explainSetUp(error, deployment.redshift, await localEnvironmentHint(env));
  } finally {
    warehouse.close();
    glue.destroy();
    s3.destroy();
    interruption.dispose();
  }
}

function setUpLine(newTables: readonly string[]): string {
  const made = newTables.length === 0 ? '' : `, among them new tables ${newTables.join(', ')}`;
  return `bring schemas, tables and procedures up to date${made}`;
}
