import type { WorkerDeploymentOptions } from '@temporalio/worker';
import type { WorkerSettings } from '../model/worker-settings.js';
import { ownWorkflowsDigest } from './workflow-bundle.js';

/**
 * The worker's version as Temporal is told it; undefined for a worker that is not versioned. The default build id is the
 * same for the same workflows: workers that differ only in their activities are one version.
 */
export async function workerDeploymentOptions(
  settings: WorkerSettings | undefined
): Promise<WorkerDeploymentOptions | undefined> {
  if (settings?.deployment === undefined) return undefined;
  const buildId = settings.buildId ?? `workflows-${(await ownWorkflowsDigest()).slice(0, 12)}`;
  return {
    useWorkerVersioning: true,
    version: { deploymentName: settings.deployment, buildId },
    // A run ends on the code it began on. Workflows that live on over versions say so themselves.
    defaultVersioningBehavior: 'PINNED',
  };
}
