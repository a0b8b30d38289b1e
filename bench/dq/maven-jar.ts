import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../local/process/user-folders.js';

const run = promisify(execFile);
const copy = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.0:copy';

/**
 * Fetches one artifact from Maven Central into the cache folder, without what it depends on, and gives its file.
 * Rejects without Maven on the machine or no registry within reach.
 */
export async function mavenJar(group: string, artifact: string, version: string): Promise<string> {
  const folder = join(cacheFolder(), 'jars');
  const file = join(folder, `${artifact}-${version}.jar`);
  if (!existsSync(file)) {
    const settings = [`-Dartifact=${group}:${artifact}:${version}`, `-DoutputDirectory=${folder}`];
    await run('mvn', ['-q', '-B', copy, ...settings], { timeout: 300_000 });
  }
  return file;
}
