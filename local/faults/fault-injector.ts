import { DroppedReply } from '../gateway/interception.js';
import type { InterceptedCall } from '../gateway/interception.js';
import { AwsError } from '../gateway/aws-error.js';
import { pause } from '../gateway/job-fault.js';
import type { JobFault } from '../gateway/job-fault.js';
import { isJobKind } from './fault-script.js';
import type { Fault, FaultInput, FaultKind } from './fault-script.js';
import { checkFaults } from './parse-faults.js';
import { serviceError } from './service-errors.js';

/** How often a fault was injected. */
export interface InjectedFault {
  readonly fault: FaultKind;
  /** Such as `glue.StartJobRun`. */
  readonly operation: string;
  readonly count: number;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** True when a text is like a pattern in which `*` stands for any text. */
function isLike(pattern: string, text: string): boolean {
  return new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`, 's').test(text);
}

function hasNumber(calls: Fault['calls'], number: number): boolean {
  if (calls === 'every') return true;
  return [calls].flat().some((part) => {
    const [from = '', to = from] = String(part).split('-', 2);
    return number >= Number(from) && (to === '' || number <= Number(to));
  });
}

/** A fault with the number of calls that it was held against, by operation. */
class ArmedFault {
  readonly #seen = new Map<string, number>();

  constructor(readonly fault: Fault) {}

  /** Counts a call that matches; true when it is one of those to hit. */
  hits({ service, operation, input }: InterceptedCall): boolean {
    const name = `${service}.${operation}`;
    const { where = {}, calls } = this.fault;
    if (!isLike(this.fault.operation, name)) return false;
    const members = Object.entries(where);
    if (!members.every(([member, pattern]) => isLike(pattern, String(input[member] ?? '')))) return false;
    const number = (this.#seen.get(name) ?? 0) + 1;
    this.#seen.set(name, number);
    return hasNumber(calls, number);
  }
}

function jobFault(fault: Fault): JobFault {
  switch (fault.fault) {
    case 'slow-job':
      return { slowMs: fault.seconds * 1000 };
    case 'waiting-job':
      return { waitingMs: fault.seconds * 1000 };
    case 'hidden-job':
      return { hiddenMs: fault.seconds * 1000 };
    case 'job-ends':
      return { end: { state: fault.state, message: fault.message } };
    default:
      return {};
  }
}

/** Waits until the caller has hung up, or for so many seconds; then the connection is to be cut. */
async function hang(seconds: number | undefined, signal: AbortSignal): Promise<never> {
  const longest = 2 ** 31 - 1;
  await pause(seconds === undefined ? longest : seconds * 1000, signal).catch(() => undefined);
  throw new DroppedReply();
}

/** Makes calls of the local AWS fail as a script says. */
export class FaultInjector {
  #armed: readonly ArmedFault[] = [];
  readonly #counts = new Map<string, InjectedFault>();
  /** What is to happen to the reply of a call that is being carried out, by the call's hang-up signal. */
  readonly #replies = new WeakMap<AbortSignal, Fault>();

  /** @param onFault is told of every fault that is injected, in one line. */
  constructor(private readonly onFault: (line: string) => void = () => undefined) {}

  /**
   * Replaces the faults; calls are numbered anew from 1. The counts of what was injected go on.
   * @throws FaultScriptError
   */
  set(faults: readonly FaultInput[]): void {
    this.#armed = checkFaults(faults).map((fault) => new ArmedFault(fault));
  }

  /** Injects no more faults. */
  clear(): void {
    this.#armed = [];
  }

  /** How often which fault was injected, since the start. */
  injected(): readonly InjectedFault[] {
    return [...this.#counts.values()];
  }

  /** For the gateway. */
  readonly intercept = async (call: InterceptedCall): Promise<JobFault | undefined> => {
    if (call.phase === 'after') {
      const fault = this.#replies.get(call.signal);
      if (fault?.fault === 'timeout') await hang(fault.seconds, call.signal);
      if (fault !== undefined) throw new DroppedReply();
      return undefined;
    }
    const hits = this.#armed.filter((armed) => armed.hits(call)).map(({ fault }) => fault);
    const [first] = hits.filter(({ fault }) => !isJobKind(fault));
    if (first !== undefined) {
      this.#note(first, call);
      await this.#injectInto(call, first);
    }
    const onJob = hits.filter(({ fault }) => isJobKind(fault));
    for (const fault of onJob) this.#note(fault, call);
    return onJob.length === 0 ? undefined : Object.assign({}, ...onJob.map(jobFault));
  };

  async #injectInto({ service, operation, signal }: InterceptedCall, fault: Fault): Promise<void> {
    switch (fault.fault) {
      case 'throttle':
        throw serviceError(service, operation, 'throttled');
      case 'server-error':
        throw serviceError(service, operation, 'failed');
      case 'at-capacity':
        throw serviceError(service, operation, 'atCapacity');
      case 'token-conflict':
        throw serviceError(service, operation, 'tokenConflict');
      case 'error':
        throw new AwsError(fault.code, fault.message ?? 'injected fault', fault.status);
      case 'delay':
        await pause(fault.seconds * 1000, signal).catch(() => {
          throw new DroppedReply();
        });
        return;
      case 'timeout':
        if (!fault.carriedOut) await hang(fault.seconds, signal);
        this.#replies.set(signal, fault);
        return;
      case 'drop-reply':
        this.#replies.set(signal, fault);
        return;
    }
  }

  #note({ fault }: Fault, { service, operation, number, input }: InterceptedCall): void {
    const name = `${service}.${operation}`;
    const key = `${fault} ${name}`;
    this.#counts.set(key, { fault, operation: name, count: (this.#counts.get(key)?.count ?? 0) + 1 });
    const about = [
      'JobName',
      'TableName',
      'TableArn',
      'ExportArn',
      'Bucket',
      'Key',
      'StatementName',
      'TopicArn',
      'Id',
      'RunId',
    ]
      .filter((member) => typeof input[member] === 'string')
      .map((member) => `${member} ${String(input[member])}`);
    this.onFault(`Fault ${fault}: ${[`${name}, call ${number}`, ...about].join(', ')}`);
  }
}
