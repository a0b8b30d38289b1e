import type { Deployment } from '../../model/configuration.js';
import type { EvaluateStart } from '../../workflows/index.js';

/** What every workflow on data quality that belongs to no model is given, whether a command or a schedule starts it. */
export function evaluationSetting({
  buckets,
  glue,
  notifications,
}: Deployment): Pick<EvaluateStart, 'pipeline' | 'deployment' | 'resources'> {
  return {
    // What groups its alerts and tokens.
    pipeline: 'quality',
    deployment: { buckets, glue, ...(notifications && { notifications }) },
    resources: { role: glue.role ?? 'sluice-glue' },
  };
}
