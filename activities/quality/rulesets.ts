import type { GlueClient } from '@aws-sdk/client-glue';
import {
  CreateDataQualityRulesetCommand,
  GetDataQualityRulesetCommand,
  UpdateDataQualityRulesetCommand,
} from '@aws-sdk/client-glue';
import { onResource } from '../failures.js';
import { unlessAbsent } from '../entity-answers.js';
import type { CatalogTable } from './evaluation.js';

/** A ruleset to be made. */
export interface NewRuleset extends CatalogTable {
  readonly name: string;
  /** DQDL. */
  readonly text: string;
  readonly description: string;
  readonly token: string;
}

/** A ruleset in messages. */
export const rulesetResource = (name: string): string => `Data quality ruleset ${name}`;

/** DQDL of a ruleset; undefined when there is none of the name. */
export async function storedRuleset(glue: GlueClient, name: string): Promise<string | undefined> {
  const get = onResource(rulesetResource(name), () => glue.send(new GetDataQualityRulesetCommand({ Name: name })));
  const stored = await unlessAbsent(get);
  return stored && (stored.Ruleset ?? '');
}

/** Makes a ruleset. */
export async function createRuleset(glue: GlueClient, ruleset: NewRuleset): Promise<void> {
  const { name, text, description, database, table, token } = ruleset;
  await onResource(rulesetResource(name), () =>
    glue.send(
      new CreateDataQualityRulesetCommand({
        Name: name,
        Ruleset: text,
        Description: description,
        TargetTable: { DatabaseName: database, TableName: table },
        ClientToken: token,
      })
    )
  );
}

/** Gives a ruleset that is there another text. */
export async function updateRuleset(glue: GlueClient, name: string, text: string): Promise<void> {
  await onResource(rulesetResource(name), () =>
    glue.send(new UpdateDataQualityRulesetCommand({ Name: name, Ruleset: text }))
  );
}
