import { executeChild, workflowInfo } from '@temporalio/workflow';
import { archive } from '../../archive/archive.js';
import { archiveStamp } from '../../archive/layers.js';
import type { ArchiveResult } from '../../archive/types.js';
import type { EltRun } from '../run.js';

/**
 * Moves what raw and lake hold to the archive buckets, so that they hold one generation only. A run archives once: one
 * that is resumed after its export has begun finds this step finished.
 */
export async function archiveLayers(run: EltRun): Promise<ArchiveResult> {
  const { plan, deployment, runKey } = run.input;
  const stamp = archiveStamp(new Date(run.startedAt));
  return await run.sheet.step('archive', 'archive', async (step) => {
    const { name, hash, source, archive: retention } = plan;
    const result = await executeChild(archive, {
      workflowId: `${workflowInfo().workflowId}/archive`,
      args: [{ plan: { name, hash, source, ...(retention && { archive: retention }) }, deployment, runKey, stamp }],
      staticSummary: `archive ${source.table} as ${stamp}`,
    });
    const { raw, lake } = result.layers;
    step.counts({
      objects: raw.objects + lake.objects,
      bytes: raw.bytes + lake.bytes,
      changed: raw.changed + lake.changed,
    });
    return result;
  });
}
