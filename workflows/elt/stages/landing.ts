import { allEnded } from '../../remote-job.js';
import type { EltRun } from '../run.js';
import { lakeUri } from './lake.js';

/** Replaces every landing table: in one run of one job, or in a run each, at the same time as far as Glue allows. */
export async function loadLanding(run: EltRun): Promise<void> {
  const { plan, deployment } = run.input;
  const { loaded } = run;
  const shared = {
    '--lake_uri': lakeUri(run),
    '--connection': deployment.glue.connection,
    '--database': deployment.redshift.database,
    ...(loaded && {
      '--watermark': loaded.asOf,
      '--table_id': loaded.tableId,
      '--pipeline': plan.name,
    }),
  };
  if (plan.landing !== undefined) {
    const rulesets = Object.fromEntries(run.quarantines.map(({ dataset, name }) => [dataset, name]));
    await run.glueJob('landing', plan.landing.jobName, {
      ...shared,
      '--specs': JSON.stringify(plan.entities.map(({ spec }) => spec)),
      ...(run.quarantines.length > 0 && { '--quarantine_rulesets': JSON.stringify(rulesets) }),
    });
    return;
  }
  const quarantine = (itemType: string) => {
    const gate = run.quarantines.find(({ dataset }) => dataset === itemType);
    return gate && { '--quarantine_ruleset': gate.name };
  };
  await allEnded(
    plan.entities.map(({ jobName, spec }) =>
      run.glueJob('landing', jobName, {
        ...shared,
        '--spec': JSON.stringify(spec),
        ...quarantine(spec.itemType),
      })
    )
  );
}
