import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { withFolderLock } from '../../local/process/folder-lock.js';
import { cacheFolder } from '../../local/process/user-folders.js';

const run = promisify(execFile);

/** Of `io.temporal:temporal-test-server` on Maven Central. */
const version = '1.32.1';

const project = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>sluice</groupId><artifactId>test-server</artifactId><version>1</version><dependencies><dependency>
<groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>${version}</version>
</dependency></dependencies></project>`;

/** Maven's jars in the cache folder, with a script that starts the server as the SDK wants it: `<script> <port> …`. */
async function executable(): Promise<string> {
  const source = join(import.meta.dirname, 'TimeSkippingServer.java');
  const digest = createHash('sha256')
    .update(await readFile(source))
    .digest('hex')
    .slice(0, 8);
  const folder = join(cacheFolder(), `temporal-test-server-${version}-${digest}`);
  const script = join(folder, 'temporal-test-server');
  return await withFolderLock(`${folder}.lock`, async () => {
    const isThere = await access(script).then(
      () => true,
      () => false
    );
    if (isThere) return script;
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'pom.xml'), project);
    const jars = ['dependency:copy-dependencies', '-DoutputDirectory=jars', '-DincludeScope=runtime'];
    await run('mvn', ['-q', '-B', ...jars], { cwd: folder, timeout: 300_000 });
    await run('javac', ['-cp', join(folder, 'jars', '*'), '-d', join(folder, 'classes'), source]);
    const java = `exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp '${folder}/classes:${folder}/jars/*'`;
    await writeFile(script, `#!/bin/sh\n${java} TimeSkippingServer "$@" 2>/dev/null\n`);
    await chmod(script, 0o755);
    return script;
  });
}

/**
 * Temporal's test server, whose time a test moves on by `sleep`: timers fire at once. Undefined, with the reason on
 * stderr, where it cannot be had: it takes a JDK, Maven and its registry.
 */
export async function startTimeSkipping(): Promise<TestWorkflowEnvironment | undefined> {
  try {
    const path = await executable();
    return await TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path } },
    });
  } catch (error) {
    const { message, stderr } = error as Error & { stderr?: string };
    process.stderr.write(`No Temporal server that skips time: ${stderr?.trim() || message}\n`);
    return undefined;
  }
}
