import { GlueClient } from '@aws-sdk/client-glue';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { WarehousePlan } from '../../model/plan.js';
import { awsSettings, s3Settings } from '../../workers/aws-settings.js';
import { jobRelease, missingFiles, uploadFiles } from '../deploy/job-release.js';
import { compareJobs, updateJobs, wantedJobs } from '../deploy/job-updates.js';

const location = { bucket: 'sluice-assets', prefix: 'glue' };

/**
 * Puts the Glue scripts of this release in a local AWS and names them in its jobs, as `sluice deploy-assets` does on AWS.
 * @param env variables that lead to the local AWS
 * @throws Error when the scripts cannot be read or stored
 */
export async function putJobScripts(env: NodeJS.ProcessEnv, plan: WarehousePlan): Promise<void> {
  const s3 = new S3Client(s3Settings(env));
  const glue = new GlueClient(awsSettings(env));
  try {
    await s3.send(new CreateBucketCommand({ Bucket: location.bucket }));
    const release = await jobRelease();
    await uploadFiles(s3, location, release, await missingFiles(s3, location, release));
    const { pending } = await compareJobs(glue, wantedJobs(plan), location, release);
    await updateJobs(glue, pending);
  } finally {
    s3.destroy();
    glue.destroy();
  }
}
