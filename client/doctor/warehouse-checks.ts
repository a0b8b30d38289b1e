import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import type { Deployment } from '../../model/configuration.js';
import { readChanges } from '../deploy/warehouse-changes.js';
import { RunFailedError, messageOf } from '../errors.js';
import type { Settings } from '../settings.js';
import { WarehouseQuery } from '../warehouse-query.js';
import type { DoctorClients } from './aws-clients.js';
import { fail, ok } from './check.js';
import type { Check, Outcome } from './check.js';

/** Milliseconds; a serverless workgroup that has slept takes its time to answer. */
const limitMs = 60_000;

const refusals = new Set(['ValidationException', 'ResourceNotFoundException', 'BadRequestException']);

function loginFailure(error: unknown, { redshift }: Deployment): Outcome {
  const { workgroup, cluster, database, secretArn } = redshift;
  const where = workgroup === undefined ? `cluster ${cluster}` : `workgroup ${workgroup}`;
  const [message = ''] = messageOf(error).split('\n');
  if (/endpoint doesn't exist|cluster .*not found|workgroup .*not found/i.test(message)) {
    const fix = 'Check redshift in sluice.yaml (SLUICE_WORKGROUP), AWS_REGION and the account.';
    return fail(`there is no ${where} here: ${message}`, fix);
  }
  if (/database .*does not exist/i.test(message)) {
    const fix = `Create it, or set redshift.database in sluice.yaml (SLUICE_DATABASE).`;
    return fail(`${where} has no database ${database}: ${message}`, fix);
  }
  const identity = secretArn === undefined ? 'the IAM identity that asks' : 'the user of redshift.secretArn';
  return fail(`${where} refuses the login: ${message}`, `Check that ${identity} may log in to ${database}.`);
}

/** The tables as the model has them. Those that are missing are made by the next run. */
async function tablesOutcome(warehouse: WarehouseQuery, settings: Settings, signal: AbortSignal): Promise<Outcome> {
  const { newTables, migrations, refusals } = await readChanges(warehouse, settings.plan, settings.model, { signal });
  if (refusals.length > 0) {
    const told = refusals.map(({ message }) => message).join('; ');
    return fail(`tables cannot follow the model: ${told}`, 'Do what it says, or mend the model.');
  }
  if (migrations.length > 0) {
    const told = migrations.map(({ title }) => title).join('; ');
    return fail(`tables are older than the model: ${told}`, 'Run `sluice deploy-assets`.');
  }
  return ok(newTables.length === 0 ? 'as the model says' : `${newTables.length} to be made by a run`);
}

/** The warehouse answers, its tables are the model's, and the secret that logs in to it is there. */
export function warehouseChecks(clients: DoctorClients, deployment: Deployment, settings?: Settings): Check[] {
  const { secretArn } = deployment.redshift;
  const login: Check = {
    names: ['redshift.login', 'redshift.tables'],
    limitMs,
    async run(signal): Promise<Record<string, Outcome>> {
      const warehouse = new WarehouseQuery(clients['redshift-data'], deployment.redshift);
      let answer: Outcome;
      try {
        const { rows } = await warehouse.query('SELECT current_database(), current_user', signal);
        const [database, user] = rows[0] ?? [];
        answer = ok(`database ${database} as ${user}`);
      } catch (error) {
        if (error instanceof RunFailedError || (error instanceof Error && refusals.has(error.name))) {
          return { 'redshift.login': loginFailure(error, deployment) };
        }
        throw error;
      }
      const tables = settings && (await tablesOutcome(warehouse, settings, signal));
      return { 'redshift.login': answer, ...(tables && { 'redshift.tables': tables }) };
    },
  };
  return [login, ...(secretArn === undefined ? [] : [secretCheck(clients, secretArn)])];
}

function secretCheck({ secretsmanager: secrets }: DoctorClients, secretArn: string): Check {
  const name = 'redshift.secret';
  return {
    names: [name],
    async run(abortSignal): Promise<Record<string, Outcome>> {
      const [region, home] = [await secrets.config.region(), secretArn.split(':')[3] ?? ''];
      const mend = 'Mend redshift.secretArn in sluice.yaml.';
      if (home !== region) return { [name]: fail(`${secretArn} is in ${home}, but the Region is ${region}`, mend) };
      try {
        const command = new DescribeSecretCommand({ SecretId: secretArn });
        const { DeletedDate: deleted } = await secrets.send(command, { abortSignal });
        if (deleted !== undefined) return { [name]: fail(`${secretArn} is scheduled for deletion`, mend) };
        return { [name]: ok(secretArn) };
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') throw error;
        return { [name]: fail(`there is no secret ${secretArn}`, mend) };
      }
    },
  };
}
