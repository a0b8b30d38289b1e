import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetJobCommand } from '@aws-sdk/client-glue';
import type { GlueClient } from '@aws-sdk/client-glue';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { projectFolder } from '../project-files.js';
import { fail, ok, unknown } from './check.js';
import type { Check, Outcome } from './check.js';
import type { NeededJob } from './glue-checks.js';

const isNamed = (error: unknown, ...names: string[]): boolean => error instanceof Error && names.includes(error.name);

const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');

/** Whether the job's script is the one that this version of Sluice comes with. */
async function scriptOutcome(
  { glue, s3 }: { readonly glue: GlueClient; readonly s3: S3Client },
  { name, script }: NeededJob,
  abortSignal: AbortSignal
): Promise<Outcome | undefined> {
  const { Job: job } = await glue.send(new GetJobCommand({ JobName: name }), { abortSignal });
  const uri = job?.Command?.ScriptLocation ?? '';
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  const deploy = 'Run `sluice deploy-assets`.';
  if (bucket === undefined) return fail(`${name} has no script`, deploy);
  const own = await readFile(join(projectFolder, 'glue', script)).catch(() => undefined);
  if (own === undefined) return unknown(`not checked: this installation of Sluice has no glue/${script}`);
  try {
    const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal });
    const deployed = (await body?.transformToByteArray()) ?? new Uint8Array();
    if (sha256(deployed) === sha256(own)) return ok(`${uri} is the one of this version`);
    return fail(`${uri} is not the glue/${script} of this version of Sluice`, deploy);
  } catch (error) {
    if (isNamed(error, 'NoSuchKey', 'NoSuchBucket')) return fail(`${uri} does not exist`, deploy);
    throw error;
  }
}

/** The script of each job. */
export function scriptChecks(
  clients: { readonly glue: GlueClient; readonly s3: S3Client },
  jobs: readonly NeededJob[]
): Check[] {
  return jobs.map((job): Check => {
    const name = `glue.job.${job.name}.script`;
    return {
      names: [name],
      async run(signal): Promise<Record<string, Outcome>> {
        try {
          const outcome = await scriptOutcome(clients, job, signal);
          return outcome === undefined ? {} : { [name]: outcome };
        } catch (error) {
          if (isNamed(error, 'EntityNotFoundException')) return {}; // told by glue.job.<name>
          throw error;
        }
      },
    };
  });
}
