import type { LineageTarget } from '../activities/lineage/target.js';
import { projectVersion } from './project-version.js';

/** Where lineage goes is wrongly set up; the message shows no secret. */
export class LineageTargetError extends Error {
  constructor(variable: string, problem: string) {
    super(`${variable}: ${problem}`);
    this.name = 'LineageTargetError';
  }
}

/**
 * Reads OpenLineage's own variables: `OPENLINEAGE_URL` (http, https, or `file:` for a file of lines),
 * `OPENLINEAGE_ENDPOINT` (default `api/v1/lineage`), `OPENLINEAGE_API_KEY`, `OPENLINEAGE_NAMESPACE` (default `sluice`),
 * `OPENLINEAGE_DISABLED`. Undefined when lineage is not wanted.
 * @throws LineageTargetError naming the variable.
 */
export function lineageTarget(env: NodeJS.ProcessEnv): LineageTarget | undefined {
  const { OPENLINEAGE_URL: base, OPENLINEAGE_ENDPOINT: endpoint = 'api/v1/lineage' } = env;
  if (!base || env.OPENLINEAGE_DISABLED?.toLowerCase() === 'true') return undefined;
  if (!URL.canParse(base)) throw new LineageTargetError('OPENLINEAGE_URL', 'not a URL');
  const given = new URL(base);
  if (!['http:', 'https:', 'file:'].includes(given.protocol)) {
    throw new LineageTargetError('OPENLINEAGE_URL', 'neither http:, https: nor file:');
  }
  const url = given.protocol === 'file:' ? given : new URL(endpoint, `${given.href.replace(/\/*$/, '')}/`);
  return {
    url,
    apiKey: env.OPENLINEAGE_API_KEY || undefined,
    namespace: env.OPENLINEAGE_NAMESPACE || 'sluice',
    version: projectVersion(),
  };
}
