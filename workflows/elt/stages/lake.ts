import type { SourceTable } from '../../../activities/dynamodb.js';
import { findLakeBase } from '../activities.js';
import type { EltRun } from '../run.js';
import type { Exported } from './export.js';
import type { Extent } from './windows.js';

/** Prefix of the table's datasets in the lake. */
export function lakeUri({ input: { plan, deployment } }: EltRun): string {
  return `s3://${deployment.buckets.lake}/${plan.source.table}/`;
}

/** The generation that changes are merged into, where the archive has moved it. */
async function previousUri(run: EltRun, base: { readonly runKey: string; readonly asOf: string }): Promise<string> {
  const { plan, deployment } = run.input;
  const { uri } = await findLakeBase.executeWithOptions({ summary: `find the lake of run ${base.runKey}` }, [
    {
      ...run.at('lake', 'previous lake'),
      table: plan.source.table,
      buckets: deployment.buckets,
      spec: plan.lake.spec,
      only: { runKey: base.runKey, asOf: base.asOf },
    },
  ]);
  return uri;
}

/** Replaces the lake's datasets by what was exported, or by what they were with the exported changes merged in. */
export async function loadLake(run: EltRun, table: SourceTable, extent: Extent, exported: Exported): Promise<void> {
  const { plan, deployment } = run.input;
  const { asOf, exportTime, exports } = exported;
  const [first] = exports;
  const common = {
    '--lake_uri': lakeUri(run),
    '--catalog_database': deployment.glue.catalogDatabase,
    '--spec': JSON.stringify(plan.lake.spec),
    ...(asOf && { '--as_of': asOf, '--table_id': table.tableId }),
  };
  if (extent.mode === 'full') {
    await run.glueJob('lake', plan.lake.jobName, {
      '--manifest_uri': first?.manifestUri ?? '',
      '--expected_items': String(exported.itemCount),
      ...(exportTime && { '--export_time': exportTime }),
      ...common,
    });
  } else {
    const done = run.sheet.finished('lake', plan.lake.jobName) !== undefined;
    const manifests = exports.map(({ manifestUri, itemCount }) => ({ uri: manifestUri, items: itemCount }));
    await run.glueJob('lake', plan.lake.jobName, {
      '--manifests': JSON.stringify(manifests),
      '--previous': done ? '' : await previousUri(run, extent.base),
      '--changes_from': extent.from,
      ...common,
    });
  }
  if (asOf) run.loaded = { asOf, tableId: table.tableId };
}
