import { InvalidArgumentError } from 'commander';
import { workerQueues } from '../../model/task-queues.js';
import type { WorkerQueue } from '../../model/task-queues.js';

/** A whole number from 1. @throws InvalidArgumentError, which commander tells with the name of the option. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError('It must be a whole number from 1.');
  }
  return value;
}

/** The values of an option that may be repeated, in their order. */
export const gathered = (value: string, earlier: readonly string[]): string[] => [...earlier, value];

/** Names with commas between them. @throws InvalidArgumentError, which commander tells with the name of the option. */
export function nameList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('It takes names with commas between them.');
  return names;
}

/** Task queues of a worker with commas between them, each once. @throws InvalidArgumentError, which commander tells with the name of the option. */
export function queueList(text: string): WorkerQueue[] {
  const isQueue = (name: string): name is WorkerQueue => workerQueues.some((one) => one === name);
  const names = [...new Set(nameList(text))];
  const queues = names.filter(isQueue);
  if (queues.length < names.length) throw new InvalidArgumentError(`It takes some of ${workerQueues.join(', ')}.`);
  return queues;
}

/** A number from 0 to 1. @throws InvalidArgumentError, which commander tells with the name of the option. */
export function scoreNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError('It must be a number from 0 to 1.');
  }
  return value;
}

/** A rule's label, `name=value`. @throws InvalidArgumentError, which commander tells with the name of the option. */
export function labelValue(text: string): { label: string; value: string } {
  const [label, value, ...rest] = text.split('=');
  if (!label || !value || rest.length > 0) throw new InvalidArgumentError('It must be of the form label=value.');
  return { label, value };
}

/** A TCP port. @throws InvalidArgumentError, which commander tells with the name of the option. */
export function portNumber(text: string): number {
  const value = positiveInteger(text);
  if (value > 65_535) throw new InvalidArgumentError('It must be a port from 1 to 65535.');
  return value;
}
