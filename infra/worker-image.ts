import { Stack } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';

const ecrImage =
  /^(?<account>\d{12})\.dkr\.ecr\.(?<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?\/(?<name>[^:@]+)(:|@)(?<tag>.+)$/;

/**
 * The worker's image: the given one, whose repository the task may pull from where it is ECR's, or one that `cdk deploy`
 * builds from the Dockerfile of the checkout.
 */
export function workerImage(scope: Construct, image: string | undefined): ContainerImage {
  if (image === undefined) return ContainerImage.fromAsset(`${import.meta.dirname}/..`);
  const { account, region, name, tag } = ecrImage.exec(image)?.groups ?? {};
  if (name === undefined) return ContainerImage.fromRegistry(image);
  const repositoryArn = `arn:${Stack.of(scope).partition}:ecr:${region}:${account}:repository/${name}`;
  const repository = Repository.fromRepositoryAttributes(scope, 'Image', { repositoryArn, repositoryName: name });
  return ContainerImage.fromEcrRepository(repository, tag);
}
