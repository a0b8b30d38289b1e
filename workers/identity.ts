import { hostname } from 'node:os';
import { projectVersion } from './project-version.js';

/** How a worker calls itself to Temporal: process, host and version of Sluice, `4711@host sluice/0.2.0`. */
export function workerIdentity(): string {
  return `${process.pid}@${hostname()} sluice/${projectVersion()}`;
}

/** The version of Sluice in a worker's identity; undefined where it has none, as those of 0.2.0 and before. */
export function versionOfIdentity(identity: string): string | undefined {
  return / sluice\/(\S+)$/.exec(identity)?.[1];
}
