import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Aws, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.js';
import { activityGroups } from './iam/activity-groups.js';
import { engineStatements, qualityGrants, scriptGrants } from './iam/job-grants.js';
import type { JobPlaces } from './iam/job-grants.js';
import { commandGroups } from './iam/command-groups.js';
import { statementsOf } from './iam/statements.js';
import type { Places } from './iam/grants.js';
import { wildcardReasons } from './iam/wildcards.js';

/** A service of this account only: a confused deputy would come from another. */
const serviceOfAccount = (service: string): ServicePrincipal =>
  new ServicePrincipal(service, { conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } } });

function policy(scope: Construct, id: string, description: string, statements: PolicyStatement[]): ManagedPolicy {
  const made = new ManagedPolicy(scope, id, { description, statements });
  const stack = Stack.of(scope);
  acknowledge(made, wildcardReasons(statements.flatMap(({ resources }) => stack.resolve(resources) as unknown[])));
  return made;
}

/** The roles that Glue takes on: for the jobs, and for data quality runs, which the worker passes. */
export class GlueRoles extends Construct {
  readonly jobs: Role;
  readonly quality: Role;

  constructor(scope: Construct, qualityRoleName: string | undefined) {
    super(scope, 'GlueRoles');
    const assumedBy = serviceOfAccount('glue.amazonaws.com');
    this.jobs = new Role(this, 'Jobs', { assumedBy, description: 'Glue jobs of Sluice' });
    this.quality = new Role(this, 'Quality', {
      assumedBy,
      description: 'Data quality runs of Sluice',
      roleName: qualityRoleName,
    });
  }

  /** Gives them what they need; apart from the constructor, since the places come after the roles. */
  allow(places: Places, job: JobPlaces): void {
    const jobs = [...statementsOf(scriptGrants(places), places), ...engineStatements(job, 'Glue')];
    this.jobs.addManagedPolicy(policy(this, 'JobsPolicy', 'What Glue jobs of Sluice call', jobs));
    const quality = [...statementsOf(qualityGrants(places), places), ...engineStatements(job, 'Glue Data Quality')];
    this.quality.addManagedPolicy(policy(this, 'QualityPolicy', 'What data quality runs of Sluice call', quality));
  }
}

/** The role of the worker's containers: a policy for each group of activities. */
export class WorkerRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct) {
    super(scope, 'WorkerRole');
    this.role = new Role(this, 'Role', {
      assumedBy: serviceOfAccount('ecs-tasks.amazonaws.com'),
      description: 'Workers of Sluice',
    });
  }

  /** Gives it what the activities call on these places. */
  allow(places: Places): void {
    for (const { name, grants } of activityGroups) {
      const statements = statementsOf(grants(places), places);
      if (statements.length === 0) continue;
      this.role.addManagedPolicy(policy(this, name, `Activities of Sluice: ${name}`, statements));
    }
  }
}

/** Policies for people and machines that run the `sluice` command; they attach them to roles of theirs. */
export class CommandPolicies extends Construct {
  readonly byName: Readonly<Record<string, ManagedPolicy>>;

  constructor(scope: Construct, places: Places) {
    super(scope, 'Commands');
    this.byName = Object.fromEntries(
      commandGroups.map(({ name, grants }) => {
        const statements = statementsOf(grants(places), places);
        return [name, policy(this, name, `The sluice command: ${name}`, statements)];
      })
    );
  }
}
