import { allEnded } from '../../remote-job.js';
import type { EltRun } from '../run.js';
import { lakeUri } from './lake.js';

/** Replaces every landing table, all at the same time as far as Glue's concurrency allows. */
export async function loadLanding(run: EltRun): Promise<void> {
  const { plan, deployment } = run.input;
  const { loaded } = run;
  const watermark = loaded && {
    '--watermark': loaded.asOf,
    '--table_id': loaded.tableId,
    '--pipeline': plan.name,
  };
  const quarantine = (itemType: string) => {
    const gate = run.quarantines.find(({ dataset }) => dataset === itemType);
    return gate && { '--quarantine_ruleset': gate.name };
  };
  await allEnded(
    plan.entities.map(({ jobName, spec }) =>
      run.glueJob('landing', jobName, {
        '--lake_uri': lakeUri(run),
        '--connection': deployment.glue.connection,
        '--database': deployment.redshift.database,
        '--spec': JSON.stringify(spec),
        ...watermark,
        ...quarantine(spec.itemType),
      })
    )
  );
}
