import { existsSync } from 'node:fs';

/** One variable that is wrongly set, and what to do. */
interface VariableProblem {
  readonly path: string;
  readonly message: string;
}

const booleans = ['TEMPORAL_TLS', 'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION'];
/** What `@temporalio/envconfig` takes without a word and yet does not do. */
export function variableProblems(env: NodeJS.ProcessEnv): VariableProblem[] {
  const problems: VariableProblem[] = [];
  const isSet = (name: string): boolean => Boolean(env[name]);
  for (const path of booleans) {
    if (isSet(path) && !/^(true|false|1|0)$/.test(env[path] ?? ''))
      problems.push({ path, message: 'neither true nor false' });
  }
  if (/^(true|1)$/.test(env.TEMPORAL_TLS_DISABLE_HOST_VERIFICATION ?? '')) {
    problems.push({
      path: 'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION',
      message: 'the SDK always verifies the server: give its CA and TEMPORAL_TLS_SERVER_NAME instead',
    });
  }
  const { TEMPORAL_CONFIG_FILE: file } = env;
  if (file && !existsSync(file)) problems.push({ path: 'TEMPORAL_CONFIG_FILE', message: `there is no file ${file}` });
  return problems;
}
