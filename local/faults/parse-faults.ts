import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import type { z } from 'zod';
import { suggestion } from '../../model/near-name.js';
import { faultKinds, faultScript, isJobKind } from './fault-script.js';
import type { Fault, FaultInput } from './fault-script.js';
import { jobStates, operationsOf } from './operations.js';
import { hasServiceError, serviceNames } from './service-errors.js';

/** One thing that is wrong with a fault script. */
export interface FaultScriptProblem {
  /** Such as `faults[2].operation`; empty for the script as a whole. */
  readonly path: string;
  readonly message: string;
  /** From 1; absent for a script that does not come from a file. */
  readonly line?: number;
  readonly column?: number;
}

/** A fault script that cannot be used; the message lists every problem, one a line. */
export class FaultScriptError extends Error {
  constructor(
    readonly source: string,
    readonly problems: readonly FaultScriptProblem[]
  ) {
    const lines = problems.map(({ path, message, line, column }) =>
      ['  ', line === undefined ? '' : `${line}:${column ?? 1} `, path === '' ? '' : `${path}: `, message].join('')
    );
    super([`The fault script ${source} is not usable:`, ...lines].join('\n'));
    this.name = 'FaultScriptError';
  }
}

type Path = readonly (string | number)[];
interface Problem {
  readonly path: Path;
  readonly message: string;
}

const shown = (path: Path): string =>
  path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');

function problemsOfIssue(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: 'a fault of this kind has no such setting' }));
  }
  if (issue.code === 'invalid_union' && issue.path.at(-1) === 'fault') {
    const given = String((issue as { input?: { fault?: unknown } }).input?.fault ?? '');
    return [{ path, message: `not a kind of fault${suggestion(given, faultKinds)}` }];
  }
  return [{ path, message: issue.message }];
}

function problemsOfOperation(fault: Fault, path: Path): Problem[] {
  const at = [...path, 'operation'];
  const { operation } = fault;
  if (operation === '*') return [];
  const [service = '', name = ''] = operation.split('.', 2);
  const operations = operationsOf[service];
  if (operations === undefined) {
    return [{ path: at, message: `"${service}" is none of the services ${serviceNames.join(', ')}` }];
  }
  if (name === '*' || operations.has(name)) return [];
  return [{ path: at, message: `${service} has no operation "${name}"${suggestion(name, operations)}` }];
}

function problemsOfKind(fault: Fault, path: Path): Problem[] {
  const { operation } = fault;
  const [service = ''] = operation.split('.', 1);
  if (fault.fault === 'at-capacity' || fault.fault === 'token-conflict') {
    const kind = fault.fault === 'at-capacity' ? 'atCapacity' : 'tokenConflict';
    if (hasServiceError(service, kind)) return [];
    return [{ path: [...path, 'fault'], message: `${operation} has no error for ${fault.fault}: use fault: error` }];
  }
  if (!isJobKind(fault.fault)) return [];
  const states = jobStates[operation];
  if (states === undefined) {
    const starts = Object.keys(jobStates).join(', ');
    return [{ path: [...path, 'operation'], message: `${fault.fault} needs a call that starts a job: ${starts}` }];
  }
  if (fault.fault === 'job-ends' && !states.includes(fault.state)) {
    return [{ path: [...path, 'state'], message: `not a state that it ends in: ${states.join(', ')}` }];
  }
  if (fault.fault === 'waiting-job' && operation !== 'glue.StartJobRun') {
    return [{ path: [...path, 'fault'], message: 'only Glue job runs wait' }];
  }
  return [];
}

function check(content: unknown): { readonly faults: readonly Fault[]; readonly problems: readonly Problem[] } {
  const result = faultScript.safeParse(content, { reportInput: true });
  if (!result.success) return { faults: [], problems: result.error.issues.flatMap(problemsOfIssue) };
  const { faults } = result.data;
  const problems = faults.flatMap((fault, index) => {
    const path = ['faults', index];
    const found = problemsOfOperation(fault, path);
    return found.length > 0 ? found : problemsOfKind(fault, path);
  });
  return { faults, problems };
}

/** Where the innermost part of a path stands that is there. */
function positionOf(document: Document, lines: LineCounter, path: Path): { line?: number; column?: number } {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = (length === 0 ? document.contents : document.getIn(path.slice(0, length), true)) as Node | undefined;
    if (node?.range) {
      const { line, col: column } = lines.linePos(node.range[0]);
      return { line, column };
    }
  }
  return {};
}

/**
 * Reads a fault script, YAML or JSON.
 * @param source names the script in messages.
 * @throws FaultScriptError listing every problem with its line and field.
 */
export function parseFaultScript(text: string, source: string): readonly Fault[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ pos, message }) => {
      const { line, col: column } = lines.linePos(pos[0]);
      return { path: '', message, line, column };
    });
    throw new FaultScriptError(source, problems);
  }
  let content: unknown;
  try {
    content = document.toJS();
  } catch (error) {
    throw new FaultScriptError(source, [{ path: '', message: (error as Error).message }]);
  }
  const { faults, problems } = check(content);
  if (problems.length === 0) return faults;
  throw new FaultScriptError(
    source,
    problems.map(({ path, message }) => ({ path: shown(path), message, ...positionOf(document, lines, path) }))
  );
}

/** Reads a fault script from a file. @throws FaultScriptError - as {@link parseFaultScript}, or when there is no file. */
export function readFaultScript(file: string): readonly Fault[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new FaultScriptError(file, [{ path: '', message: code === 'ENOENT' ? 'there is no such file' : message }]);
  }
  return parseFaultScript(text, file);
}

/** Checks faults that a program gives. @throws FaultScriptError */
export function checkFaults(given: readonly FaultInput[]): readonly Fault[] {
  const { faults, problems } = check({ faults: given });
  if (problems.length === 0) return faults;
  throw new FaultScriptError(
    'of the program',
    problems.map(({ path, message }) => ({ path: shown(path), message }))
  );
}
