import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { DoctorClients } from './aws-clients.js';
import { fail, ok, unknown, warn } from './check.js';
import type { Check, Outcome } from './check.js';
import { explainFailure } from './explain-failure.js';

/** Seconds. AWS refuses signatures that are more than five minutes off; the SDK then tries again with AWS's time. */
const skew = { refused: 300, noticeable: 30 };

function clockOutcome(clients: DoctorClients): Outcome {
  const reading = clients.clock();
  if (reading === undefined) return unknown('not checked: no answer of AWS to compare with');
  const seconds = Math.round(Math.abs(reading.aheadMs) / 1000);
  const told = `this machine's clock is ${seconds} s ${reading.aheadMs > 0 ? 'behind' : 'ahead of'} AWS's`;
  const fix = 'Have the clock set by NTP (Amazon Time Sync on AWS): signatures and export windows are made from it.';
  if (seconds > skew.refused) return fail(told, fix);
  if (seconds > skew.noticeable) return warn(told, fix);
  return ok(`within ${skew.noticeable} s of AWS's`);
}

/** Credentials, Region and clock. */
export function awsChecks(clients: DoctorClients): Check[] {
  const identity: Check = {
    names: ['aws.credentials', 'aws.clock'],
    async run(abortSignal) {
      let credentials: Outcome;
      try {
        const { Arn: arn } = await clients.sts.send(new GetCallerIdentityCommand({}), { abortSignal });
        credentials = ok(`signed in as ${arn}`);
      } catch (error) {
        const { kind, message, fix = '' } = explainFailure(error);
        const certain = kind === 'expired' || kind === 'credentials' || kind === 'region';
        credentials = certain ? fail(message, fix) : unknown(`not checked: ${message}`, fix);
      }
      return { 'aws.credentials': credentials, 'aws.clock': clockOutcome(clients) };
    },
  };
  const region: Check = {
    names: ['aws.region'],
    async run() {
      const name = await clients.sts.config.region();
      return { 'aws.region': ok(name) };
    },
  };
  return [identity, region];
}
