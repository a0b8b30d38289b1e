import type { VerifiedExport } from '../../../activities/s3.js';
import type { EltRun } from '../run.js';

/** Prefix of the table's datasets in the lake. */
export function lakeUri({ input: { plan, deployment } }: EltRun): string {
  return `s3://${deployment.buckets.lake}/${plan.source.table}/`;
}

/** Replaces the lake's datasets by what was exported. */
export async function loadLake(run: EltRun, exported: VerifiedExport): Promise<void> {
  const { plan, deployment } = run.input;
  await run.glueJob('lake', plan.lake.jobName, {
    '--manifest_uri': exported.manifestUri,
    '--expected_items': String(exported.itemCount),
    '--lake_uri': lakeUri(run),
    '--catalog_database': deployment.glue.catalogDatabase,
    '--spec': JSON.stringify(plan.lake.spec),
  });
}
