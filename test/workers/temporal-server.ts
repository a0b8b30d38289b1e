import { findTemporalServer, startTemporalServer } from '../../local/temporal/index.js';
import type { SearchAttributes, TemporalServer } from '../../local/temporal/index.js';

/** A Temporal server of the test's own, never the one that `TEMPORAL_ADDRESS` names. */
export async function startTestServer(searchAttributes: SearchAttributes = {}): Promise<TemporalServer> {
  const { TEMPORAL_ADDRESS: _address, ...env } = process.env;
  const onEvent = (): void => undefined;
  const executable = await findTemporalServer({ env, onEvent });
  return await startTemporalServer({ executable, namespace: 'default', searchAttributes, onEvent, env });
}
