import { GetJobCommand } from '@aws-sdk/client-glue';
import type { GlueClient } from '@aws-sdk/client-glue';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { jobRelease, packageZip } from '../deploy/job-release.js';
import type { JobRelease } from '../deploy/job-release.js';
import { fail, ok, unknown } from './check.js';
import type { Check, Outcome } from './check.js';
import type { NeededJob } from './glue-checks.js';

const isNamed = (error: unknown, ...names: string[]): boolean => error instanceof Error && names.includes(error.name);

const deploy = 'Run `sluice deploy-assets`.';

/** What is wrong with a deployed file, if anything is. */
async function fileProblem(
  s3: S3Client,
  uri: string,
  name: string,
  release: JobRelease,
  abortSignal: AbortSignal
): Promise<string | undefined> {
  const [, Bucket, Key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  const own = release.files.find((file) => file.name === name)?.body ?? new Uint8Array();
  try {
    const { Body: body } = await s3.send(new GetObjectCommand({ Bucket, Key }), { abortSignal });
    const deployed = (await body?.transformToByteArray()) ?? new Uint8Array();
    // The key of a release names its content; the bytes of a zip also depend on who made it.
    if (Key.endsWith(`${release.id}/${name}`) || Buffer.compare(deployed, own) === 0) return undefined;
    return `${uri} is not the glue/${name.replace('.zip', '')} of this version of Sluice`;
  } catch (error) {
    if (isNamed(error, 'NoSuchKey', 'NoSuchBucket')) return `${uri} does not exist`;
    throw error;
  }
}

/** Whether a job runs the script and the package that this version of Sluice comes with. */
async function scriptOutcome(
  { glue, s3 }: { readonly glue: GlueClient; readonly s3: S3Client },
  { name, script }: NeededJob,
  release: JobRelease,
  abortSignal: AbortSignal
): Promise<Outcome> {
  const { Job: job } = await glue.send(new GetJobCommand({ JobName: name }), { abortSignal });
  const uri = job?.Command?.ScriptLocation ?? '';
  const packages = (job?.DefaultArguments?.['--extra-py-files'] ?? '').split(',').map((one) => one.trim());
  const packageUri = packages.find((one) => one.endsWith(`/${packageZip}`));
  if (!uri.startsWith('s3://')) return fail(`${name} has no script`, deploy);
  if (packageUri === undefined) return fail(`${name} does not have ${packageZip} among its --extra-py-files`, deploy);
  const problems = [
    await fileProblem(s3, uri, script, release, abortSignal),
    await fileProblem(s3, packageUri, packageZip, release, abortSignal),
  ].filter((problem) => problem !== undefined);
  return problems.length === 0 ? ok(`release ${release.id}, as this version`) : fail(problems.join('; '), deploy);
}

/** The script of each job. */
export function scriptChecks(
  clients: { readonly glue: GlueClient; readonly s3: S3Client },
  jobs: readonly NeededJob[]
): Check[] {
  const own = jobRelease();
  own.catch(() => undefined);
  return jobs.map((job): Check => {
    const name = `glue.job.${job.name}.script`;
    return {
      names: [name],
      async run(signal): Promise<Record<string, Outcome>> {
        const release = await own.catch(() => undefined);
        if (release === undefined) {
          return { [name]: unknown('not checked: this installation of Sluice has no scripts (glue/)') };
        }
        try {
          return { [name]: await scriptOutcome(clients, job, release, signal) };
        } catch (error) {
          if (isNamed(error, 'EntityNotFoundException')) return {}; // told by glue.job.<name>
          throw error;
        }
      },
    };
  });
}
