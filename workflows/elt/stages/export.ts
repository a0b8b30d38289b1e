import { isCancellation } from '@temporalio/workflow';
import type { VerifiedExport } from '../../../activities/s3.js';
import { failureType, startThenWait } from '../../remote-job.js';
import { startExport, verifyExport, waitExport } from '../activities.js';
import type { EltRun } from '../run.js';

/** Exports the whole table to the raw bucket, and holds what arrived against its manifest. */
export async function exportTable(run: EltRun, tableArn: string): Promise<VerifiedExport> {
  const { plan, deployment } = run.input;
  const at = run.at('export', 'export');
  const completed = await run.sheet.step('export', 'export', async (step) => {
    return await startThenWait({
      start: async () => {
        const input = { ...at, tableArn, bucket: deployment.buckets.raw, prefix: plan.source.table };
        const started = await startExport.executeWithOptions({ summary: `start export of ${plan.source.table}` }, [
          input,
        ]);
        step.remote(started.exportArn);
        return started;
      },
      wait: ({ exportArn }) =>
        waitExport
          .executeWithOptions({ summary: `export of ${plan.source.table}` }, [{ ...at, exportArn }])
          .catch((error: unknown) => {
            if (isCancellation(error))
              step.note('DynamoDB cannot cancel exports: this one goes on; a resumed run uses it.');
            throw error;
          }),
    });
  });
  return await run.sheet.step('export', 'verify', async (step) => {
    const verified = await verifyExport
      .executeWithOptions({ summary: 'verify the manifest' }, [{ ...run.at('export', 'verify'), ...completed }])
      .catch((error: unknown) => {
        if (failureType(error) === 'Permanent') run.discard('export', 'export');
        throw error;
      });
    step.counts({ items: verified.itemCount, files: verified.files, bytes: verified.bytes });
    return verified;
  });
}
