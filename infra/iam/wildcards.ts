/** Wildcards that policies may have, by what the resource looks like once its references are written as `<name>`. */
const justified: readonly (readonly [RegExp, string])[] = [
  [/^\*$/, 'These actions can be restricted to no resource, says AWS’s service authorization reference.'],
  [/^<Buckets\w+\.Arn>\/\*$/, 'The objects of one bucket: their keys are made at run time.'],
  [/^arn:[^:]+:s3:::[^/*]+\/[^*]+\/\*$/, 'The objects below the prefix of the lake that readers may read.'],
  [/:glue:.*:table\/[^/*]+\/\*$/, 'The tables of one catalog database: jobs and worker make them from the model.'],
  [/:glue:.*:dataQualityRuleset\/\*$/, 'People name rulesets, and a recommendation run has none.'],
  [/:glue:.*:job\/\*$/, 'The usage guard looks after every job of the account.'],
  [/:dynamodb:.*:table\/[^/*]+\/export\/\*$/, 'The exports of one table: DynamoDB makes their ids.'],
  [/:log-group:\/aws-glue\/\*$/, 'Glue makes log groups of this name for its jobs.'],
  [/:ec2:.*:network-interface\/\*$/, 'Glue makes network interfaces in the VPC for the time of a run.'],
  [/:redshift-serverless:.*:workgroup\/\*$/, 'The id of a workgroup that is there already is not known.'],
];

/** CloudFormation's references within a resolved ARN, spelled as cdk-nag spells them in the ids of its findings. */
function spelled(arn: unknown): string {
  if (typeof arn === 'string') return arn;
  const [[kind, value] = ['', '']] = Object.entries(arn as Record<string, unknown>);
  if (kind === 'Ref') return `<${String(value)}>`;
  if (kind === 'Fn::GetAtt') return `<${(value as string[]).join('.')}>`;
  if (kind !== 'Fn::Join') throw new Error(`A policy names a resource by ${kind}, which is not foreseen.`);
  const [separator, parts] = value as [string, unknown[]];
  return parts.map(spelled).join(separator);
}

/**
 * Reasons for the wildcards of a policy, by the id of cdk-nag's finding. A wildcard that is not foreseen has none, and
 * fails the synthesis.
 * @param arns resolved: text, or CloudFormation's functions
 */
export function wildcardReasons(arns: Iterable<unknown>): Record<string, string> {
  const spellings = [...new Set([...arns].map(spelled))].filter((arn) => arn.includes('*'));
  return Object.fromEntries(
    spellings.flatMap((arn) => {
      const reason = justified.find(([pattern]) => pattern.test(arn))?.[1];
      return reason === undefined ? [] : [[`AwsSolutions-IAM5[Resource::${arn}]`, reason]];
    })
  );
}
