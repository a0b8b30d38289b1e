import { ApplicationFailure } from '@temporalio/workflow';

export { batch, batchProgressQuery } from '../../../workflows/batch/batch.js';

/** A child that does next to nothing; every thousandth fails. */
export async function tiny(number: number): Promise<number> {
  if (number % 1000 === 0) throw ApplicationFailure.nonRetryable(`number ${number} fails`);
  return Promise.resolve(number);
}
