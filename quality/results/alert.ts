import { judge } from './verdict.js';
import type { GateDemand } from './verdict.js';
import type { ResultDocument } from './result-document.js';

/** Text of a notification. */
export interface Alert {
  readonly subject: string;
  readonly body: string;
}

/** SNS takes 256 KB in all; half of it leaves room for what JSON and UTF-8 add. */
const maximumBody = 128 * 1024;

/** The alert for a result that did not pass: what AWS's own sample mails, and why the gate did not let it through. */
export function qualityAlert(result: ResultDocument, demand: GateDemand = {}): Alert {
  const { reasons } = judge(result, demand);
  const lines = [
    `Ruleset:      ${result.ruleset_name}`,
    `Database:     ${result.databaseName}`,
    `Table:        ${result.tableName}`,
    `Run id:       ${result.runId}`,
    `Result id:    ${result.resultId}`,
    `State:        ${result.state}`,
    `Score:        ${result.score}`,
    `Rules passed: ${result.numRulesSucceeded}, failed: ${result.numRulesFailed}, skipped: ${result.numRulesSkipped}`,
    ...reasons.map((reason) => `Not passed:   ${reason}`),
    '',
  ];
  const failed = result.resultrun.filter(({ Result }) => Result !== 'PASS');
  let length = lines.join('\n').length;
  for (const [index, rule] of failed.entries()) {
    const text = `${rule.Name} ${rule.Result}: ${rule.Description}\n  ${rule.EvaluationMessage}`;
    const bytes = Buffer.byteLength(text) + 1;
    if (length + bytes > maximumBody) {
      lines.push(`… and ${failed.length - index} more rules; see the result.`);
      break;
    }
    length += bytes;
    lines.push(text);
  }
  const subject = `Data quality ruleset ${result.ruleset_name} on ${result.tableName}: ${result.state}`;
  return { subject, body: lines.join('\n') };
}
